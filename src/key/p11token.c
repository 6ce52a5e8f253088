/*
 * The certificates of a token, with their keys.
 */
#include "key/p11view.h"
#include "base/tr.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define CERTS_MAX 256
#define IDENTITIES_MAX 256

static bool
same_bytes(const struct ca_buf *a, const void *p, size_t len)
{
	return a->len == len && (len == 0 || memcmp(a->p, p, len) == 0);
}

static void
objects_free(struct ca_p11_objects *o)
{
	for (size_t i = 0; i < o->n; i++) {
		ca_buf_free(&o->v[i].id);
		ca_buf_free(&o->v[i].label);
		ca_buf_free(&o->v[i].value);
	}
	free(o->v);
	*o = (struct ca_p11_objects){NULL, 0};
}

/* Read the attributes of one object; any of them may be missing. */
static enum ca_err
read_object(
    const struct ca_p11_scan *s, CK_OBJECT_CLASS class, struct ca_p11_object *o)
{
	const CK_ATTRIBUTE_TYPE type[] = {CKA_ID, CKA_LABEL, CKA_VALUE};
	struct ca_buf *const out[] = {&o->id, &o->label, &o->value};

	o->id = CA_BUF_INIT(CA_P11_ATTRIBUTE_MAX);
	o->label = CA_BUF_INIT(CA_P11_ATTRIBUTE_MAX);
	o->value = CA_BUF_INIT(CA_P11_ATTRIBUTE_MAX);
	return ca_p11_attributes(
	    &s->at, o->handle, type, class == CKO_CERTIFICATE ? 3 : 2, out);
}

/* Read all objects of a class, with IDs and labels, and certificates' values.
 */
static enum ca_err
read_objects(struct ca_p11_scan *s, CK_OBJECT_CLASS class, size_t max,
    struct ca_p11_objects *out)
{
	CK_OBJECT_HANDLE found[CA_P11_OBJECTS_MAX];
	CK_ATTRIBUTE attr = {CKA_CLASS, &class, sizeof class};
	enum ca_err rc;
	size_t n;

	rc = ca_p11_find(&s->at, &attr, 1, found, max, &n);
	if (rc != CA_OK)
		return rc;
	out->v = calloc(n > 0 ? n : 1, sizeof *out->v);
	if (out->v == NULL)
		return CA_ERR_MEMORY;
	for (out->n = 0; out->n < n; out->n++) {
		struct ca_p11_object *o = &out->v[out->n];

		o->handle = found[out->n];
		if (read_object(s, class, o) == CA_ERR_MEMORY) {
			out->n++; /* it may own memory */
			return CA_ERR_MEMORY;
		}
	}
	return CA_OK;
}

/* The object with that ID, or NULL; an empty ID matches no object. */
static const struct ca_p11_object *
with_id(const struct ca_p11_objects *o, const struct ca_buf *id)
{
	for (size_t i = 0; i < o->n && id->len > 0; i++)
		if (same_bytes(&o->v[i].id, id->p, id->len))
			return &o->v[i];
	return NULL;
}

/* ---- certificates ---- */

/* Parse the certificates; broken ones are skipped. */
static enum ca_err
parse_certs(struct ca_p11_scan *s)
{
	if ((s->parsed = sk_X509_new_null()) == NULL)
		return CA_ERR_MEMORY;
	for (size_t i = 0; i < s->certs.n; i++) {
		const struct ca_buf *der = &s->certs.v[i].value;
		X509 *cert = NULL;
		enum ca_err rc = CA_ERR_NOT_FOUND;

		if (der->len > 0)
			rc = ca_crypto_cert(s->crypto, der->p, der->len, &cert);
		if (rc != CA_OK)
			ca_log_debug(&s->at.p11->log,
			    "%s: certificate %zu is skipped: %-s",
			    s->at.token.name, i + 1, ca_err_text(rc));
		if (sk_X509_push(s->parsed, cert) <= 0) {
			X509_free(cert);
			return CA_ERR_MEMORY;
		}
	}
	return CA_OK;
}

static bool
hides_keys(const struct ca_p11_scan *s)
{
	return (s->at.token.info.flags & CKF_LOGIN_REQUIRED) != 0;
}

/*
 * Does the certificate have a private key on the token?  Most tokens hide
 * private keys until the login, and no PIN is asked only to find out.  On such
 * a token every certificate is assumed to have a key, except a CA certificate,
 * which is on the token to complete the chain.
 */
static bool
has_key(const struct ca_p11_scan *s, size_t i)
{
	const struct ca_buf *id = &s->certs.v[i].id;

	if (with_id(&s->keys, id) != NULL)
		return true;
	if (id->len == 0 && s->keys.n > 0)
		return !ca_p11_is_ca(sk_X509_value(s->parsed, (int)i));
	if (!hides_keys(s))
		return false;
	return !ca_p11_is_ca(sk_X509_value(s->parsed, (int)i)) ||
	       with_id(&s->public_keys, id) != NULL;
}

static bool
label_is(const struct ca_p11_object *o, const CK_ATTRIBUTE *want)
{
	return o != NULL &&
	       same_bytes(&o->label, want->pValue, want->ulValueLen);
}

/* The label in the URI may be that of the certificate or of its key; if the key
 * is hidden, only the certificate's label can match. */
static bool
uri_wants(const struct ca_p11_scan *s, size_t i)
{
	const struct ca_p11_object *cert = &s->certs.v[i];
	const CK_ATTRIBUTE *id, *label;

	if (s->at.p11->uri == NULL)
		return true;
	id = p11_kit_uri_get_attribute(s->at.p11->uri, CKA_ID);
	label = p11_kit_uri_get_attribute(s->at.p11->uri, CKA_LABEL);
	if (id != NULL && !same_bytes(&cert->id, id->pValue, id->ulValueLen))
		return false;
	return label == NULL || label_is(cert, label) ||
	       label_is(with_id(&s->keys, &cert->id), label) ||
	       label_is(with_id(&s->public_keys, &cert->id), label);
}

/* ---- tokens ---- */

/* If keys are hidden, each certificate except CA certificates is assumed to
 * have one, so has_key() and uri_wants() do not need the list of keys. */
static bool
keys_matter(const struct ca_p11_scan *s)
{
	const CK_ATTRIBUTE *label = NULL;

	if (s->given != NULL || s->view != NULL)
		return true;
	if (s->at.p11->uri != NULL)
		label = p11_kit_uri_get_attribute(s->at.p11->uri, CKA_LABEL);
	for (size_t i = 0; i < s->certs.n; i++) {
		X509 *cert = sk_X509_value(s->parsed, (int)i);

		if (cert != NULL &&
		    (ca_p11_is_ca(cert) ||
			(label != NULL && !label_is(&s->certs.v[i], label))))
			return true;
	}
	return false;
}

static enum ca_err
read_keys(struct ca_p11_scan *s)
{
	enum ca_err rc =
	    read_objects(s, CKO_PRIVATE_KEY, CA_P11_OBJECTS_MAX, &s->keys);

	if (rc != CA_OK)
		return rc;
	if (s->keys.n == 0 && !hides_keys(s))
		return CA_ERR_NOT_FOUND;
	return read_objects(
	    s, CKO_PUBLIC_KEY, CA_P11_OBJECTS_MAX, &s->public_keys);
}

/* Remember a token that may show certificates only after a login. */
static void
note_closed(struct ca_p11_scan *s)
{
	if (s->given != NULL || s->certs.n > 0 || s->held->logged_in ||
	    !hides_keys(s) ||
	    (s->at.token.info.flags & CKF_USER_PIN_INITIALIZED) == 0)
		return;
	if (s->nclosed < CA_P11_CLOSED_MAX)
		s->closed[s->nclosed] = s->at.token;
	s->nclosed++;
}

static enum ca_err
read_token(struct ca_p11_scan *s)
{
	enum ca_err rc;

	/* a token without keys is a trust store: its certificates are not used
	 */
	if (!hides_keys(s) && (rc = read_keys(s)) != CA_OK)
		return rc;
	if (!ca_p11_pin_will_do(s->at.p11, &s->at.token.info)) {
		ca_log_err(&s->at.p11->log,
		    "%s needs no PIN, but a PIN is required here; its keys are "
		    "not used",
		    s->at.token.name);
		s->refused = true;
		return CA_DENIED;
	}
	if ((rc = ca_p11_ways(&s->at.token)) != CA_OK ||
	    (rc = read_objects(s, CKO_CERTIFICATE, CERTS_MAX, &s->certs)) !=
		CA_OK ||
	    (rc = parse_certs(s)) != CA_OK)
		return rc;
	note_closed(s);
	return hides_keys(s) && keys_matter(s) ? read_keys(s) : CA_OK;
}

/*
 * Find the given certificate's key on the token: by the URI's id, by the
 * numbers of a public key or, if the token reveals none, as the key whose
 * signature the certificate verifies.
 */
static enum ca_err
add_given(struct ca_p11_scan *s)
{
	const struct ca_p11_objects *const lists[] = {
	    &s->public_keys, &s->keys};
	const struct ca_buf none = CA_BUF_INIT(0), *id = NULL;
	EVP_PKEY *pub = X509_get0_pubkey(s->given);
	const CK_ATTRIBUTE *want = NULL;

	if (pub == NULL)
		return CA_ERR_UNSUPPORTED;
	if (s->at.p11->uri != NULL)
		want = p11_kit_uri_get_attribute(s->at.p11->uri, CKA_ID);
	if (want != NULL)
		return ca_p11_add_identity(s, s->given,
		    (struct ca_bytes){want->pValue, want->ulValueLen}, NULL);
	for (size_t l = 0; l < 2 && id == NULL; l++)
		for (size_t i = 0; i < lists[l]->n && id == NULL; i++)
			if (ca_p11_key_is(&s->at, lists[l]->v[i].handle, pub))
				id = &lists[l]->v[i].id;
	if (id == NULL && s->public_keys.n > 0)
		return CA_OK; /* of other certificates */
	if (id == NULL)
		id = &none;
	return ca_p11_add_identity(
	    s, s->given, (struct ca_bytes){id->p, id->len}, NULL);
}

static enum ca_err
add_all(struct ca_p11_scan *s)
{
	enum ca_err rc = CA_OK;

	for (size_t i = 0; rc == CA_OK && i < s->certs.n; i++) {
		if (sk_X509_value(s->parsed, (int)i) == NULL ||
		    !has_key(s, i) || !uri_wants(s, i) ||
		    s->out.n >= IDENTITIES_MAX)
			continue;
		const struct ca_p11_object *o = &s->certs.v[i];

		rc = ca_p11_add_identity(s, sk_X509_value(s->parsed, (int)i),
		    (struct ca_bytes){o->id.p, o->id.len}, &o->label);
		if (rc == CA_ERR_UNSUPPORTED)
			rc = CA_OK; /* an unknown key type */
	}
	return rc;
}

enum ca_err
ca_p11_scan_token(struct ca_p11_scan *s)
{
	enum ca_err rc = read_token(s);
	size_t before = s->out.n;

	s->held->token = s->at.token; /* with its ways */
	if (rc == CA_OK)
		rc = s->given != NULL ? add_given(s) : add_all(s);
	if (rc != CA_OK)
		ca_log_debug(&s->at.p11->log, "%s is skipped: %-s",
		    s->at.token.name,
		    rc == CA_ERR_NOT_FOUND ? "it has no private keys"
					   : ca_err_text(rc));
	const char *problem =
	    s->out.n > before        ? NULL
	    : rc == CA_DENIED        ? P_("needs no PIN, but one is required")
	    : rc == CA_ERR_NOT_FOUND ? P_("no private keys")
	    : rc != CA_OK            ? ca_err_text(rc)
	    : s->certs.n > 0         ? P_("no certificate that is asked for")
	    : s->held->logged_in || !hides_keys(s)
		? P_("no certificate")
		: P_("no certificate without its PIN");
	ca_buf_fmt(&s->found, P_("%stoken \"%s\"%s%s%s"),
	    s->found.len > 0 ? ", " : "", s->at.token.name,
	    problem != NULL ? " (" : "", problem != NULL ? problem : "",
	    problem != NULL ? ")" : "");
	ca_p11_view_token(s, problem);
	objects_free(&s->keys);
	objects_free(&s->public_keys);
	objects_free(&s->certs);
	sk_X509_pop_free(s->parsed, X509_free);
	s->parsed = NULL;
	return rc == CA_ERR_MEMORY ? rc : CA_OK;
}
