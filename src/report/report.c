#include "report/reportint.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- recording ---- */

/* A lost detail must not change a verdict: without memory it is dropped. */
static void __attribute__((format(printf, 2, 0)))
add_detail(struct ca_finding *f, const char *fmt, va_list ap)
{
	char *text = NULL, *both = NULL;

	/* NOLINTNEXTLINE(clang-analyzer-valist.*): the caller starts ap */
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

static void __attribute__((format(printf, 3, 0)))
vabort(struct ca_report *r, enum ca_reason reason, const char *fmt, va_list ap)
{
	if (!r->aborted) {
		r->aborted = true;
		r->abort.reason = known(reason);
	}
	add_detail(&r->abort, fmt, ap);
}

void
ca_report_set(struct ca_report *r, enum ca_check check, enum ca_verdict verdict,
    enum ca_reason reason, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if ((unsigned)check >= CA_CHECKS) {
		vabort(r, CA_R_INTERNAL, fmt, ap);
		va_end(ap);
		return;
	}
	struct ca_finding *f = &r->check[check];
	if ((unsigned)verdict > CA_WAIVED ||
	    (verdict == CA_WAIVED && check != CA_CHECK_REVOCATION)) {
		verdict = CA_FAIL;
		reason = CA_R_INTERNAL;
	}
	reason = known(reason);
	if (f->verdict == CA_FAIL) {
		/* the first reason stays; a further failure adds its detail */
		if (verdict == CA_FAIL)
			add_detail(f, fmt, ap);
	} else if (f->verdict == CA_WAIVED && verdict == CA_PASS) {
		/* a later pass does not hide a waiver */
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
ca_report_abort(
    struct ca_report *r, enum ca_reason reason, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vabort(r, reason, fmt, ap);
	va_end(ap);
}

void
ca_report_merge(struct ca_report *r, const struct ca_report *src, unsigned only)
{
	if (src->aborted)
		ca_report_abort(r, src->abort.reason, NULL);
	for (unsigned i = 0; i < CA_CHECKS; i++) {
		const struct ca_finding *f = &src->check[i];

		if ((only & 1u << i) == 0 || f->verdict == CA_NOT_RUN)
			continue;
		if (f->detail != NULL)
			ca_report_set(r, (enum ca_check)i, f->verdict,
			    f->reason, "%s", f->detail);
		else
			ca_report_set(
			    r, (enum ca_check)i, f->verdict, f->reason, NULL);
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
	/* do not cut within a UTF-8 character */
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

/* ---- reading ---- */

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

const struct ca_finding *
ca_report_deciding(const struct ca_report *r, unsigned only)
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

enum ca_reason
ca_report_reason_among(const struct ca_report *r, unsigned only)
{
	const struct ca_finding *f = ca_report_deciding(r, only);

	return f == NULL ? CA_R_OK : f->reason;
}

enum ca_reason
ca_report_reason(const struct ca_report *r)
{
	return ca_report_reason_among(r, CA_REPORT_ALL);
}
