/*
 * The journal's export format (systemd's documentation, "Journal Export
 * Format"): an entry is fields, and ends with an empty line.  A field is
 * NAME=VALUE, or the line NAME, the length as 8 bytes (least significant first),
 * the value and the end of a line.
 */
#include "audit/logrecordint.h"
#include "audit/logline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum field { MESSAGE, PROGRAM, HOST, UID, TRANSPORT, TIME, CURSOR, FIELDS };

static const char *const names[FIELDS] = {
    [MESSAGE] = "MESSAGE",
    [PROGRAM] = "SYSLOG_IDENTIFIER",
    [HOST] = "_HOSTNAME",
    [UID] = "_UID",
    [TRANSPORT] = "_TRANSPORT",
    [TIME] = "__REALTIME_TIMESTAMP",
    [CURSOR] = "__CURSOR",
};

/* The values of one entry. */
struct entry {
	char message[CA_LOGLINE_MAX + 1];
	char rest[FIELDS][CA_LOGRECORD_CURSOR + 1]; /* that of MESSAGE is not
						     * used */
	size_t len;                                 /* of message */
	bool has[FIELDS];
	bool bad; /* a value is too long, or the field is there twice */
};

static enum field
field_of(const char *name, size_t len)
{
	int i = 0;

	while (i < FIELDS &&
	       (strlen(names[i]) != len || memcmp(names[i], name, len) != 0))
		i++;
	return (enum field)i;
}

/* Where the value of a field goes, max bytes and a NUL. */
static char *
place(struct entry *e, enum field f, uint64_t len, size_t *max)
{
	*max = f == MESSAGE ? sizeof e->message - 1 : sizeof e->rest[f] - 1;
	/* fields of another program may be there twice; those of journald,
	 * with an underscore, are not, and neither are syslog's */
	if (e->has[f] || len > *max)
		e->bad = true;
	e->has[f] = true;
	if (f == MESSAGE)
		e->len = len < *max ? (size_t)len : *max;
	return f == MESSAGE ? e->message : e->rest[f];
}

static enum ca_err
text_field(struct entry *e, const char *line, size_t len, const char *equals)
{
	enum field f = field_of(line, (size_t)(equals - line));
	size_t n = len - (size_t)(equals + 1 - line), max;

	if (f == FIELDS)
		return CA_OK;
	char *to = place(e, f, n, &max);
	if (n > max)
		n = max;
	memcpy(to, equals + 1, n);
	to[n] = '\0';
	return CA_OK;
}

static enum ca_err
binary_field(struct ca_loglines *l, struct entry *e, enum field f)
{
	uint8_t head[8] = {0};
	uint64_t n = 0;
	size_t max = 0;
	char *to = NULL, nl = '\0';
	enum ca_err rc;

	rc = ca_loglines_bytes(l, sizeof head, (char *)head, sizeof head);
	for (int i = 7; i >= 0; i--)
		n = n << 8 | head[i];
	if (rc == CA_OK && f != FIELDS)
		to = place(e, f, n, &max);
	if (rc == CA_OK)
		rc = ca_loglines_bytes(l, n, to, max);
	if (rc == CA_OK && to != NULL)
		to[n < max ? n : max] = '\0';
	if (rc == CA_OK)
		rc = ca_loglines_bytes(l, 1, &nl, 1);
	return rc == CA_OK && nl != '\n' ? CA_ERR_FORMAT : rc;
}

/* All digits, at most 18. */
static bool
number(const char *text, long long *out)
{
	size_t len = strlen(text);

	if (len == 0 || len > 18 || strspn(text, "0123456789") != len)
		return false;
	*out = strtoll(text, NULL, 10);
	return true;
}

/*
 * The entry ends.  Only what a process sent to /dev/log is of interest
 * (_TRANSPORT=syslog), as libpam does: the output of a service also gets into
 * the journal, and may be anyone's text.
 */
static enum ca_err
deliver(struct entry *e, ca_logrecord_visit *visit, void *ctx,
    struct ca_logrecord_state *state)
{
	struct ca_logrecord r = {.host = e->rest[HOST],
	    .program = e->rest[PROGRAM],
	    .message = e->message,
	    .len = e->len};
	long long usec;

	if (state->after != NULL &&
	    strcmp(e->rest[CURSOR], state->after) == 0) {
		state->passed = true;
		return CA_OK;
	}
	if (!e->has[MESSAGE] || !ca_logrecord_ours(e->message, e->len) ||
	    strcmp(e->rest[TRANSPORT], "syslog") != 0)
		return CA_OK;
	if (e->bad || !number(e->rest[TIME], &usec) ||
	    !number(e->rest[UID], &r.uid) || !e->has[PROGRAM]) {
		state->damaged++;
		return CA_OK;
	}
	r.time = (time_t)(usec / 1000000);
	return visit(ctx, &r);
}

static void
clear(struct entry *e)
{
	e->message[0] = '\0';
	e->len = 0;
	e->bad = false;
	for (int i = 0; i < FIELDS; i++) {
		e->has[i] = false;
		e->rest[i][0] = '\0';
	}
}

static enum ca_err
next_field(struct ca_loglines *l, struct entry *e, ca_logrecord_visit *visit,
    void *ctx, struct ca_logrecord_state *state)
{
	char *line;
	size_t len;
	enum ca_err rc = ca_loglines_next(l, &line, &len);

	if (rc == CA_ERR_LIMIT) { /* no field that we need is so long */
		e->bad = true;
		return CA_OK;
	}
	if (rc != CA_OK)
		return rc;
	if (len == 0) {
		rc = deliver(e, visit, ctx, state);
		state->used = l->ended;
		if (e->has[CURSOR])
			(void)snprintf(state->cursor, sizeof state->cursor,
			    "%s", e->rest[CURSOR]);
		clear(e);
		return rc;
	}
	const char *equals = memchr(line, '=', len);
	if (equals != NULL)
		return text_field(e, line, len, equals);
	return binary_field(l, e, field_of(line, len));
}

enum ca_err
ca_logexport_read(struct ca_loglines *l, ca_logrecord_visit *visit, void *ctx,
    struct ca_logrecord_state *state)
{
	struct entry *e = malloc(sizeof *e);
	enum ca_err rc = CA_OK;

	if (e == NULL)
		return CA_ERR_MEMORY;
	clear(e);
	while (rc == CA_OK)
		rc = next_field(l, e, visit, ctx, state);
	/* an entry whose end is missing */
	if ((rc == CA_ERR_TRUNCATED && !state->follow) || rc == CA_ERR_FORMAT)
		state->damaged++;
	if (rc == CA_ERR_NOT_FOUND && e->has[MESSAGE] && !state->follow)
		rc = deliver(e, visit, ctx, state);
	free(e);
	return rc == CA_ERR_NOT_FOUND || rc == CA_ERR_TRUNCATED ||
		       rc == CA_ERR_FORMAT
		   ? CA_OK
		   : rc;
}
