#include "verify/pathpool.h"

enum ca_err
ca_pathpool_init(struct ca_pathpool *pool, struct ca_cadir *anchors,
    struct ca_cadir *helpers, const STACK_OF(X509) *untrusted)
{
	*pool = (struct ca_pathpool){.anchor_dir = anchors,
	    .helper_dir = helpers,
	    .untrusted = untrusted,
	    .anchors = sk_X509_new_null(),
	    .helpers = sk_X509_new_null()};
	return pool->anchors != NULL && pool->helpers != NULL ? CA_OK
							      : CA_ERR_MEMORY;
}

void
ca_pathpool_clear(struct ca_pathpool *pool)
{
	sk_X509_pop_free(pool->anchors, X509_free);
	sk_X509_pop_free(pool->helpers, X509_free);
	*pool = (struct ca_pathpool){0};
}

enum ca_err
ca_pathpool_look_up(struct ca_pathpool *pool, const X509_NAME *name)
{
	enum ca_err ret = CA_ERR_UNSET, rc;

	for (size_t i = 0; i < pool->nlooked; i++)
		if (X509_NAME_cmp(pool->looked[i], name) == 0)
			return CA_OK;
	if (pool->nlooked == CA_PATHPOOL_NAMES_MAX)
		return CA_ERR_LIMIT;
	pool->looked[pool->nlooked++] = name;
	rc = ca_cadir_by_subject(pool->anchor_dir, name, pool->anchors);
	if (rc == CA_OK && pool->helper_dir != NULL)
		rc = ca_cadir_by_subject(pool->helper_dir, name, pool->helpers);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	return ret;
}

/* The files of intermediates_dir that no hash leads to, once. */
static enum ca_err
scan_helpers(struct ca_pathpool *pool)
{
	if (pool->helper_dir == NULL || pool->scanned)
		return CA_OK;
	pool->scanned = true;
	return ca_cadir_scan(pool->helper_dir, pool->helpers);
}

enum ca_err
ca_pathpool_scan(struct ca_pathpool *pool)
{
	enum ca_err rc = ca_cadir_scan(pool->anchor_dir, pool->anchors);

	return rc == CA_OK ? scan_helpers(pool) : rc;
}

size_t
ca_pathpool_size(const struct ca_pathpool *pool)
{
	return (size_t)sk_X509_num(pool->anchors) +
	       (size_t)sk_X509_num(pool->helpers);
}

static enum ca_err
add_named(
    const STACK_OF(X509) *from, const X509_NAME *subject, STACK_OF(X509) *out)
{
	for (int i = 0; i < sk_X509_num(from); i++) {
		X509 *cert = sk_X509_value(from, i);
		bool known = false;

		if (X509_NAME_cmp(X509_get_subject_name(cert), subject) != 0)
			continue;
		for (int j = 0; j < sk_X509_num(out) && !known; j++)
			known = X509_cmp(sk_X509_value(out, j), cert) == 0;
		if (known)
			continue;
		if (sk_X509_num(out) >= CA_PATH_CANDIDATES_MAX)
			return CA_ERR_LIMIT;
		if (sk_X509_push(out, cert) <= 0)
			return CA_ERR_MEMORY;
	}
	return CA_OK;
}

enum ca_err
ca_pathpool_named(
    struct ca_pathpool *pool, const X509_NAME *subject, STACK_OF(X509) *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc = ca_pathpool_look_up(pool, subject);

	if (rc == CA_OK)
		rc = add_named(pool->helpers, subject, out);
	if (rc == CA_OK)
		rc = add_named(pool->untrusted, subject, out);
	if (rc == CA_OK && sk_X509_num(out) == 0 &&
	    (rc = scan_helpers(pool)) == CA_OK)
		rc = add_named(pool->helpers, subject, out);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	return ret;
}
