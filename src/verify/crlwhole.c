#include "base/file.h"
#include "verify/crlder.h"
#include "verify/crlint.h"
#include "verify/crlsig.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 * The CRL as OpenSSL has it, a X509_CRL with all of its entries: the yardstick
 * for the other ways, and slow (crl_engine = openssl).
 */

/* The bits of an entry that OpenSSL's own look-up passes over. */
static bool
entry_malformed(X509_REVOKED *rev)
{
	int at = -1;
	void *p = X509_REVOKED_get_ext_d2i(rev, NID_crl_reason, &at, NULL);

	ASN1_ENUMERATED_free(p);
	if (p == NULL && at != -1)
		return true;
	at = -1;
	p = X509_REVOKED_get_ext_d2i(rev, NID_certificate_issuer, &at, NULL);
	GENERAL_NAMES_free(p);
	return p == NULL && at != -1;
}

/*
 * The algorithm inside the signed part must be the one outside.  The signed
 * part is written out as it was read: i2d_re_X509_CRL_tbs would make OpenSSL
 * verify its own writing of it from then on, and a CRL with `critical FALSE` in
 * so many words, which is seen, would be of nobody.
 */
static bool
algorithms_match(X509_CRL *x, const X509_ALGOR *outer)
{
	uint8_t *der = NULL, *alg = NULL;
	int len = i2d_X509_CRL(x, &der);
	int alglen = i2d_X509_ALGOR(outer, &alg);
	struct ca_reader r, crl, list, version;
	bool same = false;

	if (len > 0 && alglen > 0) {
		r = ca_reader_of(der, (size_t)len);
		if (ca_der_expect(&r, CA_DER_SEQUENCE, &crl) == CA_OK &&
		    ca_der_expect(&crl, CA_DER_SEQUENCE, &list) == CA_OK) {
			if (list.left > 0 && list.p[0] == CA_DER_INTEGER &&
			    ca_der_expect(&list, CA_DER_INTEGER, &version) !=
				CA_OK)
				list.left = 0;
			same = list.left >= (size_t)alglen &&
			       memcmp(list.p, alg, (size_t)alglen) == 0;
		}
	}
	OPENSSL_free(der);
	OPENSSL_free(alg);
	return same;
}

static enum ca_reason
judge(X509_CRL *x)
{
	const X509_ALGOR *alg;
	STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(x);

	X509_CRL_get0_signature(x, NULL, &alg);
	if (!algorithms_match(x, alg))
		return CA_R_CRL_MALFORMED;
	if (!ca_crlsig_accepted(alg))
		return CA_R_CRL_SIGNATURE;
	if (ca_crl_critical_unknown(X509_CRL_get0_extensions(x), false))
		return CA_R_CRL_EXTENSION;
	for (int i = 0; i < sk_X509_REVOKED_num(entries); i++) {
		X509_REVOKED *rev = sk_X509_REVOKED_value(entries, i);

		if (entry_malformed(rev))
			return CA_R_CRL_MALFORMED;
		if (ca_crl_critical_unknown(
			X509_REVOKED_get0_extensions(rev), true))
			return CA_R_CRL_EXTENSION;
	}
	return CA_R_OK;
}

/* One CRL from exactly len bytes of DER; NULL: one with trouble. */
static enum ca_err
add_der(const struct ca_crl_source *src, const uint8_t *der, size_t len,
    struct ca_crls *out)
{
	struct ca_crl *crl = ca_crl_new(src, out);
	const uint8_t *p = der;

	if (crl == NULL)
		return CA_ERR_MEMORY;
	crl->kind = CRL_WHOLE;
	ERR_set_mark();
	if (der != NULL && len <= LONG_MAX) {
		crl->x509 =
		    X509_CRL_new_ex(ca_crypto_get0_libctx(src->crypto), NULL);
		if (crl->x509 != NULL &&
		    d2i_X509_CRL(&crl->x509, &p, (long)len) != NULL &&
		    p != der + len) {
			X509_CRL_free(crl->x509);
			crl->x509 = NULL;
		}
	}
	if (crl->x509 != NULL)
		crl->trouble = judge(crl->x509);
	ERR_pop_to_mark();
	return CA_OK;
}

static enum ca_err
add_pem(const struct ca_crl_source *src, const uint8_t *pem, size_t len,
    struct ca_crls *out)
{
	BIO *bio = len > INT_MAX ? NULL : BIO_new_mem_buf(pem, (int)len);
	enum ca_err rc = bio == NULL ? CA_ERR_MEMORY : CA_OK;
	size_t n = 0;

	ERR_set_mark();
	while (rc == CA_OK) {
		uint8_t *der = NULL;
		long derlen = 0;

		if (!PEM_bytes_read_bio(&der, &derlen, NULL,
			PEM_STRING_X509_CRL, bio, NULL, NULL)) {
			unsigned long e = ERR_peek_last_error();
			/* nothing more, or something that cannot be read */
			if (n == 0 || ERR_GET_REASON(e) != PEM_R_NO_START_LINE)
				rc = add_der(src, NULL, 0, out);
			break;
		}
		n++;
		rc = add_der(src, der, (size_t)derlen, out);
		OPENSSL_free(der);
	}
	ERR_pop_to_mark();
	BIO_free(bio);
	return rc;
}

enum ca_err
ca_crl_whole_load(const struct ca_crl_source *src, struct ca_crls *out)
{
	struct ca_buf file = CA_BUF_INIT(CA_CRL_MAX);
	struct stat st;
	enum ca_err rc;

	if (ca_crl_gate_shut(src->gate, src->fd))
		return CA_ERR_CANCELLED;
	/* without reading up to the bound to learn it */
	if (fstat(src->fd, &st) == 0 && st.st_size > (off_t)CA_CRL_MAX)
		return CA_ERR_LIMIT;
	rc = ca_file_read_fd(src->fd, CA_CRL_MAX, &file);
	if (rc == CA_OK) {
		if (file.len == 0)
			rc = add_der(src, NULL, 0, out);
		else if (file.p[0] == 0x30)
			rc = add_der(src, file.p, file.len, out);
		else
			rc = add_pem(src, file.p, file.len, out);
	}
	ca_buf_free(&file);
	return rc;
}

enum ca_err
ca_crl_whole_verify(struct ca_crl *crl, EVP_PKEY *key)
{
	int good;

	ERR_set_mark();
	good = X509_CRL_verify(crl->x509, key);
	ERR_pop_to_mark();
	return good == 1 ? CA_OK : CA_DENIED;
}

enum ca_err
ca_crl_whole_lookup(struct ca_crl *crl, X509 *cert, struct ca_crl_entry *out)
{
	X509_REVOKED *rev = NULL;
	struct tm tm;
	ASN1_ENUMERATED *reason;

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
