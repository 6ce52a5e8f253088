/*
 * doctor: the CRLs of crl_dir compared with each other, and with the
 * certificates of this host.
 */
#include "doctor/doctor_crl.h"
#include "doctor/doctor_view.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "map/registered.h"
#include "verify/revocation.h"

/* At most so many findings of a kind: the first ones are enough to begin with.
 */
#define SAID_MAX 20

bool
ca_doctor_crl_keep(struct ca_doctor_look *l, const struct ca_crl *crl,
    const struct ca_doctor_crl *about)
{
	struct ca_doctor_crl *v = realloc(l->v, (l->n + 1) * sizeof *v);
	X509_CRL *x = ca_crl_get0_x509(crl);

	if (v == NULL)
		return false;
	l->v = v;
	v += l->n;
	*v = *about;
	v->file = strdup(ca_crl_get0_name(crl));
	v->x = x;
	if (v->file == NULL || X509_CRL_up_ref(x) != 1) {
		free(v->file);
		return false;
	}
	l->n++;
	return true;
}

void
ca_doctor_crls_clear(struct ca_doctor_look *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].file);
		X509_CRL_free(l->v[i].x);
	}
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

/* ---- pairs ---- */

/* Are both of one issuer, key and scope? */
static bool
of_one_series(const struct ca_doctor_crl *a, const struct ca_doctor_crl *b)
{
	return X509_NAME_cmp(
		   X509_CRL_get_issuer(a->x), X509_CRL_get_issuer(b->x)) == 0 &&
	       EVP_PKEY_eq(X509_get0_pubkey(a->signer),
		   X509_get0_pubkey(b->signer)) == 1 &&
	       ca_crladmin_same_ext(a->x, b->x, NID_issuing_distribution_point);
}

static int
sign(int v)
{
	return (v > 0) - (v < 0);
}

/* RFC 5280 section 5.2.3: the number grows with the date.  If it does not, it
 * is unknown which CRL is newer. */
static bool
disagree(const struct ca_doctor_crl *a, const struct ca_doctor_crl *b)
{
	ASN1_INTEGER *m =
	    X509_CRL_get_ext_d2i(a->x, NID_crl_number, NULL, NULL);
	ASN1_INTEGER *n =
	    X509_CRL_get_ext_d2i(b->x, NID_crl_number, NULL, NULL);
	bool yes = m != NULL && n != NULL &&
		   sign(ASN1_INTEGER_cmp(m, n)) !=
		       sign(ASN1_TIME_compare(X509_CRL_get0_lastUpdate(a->x),
			   X509_CRL_get0_lastUpdate(b->x)));

	ASN1_INTEGER_free(m);
	ASN1_INTEGER_free(n);
	return yes;
}

void
ca_doctor_crl_pairs(struct ca_doctor_look *l)
{
	size_t said = 0;

	for (size_t i = 0; i < l->n; i++)
		for (size_t k = i + 1; k < l->n && said < SAID_MAX; k++) {
			const struct ca_doctor_crl *a = &l->v[i], *b = &l->v[k];

			if (ca_crladmin_is_delta(a->x) !=
				ca_crladmin_is_delta(b->x) ||
			    !of_one_series(a, b) || !disagree(a, b))
				continue;
			said++;
			ca_doctor_find(l->d, CA_F_CRL_PAIR, CA_LEVEL_WARNING,
			    "%s/%s and %s are of one CA, key and scope, but "
			    "the CRL with the later thisUpdate does not have "
			    "the higher cRLNumber",
			    l->path, a->file, b->file);
			ca_doctor_mend(l->d,
			    "ask the CA which CRL is newer, then move the "
			    "other file out of %s",
			    l->path);
		}
}

/* ---- expired ---- */

/* The current CRL that a login uses instead of the expired one, or NULL. */
static const struct ca_doctor_crl *
successor(const struct ca_doctor_look *l, const struct ca_doctor_crl *old)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct ca_doctor_crl *v = &l->v[i];

		if (v->current && !ca_crladmin_is_delta(v->x) &&
		    of_one_series(v, old) &&
		    ASN1_TIME_compare(X509_CRL_get0_lastUpdate(v->x),
			X509_CRL_get0_lastUpdate(old->x)) > 0 &&
		    !disagree(v, old))
			return v;
	}
	return NULL;
}

static size_t
in_file(const struct ca_doctor_look *l, const char *file)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += strcmp(l->v[i].file, file) == 0;
	return n;
}

static void
say_expired(struct ca_doctor_look *l, const struct ca_doctor_crl *c)
{
	struct ca_doctor *d = l->d;
	bool grace = (uint64_t)(d->now - c->end) < d->cfg->crl_grace;
	const struct ca_doctor_crl *newer = successor(l, c);
	char when[48];

	ca_doctor_when(c->end, d->now, when);
	if (newer != NULL) {
		ca_doctor_find(d, CA_F_CRL_STALE, CA_LEVEL_NOTE,
		    "%s/%s has expired (%s), and the current CRL %s of the "
		    "same CA has replaced it",
		    l->path, c->file, when, newer->file);
		if (in_file(l, c->file) == 1)
			ca_doctor_mend(d, "rm %s; %s",
			    ca_doctor_word("%s/%s", l->path, c->file),
			    ca_doctor_crl_command(d, "crl compile"));
		return;
	}
	ca_doctor_find(d, CA_F_CRL_STALE,
	    grace ? CA_LEVEL_WARNING : CA_LEVEL_ERROR,
	    "%s/%s has expired: %s was %s%s", l->path, c->file,
	    X509_CRL_get0_nextUpdate(c->x) != NULL
		? "its nextUpdate"
		: "it has no nextUpdate, and the end of its crl_no_next_update",
	    when, grace ? " (within crl_grace)" : "");
	ca_doctor_crl_renew(l, c->signer);
}

void
ca_doctor_crl_stale(struct ca_doctor_look *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].end != 0)
			say_expired(l, &l->v[i]);
}

/* ---- deltas ---- */

static bool
is_base_of(const struct ca_doctor_crl *base, const struct ca_doctor_crl *delta)
{
	ASN1_INTEGER *least, *is;
	bool yes;

	if (ca_crladmin_is_delta(base->x) || !base->current ||
	    !of_one_series(base, delta))
		return false;
	least = X509_CRL_get_ext_d2i(delta->x, NID_delta_crl, NULL, NULL);
	is = X509_CRL_get_ext_d2i(base->x, NID_crl_number, NULL, NULL);
	yes = least != NULL && is != NULL && ASN1_INTEGER_cmp(is, least) >= 0;
	ASN1_INTEGER_free(least);
	ASN1_INTEGER_free(is);
	return yes;
}

/* RFC 5280 section 5.2.4: a delta needs a complete CRL of the same scope, with
 * at least the number that the delta names. */
void
ca_doctor_crl_deltas(struct ca_doctor_look *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct ca_buf about = CA_BUF_INIT(65536);
		bool base = false;
		const char *text;

		if (!ca_crladmin_is_delta(l->v[i].x))
			continue;
		for (size_t k = 0; k < l->n && !base; k++)
			base = is_base_of(&l->v[k], &l->v[i]);
		ca_crladmin_about(l->v[i].x, &about);
		text = ca_buf_text(&about);
		ca_doctor_find(l->d, CA_F_CRL_DELTA,
		    base ? CA_LEVEL_NOTE : CA_LEVEL_WARNING, "%s/%s is a%s%s",
		    l->path, l->v[i].file,
		    text != NULL && strlen(text) > 1 ? text + 1 : " delta",
		    base ? ""
			 : "; no current complete CRL of that number or a "
			   "higher one was found for its scope");
		if (base)
			ca_doctor_mend(l->d,
			    "nothing: the delta is used with its complete CRL");
		else
			ca_doctor_mend(l->d,
			    "set crl_url to the address of the complete CRL, "
			    "then run `%s'",
			    ca_doctor_crl_command(l->d, "crl update"));
		ca_buf_free(&about);
	}
}

/* ---- listings ---- */

struct named {
	X509 *cert;
	char *name;
};

struct listings {
	struct ca_doctor_look *l;
	struct named *v;
	size_t n;
	size_t said;
};

/* More would be too slow: each is compared with each entry of a large CRL. */
#define CERTS_MAX 1000

static enum ca_err
add(struct listings *t, X509 *cert, const char *name)
{
	struct named *v;

	if (t->n >= CERTS_MAX)
		return CA_OK;
	if ((v = realloc(t->v, (t->n + 1) * sizeof *v)) == NULL)
		return CA_ERR_MEMORY;
	t->v = v;
	v[t->n] = (struct named){cert, strdup(name)};
	if (v[t->n].name == NULL || X509_up_ref(cert) != 1) {
		free(v[t->n].name);
		return CA_ERR_MEMORY;
	}
	t->n++;
	return CA_OK;
}

static enum ca_err
add_registered(void *ctx, const char *login, const char *path, bool first,
    const unsigned char *der, size_t len)
{
	struct listings *t = ctx;
	X509 *cert = NULL;
	enum ca_err rc = ca_crypto_cert(t->l->d->crypto, der, len, &cert);

	(void)login;
	(void)first;
	if (rc == CA_OK)
		rc = add(t, cert, path);
	else if (rc != CA_ERR_MEMORY)
		rc =
		    CA_OK; /* the check of registered certificates reports it */
	X509_free(cert);
	return rc;
}

static void
look_up(struct listings *t, struct ca_crl *crl, const struct named *c)
{
	char why[CA_REVOCATION_WHY];
	struct ca_crl_entry entry;

	if (ca_revocation_covers(crl, c->cert, why) || t->said >= SAID_MAX ||
	    ca_crl_lookup(crl, c->cert, &entry) != CA_OK ||
	    entry.reason == CA_CRL_REMOVE)
		return;
	t->said++;
	ca_doctor_find(t->l->d, CA_F_CRL_OUTSIDE, CA_LEVEL_WARNING,
	    "%s/%s lists %s, but does not revoke it: the CRL %s", t->l->path,
	    ca_crl_get0_name(crl), c->name, why);
	ca_doctor_mend(t->l->d,
	    "ask the CA whether the certificate is revoked; to refuse it now, "
	    "remove its file, or its rule with `certauth users remove'");
}

static void
look_up_all(struct listings *t, const char *file)
{
	struct ca_bytes serial[CERTS_MAX];
	struct ca_crl_wanted wanted = {serial, 0};
	struct ca_crls crls = {0};
	enum ca_err rc;

	for (size_t i = 0; i < t->n; i++) {
		uint8_t *p = NULL;
		int len = ca_crl_serial(t->v[i].cert, &p);

		if (len > 0)
			serial[wanted.n++] = (struct ca_bytes){p, (size_t)len};
	}
	rc = ca_crladmin_read_wanted(&t->l->run, file, &wanted, &crls);
	for (size_t k = 0; rc == CA_OK && k < crls.n; k++)
		for (size_t i = 0; i < t->n; i++)
			look_up(t, crls.v[k], &t->v[i]);
	ca_crls_clear(&crls);
	for (size_t i = 0; i < wanted.n; i++)
		OPENSSL_free((void *)serial[i].p);
}

/* Does the file of CRL i, when it is met first, have a CRL that is for some
 * certificates only? */
static bool
is_partial(const struct ca_doctor_look *l, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(l->v[k].file, l->v[i].file) == 0)
			return false;
	for (size_t k = i; k < l->n; k++)
		if (strcmp(l->v[k].file, l->v[i].file) == 0 &&
		    X509_CRL_get_ext_by_NID(
			l->v[k].x, NID_issuing_distribution_point, -1) >= 0)
			return true;
	return false;
}

void
ca_doctor_crl_listings(struct ca_doctor_look *l)
{
	struct listings t = {.l = l};
	struct ca_log quiet = {0};
	enum ca_err rc = CA_OK;

	for (size_t i = 0; rc == CA_OK && i < l->d->ncas; i++)
		rc = add(&t, l->d->ca[i].cert, l->d->ca[i].file);
	if (rc == CA_OK)
		rc = ca_registered_walk(
		    l->d->cfg, &quiet, NULL, add_registered, &t);
	for (size_t i = 0; i < l->n; i++)
		if (is_partial(l, i))
			look_up_all(&t, l->v[i].file);
	for (size_t i = 0; i < t.n; i++) {
		X509_free(t.v[i].cert);
		free(t.v[i].name);
	}
	free(t.v);
}
