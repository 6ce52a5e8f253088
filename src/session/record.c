/*
 * The form of a record: a line that names it, texts, numbers, arguments, and what was
 * kept of the login.  A text ends with a NUL, so that it can be borrowed.
 */
#include "session/record.h"

#include <string.h>

static const char magic[] = "certauth session 1\n";
#define MAGIC_LEN (sizeof magic - 1)

#define TEXTS 10
#define NUMBERS 8

static void
put_text(struct ca_buf *out, const char *text)
{
	size_t at = ca_buf_vector_begin(out, 3);

	ca_buf_str(out, text != NULL ? text : "");
	ca_buf_u8(out, 0);
	ca_buf_vector_end(out, at, 3);
}

void
ca_session_write(const struct ca_session *s, struct ca_buf *out)
{
	const char *const text[TEXTS] = {s->service, s->user, s->rule,
	    s->subject, s->sha256, s->account, s->rhost, s->tty, s->logind,
	    s->process.boot};
	const uint64_t number[NUMBERS] = {s->at, s->uptime, s->uid, s->opened,
	    s->process.pid, s->process.start, s->process.ns_dev,
	    s->process.ns_ino};

	ca_buf_put(out, magic, MAGIC_LEN);
	for (size_t i = 0; i < TEXTS; i++)
		put_text(out, text[i]);
	for (size_t i = 0; i < NUMBERS; i++)
		ca_buf_u64(out, number[i]);
	ca_buf_u8(out, (uint8_t)s->argc);
	for (size_t i = 0; i < s->argc; i++)
		put_text(out, s->argv[i]);
	size_t at = ca_buf_vector_begin(out, 3);
	ca_buf_put(out, s->kept.p, s->kept.len);
	ca_buf_vector_end(out, at, 3);
}

static enum ca_err
get_text(struct ca_reader *r, const char **out)
{
	struct ca_reader text;
	enum ca_err rc = ca_read_vector(r, 3, 1, CA_SESSION_MAX, &text);

	if (rc != CA_OK)
		return rc;
	if (memchr(text.p, 0, text.left) != text.p + text.left - 1)
		return CA_ERR_FORMAT;
	*out = (const char *)text.p;
	return CA_OK;
}

static enum ca_err
get_arguments(struct ca_reader *r, struct ca_session *out)
{
	uint8_t n;
	enum ca_err rc = ca_read_u8(r, &n);

	if (rc == CA_OK && n > CA_SESSION_ARGS)
		rc = CA_ERR_LIMIT;
	for (out->argc = 0; rc == CA_OK && out->argc < n; out->argc++)
		rc = get_text(r, &out->argv[out->argc]);
	return rc;
}

enum ca_err
ca_session_parse(const void *p, size_t len, struct ca_session *out)
{
	struct ca_reader r = ca_reader_of(p, len), kept;
	const uint8_t *head;
	const char *boot = "";
	enum ca_err rc;

	*out = (struct ca_session){0};
	const char **text[TEXTS] = {&out->service, &out->user, &out->rule,
	    &out->subject, &out->sha256, &out->account, &out->rhost, &out->tty,
	    &out->logind, &boot};
	uint64_t *number[NUMBERS] = {&out->at, &out->uptime, &out->uid,
	    &out->opened, &out->process.pid, &out->process.start,
	    &out->process.ns_dev, &out->process.ns_ino};

	rc = ca_read_bytes(&r, MAGIC_LEN, &head);
	if (rc == CA_OK && memcmp(head, magic, MAGIC_LEN) != 0)
		rc = CA_ERR_FORMAT;
	for (size_t i = 0; rc == CA_OK && i < TEXTS; i++)
		rc = get_text(&r, text[i]);
	for (size_t i = 0; rc == CA_OK && i < NUMBERS; i++)
		rc = ca_read_u64(&r, number[i]);
	if (rc == CA_OK)
		rc = get_arguments(&r, out);
	if (rc == CA_OK)
		rc = ca_read_vector(&r, 3, 1, CA_SESSION_MAX, &kept);
	if (rc == CA_OK)
		rc = ca_read_end(&r);
	if (rc == CA_OK && strlen(boot) >= sizeof out->process.boot)
		rc = CA_ERR_FORMAT;
	if (rc != CA_OK)
		return rc;
	memcpy(out->process.boot, boot, strlen(boot) + 1);
	out->kept = (struct ca_bytes){kept.p, kept.left};
	return CA_OK;
}
