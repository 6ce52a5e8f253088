#include "verify/crl.h"
#include "base/file.h"
#include "verify/crlsig.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct ca_crl {
	char *name;
	X509_CRL *x509;
	enum ca_reason trouble;
	struct ca_crypto *crypto;
	X509 *signer;        /* who was asked about last */
	enum ca_err signed_by; /* what the answer was */
};

enum ca_err
ca_crls_add(struct ca_crls *list, struct ca_crl *crl)
{
	struct ca_crl **v = realloc(list->v, (list->n + 1) * sizeof *v);

	if (v == NULL)
		return CA_ERR_MEMORY;
	list->v = v;
	v[list->n++] = crl;
	return CA_OK;
}

void
ca_crls_clear(struct ca_crls *list)
{
	for (size_t i = 0; i < list->n; i++)
		ca_crl_free(list->v[i]);
	free(list->v);
	*list = (struct ca_crls){NULL, 0};
}

void
ca_crl_free(struct ca_crl *crl)
{
	if (crl == NULL)
		return;
	X509_CRL_free(crl->x509);
	X509_free(crl->signer);
	free(crl->name);
	free(crl);
}

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
	(void)crl;
	return "openssl";
}

enum ca_reason
ca_crl_trouble(const struct ca_crl *crl)
{
	return crl->trouble;
}

/* RFC 5280 section 5.2: extensions of a CRL that OpenSSL's engine handles. */
static bool
critical_handled(const X509_EXTENSION *ext)
{
	switch (OBJ_obj2nid(X509_EXTENSION_get_object((X509_EXTENSION *)ext))) {
	case NID_issuing_distribution_point:
	case NID_authority_key_identifier:
	case NID_delta_crl:
		return true;
	default:
		return false;
	}
}

static bool
any_critical_unknown(const STACK_OF(X509_EXTENSION) *exts, bool entry)
{
	for (int i = 0; i < sk_X509_EXTENSION_num(exts); i++) {
		X509_EXTENSION *ext = sk_X509_EXTENSION_value(exts, i);

		if (!X509_EXTENSION_get_critical(ext))
			continue;
		if (entry && OBJ_obj2nid(X509_EXTENSION_get_object(ext)) ==
		    NID_certificate_issuer)
			continue;
		if (!entry && critical_handled(ext))
			continue;
		return true;
	}
	return false;
}

static enum ca_reason
judge(X509_CRL *x)
{
	const X509_ALGOR *alg;
	STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(x);

	X509_CRL_get0_signature(x, NULL, &alg);
	if (!ca_crlsig_accepted(alg))
		return CA_R_CRL_SIGNATURE;
	if (any_critical_unknown(X509_CRL_get0_extensions(x), false))
		return CA_R_CRL_EXTENSION;
	for (int i = 0; i < sk_X509_REVOKED_num(entries); i++)
		if (any_critical_unknown(X509_REVOKED_get0_extensions(
			sk_X509_REVOKED_value(entries, i)), true))
			return CA_R_CRL_EXTENSION;
	return CA_R_OK;
}

/* One CRL from exactly len bytes of DER; NULL bytes: one with trouble. */
static enum ca_err
add_der(const struct ca_crl_source *src, const uint8_t *der, size_t len,
    struct ca_crls *out)
{
	struct ca_crl *crl = calloc(1, sizeof *crl);
	const uint8_t *p = der;

	if (crl == NULL)
		return CA_ERR_MEMORY;
	crl->crypto = src->crypto;
	crl->trouble = CA_R_CRL_MALFORMED;
	if ((crl->name = strdup(src->name)) == NULL) {
		ca_crl_free(crl);
		return CA_ERR_MEMORY;
	}
	if (der != NULL && len <= LONG_MAX) {
		crl->x509 = X509_CRL_new_ex(ca_crypto_get0_libctx(src->crypto),
		    NULL);
		if (crl->x509 != NULL &&
		    d2i_X509_CRL(&crl->x509, &p, (long)len) != NULL &&
		    p != der + len) {
			X509_CRL_free(crl->x509);
			crl->x509 = NULL;
		}
	}
	if (crl->x509 != NULL)
		crl->trouble = judge(crl->x509);
	ERR_clear_error();
	if (ca_crls_add(out, crl) != CA_OK) {
		ca_crl_free(crl);
		return CA_ERR_MEMORY;
	}
	return CA_OK;
}

static enum ca_err
add_pem(const struct ca_crl_source *src, const uint8_t *pem, size_t len,
    struct ca_crls *out)
{
	BIO *bio = len > INT_MAX ? NULL : BIO_new_mem_buf(pem, (int)len);
	enum ca_err rc = bio == NULL ? CA_ERR_MEMORY : CA_OK;
	size_t n = 0;

	while (rc == CA_OK) {
		uint8_t *der = NULL;
		long derlen = 0;

		if (!PEM_bytes_read_bio(&der, &derlen, NULL,
			PEM_STRING_X509_CRL, bio, NULL, NULL)) {
			unsigned long e = ERR_peek_last_error();
			/* nothing more, or something that cannot be read */
			if (n == 0 || ERR_GET_REASON(e) !=
			    PEM_R_NO_START_LINE)
				rc = add_der(src, NULL, 0, out);
			break;
		}
		n++;
		rc = add_der(src, der, (size_t)derlen, out);
		OPENSSL_free(der);
	}
	ERR_clear_error();
	BIO_free(bio);
	return rc;
}

enum ca_err
ca_crl_load(const struct ca_crl_source *src,
    const struct ca_crl_wanted *wanted, struct ca_crls *out)
{
	struct ca_buf file = CA_BUF_INIT(CA_CRL_MAX);
	enum ca_err rc = ca_file_read_fd(src->fd, CA_CRL_MAX, &file);

	(void)wanted;
	(void)close(src->fd);
	if (rc == CA_OK) {
		if (file.len > 0 && file.p[0] == 0x30)
			rc = add_der(src, file.p, file.len, out);
		else
			rc = add_pem(src, file.p, file.len, out);
	}
	ca_buf_free(&file);
	return rc;
}

enum ca_err
ca_crl_verify(struct ca_crl *crl, X509 *issuer)
{
	EVP_PKEY *key;

	if (crl->trouble != CA_R_OK)
		return CA_DENIED;
	if (crl->signer != NULL && X509_cmp(crl->signer, issuer) == 0)
		return crl->signed_by;
	if ((key = X509_get0_pubkey(issuer)) == NULL)
		return CA_ERR_CRYPTO;
	crl->signed_by = X509_CRL_verify(crl->x509, key) == 1 ? CA_OK
							       : CA_DENIED;
	ERR_clear_error();
	X509_free(crl->signer);
	crl->signer = X509_up_ref(issuer) ? issuer : NULL;
	return crl->signed_by;
}

enum ca_err
ca_crl_lookup(struct ca_crl *crl, X509 *cert, struct ca_crl_entry *out)
{
	X509_REVOKED *rev = NULL;
	struct tm tm;
	ASN1_ENUMERATED *reason;

	if (crl->trouble != CA_R_OK)
		return CA_ERR_FORMAT;
	if (X509_CRL_get0_by_cert(crl->x509, &rev, cert) == 0)
		return CA_ERR_NOT_FOUND;
	*out = (struct ca_crl_entry){-1, 0};
	reason = X509_REVOKED_get_ext_d2i(rev, NID_crl_reason, NULL, NULL);
	if (reason != NULL)
		out->reason = (int)ASN1_ENUMERATED_get(reason);
	ASN1_ENUMERATED_free(reason);
	if (ASN1_TIME_to_tm(X509_REVOKED_get0_revocationDate(rev), &tm))
		out->date = timegm(&tm);
	return CA_OK;
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
