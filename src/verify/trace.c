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
	for (size_t i = 0; i < t->nocsp; i++) {
		free(t->ocsp[i].file);
		free(t->ocsp[i].why);
		free(t->ocsp[i].der);
	}
	free(t->ocsp);
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

static enum ca_err
add_ocsp(struct ca_verify_trace *t, const struct ocsp_use *use)
{
	const struct ca_ocsp_answer *a = &use->answer;
	bool keep = use->file == NULL && a->status == CA_OCSP_GOOD;
	/* as above
	 * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	struct ca_ocsp_use *v = realloc(t->ocsp, (t->nocsp + 1) * sizeof *v);

	if (v == NULL)
		return CA_ERR_MEMORY;
	t->ocsp = v;
	v += t->nocsp++;
	*v = (struct ca_ocsp_use){.depth = use->depth,
	    .file = use->file != NULL ? strdup(use->file) : NULL,
	    .status = a->status,
	    .why = strdup(a->why),
	    .this_update = a->this_update,
	    .until = a->until,
	    .revoked_at = a->revoked_at,
	    .der = keep ? malloc(use->staple.len) : NULL,
	    .len = keep ? use->staple.len : 0};
	if (v->why == NULL || (use->file != NULL && v->file == NULL) ||
	    (keep && v->der == NULL))
		return CA_ERR_MEMORY;
	if (keep)
		memcpy(v->der, use->staple.p, use->staple.len);
	return CA_OK;
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
	for (size_t i = 0; rev != NULL && rc == CA_OK && i < rev->nocsp; i++)
		rc = add_ocsp(t, &rev->ocsp[i]);
	if (rc != CA_OK)
		ca_verify_trace_clear(t);
	return rc;
}
