/*
 * Reading host_cert and host_key, and saying what is wrong with them.
 */
#include "host/hostint.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

#define CERT_FILE_MAX ((size_t)256 << 10)
#define KEY_FILE_MAX ((size_t)64 << 10)

/* A key with a passphrase is no key for a host: nobody is there to type. */
static int
no_passphrase(char *buf, int size, int rwflag, void *ctx)
{
	(void)buf, (void)size, (void)rwflag, (void)ctx;
	return -1;
}

static enum ca_err
read_key(struct ca_crypto *crypto, const char *path, const struct ca_log *log,
    EVP_PKEY **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf pem = CA_BUF_INIT(KEY_FILE_MAX);
	BIO *bio = NULL;
	struct stat st;
	int fd = -1;

	if ((rc = ca_file_open(AT_FDCWD, path, &fd, &st)) != CA_OK) {
		if (rc == CA_ERR_UNTRUSTED)
			ca_log_err(log,
			    "host_key %s: refused: it must be a file owned by root "
			    "and not writable by group or others",
			    path);
		else
			ca_log_err(
			    log, "host_key %s: cannot be opened (%m)", path);
		ret = rc;
		goto out;
	}
	if (st.st_mode & 077) {
		ca_log_err(log,
		    "host_key %s: refused: it is readable by group or "
		    "others; run: chmod 600 %s",
		    path, path);
		ret = CA_ERR_UNTRUSTED;
		goto out;
	}
	if ((rc = ca_file_read_fd(fd, KEY_FILE_MAX, &pem)) != CA_OK) {
		ca_log_err(log, "host_key %s: cannot be read: %-s", path,
		    ca_err_text(rc));
		ret = rc;
		goto out;
	}
	/* the text: an empty file has no bytes to point to */
	bio = BIO_new_mem_buf(ca_buf_text(&pem), (int)pem.len);
	if (bio != NULL)
		*out = PEM_read_bio_PrivateKey_ex(bio, NULL, no_passphrase,
		    NULL, ca_crypto_get0_keys(crypto), NULL);
	if (*out == NULL) {
		ca_log_err(log,
		    "host_key %s: it is not a PEM private key without a "
		    "passphrase",
		    path);
		ret = CA_ERR_FORMAT;
		goto out;
	}
	ret = CA_OK;
out:
	if (fd >= 0)
		(void)close(fd);
	BIO_free(bio);
	ca_buf_free(&pem);
	return ret;
}

/* The next certificate of a PEM file.  CA_ERR_NOT_FOUND: there is no more. */
static enum ca_err
next_cert(struct ca_crypto *crypto, BIO *bio, X509 **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	long len = 0;

	if (PEM_read_bio(bio, &name, &header, &der, &len) != 1) {
		ret = CA_ERR_NOT_FOUND;
		goto out;
	}
	if (strcmp(name, PEM_STRING_X509) != 0 || len < 0) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	if ((rc = ca_crypto_cert(crypto, der, (size_t)len, out)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	return ret;
}

/* Leaf first; a root in the file is left out, as protocol.md has it. */
static enum ca_err
read_certs(struct ca_crypto *crypto, const char *path, const struct ca_log *log,
    STACK_OF(X509) *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf pem = CA_BUF_INIT(CERT_FILE_MAX);
	BIO *bio = NULL;
	X509 *cert = NULL;

	rc = ca_file_read(AT_FDCWD, path, CERT_FILE_MAX, &pem);
	if (rc != CA_OK) {
		ca_log_err(log, "host_cert %s: %-s", path, ca_err_text(rc));
		ret = rc;
		goto out;
	}
	bio = BIO_new_mem_buf(ca_buf_text(&pem), (int)pem.len);
	if (bio == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	while ((rc = next_cert(crypto, bio, &cert)) == CA_OK) {
		if (sk_X509_num(out) > 0 && X509_self_signed(cert, 0) == 1) {
			X509_free(cert);
		} else if (sk_X509_num(out) == CA_CERTS_MAX ||
			   sk_X509_push(out, cert) <= 0) {
			X509_free(cert);
			ret = CA_ERR_LIMIT;
			goto out;
		}
		cert = NULL; /* transferred */
	}
	if (rc != CA_ERR_NOT_FOUND || sk_X509_num(out) == 0) {
		ca_log_err(log,
		    "host_cert %s: it is not a file of PEM certificates", path);
		ret = CA_ERR_FORMAT;
		goto out;
	}
	ret = CA_OK;
out:
	BIO_free(bio);
	ca_buf_free(&pem);
	return ret;
}

static bool
on_token(const struct ca_config *cfg)
{
	return ca_text_pkcs11(cfg->host_key);
}

/* key NULL: on a token. */
static enum ca_err
check_pair(const struct ca_config *cfg, const struct ca_log *log, X509 *leaf,
    EVP_PKEY *key, time_t now)
{
	if (key != NULL && X509_check_private_key(leaf, key) != 1) {
		ca_log_err(log,
		    "host_key %s is not the key of the first certificate in "
		    "host_cert %s",
		    cfg->host_key, cfg->host_cert);
		return CA_DENIED;
	}
	if (X509_cmp_time(X509_get0_notAfter(leaf), &now) != 1) {
		ca_log_err(log, "host_cert %s has expired", cfg->host_cert);
		return CA_ERR_EXPIRED;
	}
	if (X509_cmp_time(X509_get0_notBefore(leaf), &now) != -1) {
		ca_log_err(
		    log, "host_cert %s is not yet valid", cfg->host_cert);
		return CA_ERR_EXPIRED;
	}
	return CA_OK;
}

static const struct ca_scheme *
choose_scheme(
    struct ca_crypto *crypto, const struct ca_config *cfg, EVP_PKEY *key)
{
	const struct ca_scheme *s;

	for (size_t i = 0; (s = ca_scheme_at(i)) != NULL; i++) {
		if (ca_scheme_is_pkcs1(s) && !cfg->rsa_pkcs1)
			continue;
		if (ca_crypto_has_scheme(crypto, s) &&
		    ca_crypto_scheme_fits(s, key))
			return s;
	}
	return NULL;
}

enum ca_err
ca_host_load(const struct ca_context *ctx, struct ca_host_identity *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_crypto *crypto = ctx->crypto;
	const struct ca_config *cfg = ctx->cfg;
	const struct ca_log *log = ctx->log;

	*out = (struct ca_host_identity){.certs = sk_X509_new_null()};
	if (out->certs == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if (cfg->host_cert == NULL || cfg->host_key == NULL) {
		ca_log_err(log, "%-s is set, but %-s is not",
		    cfg->host_cert != NULL ? "host_cert" : "host_key",
		    cfg->host_cert != NULL ? "host_key" : "host_cert");
		ret = CA_ERR_CONFIG;
		goto out;
	}
	if ((rc = read_certs(crypto, cfg->host_cert, log, out->certs)) !=
		CA_OK ||
	    (!on_token(cfg) && (rc = read_key(crypto, cfg->host_key, log,
				    &out->key)) != CA_OK) ||
	    (rc = check_pair(cfg, log, sk_X509_value(out->certs, 0), out->key,
		 ctx->now)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (out->key != NULL &&
	    (out->scheme = choose_scheme(crypto, cfg, out->key)) == NULL) {
		ca_log_err(log,
		    "host_key %s: no signature scheme fits this "
		    "type or size of key",
		    cfg->host_key);
		ret = CA_ERR_UNSUPPORTED;
		goto out;
	}
	ret = CA_OK;
out:
	if (ret != CA_OK)
		ca_host_clear(out);
	return ret;
}

void
ca_host_clear(struct ca_host_identity *host)
{
	sk_X509_pop_free(host->certs, X509_free);
	EVP_PKEY_free(host->key);
	*host = (struct ca_host_identity){NULL, NULL, NULL};
}
