/*
 * The report is the verdict.
 *
 * Every check records its finding here; only ca_report_granted() derives the
 * grant.  A zeroed report denies.  The log, the audit record and `certauth
 * explain` print this report.
 */
#ifndef CA_REPORT_REPORT_H
#define CA_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/reason.h"

enum ca_check {
	CA_CHECK_SIGNATURE,
	CA_CHECK_CHAIN,
	CA_CHECK_VALIDITY,
	CA_CHECK_PURPOSE,
	CA_CHECK_REVOCATION,
	CA_CHECK_MAPPING,
	CA_CHECKS
};

enum ca_verdict { CA_NOT_RUN = 0, CA_PASS, CA_FAIL, CA_WAIVED };

/* Facts that the log line shows after the outcome. */
enum ca_fact {
	CA_FACT_USER,
	CA_FACT_SERVICE,
	CA_FACT_RHOST,
	CA_FACT_SUBJECT, /* RFC 4514 */
	CA_FACT_ISSUER,
	CA_FACT_SERIAL, /* hex */
	CA_FACT_SHA256, /* of the certificate, hex */
	CA_FACT_SCHEME,
	CA_FACT_NOT_AFTER, /* RFC 3339 */
	CA_FACT_ANCHOR,    /* subject of the trust anchor */
	CA_FACT_RULE,      /* the rule that matched, FILE:LINE SELECTOR */
	CA_FACTS
};

struct ca_report;

struct ca_report *ca_report_new(void); /* NULL: no memory */
void ca_report_free(struct ca_report *r);

/*
 * Record a check's finding.  A check that has failed stays failed, whatever is
 * recorded afterwards.  CA_WAIVED is accepted for CA_CHECK_REVOCATION only; for
 * any other check it is a failure.  fmt (may be NULL) adds detail for the log;
 * the detail may contain text of others, which the printers escape.
 */
void ca_report_set(struct ca_report *r, enum ca_check check,
    enum ca_verdict verdict, enum ca_reason reason, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* The attempt failed outside the checks: the report never grants again. */
void ca_report_abort(struct ca_report *r, enum ca_reason reason,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Record in r the findings of src for the checks in the mask only, by the
 * rules of ca_report_set. */
void ca_report_merge(
    struct ca_report *r, const struct ca_report *src, unsigned only);

void ca_report_fact(struct ca_report *r, enum ca_fact fact, const char *text);

/* Cut every fact and every detail to max bytes and "...", for a log with short
 * lines.  No verdict changes. */
void ca_report_clip(struct ca_report *r, size_t max);
const char *ca_report_get0_fact(const struct ca_report *r, enum ca_fact fact);

enum ca_verdict ca_report_verdict(
    const struct ca_report *r, enum ca_check check);

/* The reason of one check (CA_R_NONE: it did not run), and its detail: not
 * escaped, owned by r, or NULL. */
enum ca_reason ca_report_check_reason(
    const struct ca_report *r, enum ca_check check);
const char *ca_report_get0_detail(
    const struct ca_report *r, enum ca_check check);
const char *ca_check_name(enum ca_check check);       /* static */
const char *ca_verdict_name(enum ca_verdict verdict); /* static */
const char *ca_fact_name(enum ca_fact fact);          /* static */

/* The reason that decided: that of the abort, else of the first failed check,
 * else of the first check that did not run, else of a waiver, else CA_R_OK. */
enum ca_reason ca_report_reason(const struct ca_report *r);

/*
 * True if every check passed (revocation may be waived) and nothing aborted.
 * only: bit mask of the checks (1 << CA_CHECK_...) that are required.
 * `certauth verify` has neither signature nor mapping; the module passes
 * CA_REPORT_ALL.
 */
#define CA_REPORT_ALL ((1u << CA_CHECKS) - 1)
#define CA_REPORT_CERT                                                         \
	(1u << CA_CHECK_CHAIN | 1u << CA_CHECK_VALIDITY |                      \
	    1u << CA_CHECK_PURPOSE | 1u << CA_CHECK_REVOCATION)
bool ca_report_granted(const struct ca_report *r, unsigned only);

/*
 * Print: one line for the log, about the outcome (key=value) or about one
 * check; a few lines for people; JSON.  The lines for the log quote all text of
 * others, so that `KEY=' outside of quotes is never theirs; docs/operations.md
 * describes the form.
 */
void ca_report_line(
    const struct ca_report *r, unsigned only, struct ca_buf *out);
void ca_report_check_line(
    const struct ca_report *r, enum ca_check check, struct ca_buf *out);
void ca_report_text(
    const struct ca_report *r, unsigned only, struct ca_buf *out);
void ca_report_json(
    const struct ca_report *r, unsigned only, struct ca_buf *out);

#endif
