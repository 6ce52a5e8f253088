/* An identity from PEM files; its key is decrypted when it first signs, or
 * before if only the key shows which certificate is the user's. */
#include "key/key.h"
#include "base/tr.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "data/pem.h"
#include "crypto/certgate.h"
#include "key/keyfile.h"
#include "key/pemkey.h"

#define CERTS_MAX 33 /* the leaf and its chain */

/* The certificates of a file, in its order. */
struct certs {
	struct ca_crypto *crypto;
	STACK_OF(X509) *v;
	size_t skipped;      /* that no host accepts, or that are damaged */
	const char *refused; /* why the first of these is; may be NULL */
	char refusal[CA_CERT_REFUSAL];
};

static enum ca_err
add_cert(struct certs *certs, const void *der, size_t len)
{
	X509 *cert = NULL;
	enum ca_err rc = ca_crypto_cert(certs->crypto, der, len, &cert);

	if (rc == CA_ERR_MEMORY)
		return rc;
	if (rc != CA_OK) {
		if (certs->skipped++ == 0)
			certs->refused =
			    ca_cert_refusal(der, len, certs->refusal);
		return CA_OK;
	}
	if (sk_X509_num(certs->v) >= CERTS_MAX ||
	    sk_X509_push(certs->v, cert) <= 0) {
		rc = sk_X509_num(certs->v) >= CERTS_MAX ? CA_ERR_LIMIT
							: CA_ERR_MEMORY;
		X509_free(cert);
		return rc;
	}
	return CA_OK;
}

static enum ca_err
add_pem(struct certs *certs, const struct ca_buf *text)
{
	struct ca_reader r = ca_reader_of(text->p, text->len);
	struct ca_pem pem;
	enum ca_err rc;

	while ((rc = ca_pem_next(&r, &pem)) == CA_OK) {
		struct ca_buf der = CA_BUF_INIT(CA_KEY_FILE_MAX);

		if (!ca_pem_label(&pem, "CERTIFICATE") &&
		    !ca_pem_label(&pem, "X509 CERTIFICATE"))
			continue;
		if ((rc = ca_pem_decode(&pem, &der)) == CA_OK)
			rc = add_cert(certs, der.p, der.len);
		ca_buf_free(&der);
		if (rc != CA_OK)
			return rc;
	}
	return rc == CA_ERR_NOT_FOUND ? CA_OK : rc;
}

/* Why the file gives no certificate. */
static void
tell(const struct certs *certs, const char *path, const struct ca_buf *text,
    enum ca_err rc, const struct ca_log *log)
{
	if (certs->refused != NULL)
		ca_log_err(log,
		    "%s: no host accepts this certificate, because %-s; use a "
		    "certificate with an EC key on P-256, P-384 or P-521, an "
		    "Ed25519, Ed448 or ML-DSA key, or an RSA key of at least "
		    "%d bits",
		    path, certs->refused, CA_RSA_MIN_BITS);
	else if (rc == CA_ERR_LIMIT)
		ca_log_err(log, "%s contains more than %d certificates", path,
		    CERTS_MAX);
	else if (!ca_keyfile_tell(path, text, CA_WANT_CERT, log))
		ca_log_err(log,
		    "%s contains no X.509 certificate in PEM or DER: %-s", path,
		    certs->skipped > 0 ? N_("the certificate is damaged")
				       : ca_err_text(rc));
}

static enum ca_err
load_certs(struct certs *certs, const char *path, const struct ca_log *log)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf text = CA_BUF_INIT(CA_KEY_FILE_MAX);

	if ((certs->v = sk_X509_new_null()) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = ca_keyfile_read(path, &text, NULL, log)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (ca_pem_is(text.p, text.len))
		rc = add_pem(certs, &text);
	else if (ca_file_kind(text.p, text.len) == CA_FILE_CERT)
		rc = add_cert(certs, text.p, text.len);
	if (rc == CA_OK && sk_X509_num(certs->v) == 0)
		rc = CA_ERR_FORMAT;
	if (rc != CA_OK) {
		tell(certs, path, &text, rc, log);
		ret = rc;
		goto out;
	}
	if (certs->skipped > 0)
		ca_log_warning(log,
		    "%s: %zu of its certificates cannot be used%-s%-s", path,
		    certs->skipped, certs->refused != NULL ? ": " : "",
		    certs->refused != NULL ? certs->refused : "");
	ret = CA_OK;
out:
	ca_buf_free(&text);
	return ret;
}

/* ---- which of them is the user's ---- */

static bool
issued_another(const STACK_OF(X509) *v, int at)
{
	const X509_NAME *name = X509_get_subject_name(sk_X509_value(v, at));

	for (int i = 0; i < sk_X509_num(v); i++)
		if (i != at &&
		    X509_NAME_cmp(
			name, X509_get_issuer_name(sk_X509_value(v, i))) == 0)
			return true;
	return false;
}

/*
 * The first one that is no CA and has issued none of the others; the first one,
 * if there is none.  *certain: it is the first of the file, as is usual, and
 * no other could be meant.
 */
static int
guess(const struct certs *certs, bool *certain)
{
	int n = 0, first = 0;

	for (int i = sk_X509_num(certs->v) - 1; i >= 0; i--) {
		X509 *cert = sk_X509_value(certs->v, i);

		if ((X509_get_extension_flags(cert) & EXFLAG_CA) == 0 &&
		    !issued_another(certs->v, i)) {
			first = i;
			n++;
		}
	}
	*certain = certs->skipped == 0 &&
		   (sk_X509_num(certs->v) == 1 || (n == 1 && first == 0));
	return first;
}

static enum ca_err
find_fitting(const struct certs *certs, const struct ca_pemkey *key,
    const char *path, const struct ca_log *log, int *index)
{
	int n = sk_X509_num(certs->v);

	for (*index = 0; *index < n; ++*index)
		if (ca_pemkey_fits(key, sk_X509_value(certs->v, *index)))
			return CA_OK;
	if (n == 1)
		ca_log_err(log,
		    "%s: the key does not belong to the certificate; use the "
		    "key for which the CA issued it",
		    path);
	else
		ca_log_err(log,
		    "%s: the key belongs to none of the %d certificates; use "
		    "the key for which the CA issued one",
		    path, n);
	return CA_ERR_FORMAT;
}

/* The certificate of the key, wherever it stands; without a ui, or for a key
 * that is kept elsewhere (NULL), the one that is no CA. */
static enum ca_err
choose(const struct certs *certs, struct ca_pemkey *key, const char *path,
    const struct ca_key_ui *ui, const struct ca_log *log, int *index)
{
	enum ca_err rc;
	bool certain;

	*index = guess(certs, &certain);
	if (key == NULL)
		return CA_OK;
	if (ca_pemkey_locked(key) && (certain || ui == NULL))
		return CA_OK; /* it is compared when it signs */
	if ((rc = ca_pemkey_unlock(key, ui)) != CA_OK)
		return rc;
	return find_fitting(certs, key, path, log, index);
}

/* ---- the identity ---- */

static enum ca_err
make_identity(
    struct certs *certs, int leaf, const char *label, struct ca_identity **out)
{
	struct ca_identity *id = calloc(1, sizeof *id);

	if (id == NULL || (id->label = strdup(label)) == NULL) {
		ca_identity_free(id);
		return CA_ERR_MEMORY;
	}
	id->leaf = sk_X509_delete(certs->v, leaf);
	id->chain = certs->v;
	certs->v = NULL; /* transferred */
	*out = id;
	return CA_OK;
}

enum ca_err
ca_key_pem_cert(struct ca_crypto *crypto, const char *cert_path,
    const struct ca_log *log, struct ca_identity **out)
{
	struct certs certs = {.crypto = crypto};
	int leaf = 0;
	enum ca_err rc;

	if ((rc = load_certs(&certs, cert_path, log)) == CA_OK &&
	    (rc = choose(&certs, NULL, NULL, NULL, log, &leaf)) == CA_OK)
		rc = make_identity(&certs, leaf, cert_path, out);
	sk_X509_pop_free(certs.v, X509_free);
	return rc;
}

enum ca_err
ca_key_pem(struct ca_crypto *crypto, const char *cert_path,
    const char *key_path, const struct ca_key_ui *ui, const struct ca_log *log,
    struct ca_identity **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct certs certs = {.crypto = crypto};
	struct ca_pemkey *key = NULL;
	struct ca_identity *id = NULL;
	int leaf = 0;

	if (key_path == NULL)
		key_path = cert_path;
	if ((rc = load_certs(&certs, cert_path, log)) != CA_OK ||
	    (rc = ca_pemkey_read(crypto, key_path, log, &key)) != CA_OK ||
	    (rc = choose(&certs, key, key_path, ui, log, &leaf)) != CA_OK ||
	    (rc = make_identity(&certs, leaf, cert_path, &id)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if ((id->key = ca_pemkey_take(key, id->leaf)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	key = NULL; /* transferred */
	*out = id;
	id = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_identity_free(id);
	ca_pemkey_free(key);
	sk_X509_pop_free(certs.v, X509_free);
	return ret;
}
