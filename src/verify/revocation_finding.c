/*
 * Findings: what is wrong, in words, and which of two findings tells an
 * administrator more.
 */
#include "verify/revocationint.h"
#include "verify/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* How much a reason tells an administrator. */
static int
usefulness(enum ca_reason reason)
{
	switch (reason) {
	case CA_R_REVOKED: /* the issuer of a CRL */
		return 10;
	case CA_R_CRL_EXPIRED:
	case CA_R_OCSP_EXPIRED:
		return 9;
	case CA_R_CRL_DIR:
		return 8;
	case CA_R_CRL_FUTURE:
	case CA_R_OCSP_FUTURE:
		return 7;
	case CA_R_CHAIN_WEAK:
	case CA_R_UNSUPPORTED:
		return 6;
	case CA_R_CRL_ISSUER:
	case CA_R_OCSP_RESPONDER:
		return 5;
	case CA_R_CRL_SIGNATURE:
	case CA_R_OCSP_SIGNATURE:
		return 4;
	case CA_R_CRL_EXTENSION:
	case CA_R_OCSP_EXTENSION:
		return 3;
	case CA_R_CRL_MALFORMED:
	case CA_R_OCSP_MALFORMED:
		return 2;
	case CA_R_CRL_SCOPE:
	case CA_R_OCSP_UNKNOWN:
		return 1;
	default:
		return 0;
	}
}

void
ca_rev_find(
    struct finding *f, enum ca_reason reason, X509 *cert, const char *fmt, ...)
{
	struct ca_buf name = CA_BUF_INIT(16000);
	const char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.*): va_start is above */
	n = vsnprintf(f->detail, sizeof f->detail, fmt, ap);
	va_end(ap);
	f->reason = reason;
	if (cert == NULL || n < 0)
		return;
	/* leave room for the names of the certificate and its issuer */
	if (n > DETAIL_MAX * 2 / 3)
		n = DETAIL_MAX * 2 / 3;
	ca_buf_str(&name, " (for ");
	if (X509_NAME_entry_count(X509_get_subject_name(cert)) <= 0)
		ca_buf_str(&name, "an empty name");
	ca_name_rfc4514(X509_get_subject_name(cert), &name);
	ca_buf_str(&name, ", issued by ");
	ca_name_rfc4514(X509_get_issuer_name(cert), &name);
	ca_buf_str(&name, ")");
	text = ca_buf_text(&name);
	(void)snprintf(f->detail + n, sizeof f->detail - (size_t)n, "%s",
	    text != NULL ? text : "");
	ca_buf_free(&name);
}

void
ca_rev_prefer(struct finding *f, const struct finding *other)
{
	if (f->reason == CA_R_OK ||
	    usefulness(other->reason) > usefulness(f->reason))
		*f = *other;
}

void
ca_rev_join(
    const struct finding *a, const struct finding *b, struct finding *out)
{
	struct finding both = {.reason = a->reason};
	size_t n = strlen(a->detail);

	memcpy(both.detail, a->detail, n);
	(void)snprintf(
	    both.detail + n, sizeof both.detail - n, "; %s", b->detail);
	*out = both; /* which may be a or b */
}

const char *
ca_rev_time(time_t t, char text[32])
{
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)snprintf(text, 32, "an unknown date");
	return text;
}
