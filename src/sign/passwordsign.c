#include "sign/passwordsign.h"

#include <string.h>

#include "crypto/ecdsa.h"
#include "crypto/passwordtbs.h"
#include "sign/identity.h"
#include "sign/respond.h"

static enum ca_err
put_entries(const struct ca_identity *id, struct ca_buf *out)
{
	struct ca_response_certs certs;
	enum ca_err rc = ca_response_certs(id, &certs);

	if (rc == CA_OK)
		rc = ca_password_entries(out, certs.der, certs.n);
	ca_response_certs_clear(&certs);
	return rc;
}

static size_t
signature_bytes(const struct ca_scheme *scheme, const struct ca_identity *id)
{
	EVP_PKEY *key = X509_get0_pubkey(id->leaf);
	size_t n = ca_ecdsa_bytes(scheme);
	int size = key != NULL ? EVP_PKEY_get_size(key) : 0;

	return n > 0 ? 2 * n : size > 0 ? (size_t)size : 0;
}

enum ca_err
ca_passwordsign_length(const struct ca_passwordsign *what,
    const struct ca_identity *id, size_t *chars)
{
	const struct ca_scheme *scheme = ca_identity_scheme(id, what->req);
	struct ca_buf entries = CA_BUF_INIT(CA_RESPONSE_MAX);
	enum ca_err rc =
	    scheme != NULL ? put_entries(id, &entries) : CA_ERR_UNSUPPORTED;

	if (rc == CA_OK) {
		*chars =
		    ca_password_chars(signature_bytes(scheme, id), entries.len);
		rc = *chars <= CA_PASSWORD_TEXT_MAX ? CA_OK : CA_ERR_LIMIT;
	}
	ca_buf_free(&entries);
	return rc;
}

/* All but the signature. */
static enum ca_err
fill(struct ca_crypto *crypto, const struct ca_passwordsign *what,
    const struct ca_identity *id, struct ca_password *p)
{
	uint8_t hash[32];
	const char *host = what->meant.host;
	enum ca_err rc;

	p->issued_at = what->issued_at;
	if ((rc = ca_crypto_random(crypto, p->salt, sizeof p->salt)) != CA_OK ||
	    (rc = ca_crypto_spki(crypto, id->leaf, hash)) != CA_OK)
		return rc;
	memcpy(p->key_id, hash, sizeof p->key_id);
	if ((rc = ca_crypto_sha256(crypto, host, strlen(host), hash)) != CA_OK)
		return rc;
	memcpy(p->host_id, hash, sizeof p->host_id);
	return CA_OK;
}

/* A text to be signed. */
struct signing {
	struct ca_crypto *crypto;
	const struct ca_passwordsign *what;
	struct ca_identity *id;
	const struct ca_key_ui *ui;
	struct ca_password *p;
	struct ca_buf *sig;
};

/* What is signed names the scheme. */
static enum ca_err
sign(void *ctx, const struct ca_scheme *scheme)
{
	struct signing *s = ctx;
	struct ca_buf made = CA_BUF_INIT(CA_RESPONSE_MAX);
	uint8_t hash[CA_TRANSCRIPT_HASH_LEN], tbs[CA_SIGNED_CONTENT_MAX];
	size_t len;
	enum ca_err rc;

	s->p->scheme = scheme->code;
	rc = ca_password_tbs(s->crypto, s->p, &s->what->meant, hash, tbs, &len);
	if (rc == CA_OK)
		rc = ca_key_sign(s->id->key, scheme, tbs, len, s->ui, &made);
	if (rc == CA_OK && ca_ecdsa_bytes(scheme) > 0) {
		rc = ca_ecdsa_raw(scheme, made.p, made.len, s->sig);
	} else if (rc == CA_OK) {
		ca_buf_put(s->sig, made.p, made.len);
		rc = ca_buf_err(s->sig);
	}
	ca_buf_free(&made);
	return rc;
}

enum ca_err
ca_passwordsign(struct ca_crypto *crypto, const struct ca_passwordsign *what,
    struct ca_identity *id, const struct ca_key_ui *ui, struct ca_buf *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct ca_scheme *scheme = ca_identity_scheme(id, what->req);
	struct ca_buf entries = CA_BUF_INIT(CA_RESPONSE_MAX);
	struct ca_buf sig = CA_BUF_INIT(CA_RESPONSE_MAX);
	struct ca_password p = {0};

	if (scheme == NULL) {
		ret = CA_ERR_UNSUPPORTED;
		goto out;
	}
	if ((rc = put_entries(id, &entries)) != CA_OK) {
		ret = rc;
		goto out;
	}
	/* nobody enters a PIN for a text that is too long */
	if (ca_password_chars(signature_bytes(scheme, id), entries.len) >
	    what->max) {
		ret = CA_ERR_LIMIT;
		goto out;
	}
	if ((rc = fill(crypto, what, id, &p)) != CA_OK) {
		ret = rc;
		goto out;
	}
	p.entries = (struct ca_bytes){entries.p, entries.len};
	if ((rc = ca_identity_sign(id, what->req, sign,
		 &(struct signing){crypto, what, id, ui, &p, &sig})) != CA_OK) {
		ret = rc;
		goto out;
	}
	p.signature = (struct ca_bytes){sig.p, sig.len};
	if ((rc = ca_password_write(out, &p)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = out->len <= what->max ? CA_OK : CA_ERR_LIMIT;
out:
	ca_buf_free(&entries);
	ca_buf_free(&sig);
	return ret;
}
