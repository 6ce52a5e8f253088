#include "verify/path.h"
#include "crypto/cost.h"
#include "verify/issued.h"
#include "verify/pathint.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

struct candidate {
	X509 *cert;
	bool anchor;
	int score;
};

struct ca_pathfinder *
ca_pathfinder_new(struct ca_cadir *anchors, struct ca_cadir *intermediates,
    X509 *leaf, const STACK_OF(X509) *untrusted, time_t now)
{
	struct ca_pathfinder *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->leaf = leaf;
	f->now = now;
	f->cost = &f->own_cost;
	if (ca_pathpool_init(&f->pool, anchors, intermediates, untrusted) !=
	    CA_OK) {
		ca_pathfinder_free(f);
		return NULL;
	}
	return f;
}

void
ca_pathfinder_free(struct ca_pathfinder *f)
{
	if (f == NULL)
		return;
	ca_pathpool_clear(&f->pool);
	free(f);
}

/* ---- possible issuers of a certificate ---- */

static bool
valid_at(const X509 *cert, time_t now)
{
	return X509_cmp_time(X509_get0_notBefore(cert), &now) < 0 &&
	       X509_cmp_time(X509_get0_notAfter(cert), &now) > 0;
}

/* How likely parent issued child: a higher score is likelier; -1: it did not.
 */
static int
score(const struct ca_pathfinder *f, X509 *child, X509 *parent, bool anchor)
{
	int issued = ca_issued_fits(parent, child);
	const ASN1_OCTET_STRING *aki, *ski;
	int s = 0;

	/* a CA without keyCertSign must not issue: the report says so if
	 * nothing better is found */
	if (issued != X509_V_OK && issued != X509_V_ERR_KEYUSAGE_NO_CERTSIGN)
		return -1;
	aki = X509_get0_authority_key_id(child);
	ski = X509_get0_subject_key_id(parent);
	if (anchor)
		s += 8;
	if (aki != NULL && ski != NULL)
		s += 4;
	if (valid_at(parent, f->now))
		s += 2;
	if (issued == X509_V_OK && X509_check_ca(parent) == 1)
		s += 1;
	return s;
}

static void
add_candidates(struct ca_pathfinder *f, X509 *child, const STACK_OF(X509) *from,
    bool anchor, struct candidate *v, size_t *n)
{
	const X509_NAME *issuer = X509_get_issuer_name(child);

	for (int i = 0; i < sk_X509_num(from); i++) {
		X509 *cert = sk_X509_value(from, i);
		bool known = false;
		int s;

		if (X509_NAME_cmp(X509_get_subject_name(cert), issuer) != 0)
			continue;
		for (size_t j = 0; j < *n && !known; j++)
			known = X509_cmp(v[j].cert, cert) == 0;
		if (known || (s = score(f, child, cert, anchor)) < 0)
			continue;
		if (*n == CA_PATH_CANDIDATES_MAX) {
			f->limit = "too many CA certificates have one name";
			return;
		}
		/* sorted, the best first; equal scores keep their order */
		size_t at = (*n)++;
		for (; at > 0 && v[at - 1].score < s; at--)
			v[at] = v[at - 1];
		v[at] = (struct candidate){cert, anchor, s};
	}
}

/* ---- signatures, if there is a choice ---- */

enum ca_err
ca_pathfinder_spend(struct ca_pathfinder *f, size_t cost)
{
	if (*f->cost + cost > CA_PATH_COST_MAX) {
		f->limit = "too many signatures, or too slow ones, would have "
			   "to be verified";
		return CA_ERR_LIMIT;
	}
	*f->cost += cost;
	return CA_OK;
}

enum ca_err
ca_pathfinder_signed(struct ca_pathfinder *f, X509 *child, X509 *parent)
{
	EVP_PKEY *key = X509_get0_pubkey(parent);
	enum ca_err rc;

	for (size_t i = 0; i < f->nedges; i++)
		if (f->edge[i].child == child && f->edge[i].parent == parent)
			return f->edge[i].good ? CA_OK : CA_DENIED;
	if ((rc = ca_pathfinder_spend(
		 f, ca_cost_verify(X509_get0_pubkey(parent)))) != CA_OK)
		return rc;
	ERR_set_mark();
	bool good = key != NULL && X509_verify(child, key) == 1;
	ERR_pop_to_mark();
	/* every edge costs at least 1, so there is room */
	f->edge[f->nedges++] = (struct edge){child, parent, good};
	return good ? CA_OK : CA_DENIED;
}

/* ---- the walk ---- */

/* cert, or another certificate of the same CA and key, is on the path already:
 * to follow it leads in a circle, and the shorter path is as good. */
static bool
on_path(const struct ca_path *path, const X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);

	for (size_t i = 0; i < path->n; i++) {
		if (X509_cmp(path->cert[i], cert) == 0)
			return true;
		if (X509_NAME_cmp(X509_get_subject_name(path->cert[i]),
			X509_get_subject_name(cert)) == 0 &&
		    key != NULL && X509_get0_pubkey(path->cert[i]) != NULL &&
		    EVP_PKEY_eq(key, X509_get0_pubkey(path->cert[i])) == 1)
			return true;
	}
	return false;
}

static bool
same_path(const struct ca_path *a, const struct ca_path *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->cert[i] != b->cert[i])
			return false;
	return true;
}

static enum ca_err
emit(struct ca_pathfinder *f)
{
	size_t cost = 0;
	enum ca_err rc;

	for (size_t i = 0; i < f->ntried; i++)
		if (same_path(&f->tried[i], &f->path))
			return CA_DENIED;
	if (f->ntried == CA_PATH_TRIED_MAX) {
		f->limit = "too many certification paths are possible";
		return CA_ERR_LIMIT;
	}
	for (size_t i = 1; i < f->path.n; i++)
		cost += ca_cost_verify(X509_get0_pubkey(f->path.cert[i]));
	if ((rc = ca_pathfinder_spend(f, cost)) != CA_OK)
		return rc;
	f->tried[f->ntried++] = f->path;
	return f->try(f->ctx, &f->path);
}

static enum ca_err walk(struct ca_pathfinder *f);

static enum ca_err
follow(struct ca_pathfinder *f, const struct candidate *c)
{
	enum ca_err rc;

	if (f->path.n == CA_PATH_CERTS_MAX) {
		f->limit = "a certification path has too many certificates";
		return CA_DENIED;
	}
	f->path.cert[f->path.n++] = c->cert;
	rc = c->anchor ? emit(f) : walk(f);
	f->path.n--;
	return rc;
}

/* Follow each possible issuer of the last certificate of the path. */
static enum ca_err
walk(struct ca_pathfinder *f)
{
	X509 *child = f->path.cert[f->path.n - 1];
	struct candidate v[CA_PATH_CANDIDATES_MAX];
	size_t n = 0, followed = 0;
	enum ca_err rc;

	if (++f->steps > CA_PATH_STEPS_MAX) {
		f->limit = "the issuers of too many certificates were sought";
		return CA_ERR_LIMIT;
	}
	if ((rc = ca_pathpool_look_up(&f->pool, X509_get_issuer_name(child))) !=
	    CA_OK)
		return rc;
	add_candidates(f, child, f->pool.anchors, true, v, &n);
	add_candidates(f, child, f->pool.untrusted, false, v, &n);
	add_candidates(f, child, f->pool.helpers, false, v, &n);
	for (size_t i = 0; i < n; i++) {
		if (on_path(&f->path, v[i].cert))
			continue;
		/* X509_verify_cert verifies an only candidate anyway.  But
		 * after a path has failed, a name alone, which anybody can
		 * write, must not make us check another path's names,
		 * policies and CRLs. */
		rc = n > 1 || f->ntried > 0
			 ? ca_pathfinder_signed(f, child, v[i].cert)
			 : CA_OK;
		if (rc == CA_DENIED)
			continue;
		if (rc != CA_OK)
			return rc;
		followed++;
		if ((rc = follow(f, &v[i])) != CA_DENIED)
			return rc;
	}
	if (followed == 0 && f->path.n > f->end.n)
		f->end = f->path;
	/* The names match but the signatures are wrong: try the likeliest
	 * once, so that the report can say what is wrong. */
	if (followed == 0 && n > 0 && !f->forced && f->ntried == 0 &&
	    !on_path(&f->path, v[0].cert)) {
		f->forced = true;
		return follow(f, &v[0]);
	}
	return CA_DENIED;
}

/* A self-signed leaf that is itself in ca_dir is a path of one certificate. */
static enum ca_err
leaf_alone(struct ca_pathfinder *f)
{
	enum ca_err rc;

	if (X509_self_signed(f->leaf, 0) != 1)
		return CA_DENIED;
	if ((rc = ca_pathpool_look_up(
		 &f->pool, X509_get_subject_name(f->leaf))) != CA_OK)
		return rc;
	return ca_issued_among(
		   f->pool.anchors, sk_X509_num(f->pool.anchors), f->leaf)
		   ? emit(f)
		   : CA_DENIED;
}

static enum ca_err
round_of(struct ca_pathfinder *f)
{
	enum ca_err rc;

	f->path = (struct ca_path){.cert = {f->leaf}, .n = 1};
	f->steps = 0;
	if ((rc = leaf_alone(f)) != CA_DENIED)
		return rc;
	return walk(f);
}

enum ca_err
ca_pathfinder_run(struct ca_pathfinder *f,
    enum ca_err (*try)(void *ctx, const struct ca_path *path), void *ctx)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	size_t before;

	f->try = try;
	f->ctx = ctx;
	rc = round_of(f);
	if (rc != CA_DENIED && rc != CA_ERR_LIMIT) {
		ret = rc;
		goto out;
	}
	/* Read the files without a hashed name only now.  They may contain the
	 * anchor that the first round did not find within its bounds. */
	before = ca_pathpool_size(&f->pool);
	if ((rc = ca_pathpool_scan(&f->pool)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (ca_pathpool_size(&f->pool) > before) {
		f->limit = NULL;
		if ((rc = round_of(f)) != CA_DENIED) {
			ret = rc;
			goto out;
		}
	}
	ret = f->limit != NULL ? CA_ERR_LIMIT : CA_DENIED;
out:
	return ret;
}

const char *
ca_pathfinder_limit(const struct ca_pathfinder *f)
{
	return f->limit != NULL ? f->limit : "path building reached a limit";
}

/* ---- issuers of CRLs ---- */

struct ca_pathfinder *
ca_pathfinder_sub(
    struct ca_pathfinder *parent, struct ca_cadir *anchors, X509 *leaf)
{
	struct ca_pathfinder *f = ca_pathfinder_new(anchors,
	    parent->pool.helper_dir, leaf, parent->pool.untrusted, parent->now);

	if (f != NULL)
		f->cost = parent->cost;
	return f;
}

enum ca_err
ca_pathfinder_named(
    struct ca_pathfinder *f, const X509_NAME *subject, STACK_OF(X509) *out)
{
	return ca_pathpool_named(&f->pool, subject, out);
}
