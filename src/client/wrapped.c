#include "client/wrapped.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64url.h"
#include "base/buf.h"

/* ---- line ends ---- */

struct wrapped {
	const char *p;
	bool broken;       /* a line end was skipped just before p */
	struct ca_buf req; /* the parts of the prompt found so far */
	struct ca_buf next, max;
};

#define WRAPPED(max)                                                           \
	{                                                                      \
		NULL, false, CA_BUF_INIT(max), CA_BUF_INIT(max),               \
		    CA_BUF_INIT(max)                                           \
	}

enum found { NO, YES, OPEN };

static bool
line_end(char c)
{
	return c == '\n' || c == '\r';
}

/* Skip the line ends at p, with the blanks before and the mark after each.  A
 * mark may have lost its blank at the end of a copied line. */
static void
skip_breaks(struct wrapped *w)
{
	w->broken = false;
	for (;;) {
		const char *s = w->p + strspn(w->p, " \t");

		if (*s == '\0')
			w->p = s;
		if (!line_end(*s))
			return;
		w->broken = true;
		w->p = ++s;
		if ((s[0] == '|' || s[0] == '>') &&
		    (s[1] == ' ' || s[1] == '\0' || line_end(s[1])))
			w->p += s[1] == ' ' ? 2 : 1;
	}
}

/* ---- the prompt ---- */

static enum found
take(struct wrapped *w, const char *word)
{
	for (; *word != '\0'; word++) {
		skip_breaks(w);
		if (*w->p == '\0')
			return OPEN;
		if (*w->p != *word)
			return NO;
		w->p++;
	}
	return YES;
}

/* One blank; a line end stands for one that was cut off there. */
static enum found
take_blank(struct wrapped *w)
{
	skip_breaks(w);
	bool blank = w->broken;

	if (*w->p == ' ') {
		blank = true;
		w->p++;
		skip_breaks(w);
	}
	return *w->p == '\0' ? OPEN : blank ? YES : NO;
}

static void
take_run(struct wrapped *w, bool (*is)(char), struct ca_buf *out)
{
	for (skip_breaks(w); is(*w->p); skip_breaks(w))
		ca_buf_put(out, w->p++, 1);
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * The request, the blank after it, and `next='.  If the blank was cut off at
 * the end of a line, `next' looks like the end of the request; the `=' after
 * it, which is no character of base64url, tells them apart.
 */
static enum found
take_request(struct wrapped *w)
{
	unsigned breaks = 0; /* bit n: a line end before the n-th last */
	struct ca_buf *req = &w->req;

	for (skip_breaks(w); ca_base64url_char(*w->p); skip_breaks(w)) {
		breaks = breaks << 1 | w->broken;
		ca_buf_put(req, w->p++, 1);
	}
	if (*w->p == ' ') {
		w->p++;
		return take(w, "next=");
	}
	if (*w->p == '\0')
		return OPEN;
	if (*w->p != '=' || (breaks & 8) == 0 || req->len < 4 ||
	    memcmp(req->p + req->len - 4, "next", 4) != 0)
		return NO;
	req->len -= 4;
	w->p++;
	return YES;
}

/* What follows the start of a prompt. */
static enum found
take_rest(struct wrapped *w)
{
	enum found f = take_request(w);

	if (f != YES)
		return f;
	take_run(w, is_digit, &w->next);
	/* the loop has skipped the line ends that may stand for the blank */
	if (!w->broken)
		f = take_blank(w);
	else if (*w->p == ' ')
		w->p++;
	if (f != YES || (f = take(w, "max=")) != YES)
		return f;
	take_run(w, is_digit, &w->max);
	return take(w, ":");
}

/* Find the first start of a prompt, and read on from there; *start is where it
 * begins. */
static enum found
find(struct wrapped *w, const char *text, const char **start)
{
	for (const char *s = strchr(text, 'c'); s != NULL;
	     s = strchr(s + 1, 'c')) {
		enum found f;

		if (s > text && ca_base64url_char(s[-1]))
			continue;
		w->p = s;
		if ((f = take(w, "certauth1")) == YES)
			f = take_blank(w);
		if (f == NO)
			continue;
		*start = s;
		return f == OPEN ? OPEN : take_rest(w);
	}
	return NO;
}

static void
wrapped_free(struct wrapped *w)
{
	ca_buf_free(&w->req);
	ca_buf_free(&w->next);
	ca_buf_free(&w->max);
}

/* The text as the host sent it. */
static void
put_joined(
    struct wrapped *w, const char *text, const char *start, struct ca_buf *out)
{
	ca_buf_put(out, text, (size_t)(start - text));
	ca_buf_str(out, "certauth1 ");
	ca_buf_put(out, w->req.p, w->req.len);
	ca_buf_str(out, " next=");
	ca_buf_put(out, w->next.p, w->next.len);
	ca_buf_str(out, " max=");
	ca_buf_put(out, w->max.p, w->max.len);
	ca_buf_str(out, ":");
	ca_buf_str(out, w->p);
}

static enum ca_err
join_and_find(const char *text, struct ca_prompt *prompt)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	size_t len = strlen(text);
	struct wrapped w = WRAPPED(len);
	struct ca_buf out = CA_BUF_INIT(len + 3); /* blanks put back */
	const char *start = NULL;

	if (find(&w, text, &start) != YES) {
		ret = CA_ERR_NOT_FOUND;
		goto out;
	}
	put_joined(&w, text, start, &out);
	if (ca_buf_err(&w.req) != CA_OK || ca_buf_err(&w.next) != CA_OK ||
	    ca_buf_err(&w.max) != CA_OK || ca_buf_text(&out) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = ca_prompt_find(ca_buf_text(&out), prompt)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	wrapped_free(&w);
	ca_buf_free(&out);
	return ret;
}

enum ca_err
ca_wrapped_find(const char *text, struct ca_prompt *prompt)
{
	enum ca_err rc = ca_prompt_find(text, prompt), joined;

	if (rc != CA_ERR_NOT_FOUND && rc != CA_ERR_FORMAT)
		return rc;
	joined = join_and_find(text, prompt);
	return joined == CA_ERR_NOT_FOUND ? rc : joined;
}

bool
ca_wrapped_open(const char *text)
{
	struct ca_prompt prompt = {0};
	struct wrapped w = WRAPPED(strlen(text));
	const char *start;
	bool open = ca_prompt_find(text, &prompt) != CA_OK &&
		    find(&w, text, &start) == OPEN;

	free(prompt.request);
	wrapped_free(&w);
	return open;
}
