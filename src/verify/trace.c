#include "verify/trace.h"
#include "verify/crlrev.h"

#include <stdlib.h>
#include <string.h>

void
ca_verify_trace_clear(struct ca_verify_trace *t)
{
	sk_X509_pop_free(t->chain, X509_free);
	for (size_t i = 0; i < t->n; i++)
		free(t->use[i].file);
	free(t->use);
	*t = (struct ca_verify_trace){NULL, false, NULL, 0};
}

static time_t
seconds(const ASN1_TIME *t)
{
	struct tm tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	return timegm(&tm);
}

static enum ca_err
add_use(struct ca_verify_trace *t, int depth, const struct seen *seen)
{
	const X509_CRL *x = ca_crl_get0_x509(seen->crl);
	/* ca_verify_trace_clear has set use to NULL, which clang 14 loses
	 * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
	struct ca_crl_use *v = realloc(t->use, (t->n + 1) * sizeof *v);

	if (v == NULL)
		return CA_ERR_MEMORY;
	t->use = v;
	v += t->n;
	*v = (struct ca_crl_use){.depth = depth,
	    .file = strdup(ca_crl_get0_name(seen->crl)),
	    .engine = ca_crl_engine_name(seen->crl),
	    .this_update = seconds(X509_CRL_get0_lastUpdate(x)),
	    .next_update = seconds(X509_CRL_get0_nextUpdate(x)),
	    .entries = ca_crl_entries(seen->crl),
	    .revoked = (seen->revoked >> depth & 1) != 0};
	if (v->file == NULL)
		return CA_ERR_MEMORY;
	t->n++;
	return CA_OK;
}

enum ca_err
ca_verify_trace_take(struct ca_verify_trace *t, const STACK_OF(X509) * path,
    bool anchored, const struct ca_revocation *rev)
{
	enum ca_err rc = CA_OK;

	ca_verify_trace_clear(t);
	t->anchored = anchored;
	t->chain = X509_chain_up_ref((STACK_OF(X509) *)path);
	if (t->chain == NULL)
		return CA_ERR_MEMORY;
	for (int depth = 0; rev != NULL && depth < CA_SEEN_DEPTHS; depth++)
		for (size_t i = 0; rc == CA_OK && i < rev->n; i++)
			if ((rev->seen[i].asked >> depth & 1) != 0)
				rc = add_use(t, depth, &rev->seen[i]);
	if (rc != CA_OK)
		ca_verify_trace_clear(t);
	return rc;
}
