#include "crypto/crypto.h"
#include "data/der.h"
#include "crypto/certgate.h"
#include "crypto/libctx.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define DIGESTS_MAX 16 /* the sources use fewer names */
#define DIGEST_NAME_MAX 16

struct ca_crypto {
	OSSL_LIB_CTX *libctx;
	OSSL_PROVIDER *provider;
	struct {
		char name[DIGEST_NAME_MAX];
		EVP_MD *md;
	} digest[DIGESTS_MAX];
	size_t ndigests;
};

/*
 * Our own library context does not suffice to ignore OPENSSL_CONF: before a
 * digest starts, libcrypto searches for an ENGINE, and before that it loads
 * openssl.cnf once into the process's default context, with any code that the
 * file names.  OPENSSL_INIT_NO_LOAD_CONFIG would prevent that, but a host
 * application that uses libcrypto later would lose the system's policy.
 * Therefore this function loads the file that libcrypto was built to read, and
 * ignores the environment: the host application gets the state that its own
 * first call would have made.  If the file was loaded before, this does
 * nothing.  A failure is ignored, because our own context does not depend on
 * the file.
 */
static void
load_system_config(void)
{
	OPENSSL_INIT_SETTINGS *settings = OPENSSL_INIT_new();
	struct ca_buf path = CA_BUF_INIT(4096);

	ca_buf_fmt(&path, "%s/openssl.cnf", X509_get_default_cert_area());
	if (settings != NULL && ca_buf_text(&path) != NULL &&
	    OPENSSL_INIT_set_config_filename(settings, ca_buf_text(&path)) == 1)
		(void)OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, settings);
	else
		(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	ca_buf_free(&path);
	OPENSSL_INIT_free(settings);
}

enum ca_err
ca_crypto_new(struct ca_crypto **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_crypto *c = NULL;

	*out = NULL;
	ERR_set_mark();
	load_system_config();
	if ((c = calloc(1, sizeof *c)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = ca_libctx_new(&c->libctx, &c->provider)) != CA_OK) {
		ret = rc;
		goto out;
	}
	*out = c;
	c = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_crypto_free(c);
	ERR_pop_to_mark();
	return ret;
}

void
ca_crypto_free(struct ca_crypto *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->ndigests; i++)
		EVP_MD_free(c->digest[i].md);
	if (c->provider != NULL)
		(void)OSSL_PROVIDER_unload(c->provider);
	OSSL_LIB_CTX_free(c->libctx);
	free(c);
}

OSSL_LIB_CTX *
ca_crypto_get0_libctx(const struct ca_crypto *c)
{
	return c->libctx;
}

OSSL_LIB_CTX *
ca_crypto_get0_keys(const struct ca_crypto *c)
{
	(void)c;
	return ca_libctx_get0_whole();
}

OSSL_LIB_CTX *
ca_crypto_enter(struct ca_crypto *c)
{
	return OSSL_LIB_CTX_set0_default(c->libctx);
}

void
ca_crypto_leave(OSSL_LIB_CTX *before)
{
	(void)OSSL_LIB_CTX_set0_default(before);
}

const EVP_MD *
ca_crypto_get0_md(struct ca_crypto *c, const char *name)
{
	EVP_MD *md;

	for (size_t i = 0; i < c->ndigests; i++) {
		if (strcmp(c->digest[i].name, name) == 0)
			return c->digest[i].md;
	}
	size_t len = strlen(name);
	if (c->ndigests == DIGESTS_MAX || len >= DIGEST_NAME_MAX)
		return NULL;
	ERR_set_mark();
	md = EVP_MD_fetch(c->libctx, name, NULL);
	ERR_pop_to_mark();
	/* an absent digest is stored too: the search for it costs most */
	memcpy(c->digest[c->ndigests].name, name, len + 1);
	c->digest[c->ndigests++].md = md;
	return md;
}

/*
 * The kernel's generator.  That of the library context is seeded from it, and
 * would cost three fetches and two instances for the few bytes of a login.
 */
enum ca_err
ca_crypto_random(struct ca_crypto *c, void *p, size_t len)
{
	uint8_t *at = p;

	(void)c;
	while (len > 0) {
		ssize_t n = getrandom(at, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return CA_ERR_IO;
		at += n;
		len -= (size_t)n;
	}
	return CA_OK;
}

static enum ca_err
digest(struct ca_crypto *c, const char *name, const struct ca_bytes *part,
    size_t nparts, uint8_t *out, unsigned outlen)
{
	enum ca_err ret = CA_ERR_UNSET;
	const EVP_MD *md;
	EVP_MD_CTX *ctx = NULL;
	unsigned len = 0;

	ERR_set_mark();
	if ((ctx = EVP_MD_CTX_new()) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((md = ca_crypto_get0_md(c, name)) == NULL ||
	    EVP_MD_get_size(md) != (int)outlen ||
	    EVP_DigestInit_ex2(ctx, md, NULL) != 1) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	for (size_t i = 0; i < nparts; i++) {
		if (EVP_DigestUpdate(ctx, part[i].p, part[i].len) != 1) {
			ret = CA_ERR_CRYPTO;
			goto out;
		}
	}
	if (EVP_DigestFinal_ex(ctx, out, &len) != 1 || len != outlen) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	ret = CA_OK;
out:
	EVP_MD_CTX_free(ctx);
	ERR_pop_to_mark();
	return ret;
}

enum ca_err
ca_crypto_sha256(
    struct ca_crypto *c, const void *p, size_t len, uint8_t out[32])
{
	const struct ca_bytes part = {p, len};

	return digest(c, "SHA256", &part, 1, out, 32);
}

enum ca_err
ca_crypto_spki(struct ca_crypto *c, X509 *cert, uint8_t out[32])
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	enum ca_err rc = CA_ERR_CRYPTO;

	if (len > 0)
		rc = ca_crypto_sha256(c, der, (size_t)len, out);
	OPENSSL_free(der);
	return rc;
}

enum ca_err
ca_crypto_transcript(struct ca_crypto *c, const struct ca_bytes *part,
    size_t nparts, uint8_t out[CA_TRANSCRIPT_HASH_LEN])
{
	return digest(c, "SHA384", part, nparts, out, CA_TRANSCRIPT_HASH_LEN);
}

/* ---- certificates ---- */

/*
 * d2i_X509 also accepts BER.  The SHA-256 of a certificate identifies it only
 * if the certificate has exactly one encoding: therefore the part that is not
 * signed is encoded again and compared.
 */
static bool
is_der(const X509 *cert, const uint8_t *der, size_t len)
{
	uint8_t *again = NULL;
	int n = i2d_X509(cert, &again);
	bool same = n > 0 && (size_t)n == len && memcmp(again, der, len) == 0;

	OPENSSL_free(again);
	return same;
}

enum ca_err
ca_crypto_cert(struct ca_crypto *c, const void *der, size_t len, X509 **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const unsigned char *p = der;
	X509 *cert = NULL;

	*out = NULL;
	ERR_set_mark();
	if (len > CA_CERT_MAX) {
		ret = CA_ERR_LIMIT;
		goto out;
	}
	if ((rc = ca_cert_gate(der, len, NULL)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if ((cert = X509_new_ex(c->libctx, NULL)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	/* on a failure, d2i_X509 frees cert and sets it to NULL */
	if (d2i_X509(&cert, &p, (long)len) == NULL) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	if (p != (const unsigned char *)der + len || !is_der(cert, der, len)) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	*out = cert;
	cert = NULL; /* transferred */
	ret = CA_OK;
out:
	X509_free(cert);
	ERR_pop_to_mark();
	return ret;
}

bool
ca_crypto_seconds(const ASN1_TIME *t, time_t *out)
{
	int len = t != NULL ? ASN1_STRING_length(t) : 0;
	int want = t != NULL && ASN1_STRING_type(t) == V_ASN1_UTCTIME ? 13 : 15;
	int64_t s;

	if (len != want ||
	    !ca_der_time(ASN1_STRING_get0_data(t), (size_t)len, &s))
		return false;
	*out = (time_t)s;
	return true;
}
