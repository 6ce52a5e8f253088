#include "verify/report.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct finding {
	enum ca_verdict verdict;
	enum ca_reason reason;
	char *detail; /* unescaped; NULL: none */
};

struct ca_report {
	struct finding check[CA_CHECKS];
	bool aborted;
	struct finding abort;
	char *fact[CA_FACTS];
};

static const struct {
	const char *code, *text;
} reasons[] = {
#define CA_REASON_ROW(e, code, text) [e] = {code, text},
    CA_REASONS(CA_REASON_ROW)
#undef CA_REASON_ROW
};

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

/* free: text of others, always in quotes; else hex, dates and code words. */
static const struct {
	const char *name;
	bool free;
} facts[CA_FACTS] = {
    [CA_FACT_USER] = {"user", true},
    [CA_FACT_SERVICE] = {"service", true},
    [CA_FACT_RHOST] = {"rhost", true},
    [CA_FACT_SUBJECT] = {"subject", true},
    [CA_FACT_ISSUER] = {"issuer", true},
    [CA_FACT_SERIAL] = {"serial", false},
    [CA_FACT_SHA256] = {"sha256", false},
    [CA_FACT_SCHEME] = {"scheme", false},
    [CA_FACT_NOT_AFTER] = {"not_after", false},
    [CA_FACT_ANCHOR] = {"anchor", true},
    [CA_FACT_RULE] = {"rule", true},
};

struct ca_report *
ca_report_new(void)
{
	return calloc(1, sizeof(struct ca_report));
}

void
ca_report_free(struct ca_report *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < CA_CHECKS; i++)
		free(r->check[i].detail);
	for (size_t i = 0; i < CA_FACTS; i++)
		free(r->fact[i]);
	free(r->abort.detail);
	free(r);
}

/* ---- what the checks write ---- */

/* A lost detail must not change a verdict: no memory only means no text. */
static void
add_detail(struct finding *f, const char *fmt, va_list ap)
{
	char *text = NULL, *both = NULL;

	if (fmt == NULL || vasprintf(&text, fmt, ap) < 0)
		return;
	if (f->detail == NULL) {
		f->detail = text;
		return;
	}
	if (asprintf(&both, "%s; %s", f->detail, text) >= 0) {
		free(f->detail);
		f->detail = both;
	}
	free(text);
}

static enum ca_reason
known(enum ca_reason reason)
{
	return (unsigned)reason < CA_REASON_COUNT ? reason : CA_R_INTERNAL;
}

static void
vabort(struct ca_report *r, enum ca_reason reason, const char *fmt, va_list ap)
{
	if (!r->aborted) {
		r->aborted = true;
		r->abort.reason = known(reason);
	}
	add_detail(&r->abort, fmt, ap);
}

void
ca_report_set(struct ca_report *r, enum ca_check check,
    enum ca_verdict verdict, enum ca_reason reason, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if ((unsigned)check >= CA_CHECKS) {
		vabort(r, CA_R_INTERNAL, fmt, ap);
		va_end(ap);
		return;
	}
	struct finding *f = &r->check[check];
	if ((unsigned)verdict > CA_WAIVED ||
	    (verdict == CA_WAIVED && check != CA_CHECK_REVOCATION)) {
		verdict = CA_FAIL;
		reason = CA_R_INTERNAL;
	}
	reason = known(reason);
	if (f->verdict == CA_FAIL) {
		/* the first reason stands; what else is wrong is worth its
		 * words */
		if (verdict == CA_FAIL)
			add_detail(f, fmt, ap);
	} else if (f->verdict == CA_WAIVED && verdict == CA_PASS) {
		/* a later pass does not hide that something was waived */
		;
	} else {
		free(f->detail);
		f->detail = NULL;
		f->verdict = verdict;
		f->reason = verdict == CA_PASS ? CA_R_OK : reason;
		add_detail(f, fmt, ap);
	}
	va_end(ap);
}

void
ca_report_abort(struct ca_report *r, enum ca_reason reason, const char *fmt,
    ...)
{
	va_list ap;

	va_start(ap, fmt);
	vabort(r, reason, fmt, ap);
	va_end(ap);
}

void
ca_report_merge(struct ca_report *r, const struct ca_report *src,
    unsigned only)
{
	if (src->aborted)
		ca_report_abort(r, src->abort.reason, NULL);
	for (unsigned i = 0; i < CA_CHECKS; i++) {
		const struct finding *f = &src->check[i];

		if ((only & 1u << i) == 0 || f->verdict == CA_NOT_RUN)
			continue;
		if (f->detail != NULL)
			ca_report_set(r, (enum ca_check)i, f->verdict,
			    f->reason, "%s", f->detail);
		else
			ca_report_set(r, (enum ca_check)i, f->verdict,
			    f->reason, NULL);
	}
}

void
ca_report_fact(struct ca_report *r, enum ca_fact fact, const char *text)
{
	if ((unsigned)fact >= CA_FACTS)
		return;
	free(r->fact[fact]);
	r->fact[fact] = text == NULL ? NULL : strdup(text);
}

static void
clip(char *text, size_t max)
{
	static const char mark[] = "...";

	if (text == NULL || strlen(text) <= max + sizeof mark - 1)
		return;
	/* not within a character */
	while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	memcpy(text + max, mark, sizeof mark);
}

void
ca_report_clip(struct ca_report *r, size_t max)
{
	for (size_t i = 0; i < CA_CHECKS; i++)
		clip(r->check[i].detail, max);
	for (size_t i = 0; i < CA_FACTS; i++)
		clip(r->fact[i], max);
	clip(r->abort.detail, max);
}

const char *
ca_report_get0_fact(const struct ca_report *r, enum ca_fact fact)
{
	return (unsigned)fact < CA_FACTS ? r->fact[fact] : NULL;
}

/* ---- what follows from it ---- */

enum ca_verdict
ca_report_verdict(const struct ca_report *r, enum ca_check check)
{
	return (unsigned)check < CA_CHECKS ? r->check[check].verdict
					   : CA_NOT_RUN;
}

enum ca_reason
ca_report_check_reason(const struct ca_report *r, enum ca_check check)
{
	return (unsigned)check < CA_CHECKS ? r->check[check].reason
					   : CA_R_INTERNAL;
}

const char *
ca_report_get0_detail(const struct ca_report *r, enum ca_check check)
{
	return (unsigned)check < CA_CHECKS ? r->check[check].detail : NULL;
}

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

bool
ca_report_granted(const struct ca_report *r, unsigned only)
{
	if (r == NULL || r->aborted)
		return false;
	if (only == 0 || (only & ~CA_REPORT_ALL) != 0)
		return false;
	for (unsigned i = 0; i < CA_CHECKS; i++) {
		if ((only & 1u << i) == 0)
			continue;
		if (r->check[i].verdict == CA_PASS)
			continue;
		if (r->check[i].verdict == CA_WAIVED &&
		    i == CA_CHECK_REVOCATION)
			continue;
		return false;
	}
	return true;
}

/* The finding that decided among those of only; NULL: all passed. */
static const struct finding *
deciding(const struct ca_report *r, unsigned only)
{
	static const enum ca_verdict order[] = {CA_FAIL, CA_NOT_RUN, CA_WAIVED};

	if (r->aborted)
		return &r->abort;
	for (size_t v = 0; v < sizeof order / sizeof order[0]; v++)
		for (unsigned i = 0; i < CA_CHECKS; i++)
			if ((only & 1u << i) != 0 &&
			    r->check[i].verdict == order[v])
				return &r->check[i];
	return NULL;
}

static enum ca_reason
reason_among(const struct ca_report *r, unsigned only)
{
	const struct finding *f = deciding(r, only);

	return f == NULL ? CA_R_OK : f->reason;
}

enum ca_reason
ca_report_reason(const struct ca_report *r)
{
	return reason_among(r, CA_REPORT_ALL);
}

const char *
ca_reason_code(enum ca_reason reason)
{
	return reasons[known(reason)].code;
}

const char *
ca_reason_text(enum ca_reason reason)
{
	return reasons[known(reason)].text;
}

/* ---- printers ---- */

static const char *
outcome(const struct ca_report *r, unsigned only)
{
	bool yes = ca_report_granted(r, only);

	/* without all checks there is no login to grant */
	if (only == CA_REPORT_ALL)
		return yes ? "granted" : "denied";
	return yes ? "accepted" : "rejected";
}

static bool
plain(const char *s)
{
	for (; *s != '\0'; s++)
		if (strchr("0123456789abcdefghijklmnopqrstuvwxyz"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ_:.-", *s) == NULL)
			return false;
	return true;
}

static void
line_fact(const struct ca_report *r, enum ca_fact fact, struct ca_buf *out)
{
	const char *text = r->fact[fact];

	if (text == NULL)
		return;
	ca_buf_fmt(out, " %s=", facts[fact].name);
	if (facts[fact].free || !plain(text) || text[0] == '\0')
		ca_buf_quote(out, text, strlen(text));
	else
		ca_buf_str(out, text);
}

/* The reasons of the other failed checks, so that one line shows them all. */
static void
line_also(const struct ca_report *r, unsigned only, struct ca_buf *out)
{
	const struct finding *first = deciding(r, only);
	const char *before = " also=";

	for (unsigned i = 0; i < CA_CHECKS; i++) {
		const struct finding *f = &r->check[i];

		if ((only & 1u << i) == 0 || f == first ||
		    f->verdict != CA_FAIL)
			continue;
		ca_buf_fmt(out, "%s%s", before, reasons[f->reason].code);
		before = ",";
	}
}

void
ca_report_line(const struct ca_report *r, unsigned only, struct ca_buf *out)
{
	const struct finding *f = deciding(r, only);
	const struct finding *crl = &r->check[CA_CHECK_REVOCATION];

	ca_buf_fmt(out, "outcome=%s reason=%s", outcome(r, only),
	    reasons[reason_among(r, only)].code);
	line_also(r, only, out);
	if (crl->verdict == CA_WAIVED &&
	    (only & 1u << CA_CHECK_REVOCATION) != 0)
		ca_buf_fmt(out, " waived=%s", reasons[crl->reason].code);
	for (int i = 0; i < CA_FACTS; i++)
		line_fact(r, (enum ca_fact)i, out);
	if (f != NULL && f->detail != NULL) {
		ca_buf_str(out, " detail=");
		ca_buf_quote(out, f->detail, strlen(f->detail));
	}
}

static void
text_finding(const char *name, const char *verdict, const struct finding *f,
    struct ca_buf *out)
{
	ca_buf_fmt(out, "  %-11s %s", name, verdict);
	if (f->verdict != CA_PASS && f->reason != CA_R_NONE)
		ca_buf_fmt(out, ", %s: %s", reasons[f->reason].code,
		    reasons[f->reason].text);
	if (f->detail != NULL) {
		ca_buf_str(out, ": ");
		ca_buf_printable(out, f->detail, strlen(f->detail));
	}
	ca_buf_str(out, "\n");
}

void
ca_report_text(const struct ca_report *r, unsigned only, struct ca_buf *out)
{
	enum ca_reason reason = reason_among(r, only);

	ca_buf_fmt(out, "%s: %s (%s)\n", outcome(r, only),
	    reasons[reason].text, reasons[reason].code);
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
json_member(struct ca_buf *out, const char *before, const char *name,
    const char *value)
{
	ca_buf_fmt(out, "%s\"%s\":", before, name);
	ca_buf_json(out, value, strlen(value));
}

static void
json_finding(const struct finding *f, struct ca_buf *out)
{
	json_member(out, ",", "reason", reasons[f->reason].code);
	json_member(out, ",", "text", reasons[f->reason].text);
	if (f->detail != NULL)
		json_member(out, ",", "detail", f->detail);
}

void
ca_report_json(const struct ca_report *r, unsigned only, struct ca_buf *out)
{
	enum ca_reason reason = reason_among(r, only);
	const char *before = "";

	json_member(out, "{", "outcome", outcome(r, only));
	json_member(out, ",", "reason", reasons[reason].code);
	json_member(out, ",", "text", reasons[reason].text);
	if (r->aborted && r->abort.detail != NULL)
		json_member(out, ",", "detail", r->abort.detail);
	ca_buf_str(out, ",\"checks\":{");
	for (unsigned i = 0; i < CA_CHECKS; i++) {
		if ((only & 1u << i) == 0)
			continue;
		ca_buf_fmt(out, "%s\"%s\":", before, check_names[i]);
		json_member(out, "{", "verdict",
		    verdict_names[r->check[i].verdict]);
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
