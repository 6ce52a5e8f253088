/*
 * The list of open sessions, as a table or as JSON.
 */
#include "sessions/sessionsint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"

#define TEXT_MAX ((size_t)1 << 24)

static void
put_time(struct ca_buf *out, uint64_t seconds)
{
	const time_t t = (time_t)seconds;
	char text[32];
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)stpcpy(text, "?");
	ca_buf_str(out, text);
}

/* ---- JSON ---- */

static void
put_number(struct ca_buf *b, const char *name, uint64_t value)
{
	ca_buf_fmt(b, ",\"%s\":%llu", name, (unsigned long long)value);
}

static void
put_json(struct ca_buf *b, const struct ca_sessions_one *one)
{
	const struct ca_session *s = &one->s;
	struct ca_buf when = CA_BUF_INIT(64);

	ca_buf_member(b, "{", "id", one->id);
	ca_buf_member(b, ",", "service", s->service);
	ca_buf_member(b, ",", "user", s->user);
	ca_buf_member(b, ",", "account", s->account);
	put_number(b, "uid", s->uid);
	put_number(b, "pid", s->process.pid);
	if (s->rhost[0] != '\0')
		ca_buf_member(b, ",", "rhost", s->rhost);
	if (s->tty[0] != '\0')
		ca_buf_member(b, ",", "tty", s->tty);
	if (s->logind[0] != '\0')
		ca_buf_member(b, ",", "logind", s->logind);
	put_time(&when, s->opened);
	ca_buf_member(b, ",", "opened", ca_buf_text(&when));
	ca_buf_member(b, ",", "subject", s->subject);
	ca_buf_member(b, ",", "sha256", s->sha256);
	ca_buf_member(b, ",", "rule", s->rule);
	ca_buf_member(b, ",", "state", ca_reason_code(one->verdict.reason));
	ca_buf_member(b, ",", "detail", one->verdict.detail);
	ca_buf_str(b, "}");
	ca_buf_free(&when);
}

/* ---- a table ---- */

enum { COLUMNS = 7, DETAIL = COLUMNS };

static void
put_cell(struct ca_buf *b, const char *text, int width, bool last)
{
	size_t begin = b->len;

	ca_buf_escape(b, text, strlen(text));
	for (size_t len = b->len - begin;
	     !last && ca_buf_err(b) == CA_OK && len < (size_t)width; len++)
		ca_buf_u8(b, ' ');
	ca_buf_str(b, last ? "\n" : "  ");
}

static void
cells(const struct ca_sessions_one *one, struct ca_buf *scratch,
    const char *cell[COLUMNS])
{
	static const char none[] = "-";
	const struct ca_session *s = &one->s;

	ca_buf_fmt(scratch, "%.12s", one->id);
	ca_buf_u8(scratch, 0);
	size_t when = scratch->len;
	put_time(scratch, s->opened);
	ca_buf_u8(scratch, 0);
	size_t who = scratch->len;
	if (strcmp(s->user, s->account) == 0)
		ca_buf_str(scratch, s->user);
	else
		ca_buf_fmt(scratch, "%s as %s", s->user, s->account);
	ca_buf_u8(scratch, 0);
	bool good = ca_buf_err(scratch) == CA_OK;
	const char *p = (const char *)scratch->p;
	cell[0] = good ? p : none;
	cell[1] = good ? p + who : none;
	cell[2] = s->service;
	cell[3] = s->rhost[0] != '\0' ? s->rhost
		  : s->tty[0] != '\0' ? s->tty
				      : none;
	cell[4] = good ? p + when : none;
	cell[5] = ca_reason_code(one->verdict.reason);
	cell[6] = s->subject;
}

static void
put_row(
    struct ca_buf *b, const char *const cell[COLUMNS], const int width[COLUMNS])
{
	for (int i = 0; i < COLUMNS; i++)
		put_cell(b, cell[i], width[i], i == COLUMNS - 1);
}

static void
put_table(struct ca_buf *b, const struct ca_sessions *all)
{
	static const char *const head[COLUMNS] = {
	    "ID", "USER", "SERVICE", "FROM", "SINCE", "STATE", "CERTIFICATE"};
	int width[COLUMNS] = {12, 4, 7, 4, 20, 5, 11};
	const char *cell[COLUMNS];

	for (size_t i = 0; i < all->n; i++) {
		struct ca_buf scratch = CA_BUF_INIT(TEXT_MAX);

		cells(&all->v[i], &scratch, cell);
		for (int c = 0; c < COLUMNS; c++)
			if ((int)strlen(cell[c]) > width[c])
				width[c] = (int)strlen(cell[c]);
		ca_buf_free(&scratch);
	}
	put_row(b, head, width);
	for (size_t i = 0; i < all->n; i++) {
		const struct ca_sessions_verdict *v = &all->v[i].verdict;
		struct ca_buf scratch = CA_BUF_INIT(TEXT_MAX);

		cells(&all->v[i], &scratch, cell);
		put_row(b, cell, width);
		ca_buf_free(&scratch);
		if (v->reason == CA_R_OK)
			continue;
		/* since when it is revoked or has expired stands in the detail */
		ca_buf_fmt(b, "  %s", ca_reason_text(v->reason));
		if (v->detail != NULL) {
			ca_buf_str(b, ": ");
			ca_buf_escape(b, v->detail, strlen(v->detail));
		}
		ca_buf_str(b, "\n");
	}
}

int
ca_sessions_print(const struct ca_sessions *all, bool json)
{
	struct ca_buf b = CA_BUF_INIT(TEXT_MAX);
	int status = CA_EXIT_OK;

	if (json) {
		ca_buf_str(&b, "{\"schema\":1,\"sessions\":[");
		for (size_t i = 0; i < all->n; i++) {
			if (i > 0)
				ca_buf_u8(&b, ',');
			put_json(&b, &all->v[i]);
		}
		ca_buf_str(&b, "]}\n");
	} else if (all->n == 0)
		ca_buf_str(&b, "No session by certificate is open.\n");
	else
		put_table(&b, all);
	const char *text = ca_buf_text(&b);
	if (text == NULL || fputs(text, stdout) == EOF || fflush(stdout) != 0)
		status = ca_cli_fail("cannot write the list");
	ca_buf_free(&b);
	return status;
}
