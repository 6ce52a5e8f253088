#include "crl/crl.h"
#include "crl/crlint.h"

#include <openssl/x509v3.h>
#include <string.h>
#include <unistd.h>

X509_CRL *
ca_crl_get0_x509(const struct ca_crl *crl)
{
	return crl->x509;
}

const char *
ca_crl_get0_name(const struct ca_crl *crl)
{
	return crl->name;
}

const char *
ca_crl_engine_name(const struct ca_crl *crl)
{
	return crl->way->name;
}

enum ca_reason
ca_crl_trouble(const struct ca_crl *crl)
{
	return crl->trouble;
}

const char *
ca_crl_get0_trouble_text(const struct ca_crl *crl)
{
	return crl->why;
}

bool
ca_crl_same_name(const X509_NAME *a, const X509_NAME *b)
{
	int cmp = X509_NAME_cmp(a, b);

	return (cmp == -2 ? X509_NAME_cmp(a, b) : cmp) == 0;
}

enum ca_err
ca_crl_load(const struct ca_crl_file *src, const struct ca_crl_wanted *wanted,
    struct ca_crls *out)
{
	enum ca_err rc = src->way->load(src, wanted, out);

	(void)close(src->fd);
	return rc;
}

/* libcrypto does not tell a wrong signature from memory that ran out, so the
 * signature is wrong only if libcrypto says so twice. */
enum ca_err
ca_crl_verify(struct ca_crl *crl, X509 *issuer)
{
	EVP_PKEY *key;
	enum ca_err rc;

	if (crl->trouble != CA_R_OK)
		return CA_DENIED;
	if (crl->signer != NULL && X509_cmp(crl->signer, issuer) == 0)
		return crl->signed_by;
	if ((key = X509_get0_pubkey(issuer)) == NULL)
		return CA_ERR_CRYPTO;
	rc = crl->way->verify(crl, issuer, key);
	if (rc == CA_DENIED)
		rc = crl->way->verify(crl, issuer, key);
	crl->signed_by = rc;
	X509_free(crl->signer);
	crl->signer = X509_up_ref(issuer) ? issuer : NULL;
	return crl->signed_by;
}

enum ca_err
ca_crl_lookup(struct ca_crl *crl, X509 *cert, struct ca_crl_entry *out)
{
	uint8_t *p = NULL;
	int len;
	enum ca_err rc;

	if (crl->trouble != CA_R_OK)
		return CA_ERR_FORMAT;
	if ((len = ca_crl_serial(cert, &p)) < 1)
		return CA_ERR_FORMAT;
	struct ca_bytes serial = {p, (size_t)len};
	rc = crl->way->lookup(crl, cert, &serial, out);
	OPENSSL_free(p);
	return rc;
}

X509 *
ca_crl_signer(struct ca_crl *crl, STACK_OF(X509) *cas)
{
	const X509_NAME *name = X509_CRL_get_issuer(crl->x509);

	for (int i = 0; i < sk_X509_num(cas); i++) {
		X509 *ca = sk_X509_value(cas, i);

		if (ca_crl_same_name(X509_get_subject_name(ca), name) &&
		    (X509_get_key_usage(ca) & KU_CRL_SIGN) != 0 &&
		    ca_crl_verify(crl, ca) == CA_OK)
			return ca;
	}
	return NULL;
}

uint64_t
ca_crl_entries(const struct ca_crl *crl)
{
	return crl->read.entries;
}

int
ca_crl_serial(X509 *cert, uint8_t **out)
{
	uint8_t *der = NULL, *p;
	int len = i2d_ASN1_INTEGER(X509_get0_serialNumber(cert), &der);
	int header;

	if (len < 3)
		goto bad;
	/* tag, and a length of one or more bytes */
	header = der[1] < 0x80 ? 2 : 2 + (der[1] & 0x7f);
	if (len <= header || (p = OPENSSL_malloc((size_t)len)) == NULL)
		goto bad;
	len -= header;
	memcpy(p, der + header, (size_t)len);
	OPENSSL_free(der);
	*out = p;
	return len;
bad:
	OPENSSL_free(der);
	return -1;
}
