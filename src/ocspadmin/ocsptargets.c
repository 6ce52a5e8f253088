#include "ocspadmin/ocsptargets.h"

#include <openssl/x509v3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "map/registered.h"
#include "ocsp/ocsp.h"
#include "verify/issued.h"
#include "verify/name.h"

/* A certificate that may become a target. */
struct candidate {
	X509 *cert; /* one of targets->certs */
	char *path; /* of a registered one; or NULL */
	bool done;
};

struct search {
	struct ca_ocspadmin_run *run;
	struct ca_ocspadmin_targets *out;
	struct candidate *v;
	size_t n;
	STACK_OF(X509) *pool; /* CAs that lead to an anchor; borrowed */
};

/* ---- candidates ---- */

/* Make room for one more. */
static enum ca_err
grow(struct search *s)
{
	struct candidate *v = realloc(s->v, (s->n + 1) * sizeof *v);

	if (v == NULL)
		return CA_ERR_MEMORY;
	s->v = v;
	return CA_OK;
}

/* Add a reference of cert, and a copy of path. */
static enum ca_err
add_candidate(struct search *s, X509 *cert, const char *path)
{
	struct candidate c = {.cert = cert};

	if (grow(s) != CA_OK)
		return CA_ERR_MEMORY;
	if (path != NULL && (c.path = strdup(path)) == NULL)
		return CA_ERR_MEMORY;
	if (sk_X509_push(s->out->certs, cert) <= 0) {
		free(c.path);
		return CA_ERR_MEMORY;
	}
	(void)X509_up_ref(cert);
	s->v[s->n++] = c;
	return CA_OK;
}

/* ---- what is left out ---- */

static char *
label_of(X509 *cert, const char *path)
{
	struct ca_buf raw = CA_BUF_INIT(65536), text = CA_BUF_INIT(262144);
	char *label;

	if (path != NULL)
		ca_buf_fmt(&raw, cert != NULL ? "%s: " : "%s", path);
	if (cert != NULL)
		ca_name_rfc4514(X509_get_subject_name(cert), &raw);
	ca_buf_printable(&text, raw.p, raw.len);
	label = ca_buf_take(&text, NULL);
	ca_buf_free(&raw);
	ca_buf_free(&text);
	return label;
}

/* Is it a trust anchor, or a CA that was looked at before?  A user's file may have
 * copies of both. */
static bool
is_known_ca(const struct search *s, X509 *cert)
{
	return cert != NULL &&
	       ca_issued_among(s->pool, sk_X509_num(s->pool), cert);
}

static enum ca_err
leave_out(struct search *s, const struct candidate *c, X509 *issuer,
    enum ca_ocspadmin_why why)
{
	struct ca_ocspadmin_targets *out = s->out;
	struct ca_ocspadmin_left *v,
	    l = {c->cert, issuer, NULL, c->path != NULL, why};

	if (is_known_ca(s, c->cert))
		return CA_OK;
	if ((l.label = label_of(c->cert, c->path)) == NULL ||
	    (v = realloc(out->left, (out->nleft + 1) * sizeof *v)) == NULL) {
		free(l.label);
		return CA_ERR_MEMORY;
	}
	out->left = v;
	v[out->nleft++] = l;
	return CA_OK;
}

void
ca_ocspadmin_put_left(const struct ca_ocspadmin_targets *targets, size_t max)
{
	static const char *const text[] = {
	    [CA_OCSPADMIN_NO_RESPONDER] =
		"the certificate names no OCSP responder (authorityInfoAccess)",
	    [CA_OCSPADMIN_EXPIRED] = "the certificate has expired",
	    [CA_OCSPADMIN_NO_ISSUER] =
		"no CA of this host has signed the certificate",
	    [CA_OCSPADMIN_UNREADABLE] = "a certificate cannot be decoded"};

	for (size_t i = 0; i < targets->nleft; i++) {
		if (max > 0 && i == max) {
			printf("%zu other certificates: no response is "
			       "fetched; `certauth ocsp list' shows why\n",
			    targets->nleft - max);
			return;
		}
		printf("%s: no response is fetched, because %s\n",
		    targets->left[i].label, text[targets->left[i].why]);
	}
}

/* ---- registered certificates ---- */

static enum ca_err
one_registered(void *ctx, const char *login, const char *path, bool first,
    const unsigned char *der, size_t len)
{
	struct search *s = ctx;
	X509 *cert = NULL;
	enum ca_err rc;

	(void)login;
	(void)first;
	if (s->n >= CA_OCSPADMIN_TARGETS_MAX) {
		ca_log_err(&s->run->base.log,
		    "there are more than %d certificates; %s and others after it "
		    "are left out",
		    CA_OCSPADMIN_TARGETS_MAX, path);
		return CA_ERR_LIMIT;
	}
	rc = ca_crypto_cert(s->run->base.crypto, der, len, &cert);
	if (rc == CA_ERR_MEMORY)
		return rc;
	if (rc != CA_OK) {
		const struct candidate bad = {.path = (char *)(uintptr_t)path};
		return leave_out(s, &bad, NULL, CA_OCSPADMIN_UNREADABLE);
	}
	rc = add_candidate(s, cert, path);
	X509_free(cert);
	return rc;
}

static enum ca_err
collect(struct search *s)
{
	struct ca_crladmin_run *r = &s->run->base;
	enum ca_err rc = CA_OK;

	for (int i = 0; rc == CA_OK && i < sk_X509_num(r->cas); i++) {
		X509 *ca = sk_X509_value(r->cas, i);

		rc = add_candidate(s, ca, NULL);
		if (rc == CA_OK && i < r->nanchors &&
		    sk_X509_push(s->pool, ca) == 0)
			rc = CA_ERR_MEMORY;
	}
	if (rc != CA_OK)
		return rc;
	rc = ca_registered_walk(r->cfg, &r->log, NULL, one_registered, s);
	s->out->partial = rc != CA_OK;
	return rc == CA_ERR_MEMORY ? rc : CA_OK;
}

/* ---- targets ---- */

static X509 *
issuer_of(const struct search *s, X509 *cert)
{
	for (int i = 0; i < sk_X509_num(s->pool); i++) {
		X509 *ca = sk_X509_value(s->pool, i);

		if (X509_cmp(ca, cert) != 0 && ca_issued_by(cert, ca))
			return ca;
	}
	return NULL;
}

static bool
is_there(const struct ca_ocspadmin_targets *t, const char *file)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->v[i].file, file) == 0)
			return true;
	return false;
}

static enum ca_err
add_target(struct search *s, const struct candidate *c, X509 *issuer)
{
	struct ca_ocspadmin_targets *out = s->out;
	struct ca_ocspadmin_target *v, t = {.cert = c->cert,
					   .issuer = issuer,
					   .registered = c->path != NULL};
	char url[CA_OCSP_URL_MAX];
	time_t end;
	enum ca_err rc;

	if (!ca_crypto_seconds(X509_get0_notAfter(c->cert), &end) ||
	    end <= s->run->now)
		return leave_out(s, c, issuer, CA_OCSPADMIN_EXPIRED);
	if (!ca_ocsp_address(c->cert, 0, url))
		return leave_out(s, c, issuer, CA_OCSPADMIN_NO_RESPONDER);
	rc = ca_ocsp_file(s->run->base.crypto, c->cert, t.file);
	if (rc != CA_OK || is_there(out, t.file))
		return rc;
	if ((t.label = label_of(c->cert, c->path)) == NULL ||
	    (v = realloc(out->v, (out->n + 1) * sizeof *v)) == NULL) {
		free(t.label);
		return CA_ERR_MEMORY;
	}
	out->v = v;
	v[out->n++] = t;
	return CA_OK;
}

/* Find the issuer of c.  *more: it is a CA that was not in the pool yet. */
static enum ca_err
place(struct search *s, struct candidate *c, bool *more)
{
	X509 *issuer = issuer_of(s, c->cert);
	enum ca_err rc;

	if (issuer == NULL)
		return CA_OK;
	c->done = true;
	if ((rc = add_target(s, c, issuer)) != CA_OK)
		return rc;
	if (X509_check_ca(c->cert) == 0)
		return CA_OK;
	*more = true;
	return sk_X509_push(s->pool, c->cert) != 0 ? CA_OK : CA_ERR_MEMORY;
}

enum ca_err
ca_ocspadmin_targets_find(
    struct ca_ocspadmin_run *run, struct ca_ocspadmin_targets *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc = CA_OK;
	struct search s = {.run = run, .out = out, .pool = sk_X509_new_null()};
	bool more = true;

	*out = (struct ca_ocspadmin_targets){.certs = sk_X509_new_null()};
	if (s.pool == NULL || out->certs == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = collect(&s)) != CA_OK) {
		ret = rc;
		goto out;
	}
	while (more) {
		more = false;
		for (size_t i = 0; i < s.n; i++)
			if (!s.v[i].done &&
			    (rc = place(&s, &s.v[i], &more)) != CA_OK) {
				ret = rc;
				goto out;
			}
	}
	for (size_t i = 0; i < s.n; i++)
		if (!s.v[i].done && (rc = leave_out(&s, &s.v[i], NULL,
					 CA_OCSPADMIN_NO_ISSUER)) != CA_OK) {
			ret = rc;
			goto out;
		}
	run->known = out->certs;
	ret = CA_OK;
out:
	for (size_t i = 0; i < s.n; i++)
		free(s.v[i].path);
	free(s.v);
	sk_X509_free(s.pool);
	return ret;
}

void
ca_ocspadmin_targets_clear(struct ca_ocspadmin_targets *targets)
{
	for (size_t i = 0; i < targets->n; i++)
		free(targets->v[i].label);
	free(targets->v);
	for (size_t i = 0; i < targets->nleft; i++)
		free(targets->left[i].label);
	free(targets->left);
	sk_X509_pop_free(targets->certs, X509_free);
	*targets = (struct ca_ocspadmin_targets){.n = 0};
}
