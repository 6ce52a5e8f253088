/*
 * The printers of a report: log lines, text for people, and JSON.
 */
#include "base/text.h"
#include "report/reportint.h"

#include <string.h>

static const char *const check_names[CA_CHECKS] = {
    [CA_CHECK_SIGNATURE] = "signature",
    [CA_CHECK_CHAIN] = "chain",
    [CA_CHECK_VALIDITY] = "validity",
    [CA_CHECK_PURPOSE] = "purpose",
    [CA_CHECK_REVOCATION] = "revocation",
    [CA_CHECK_MAPPING] = "mapping",
};

static const char *const verdict_names[] = {
    [CA_NOT_RUN] = "not-run",
    [CA_PASS] = "pass",
    [CA_FAIL] = "fail",
    [CA_WAIVED] = "waived",
};

/* Text of others is always quoted.  A WORD (hex, a date, one of our words) is
 * quoted only if it turns out to be something else. */
enum form { WORD, FREE, NAME, WITH_NAMES };

static const struct {
	const char *name;
	enum form form;
} facts[CA_FACTS] = {
    [CA_FACT_USER] = {"user", FREE},
    [CA_FACT_SERVICE] = {"service", FREE},
    [CA_FACT_RHOST] = {"rhost", FREE},
    [CA_FACT_SUBJECT] = {"subject", NAME},
    [CA_FACT_ISSUER] = {"issuer", NAME},
    [CA_FACT_SERIAL] = {"serial", WORD},
    [CA_FACT_SHA256] = {"sha256", WORD},
    [CA_FACT_SCHEME] = {"scheme", WORD},
    [CA_FACT_NOT_AFTER] = {"not_after", WORD},
    [CA_FACT_ANCHOR] = {"anchor", NAME},
    [CA_FACT_RULE] = {"rule", WITH_NAMES},
};

const char *
ca_check_name(enum ca_check check)
{
	return (unsigned)check < CA_CHECKS ? check_names[check] : "?";
}

const char *
ca_verdict_name(enum ca_verdict verdict)
{
	return (unsigned)verdict <= CA_WAIVED ? verdict_names[verdict] : "?";
}

const char *
ca_fact_name(enum ca_fact fact)
{
	return (unsigned)fact < CA_FACTS ? facts[fact].name : "?";
}

/* ---- printers ---- */

static const char *
outcome(const struct ca_report *r, unsigned only)
{
	bool yes = ca_report_granted(r, only);

	/* a login is granted by all checks only */
	if (only == CA_REPORT_ALL)
		return yes ? "granted" : "denied";
	return yes ? "accepted" : "rejected";
}

/* The value of a KEY=VALUE pair. */
static void
line_value(enum form form, const char *text, struct ca_buf *out)
{
	size_t len = strlen(text);

	if (form == WORD && ca_text_plain(text, len))
		ca_buf_put(out, text, len);
	else if (form == NAME)
		ca_buf_quote_dn(out, text, len);
	else if (form == WITH_NAMES)
		ca_buf_quote_names(out, text, len);
	else
		ca_buf_quote(out, text, len);
}

static void
line_fact(const struct ca_report *r, enum ca_fact fact, struct ca_buf *out)
{
	const char *text = r->fact[fact];

	if (text == NULL)
		return;
	ca_buf_fmt(out, " %s=", facts[fact].name);
	line_value(facts[fact].form, text, out);
}

/* The reasons of the other failed checks: one line shows all of them. */
static void
line_also(const struct ca_report *r, unsigned only, struct ca_buf *out)
{
	const struct ca_finding *first = ca_report_deciding(r, only);
	const char *before = " also=";

	for (unsigned i = 0; i < CA_CHECKS; i++) {
		const struct ca_finding *f = &r->check[i];

		if ((only & 1u << i) == 0 || f == first ||
		    f->verdict != CA_FAIL)
			continue;
		ca_buf_fmt(out, "%s%s", before, ca_reason_code(f->reason));
		before = ",";
	}
}

void
ca_report_line(const struct ca_report *r, unsigned only, struct ca_buf *out)
{
	const struct ca_finding *f = ca_report_deciding(r, only);
	const struct ca_finding *crl = &r->check[CA_CHECK_REVOCATION];

	ca_buf_fmt(out, "outcome=%s reason=%s", outcome(r, only),
	    ca_reason_code(ca_report_reason_among(r, only)));
	line_also(r, only, out);
	if (crl->verdict == CA_WAIVED &&
	    (only & 1u << CA_CHECK_REVOCATION) != 0)
		ca_buf_fmt(out, " waived=%s", ca_reason_code(crl->reason));
	for (int i = 0; i < CA_FACTS; i++)
		line_fact(r, (enum ca_fact)i, out);
	if (f != NULL && f->detail != NULL) {
		ca_buf_str(out, " detail=");
		line_value(WITH_NAMES, f->detail, out);
	}
}

/* The verdict without its detail. */
static void
text_verdict(const char *name, const char *verdict, const struct ca_finding *f,
    struct ca_buf *out)
{
	ca_buf_fmt(out, "  %-11s %s", name, verdict);
	if (f->verdict != CA_PASS && f->reason != CA_R_NONE)
		ca_buf_fmt(out, ", %s: %s", ca_reason_code(f->reason),
		    ca_reason_text(f->reason));
}

/* What separates the detail from the verdict or from the reason's text. */
static const char *
detail_before(const struct ca_finding *f)
{
	return f->verdict == CA_PASS || f->reason == CA_R_NONE ? ": " : "; ";
}

void
ca_report_check_line(
    const struct ca_report *r, enum ca_check check, struct ca_buf *out)
{
	if ((unsigned)check >= CA_CHECKS)
		return;
	const struct ca_finding *f = &r->check[check];

	text_verdict(check_names[check], verdict_names[f->verdict], f, out);
	if (f->detail != NULL) {
		ca_buf_str(out, detail_before(f));
		line_value(WITH_NAMES, f->detail, out);
	}
}

static void
text_finding(const char *name, const char *verdict, const struct ca_finding *f,
    struct ca_buf *out)
{
	text_verdict(name, verdict, f, out);
	if (f->detail != NULL) {
		ca_buf_str(out, detail_before(f));
		ca_buf_printable(out, f->detail, strlen(f->detail));
	}
	ca_buf_str(out, "\n");
}

void
ca_report_text(const struct ca_report *r, unsigned only, struct ca_buf *out)
{
	enum ca_reason reason = ca_report_reason_among(r, only);
	const struct ca_finding *f = ca_report_deciding(r, only);

	ca_buf_fmt(out, "%s%s %s (%s)\n", outcome(r, only),
	    f != NULL && f->verdict == CA_WAIVED ? ";" : ":",
	    f == NULL ? "all checks passed" : ca_reason_text(reason),
	    ca_reason_code(reason));
	if (r->aborted)
		text_finding("attempt", "fail", &r->abort, out);
	for (unsigned i = 0; i < CA_CHECKS; i++)
		if ((only & 1u << i) != 0)
			text_finding(check_names[i],
			    verdict_names[r->check[i].verdict], &r->check[i],
			    out);
	for (int i = 0; i < CA_FACTS; i++) {
		if (r->fact[i] == NULL)
			continue;
		ca_buf_fmt(out, "  %-11s ", facts[i].name);
		ca_buf_printable(out, r->fact[i], strlen(r->fact[i]));
		ca_buf_str(out, "\n");
	}
}

static void
json_member(
    struct ca_buf *out, const char *before, const char *name, const char *value)
{
	ca_buf_fmt(out, "%s\"%s\":", before, name);
	ca_buf_json(out, value, strlen(value));
}

static void
json_finding(const struct ca_finding *f, struct ca_buf *out)
{
	json_member(out, ",", "reason", ca_reason_code(f->reason));
	json_member(out, ",", "text", ca_reason_text(f->reason));
	if (f->detail != NULL)
		json_member(out, ",", "detail", f->detail);
}

void
ca_report_json(const struct ca_report *r, unsigned only, struct ca_buf *out)
{
	enum ca_reason reason = ca_report_reason_among(r, only);
	const char *before = "";

	json_member(out, "{", "outcome", outcome(r, only));
	json_member(out, ",", "reason", ca_reason_code(reason));
	json_member(out, ",", "text", ca_reason_text(reason));
	if (r->aborted && r->abort.detail != NULL)
		json_member(out, ",", "detail", r->abort.detail);
	ca_buf_str(out, ",\"checks\":{");
	for (unsigned i = 0; i < CA_CHECKS; i++) {
		if ((only & 1u << i) == 0)
			continue;
		ca_buf_fmt(out, "%s\"%s\":", before, check_names[i]);
		json_member(
		    out, "{", "verdict", verdict_names[r->check[i].verdict]);
		json_finding(&r->check[i], out);
		ca_buf_str(out, "}");
		before = ",";
	}
	ca_buf_str(out, "},\"facts\":{");
	before = "";
	for (int i = 0; i < CA_FACTS; i++) {
		if (r->fact[i] == NULL)
			continue;
		json_member(out, before, facts[i].name, r->fact[i]);
		before = ",";
	}
	ca_buf_str(out, "}}");
}
