/*
 * A key on a token: its session, its login and its end; and the same key by another
 * module.
 */
#include "key/p11key.h"
#include "base/tr.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
p11_free(void *impl)
{
	struct ca_p11_key *k = impl;

	if (k == NULL)
		return;
	p11_free(k->other);
	EVP_PKEY_free(k->pub);
	ca_p11_held_unref(k->held);
	free(k->id);
	free(k);
}

static bool
can(const struct ca_p11_key *k, const struct ca_scheme *scheme)
{
	uint64_t ways = k->held->token.ways;

	return ca_p11_way(&ways, scheme) != NULL &&
	       ca_crypto_scheme_fits(scheme, k->pub);
}

static bool
p11_can(const void *impl, const struct ca_scheme *scheme)
{
	const struct ca_p11_key *k = impl;

	while (k != NULL && !can(k, scheme))
		k = k->other;
	return k != NULL;
}

/* ---- session, login, key ---- */

static enum ca_err
find_keys(struct ca_p11_key *k)
{
	struct ca_p11_signing *s = &k->s;
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE attr[2] = {
	    {CKA_CLASS, &class, sizeof class},
	    {CKA_ID, k->id, k->idlen},
	};
	struct ca_p11_guard guard;

	ca_p11_guard_begin(&guard, s->at.token.name, CA_P11_SECONDS);
	enum ca_err rc = ca_p11_find(&s->at, attr, k->idlen > 0 ? 2 : 1,
	    s->found, CANDIDATES_MAX, &s->nfound);
	ca_p11_guard_end(&guard);
	return rc;
}

/* If a PIN is required, it is asked for even if the key would sign without it.
 * The flags are those of the token in the slot now, not of the listed one. */
static enum ca_err
require_pin(struct ca_p11_signing *s)
{
	if (s->at.p11->pin == CA_KEY_PIN_WANTED || s->logged_in)
		return CA_OK;
	if (!ca_p11_pin_will_do(s->at.p11, &s->at.token.info)) {
		ca_p11_tell(&s->at,
		    "\"%-s\" needs no PIN, but a PIN is required here.",
		    s->at.token.name);
		return CA_DENIED;
	}
	return ca_p11_key_login(s, CKU_USER);
}

static enum ca_err
find_keys_logging_in(struct ca_p11_key *k)
{
	struct ca_p11_signing *s = &k->s;
	enum ca_err rc = require_pin(s);

	if (rc != CA_OK)
		return rc;
	rc = find_keys(k);
	if (rc == CA_OK && s->nfound == 0 && !s->logged_in) {
		if ((rc = ca_p11_key_login(s, CKU_USER)) != CA_OK)
			return rc;
		rc = find_keys(k);
	}
	if (rc != CA_OK)
		return ca_p11_failed(
		    &s->at, N_("the search for the key"), CKR_DEVICE_ERROR);
	if (s->nfound == 0) {
		ca_p11_tell(&s->at,
		    "\"%-s\" has the certificate, but not its private key.",
		    s->at.token.name);
		return CA_ERR_NOT_FOUND;
	}
	return CA_OK;
}

/* The ways that the key itself allows: CKA_ALLOWED_MECHANISMS, if it has some. */
static uint64_t
allowed_ways(const struct ca_p11_key *k, CK_OBJECT_HANDLE key)
{
	struct ca_buf attr = CA_BUF_INIT(CA_P11_ATTRIBUTE_MAX);
	uint64_t ways = k->held->token.ways;
	struct ca_p11_guard guard;
	CK_MECHANISM_TYPE *list;

	ca_p11_guard_begin(&guard, k->s.at.token.name, CA_P11_SECONDS);
	enum ca_err rc =
	    ca_p11_attribute(&k->s.at, key, CKA_ALLOWED_MECHANISMS, &attr);
	ca_p11_guard_end(&guard);
	const size_t n = attr.len / sizeof *list;
	if (rc == CA_OK && n > 0 && (list = calloc(n, sizeof *list)) != NULL) {
		memcpy(list, attr.p, n * sizeof *list);
		ways = ca_p11_ways_of(ways, list, n);
		free(list);
	}
	ca_buf_free(&attr);
	return ways;
}

/* Open the session, log in if a PIN is required, and find the keys: once for all
 * schemes, until the key's end.  The user was told of an error. */
static enum ca_err
begin(struct ca_p11_key *k, const struct ca_key_ui *ui)
{
	struct ca_p11_signing *s = &k->s;
	enum ca_err rc;

	if (s->open)
		return CA_OK;
	if (k->held->p11->pid != getpid())
		return CA_ERR_USAGE;
	s->at = (struct ca_p11_session){
	    .p11 = k->held->p11, .ui = ui, .handle = CK_INVALID_HANDLE};
	if ((rc = ca_p11_session_open(&s->at, k->held)) != CA_OK)
		return rc;
	s->logged_in = k->held->logged_in;
	if (s->pin == NULL && s->logged_in) {
		s->pin = k->held->pin; /* transferred */
		k->held->pin = NULL;
	}
	if ((rc = find_keys_logging_in(k)) != CA_OK)
		return rc;
	for (size_t i = 0; i < s->nfound; i++)
		s->ways[i] = allowed_ways(k, s->found[i]);
	s->open = true;
	return CA_OK;
}

static enum ca_err
p11_sign(void *impl, const struct ca_scheme *scheme, const void *tbs,
    size_t len, const struct ca_key_ui *ui, struct ca_buf *sig)
{
	struct ca_p11_key *k = ((struct ca_p11_key *)impl)->at;
	struct ca_p11_job job = {.scheme = scheme, .tbs = tbs, .len = len};
	enum ca_err rc;

	if (!can(k, scheme))
		return CA_ERR_UNSUPPORTED;
	if ((rc = begin(k, ui)) != CA_OK)
		return rc;
	return ca_p11_sign(k, &job, sig);
}

/* The module failed, and not the token or its user; and the token has counted no
 * try of a PIN, which the other module would ask for again. */
static bool
is_of_module(const struct ca_p11_key *k, enum ca_err rc)
{
	return !k->s.login_failed &&
	       (rc == CA_ERR_UNSUPPORTED || rc == CA_ERR_CRYPTO ||
		   rc == CA_ERR_NOT_FOUND || rc == CA_ERR_SIGNATURE);
}

static bool
p11_end(void *impl, enum ca_err rc)
{
	struct ca_p11_key *first = impl, *k = first->at;
	struct ca_p11_signing *s = &k->s;
	bool again = k->other != NULL && is_of_module(k, rc);

	if (rc == CA_ERR_UNSUPPORTED && s->open && !again)
		ca_p11_tell(&s->at,
		    "The key on \"%-s\" signs by no scheme that the host "
		    "accepts: %-s.",
		    s->at.token.name,
		    s->refused != 0
			? p11_kit_strerror(s->refused)
			: N_("the key allows other mechanisms only"));
	ca_p11_session_close(&s->at, k->held);
	ca_secret_free(s->pin);
	*s = (struct ca_p11_signing){0};
	first->at = again ? k->other : first;
	return again;
}

static const struct ca_key_ops p11_ops = {p11_can, p11_sign, p11_end, p11_free};

struct ca_p11_held *
ca_p11_key_held(const struct ca_key *key)
{
	const struct ca_p11_key *k = ca_key_impl(key, &p11_ops);

	return k != NULL ? k->held : NULL;
}

void
ca_p11_key_join(struct ca_key *first, struct ca_key *other)
{
	struct ca_p11_key *k = ca_key_impl(first, &p11_ops);

	while (k->other != NULL)
		k = k->other;
	k->other = ca_key_take(other, &p11_ops);
}

enum ca_err
ca_p11_key_new(struct ca_crypto *crypto, struct ca_p11_held *held,
    struct ca_bytes id, X509 *cert, struct ca_key **out)
{
	EVP_PKEY *pub = X509_get0_pubkey(cert);
	struct ca_p11_key *k;

	if (pub == NULL)
		return CA_ERR_UNSUPPORTED;
	if ((k = calloc(1, sizeof *k)) == NULL)
		return CA_ERR_MEMORY;
	k->crypto = crypto;
	k->at = k;
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
