/*
 * The printers of `certauth log`.  Every text of the log is escaped: clients
 * choose names of users and subjects.
 */
#include "audit/logshowint.h"
#include "audit/logwriter.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define SUBJECT_MAX 200 /* bytes of a column */
#define CELL_MAX 64

const char *const ca_logshow_outcomes[CA_LOGSHOW_OUTCOMES] = {
    "ended", "locked", "warned", "noted"};

/* ---- the table ---- */

/* Append text, escaped and cut to max bytes, and blanks up to width.  special:
 * "", for text that has escapes of its own, or a backslash. */
static void
put_text(struct ca_buf *out, const char *text, size_t width, size_t max,
    const char *special)
{
	size_t begin = out->len, len = strlen(text), n;
	char step[CA_TEXT_STEP];

	for (size_t i = 0; i < len;) {
		i += ca_text_next(
		    (const uint8_t *)text + i, len - i, special, step, &n);
		if (out->len - begin + n > max) {
			ca_buf_str(out, "...");
			break;
		}
		ca_buf_put(out, step, n);
	}
	while (out->err == CA_OK && out->len - begin < width)
		ca_buf_u8(out, ' ');
}

static void
put_cell(struct ca_buf *out, const char *text, size_t width, size_t max)
{
	put_text(out, text, width, max, "\\");
}

static void
put_time(struct ca_buf *out, time_t t, bool utc)
{
	struct tm tm;
	char text[64] = "?";

	if ((utc ? gmtime_r(&t, &tm) : localtime_r(&t, &tm)) != NULL)
		(void)strftime(text, sizeof text,
		    utc ? "%Y-%m-%dT%H:%M:%SZ" : "%Y-%m-%d %H:%M:%S", &tm);
	ca_buf_str(out, text);
}

static const char *
fact(const struct ca_logline *a, enum ca_fact f)
{
	return a->fact[f] != NULL ? a->fact[f] : "";
}

static const char *
service_of(const struct ca_logline *a)
{
	return a->fact[CA_FACT_SERVICE] != NULL ? a->fact[CA_FACT_SERVICE]
						: a->service;
}

/* The service, and the program if its name does not show the service.  Of an open
 * session, no other program than certauth writes. */
static void
put_service(const struct ca_logshow_entry *e, struct ca_buf *out)
{
	struct ca_buf text = CA_BUF_INIT(65536);

	ca_buf_str(&text, service_of(e->a));
	if (!e->a->session &&
	    !ca_logwriter_fits(e->record->program, e->a->service))
		ca_buf_fmt(&text, " (%s)", e->record->program);
	const char *t = ca_buf_text(&text);
	put_cell(out, t != NULL ? t : "?", 9, CELL_MAX);
	ca_buf_free(&text);
}

static void
put_outcome(const struct ca_logline *a, struct ca_buf *out)
{
	char text[128];

	(void)snprintf(text, sizeof text, "%s%s%s", a->outcome,
	    a->session                       ? " (session)"
	    : strcmp(a->event, "login") != 0 ? " (account)"
					     : "",
	    strcmp(a->mode, "audit") == 0 ? " (audit)" : "");
	put_cell(out, text, 8, CELL_MAX);
}

/* The subject; a certificate may have none. */
static void
put_certificate(const struct ca_logline *a, struct ca_buf *out)
{
	const char *subject = fact(a, CA_FACT_SUBJECT);

	if (subject[0] != '\0') {
		put_text(out, subject, 0, SUBJECT_MAX, "");
	} else if (a->fact[CA_FACT_SHA256] != NULL) {
		ca_buf_str(out, "SHA-256 ");
		put_cell(out, a->fact[CA_FACT_SHA256], 0, CELL_MAX);
	} else {
		ca_buf_str(out, "-");
	}
}

static void
put_detail(const char *name, const char *text, struct ca_buf *out)
{
	ca_buf_fmt(out, "      %s", name);
	put_cell(out, text, 0, 4096);
	ca_buf_str(out, "\n");
}

void
ca_logshow_row(const struct ca_logshow_entry *e, bool first, struct ca_buf *out)
{
	const struct ca_logline *a = e->a;
	char count[64];

	if (first)
		ca_buf_str(out,
		    "  TIME                 SERVICE    USER          OUTCOME   "
		    "REASON            CERTIFICATE\n");
	ca_buf_str(out, e->record->uid > 0 ? "* " : "  ");
	put_time(out, e->record->time, false);
	ca_buf_str(out, "  ");
	put_service(e, out);
	ca_buf_str(out, "  ");
	put_cell(out, fact(a, CA_FACT_USER), 12, CELL_MAX);
	ca_buf_str(out, "  ");
	put_outcome(a, out);
	ca_buf_str(out, "  ");
	put_cell(out, a->reason, 16, CELL_MAX);
	ca_buf_str(out, "  ");
	put_certificate(a, out);
	ca_buf_str(out, "\n");
	if (a->waived != NULL)
		put_detail("waived: ", a->waived, out);
	if (a->count > 1) {
		(void)snprintf(count, sizeof count, "%u times", a->count);
		put_detail("", count, out);
	}
	if (ca_logline_granted(a))
		return;
	if (a->detail != NULL)
		put_detail("", a->detail, out);
	if (e->command == NULL)
		return;
	ca_buf_fmt(out, "      %s", e->command);
	if (e->sha256 != NULL) {
		ca_buf_str(out, "  # SHA-256 ");
		put_cell(out, e->sha256, 0, CELL_MAX);
	}
	ca_buf_str(out, "\n");
}

/* ---- JSON ---- */

static void
member(struct ca_buf *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	ca_buf_fmt(out, ",\"%s\":", name);
	ca_buf_json(out, value, strlen(value));
}

static void
put_also(const char *list, struct ca_buf *out)
{
	const char *before = ",\"also\":[";

	for (const char *p = list; p != NULL && *p != '\0';) {
		size_t n = strcspn(p, ",");

		ca_buf_str(out, before);
		ca_buf_json(out, p, n);
		before = ",";
		p += n + (p[n] == ',');
	}
	if (list != NULL)
		ca_buf_str(out, "]");
}

void
ca_logshow_json(const struct ca_logshow_entry *e, struct ca_buf *out)
{
	const struct ca_logline *a = e->a;

	/* certauth(1), JSON, says what a change of the number means */
	ca_buf_str(out, "{\"schema\":1,\"time\":\"");
	put_time(out, e->record->time, true);
	ca_buf_str(out, "\"");
	member(out, "host", e->record->host);
	member(out, "program", e->record->program);
	if (e->record->uid >= 0)
		ca_buf_fmt(out, ",\"writer_uid\":%lld", e->record->uid);
	else
		ca_buf_str(out, ",\"writer_uid\":null");
	member(out, "event", a->event);
	member(out, "proof", a->proof);
	member(out, "mode", a->mode);
	member(out, "outcome", a->outcome);
	member(out, "reason", a->reason);
	put_also(a->also, out);
	member(out, "waived", a->waived);
	for (int i = 0; i < CA_FACTS; i++)
		if (i == CA_FACT_SERVICE)
			member(out, "service", service_of(a));
		else
			member(out, ca_fact_name((enum ca_fact)i), a->fact[i]);
	member(out, "detail", a->detail);
	ca_buf_fmt(out, ",\"count\":%u", a->count);
	member(out, "explain", e->command);
	ca_buf_str(out, "}\n");
}

/* ---- summary ---- */

static void
put_sessions(const struct ca_logshow_count *c, struct ca_buf *out)
{
	const char *before = ": ";

	if (c->sessions == 0)
		return;
	ca_buf_fmt(out, "%zu line%s of open sessions", c->sessions,
	    c->sessions == 1 ? "" : "s");
	for (int i = 0; i < CA_LOGSHOW_OUTCOMES; i++) {
		if (c->session[i] == 0)
			continue;
		ca_buf_fmt(out, "%s%zu %s", before, c->session[i],
		    ca_logshow_outcomes[i]);
		before = ", ";
	}
	ca_buf_str(out, "\n");
}

void
ca_logshow_summary(const struct ca_logshow_count *c, struct ca_buf *out)
{
	ca_buf_fmt(out, "\n%zu attempt%s: %zu granted, %zu refused", c->shown,
	    c->shown == 1 ? "" : "s", c->granted, c->shown - c->granted);
	if (c->trial > 0)
		ca_buf_fmt(
		    out, "; %zu with mode = audit, without effect", c->trial);
	ca_buf_str(out, "\n");
	put_sessions(c, out);
	for (int i = 0; i < CA_REASON_COUNT; i++)
		if (c->refused[i] > 0)
			ca_buf_fmt(out, "  %6zu  %-17s %s\n", c->refused[i],
			    ca_reason_code((enum ca_reason)i),
			    ca_reason_text((enum ca_reason)i));
	if (c->refused[CA_REASON_COUNT] > 0)
		ca_buf_fmt(out, "  %6zu  %-17s %s\n",
		    c->refused[CA_REASON_COUNT], "(other)",
		    "a reason that this version does not know");
	if (c->wanted)
		ca_buf_str(out,
		    "CERT.pem: the certificate with that SHA-256; it is not in the log. Ask its user for\n"
		    "it. `certauth inspect CERT.pem' shows its SHA-256.\n");
	if (c->marked > 0)
		ca_buf_fmt(out,
		    "* (%zu): a process of a user other than root wrote the line. Programs that a user\n"
		    "starts (su), databases and web servers do so; any user can, with logger(1).\n",
		    c->marked);
	if (c->unknown > 0)
		ca_buf_str(out,
		    "A file does not show which user wrote a line: any user can, with logger(1).\n");
}

void
ca_logshow_remarks(
    const struct ca_logshow_count *c, const char *read, struct ca_buf *out)
{
	if (c->shown + c->sessions == 0 && read != NULL) {
		ca_buf_str(out, "certauth: no attempt found in ");
		ca_buf_escape(out, read, strlen(read));
		ca_buf_str(out, "\n");
	}
	if (c->imitations > 0)
		ca_buf_fmt(out,
		    "certauth: not counted, lines that imitate the module (the service belongs to another program than the one that wrote the line): %zu\n",
		    c->imitations);
	if (c->damaged > 0)
		ca_buf_fmt(out,
		    "certauth: not counted, lines of pam_certauth that are damaged, truncated or not of this module: %zu\n",
		    c->damaged);
}
