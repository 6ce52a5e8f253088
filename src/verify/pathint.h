/*
 * Private to path.c, which searches paths, and pathend.c, which says why none was
 * found.
 */
#ifndef CA_VERIFY_PATHINT_H
#define CA_VERIFY_PATHINT_H

#include <time.h>

#include "verify/path.h"
#include "verify/pathpool.h"

/* Whether parent's key verifies child's signature. */
struct edge {
	const X509 *child, *parent;
	bool good;
};

struct ca_pathfinder {
	struct ca_pathpool pool;
	X509 *leaf;
	time_t now;
	struct edge edge[CA_PATH_COST_MAX];
	size_t nedges;
	struct ca_path tried[CA_PATH_TRIED_MAX];
	size_t ntried;
	size_t steps, own_cost;
	size_t *cost; /* own_cost, or the cost of the parent finder */
	bool forced;
	const char *limit;   /* the bound that was reached; NULL: none */
	struct ca_path path; /* the current one */
	struct ca_path end;  /* the longest one without a further issuer */
	enum ca_err (*try)(void *ctx, const struct ca_path *path);
	void *ctx;
};

/* CA_OK: parent's key verifies child's signature; CA_DENIED: it does not;
 * CA_ERR_LIMIT: this is not known, because the bound on the cost is reached. */
CA_MUST_CHECK enum ca_err ca_pathfinder_signed(
    struct ca_pathfinder *f, X509 *child, X509 *parent);

#endif
