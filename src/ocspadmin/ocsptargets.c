#include "ocspadmin/ocsptargets.h"

#include <openssl/x509v3.h>
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

/* Take over a reference of cert. */
static enum ca_err
add_candidate(struct search *s, X509 *cert, const char *path)
{
	struct candidate *v;
	char *copy = path != NULL ? strdup(path) : NULL;

	if ((path != NULL && copy == NULL) ||
	    (v = realloc(s->v, (s->n + 1) * sizeof *v)) == NULL) {
		free(copy);
		return CA_ERR_MEMORY;
	}
	s->v = v;
	if (sk_X509_push(s->out->certs, cert) == 0) {
		free(copy);
		return CA_ERR_MEMORY;
	}
	(void)X509_up_ref(cert);
	v[s->n++] = (struct candidate){cert, copy, false};
	return CA_OK;
}

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
	if (rc != CA_OK) /* doctor names it */
		return rc == CA_ERR_MEMORY ? rc : CA_OK;
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

static char *
label_of(const struct candidate *c)
{
	struct ca_buf raw = CA_BUF_INIT(65536), text = CA_BUF_INIT(262144);
	char *label;

	if (c->path != NULL)
		ca_buf_fmt(&raw, "%s: ", c->path);
	ca_name_rfc4514(X509_get_subject_name(c->cert), &raw);
	ca_buf_printable(&text, raw.p, raw.len);
	label = ca_buf_take(&text, NULL);
	ca_buf_free(&raw);
	ca_buf_free(&text);
	return label;
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
	struct ca_ocspadmin_target *v, t = {.cert = c->cert, .issuer = issuer};
	char url[CA_OCSP_URL_MAX];
	time_t end;
	enum ca_err rc;

	if (!ca_ocsp_address(c->cert, 0, url) ||
	    !ca_crypto_seconds(X509_get0_notAfter(c->cert), &end) ||
	    end <= s->run->now)
		return CA_OK;
	rc = ca_ocsp_file(s->run->base.crypto, c->cert, t.file);
	if (rc != CA_OK || is_there(out, t.file))
		return rc;
	if ((t.label = label_of(c)) == NULL ||
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
	sk_X509_pop_free(targets->certs, X509_free);
	*targets = (struct ca_ocspadmin_targets){.n = 0};
}
