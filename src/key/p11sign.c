/*
 * A key on a token: find it, log in if the token needs it, sign, verify.
 */
#include "key/p11.h"
#include "crypto/ecdsa.h"
#include "key/sig.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The input may be a whole RSA block of at most 16,384 bits. */
#define INPUT_EXTRA 2048

/* Without a CKA_ID each private key is tried, and each try is a signature and
 * perhaps a touch, so the number is limited. */
#define CANDIDATES_MAX 8

struct p11_key {
	struct ca_crypto *crypto; /* borrowed */
	struct ca_p11_held *held; /* a reference */
	uint8_t *id;
	size_t idlen;
	EVP_PKEY *pub;
};

/* One call of p11_sign. */
struct signing {
	const struct p11_key *k;
	const struct ca_scheme *scheme;
	const struct ca_p11_way *way;
	struct ca_p11_session at;
	bool logged_in;
	struct ca_secret *pin; /* accepted in this call, or NULL */
};

/* A signature as the token writes it; before C_Sign len is the room for it. */
struct raw {
	uint8_t *p;
	CK_ULONG len;
};

static void
p11_free(void *impl)
{
	struct p11_key *k = impl;

	if (k == NULL)
		return;
	EVP_PKEY_free(k->pub);
	ca_p11_held_unref(k->held);
	free(k->id);
	free(k);
}

static bool
p11_can(const void *impl, const struct ca_scheme *scheme)
{
	const struct p11_key *k = impl;

	return ca_p11_way(k->held->token.ways, scheme) != NULL &&
	       ca_crypto_scheme_fits(scheme, k->pub);
}

/* ---- session, login, key ---- */

static enum ca_err
log_in(struct signing *s, CK_USER_TYPE type)
{
	enum ca_err rc = ca_p11_login(&s->at, type, &s->pin);

	if (rc == CA_OK)
		s->logged_in = true;
	return rc;
}

static enum ca_err
find_keys(struct signing *s, CK_OBJECT_HANDLE *found, size_t *n)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE attr[2] = {
	    {CKA_CLASS, &class, sizeof class},
	    {CKA_ID, s->k->id, s->k->idlen},
	};
	struct ca_p11_guard guard;

	ca_p11_guard_begin(&guard, s->at.token.name, CA_P11_SECONDS);
	enum ca_err rc = ca_p11_find(
	    &s->at, attr, s->k->idlen > 0 ? 2 : 1, found, CANDIDATES_MAX, n);
	ca_p11_guard_end(&guard);
	return rc;
}

/* If a PIN is required, it is asked for even if the key would sign without it.
 * The flags are those of the token in the slot now, not of the listed one. */
static enum ca_err
require_pin(struct signing *s)
{
	if (s->at.p11->pin == CA_KEY_PIN_WANTED)
		return CA_OK;
	if (!ca_p11_pin_will_do(s->at.p11, &s->at.token.info)) {
		ca_p11_tell(&s->at,
		    "\"%s\" needs no PIN, but a PIN is required here.",
		    s->at.token.name);
		return CA_DENIED;
	}
	return log_in(s, CKU_USER);
}

static enum ca_err
find_keys_logging_in(struct signing *s, CK_OBJECT_HANDLE *found, size_t *n)
{
	enum ca_err rc = require_pin(s);

	if (rc != CA_OK)
		return rc;
	rc = find_keys(s, found, n);
	if (rc == CA_OK && *n == 0 && !s->logged_in) {
		if ((rc = log_in(s, CKU_USER)) != CA_OK)
			return rc;
		rc = find_keys(s, found, n);
	}
	if (rc != CA_OK)
		return ca_p11_failed(
		    &s->at, "the search for the key", CKR_DEVICE_ERROR);
	if (*n == 0) {
		ca_p11_tell(&s->at,
		    "\"%s\" has the certificate, but not its private key.",
		    s->at.token.name);
		return CA_ERR_NOT_FOUND;
	}
	return CA_OK;
}

/* ---- one signature ---- */

static CK_RV
sign_init(struct signing *s, CK_OBJECT_HANDLE key)
{
	struct {
		CK_BBOOL prehash;
		CK_ULONG context_len;
		unsigned char *context;
	} eddsa = {CK_FALSE, 0, NULL};
	CK_RSA_PKCS_PSS_PARAMS pss = {s->way->hash, s->way->mgf, s->way->salt};
	CK_MECHANISM m = {s->way->mechanism, NULL, 0};

	if (s->way->hash != 0) {
		m.pParameter = &pss;
		m.ulParameterLen = sizeof pss;
	} else if (s->scheme->key == CA_KEY_ED448) {
		/* PKCS#11 3.0 section 2.3.14: required for Ed448 */
		m.pParameter = &eddsa;
		m.ulParameterLen = sizeof eddsa;
	}
	return s->at.token.f->C_SignInit(s->at.handle, &m, key);
}

/* One try by one key; the token's return code goes to *rv. */
static enum ca_err
sign_once(struct signing *s, CK_OBJECT_HANDLE key, bool always,
    const struct ca_buf *in, struct raw *out, CK_RV *rv)
{
	const struct ca_p11_token *t = &s->at.token;
	struct ca_p11_guard guard;
	CK_ULONG room = out->len;
	enum ca_err rc;

	ca_p11_guard_begin(&guard, t->name, CA_P11_SECONDS);
	*rv = sign_init(s, key);
	ca_p11_guard_end(&guard);
	if (*rv != CKR_OK)
		return CA_OK;
	if (always && (rc = log_in(s, CKU_CONTEXT_SPECIFIC)) != CA_OK)
		return rc;
	ca_p11_guard_begin(&guard, t->name, CA_P11_SECONDS_PERSON);
	*rv = t->f->C_Sign(s->at.handle, in->p, in->len, out->p, &out->len);
	ca_p11_guard_end(&guard);
	if (*rv == CKR_OK && out->len > room)
		*rv = CKR_DEVICE_ERROR;
	return CA_OK;
}

/* Many keys sign without a login on tokens that otherwise want one, so a PIN
 * is asked for only when the token says that it needs one. */
static enum ca_err
sign_raw(struct signing *s, CK_OBJECT_HANDLE key, const struct ca_buf *in,
    struct raw *out)
{
	bool always = ca_p11_flag(&s->at, key, CKA_ALWAYS_AUTHENTICATE);
	CK_ULONG room = out->len;
	enum ca_err rc;
	CK_RV rv;

	if (always && !s->logged_in &&
	    (s->at.token.info.flags & CKF_LOGIN_REQUIRED) != 0 &&
	    (rc = log_in(s, CKU_USER)) != CA_OK)
		return rc;
	if ((rc = sign_once(s, key, always, in, out, &rv)) != CA_OK)
		return rc;
	if (rv == CKR_USER_NOT_LOGGED_IN && !s->logged_in) {
		if ((rc = log_in(s, CKU_USER)) != CA_OK)
			return rc;
		out->len = room;
		if ((rc = sign_once(s, key, always, in, out, &rv)) != CA_OK)
			return rc;
	}
	return rv == CKR_OK ? CA_OK : ca_p11_failed(&s->at, "signing", rv);
}

/* Make the input in the form that the mechanism takes. */
static enum ca_err
make_input(
    const struct signing *s, const void *tbs, size_t len, struct ca_buf *in)
{
	struct ca_crypto *crypto = s->k->crypto;

	switch (s->way->input) {
	case CA_P11_DIGEST:
		return ca_sig_digest(crypto, s->scheme, tbs, len, in);
	case CA_P11_DIGESTINFO:
		return ca_sig_digestinfo(crypto, s->scheme, tbs, len, in);
	case CA_P11_BLOCK:
		return ca_sig_block(crypto, s->scheme, tbs, len,
		    (size_t)EVP_PKEY_get_size(s->k->pub), in);
	case CA_P11_MESSAGE:
		break;
	}
	ca_buf_put(in, tbs, len);
	return ca_buf_err(in);
}

/* The longest signature of the key, as PKCS#11 writes it. */
static size_t
raw_max(const struct signing *s)
{
	size_t bytes = ((size_t)EVP_PKEY_get_bits(s->k->pub) + 7) / 8;

	if (s->scheme->key == CA_KEY_EC)
		return 2 * bytes;
	return (size_t)EVP_PKEY_get_size(s->k->pub);
}

/* Sign by one key, into CertificateVerify's form, and verify.
 * CA_ERR_SIGNATURE: the key is another one, or the token is broken. */
static enum ca_err
sign_with(struct signing *s, CK_OBJECT_HANDLE key, const struct ca_buf *in,
    const void *tbs, size_t len, struct ca_buf *sig)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct raw raw = {NULL, raw_max(s)};
	size_t begin = sig->len;

	if ((raw.p = malloc(raw.len)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = sign_raw(s, key, in, &raw)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (s->scheme->key != CA_KEY_EC) {
		ca_buf_put(sig, raw.p, raw.len);
	} else if (raw.len % 2 != 0 ||
		   ca_ecdsa_der(raw.p, raw.len / 2, raw.p + raw.len / 2,
		       raw.len / 2, sig) != CA_OK) {
		ret = CA_ERR_SIGNATURE;
		goto out;
	}
	if ((rc = ca_buf_err(sig)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (ca_crypto_verify(s->k->crypto, s->scheme, s->k->pub,
		&(struct ca_signed){
		    tbs, len, sig->p + begin, sig->len - begin}) != CA_OK) {
		ret = CA_ERR_SIGNATURE;
		goto out;
	}
	ret = CA_OK;
out:
	if (ret != CA_OK && sig->err == CA_OK)
		sig->len = begin;
	free(raw.p);
	return ret;
}

static enum ca_err
sign_in_session(struct signing *s, const struct ca_buf *in, const void *tbs,
    size_t len, struct ca_buf *sig)
{
	CK_OBJECT_HANDLE found[CANDIDATES_MAX];
	size_t n;
	enum ca_err rc = find_keys_logging_in(s, found, &n);

	if (rc != CA_OK)
		return rc;
	rc = CA_ERR_SIGNATURE;
	for (size_t i = 0; i < n && rc == CA_ERR_SIGNATURE; i++)
		rc = sign_with(s, found[i], in, tbs, len, sig);
	if (rc == CA_ERR_SIGNATURE) {
		ca_p11_tell(&s->at,
		    "The signature of \"%s\" does not verify by the key of the "
		    "certificate.",
		    s->at.token.name);
	}
	return rc;
}

static enum ca_err
p11_sign(void *impl, const struct ca_scheme *scheme, const void *tbs,
    size_t len, const struct ca_key_ui *ui, struct ca_buf *sig)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct p11_key *k = impl;
	struct signing s = {.k = k,
	    .scheme = scheme,
	    .way = ca_p11_way(k->held->token.ways, scheme),
	    .at = {.p11 = k->held->p11, .ui = ui, .handle = CK_INVALID_HANDLE}};
	struct ca_buf in = CA_BUF_INIT(len + INPUT_EXTRA);

	if (k->held->p11->pid != getpid() || s.way == NULL) {
		ret = CA_ERR_USAGE;
		goto out;
	}
	if ((rc = make_input(&s, tbs, len, &in)) != CA_OK ||
	    (rc = ca_p11_session_open(&s.at, k->held)) != CA_OK ||
	    (rc = sign_in_session(&s, &in, tbs, len, sig)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_p11_session_close(&s.at, k->held);
	ca_secret_free(s.pin);
	ca_buf_free(&in);
	return ret;
}

static const struct ca_key_ops p11_ops = {p11_can, p11_sign, p11_free};

enum ca_err
ca_p11_key_new(struct ca_crypto *crypto, struct ca_p11_held *held,
    struct ca_bytes id, X509 *cert, struct ca_key **out)
{
	EVP_PKEY *pub = X509_get0_pubkey(cert);
	struct p11_key *k;

	if (pub == NULL)
		return CA_ERR_UNSUPPORTED;
	if ((k = calloc(1, sizeof *k)) == NULL)
		return CA_ERR_MEMORY;
	k->crypto = crypto;
	k->held = ca_p11_held_ref(held);
	k->idlen = id.len;
	k->id = malloc(id.len > 0 ? id.len : 1);
	if (k->id != NULL && EVP_PKEY_up_ref(pub) == 1)
		k->pub = pub;
	if (k->id != NULL && id.len > 0)
		memcpy(k->id, id.p, id.len);
	if (k->pub == NULL || (*out = ca_key_new(&p11_ops, k)) == NULL) {
		p11_free(k);
		return CA_ERR_MEMORY;
	}
	return CA_OK;
}
