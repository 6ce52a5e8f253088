#include "verify/trace.h"
#include "verify/revocationint.h"

#include <stdlib.h>
#include <string.h>

static void
use_clear(struct ca_crl_use *use)
{
	free(use->file);
	free(use->other);
}

void
ca_verify_trace_clear(struct ca_verify_trace *t)
{
	sk_X509_pop_free(t->chain, X509_free);
	for (size_t i = 0; i < t->n; i++)
		use_clear(&t->use[i]);
	free(t->use);
	*t = (struct ca_verify_trace){.n = 0};
}

static enum ca_err
add_use(struct ca_verify_trace *t, const struct crl_use *use)
{
	const struct crl_facts *f = use->facts;
	/* ca_verify_trace_clear has set use to NULL, which clang 14 loses
	 * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	struct ca_crl_use *v = realloc(t->use, (t->n + 1) * sizeof *v);

	if (v == NULL)
		return CA_ERR_MEMORY;
	t->use = v;
	v += t->n++;
	*v = (struct ca_crl_use){.depth = use->depth,
	    .file = strdup(ca_crl_get0_name(f->crl)),
	    .other = use->why[0] != '\0' ? strdup(use->why) : NULL,
	    .engine = ca_crl_engine_name(f->crl),
	    .this_update = f->this_update,
	    .next_update = f->has_next ? f->next_update : 0,
	    .entries = ca_crl_entries(f->crl),
	    .listed = use->listed,
	    .revoked = use->revoked};
	return v->file != NULL && (v->other != NULL || use->why[0] == '\0')
		   ? CA_OK
		   : CA_ERR_MEMORY;
}

enum ca_err
ca_verify_trace_take(struct ca_verify_trace *t, const STACK_OF(X509) *path,
    bool anchored, const struct ca_revocation *rev)
{
	enum ca_err rc = CA_OK;

	ca_verify_trace_clear(t);
	t->anchored = anchored;
	t->chain = X509_chain_up_ref((STACK_OF(X509) *)path);
	if (t->chain == NULL)
		return CA_ERR_MEMORY;
	if (rev != NULL)
		memcpy(t->waiver, rev->waiver, sizeof t->waiver);
	for (size_t i = 0; rev != NULL && rc == CA_OK && i < rev->nuse; i++)
		rc = add_use(t, &rev->use[i]);
	if (rc != CA_OK)
		ca_verify_trace_clear(t);
	return rc;
}
