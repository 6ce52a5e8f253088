#include "verify/crlrev.h"
#include "verify/verify.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- findings ---- */

/* Which of two reasons tells an administrator more. */
static int
usefulness(enum ca_reason reason)
{
	switch (reason) {
	case CA_R_CRL_EXPIRED:
		return 7;
	case CA_R_CRL_DIR:
		return 6;
	case CA_R_CRL_FUTURE:
		return 5;
	case CA_R_CRL_SIGNATURE:
		return 4;
	case CA_R_CRL_EXTENSION:
		return 3;
	case CA_R_CRL_MALFORMED:
		return 2;
	case CA_R_CRL_SCOPE:
		return 1;
	default:
		return 0;
	}
}

void
ca_crlrev_find(
    struct finding *f, enum ca_reason reason, X509 *cert, const char *fmt, ...)
{
	struct ca_buf name = CA_BUF_INIT(8000);
	const char *subject;
	char what[DETAIL_MAX / 2];
	va_list ap;

	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.*): va_start is above */
	(void)vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	if (cert != NULL)
		ca_name_rfc4514(X509_get_subject_name(cert), &name);
	subject = ca_buf_text(&name);
	f->reason = reason;
	(void)snprintf(f->detail, sizeof f->detail, "%s, for %.*s", what,
	    DETAIL_MAX / 2 - 10,
	    subject != NULL && *subject != '\0' ? subject : "an empty name");
	ca_buf_free(&name);
}

void
ca_crlrev_not_offered(struct ca_revocation *rev, const struct ca_crl *crl,
    enum ca_reason reason, X509 *cert, const char *why)
{
	ca_log_debug(rev->log, "the CRL %s is not used: %-s",
	    ca_crl_get0_name(crl), why);
	if (usefulness(reason) >= usefulness(rev->trouble.reason))
		ca_crlrev_find(&rev->trouble, reason, cert, "%s %s",
		    ca_crl_get0_name(crl), why);
}

/* ---- set-up ---- */

static enum ca_err
defaults(struct ca_revocation *rev)
{
	X509_STORE_CTX *ctx =
	    X509_STORE_CTX_new_ex(ca_crypto_get0_libctx(rev->crypto), NULL);

	if (ctx == NULL || X509_STORE_CTX_init(ctx, NULL, NULL, NULL) != 1) {
		X509_STORE_CTX_free(ctx);
		return CA_ERR_CRYPTO;
	}
	rev->check_crl = X509_STORE_CTX_get_check_crl(ctx);
	rev->cert_crl = X509_STORE_CTX_get_cert_crl(ctx);
	rev->check_revocation = X509_STORE_CTX_get_check_revocation(ctx);
	X509_STORE_CTX_free(ctx);
	return CA_OK;
}

enum ca_err
ca_revocation_new(struct ca_crypto *crypto, const struct ca_config *cfg,
    const struct ca_log *log, time_t now, struct ca_revocation **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_revocation *rev = calloc(1, sizeof *rev);

	if (rev == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	rev->crypto = crypto;
	rev->log = log;
	rev->mode = cfg->crl;
	rev->check = cfg->crl_check;
	rev->grace = cfg->crl_grace;
	rev->now = now;
	rev->gate = (struct ca_crl_gate){ca_crlrev_gate_open, rev};
	if (rev->mode != CA_CRL_OFF) {
		if ((rc = defaults(rev)) != CA_OK) {
			ret = rc;
			goto out;
		}
		if ((rev->dir_path = strdup(cfg->crl_dir)) == NULL) {
			ret = CA_ERR_MEMORY;
			goto out;
		}
		rev->dir_rc = ca_crldir_new(crypto, log, cfg->crl_dir,
		    cfg->crl_engine, &rev->gate, &rev->dir);
		rev->dir_errno = errno;
	}
	*out = rev;
	rev = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_revocation_free(rev);
	return ret;
}

void
ca_revocation_free(struct ca_revocation *rev)
{
	if (rev == NULL)
		return;
	ca_crldir_free(rev->dir);
	ca_crlrev_pairs_clear(rev);
	free(rev->dir_path);
	free(rev->seen);
	free(rev);
}

/* ---- where the engine stands ---- */

struct ca_revocation *
ca_crlrev_of(X509_STORE_CTX *ctx)
{
	return X509_STORE_get_ex_data(X509_STORE_CTX_get0_store(ctx), 0);
}

struct seen *
ca_crlrev_seen(struct ca_revocation *rev, const X509_CRL *x)
{
	for (size_t i = 0; i < rev->n; i++)
		if (ca_crl_get0_x509(rev->seen[i].crl) == x)
			return &rev->seen[i];
	return NULL;
}

bool
ca_crlrev_anchor(X509_STORE_CTX *ctx)
{
	return X509_STORE_CTX_get_error_depth(ctx) ==
	       sk_X509_num(X509_STORE_CTX_get0_chain(ctx)) - 1;
}

X509 *
ca_crlrev_issuer(X509_STORE_CTX *ctx)
{
	X509 *issuer = X509_STORE_CTX_get0_current_issuer(ctx);
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	int i = X509_STORE_CTX_get_error_depth(ctx);

	if (issuer != NULL)
		return issuer;
	return sk_X509_value(chain, i + 1 < sk_X509_num(chain) ? i + 1 : i);
}

enum ca_err
ca_revocation_attach(struct ca_revocation *rev, X509_STORE *store)
{
	unsigned long flags = X509_V_FLAG_CRL_CHECK |
			      X509_V_FLAG_EXTENDED_CRL_SUPPORT |
			      X509_V_FLAG_USE_DELTAS;

	rev->n = 0;
	rev->checking = NULL;
	rev->trouble.reason = rev->failed.reason = CA_R_OK;
	rev->stale.reason = rev->absent.reason = CA_R_OK;
	rev->done = false;
	if (rev->mode == CA_CRL_OFF)
		return CA_OK;
	if (rev->check == CA_CRL_CHAIN)
		flags |= X509_V_FLAG_CRL_CHECK_ALL;
	if (X509_STORE_set_flags(store, flags) != 1 ||
	    X509_STORE_set_ex_data(store, 0, rev) != 1)
		return CA_ERR_MEMORY;
	X509_STORE_set_lookup_crls(store, ca_crlrev_lookup_crls);
	X509_STORE_set_check_crl(store, ca_crlrev_check_crl);
	X509_STORE_set_cert_crl(store, ca_crlrev_cert_crl);
	X509_STORE_set_check_revocation(store, ca_crlrev_check_revocation);
	return CA_OK;
}

void
ca_revocation_report(struct ca_revocation *rev, struct ca_report *report)
{
	const enum ca_check check = CA_CHECK_REVOCATION;

	if (rev->mode == CA_CRL_OFF)
		ca_report_set(report, check, CA_WAIVED, CA_R_CRL_OFF, NULL);
	else if (rev->failed.reason != CA_R_OK)
		ca_report_set(report, check, CA_FAIL, rev->failed.reason, "%s",
		    rev->failed.detail);
	else if (!rev->done)
		return; /* the path failed before it came to this */
	else if (rev->stale.reason != CA_R_OK)
		ca_report_set(report, check, CA_WAIVED, CA_R_CRL_STALE, "%s",
		    rev->stale.detail);
	else if (rev->absent.reason != CA_R_OK)
		ca_report_set(report, check, CA_WAIVED, CA_R_CRL_ABSENT, "%s",
		    rev->absent.detail);
	else
		ca_report_set(report, check, CA_PASS, CA_R_OK, NULL);
}
