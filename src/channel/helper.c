#include "channel/helper.h"

#include <errno.h>
#include <string.h>

#include "base/bounds.h"
#include "base/base64url.h"
#include "base/utf8.h"

#define NUMBER_MAX 86400

enum arg_kind { ARG_NONE, ARG_TEXT, ARG_NUMBER, ARG_BYTES };

/* The verbs: word, sender, kind of the argument and its maximum in bytes. */
static const struct verb {
	enum ca_helper_verb verb;
	const char *word;
	enum ca_helper_side from;
	enum arg_kind arg;
	size_t max;
} verbs[] = {
    {CA_HELPER_HELLO, "certauth-helper", CA_HELPER_HOST, ARG_NUMBER, 0},
    {CA_HELPER_REQUEST, "request", CA_HELPER_HOST, ARG_BYTES, CA_REQUEST_MAX},
    {CA_HELPER_HOSTSIGN, "hostsign", CA_HELPER_HOST, ARG_BYTES, CA_REQUEST_MAX},
    {CA_HELPER_AGENT, "agent", CA_HELPER_HOST, ARG_TEXT, CA_HELPER_TEXT_MAX},
    {CA_HELPER_PKCS11, "pkcs11", CA_HELPER_HOST, ARG_TEXT, CA_HELPER_TEXT_MAX},
    {CA_HELPER_WAIT, "wait", CA_HELPER_HOST, ARG_NUMBER, 0},
    {CA_HELPER_KEYFILE, "keyfile", CA_HELPER_HOST, ARG_TEXT,
	CA_HELPER_TEXT_MAX},
    {CA_HELPER_CERTIFICATE, "certificate", CA_HELPER_HOST, ARG_BYTES,
	CA_RESPONSE_MAX},
    {CA_HELPER_USERCERTS, "usercerts", CA_HELPER_HOST, ARG_NONE, 0},
    {CA_HELPER_SECRET, "secret", CA_HELPER_HOST, ARG_NONE, 0},
    {CA_HELPER_PINLESS, "pinless", CA_HELPER_HOST, ARG_NONE, 0},
    {CA_HELPER_LANGUAGE, "language", CA_HELPER_HOST, ARG_TEXT, 64},
    {CA_HELPER_CHOICES, "choices", CA_HELPER_HOST, ARG_NONE, 0},
    {CA_HELPER_GO, "go", CA_HELPER_HOST, ARG_NONE, 0},
    {CA_HELPER_ANSWER, "answer", CA_HELPER_HOST, ARG_BYTES,
	CA_HELPER_ANSWER_MAX},
    {CA_HELPER_NOANSWER, "noanswer", CA_HELPER_HOST, ARG_NONE, 0},
    {CA_HELPER_INFO, "info", CA_HELPER_CHILD, ARG_TEXT, CA_HELPER_TEXT_MAX},
    {CA_HELPER_ERROR, "error", CA_HELPER_CHILD, ARG_TEXT, CA_HELPER_TEXT_MAX},
    {CA_HELPER_NOTE, "note", CA_HELPER_CHILD, ARG_TEXT, CA_HELPER_TEXT_MAX},
    {CA_HELPER_ASK, "ask", CA_HELPER_CHILD, ARG_TEXT, CA_HELPER_TEXT_MAX},
    {CA_HELPER_ASKECHO, "askecho", CA_HELPER_CHILD, ARG_TEXT,
	CA_HELPER_TEXT_MAX},
    {CA_HELPER_ITEM, "item", CA_HELPER_CHILD, ARG_TEXT, CA_HELPER_TEXT_MAX},
    {CA_HELPER_CHOOSE, "choose", CA_HELPER_CHILD, ARG_TEXT, CA_HELPER_TEXT_MAX},
    {CA_HELPER_TOKEN, "token", CA_HELPER_CHILD, ARG_TEXT, CA_HELPER_TEXT_MAX},
    {CA_HELPER_RESPONSE, "response", CA_HELPER_CHILD, ARG_BYTES,
	CA_RESPONSE_MAX},
    {CA_HELPER_NONE, "none", CA_HELPER_CHILD, ARG_TEXT, CA_HELPER_TEXT_MAX},
    {CA_HELPER_FAILED, "failed", CA_HELPER_CHILD, ARG_TEXT, CA_HELPER_TEXT_MAX},
};
#define NVERBS (sizeof verbs / sizeof verbs[0])

void
ca_helper_msg_clear(struct ca_helper_msg *msg)
{
	ca_buf_free(&msg->arg);
	*msg = (struct ca_helper_msg){.arg = CA_BUF_INIT(CA_HELPER_LINE_MAX)};
}

static const struct verb *
find_word(const uint8_t *p, size_t len, enum ca_helper_side from)
{
	for (size_t i = 0; i < NVERBS; i++) {
		if (verbs[i].from == from && strlen(verbs[i].word) == len &&
		    memcmp(verbs[i].word, p, len) == 0)
			return &verbs[i];
	}
	return NULL;
}

static const struct verb *
find_verb(enum ca_helper_verb verb)
{
	for (size_t i = 0; i < NVERBS; i++) {
		if (verbs[i].verb == verb)
			return &verbs[i];
	}
	return NULL;
}

static enum ca_err
parse_number(const uint8_t *p, size_t len, unsigned *out)
{
	unsigned n = 0;

	if (len == 0 || len > 5 || (len > 1 && p[0] == '0'))
		return CA_ERR_FORMAT;
	for (size_t i = 0; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return CA_ERR_FORMAT;
		n = n * 10 + (unsigned)(p[i] - '0');
	}
	if (n > NUMBER_MAX)
		return CA_ERR_FORMAT;
	*out = n;
	return CA_OK;
}

static enum ca_err
parse_arg(const struct verb *v, const uint8_t *p, size_t len,
    struct ca_helper_msg *msg)
{
	switch (v->arg) {
	case ARG_NONE:
		return CA_ERR_FORMAT; /* there is an argument */
	case ARG_NUMBER:
		return parse_number(p, len, &msg->number);
	case ARG_TEXT:
		if (len > v->max || !ca_utf8_text(p, len))
			return CA_ERR_FORMAT;
		ca_buf_put(&msg->arg, p, len);
		return ca_buf_err(&msg->arg);
	case ARG_BYTES:
		/* the bound is that of the decoded bytes */
		msg->arg.max = v->max;
		return ca_base64url_decode(&msg->arg, (const char *)p, len);
	}
	return CA_ERR_FORMAT;
}

enum ca_err
ca_helper_parse(const void *line, size_t len, enum ca_helper_side from,
    struct ca_helper_msg *msg)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const uint8_t *p = line;
	const uint8_t *space;
	const struct verb *v;

	ca_helper_msg_clear(msg);
	space = len > 0 ? memchr(p, ' ', len) : NULL;
	size_t word = space != NULL ? (size_t)(space - p) : len;
	v = find_word(p, word, from);
	if (v == NULL || len >= CA_HELPER_LINE_MAX ||
	    (space == NULL) != (v->arg == ARG_NONE)) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	if (space != NULL) {
		rc = parse_arg(v, space + 1, len - word - 1, msg);
		if (rc != CA_OK) {
			ret = rc == CA_ERR_LIMIT ? CA_ERR_FORMAT : rc;
			goto out;
		}
	}
	msg->verb = v->verb;
	ret = CA_OK;
out:
	if (ret != CA_OK)
		ca_helper_msg_clear(msg);
	return ret;
}

/* Append a verb and the space before its argument.  If the verb takes another
 * kind of argument, the caller has a bug, and out fails with CA_ERR_USAGE, so
 * that no line of another meaning is sent. */
static const struct verb *
put_word(struct ca_buf *out, enum ca_helper_verb verb, enum arg_kind arg)
{
	const struct verb *v = find_verb(verb);

	if (v == NULL || v->arg != arg) {
		if (out->err == CA_OK)
			out->err = CA_ERR_USAGE;
		return NULL;
	}
	ca_buf_str(out, v->word);
	if (arg != ARG_NONE)
		ca_buf_u8(out, ' ');
	return v;
}

void
ca_helper_put(struct ca_buf *out, enum ca_helper_verb verb)
{
	if (put_word(out, verb, ARG_NONE) != NULL)
		ca_buf_u8(out, '\n');
}

void
ca_helper_put_text(
    struct ca_buf *out, enum ca_helper_verb verb, const char *text)
{
	const struct verb *v = put_word(out, verb, ARG_TEXT);
	const uint8_t *p = (const uint8_t *)text;
	size_t left = strlen(text), used = 0;

	if (v == NULL)
		return;
	while (left > 0) {
		uint32_t c;
		size_t n = ca_utf8_next(p, left, &c);
		bool good = n > 0 && ca_utf8_printable(c);

		if (n == 0)
			n = 1;
		if (used + (good ? n : 1) > v->max)
			break;
		if (good)
			ca_buf_put(out, p, n);
		else
			ca_buf_u8(out, '?');
		used += good ? n : 1;
		p += n;
		left -= n;
	}
	ca_buf_u8(out, '\n');
}

void
ca_helper_put_number(
    struct ca_buf *out, enum ca_helper_verb verb, unsigned number)
{
	if (put_word(out, verb, ARG_NUMBER) != NULL)
		ca_buf_fmt(
		    out, "%u\n", number > NUMBER_MAX ? NUMBER_MAX : number);
}

void
ca_helper_put_bytes(
    struct ca_buf *out, enum ca_helper_verb verb, const void *p, size_t len)
{
	const struct verb *v = put_word(out, verb, ARG_BYTES);

	if (v == NULL)
		return;
	if (len > v->max && out->err == CA_OK)
		out->err = CA_ERR_LIMIT;
	ca_base64url_encode(out, p, len);
	ca_buf_u8(out, '\n');
}

void
ca_helper_input_init(struct ca_helper_input *in, enum ca_helper_side from)
{
	/* room for a whole line and a part of the next one */
	in->pending = CA_BUF_INIT((size_t)2 * CA_HELPER_LINE_MAX);
	in->from = from;
}

void
ca_helper_input_clear(struct ca_helper_input *in)
{
	ca_buf_free(&in->pending);
}

enum ca_err
ca_helper_input_add(struct ca_helper_input *in, const void *p, size_t len)
{
	ca_buf_put(&in->pending, p, len);
	return ca_buf_err(&in->pending);
}

enum ca_err
ca_helper_input_next(struct ca_helper_input *in, struct ca_helper_msg *msg)
{
	struct ca_buf *b = &in->pending;
	const uint8_t *end = b->len > 0 ? memchr(b->p, '\n', b->len) : NULL;

	if (end == NULL)
		return b->len >= CA_HELPER_LINE_MAX ? CA_ERR_LIMIT
						    : CA_ERR_NOT_FOUND;
	size_t len = (size_t)(end - b->p);
	enum ca_err rc = ca_helper_parse(b->p, len, in->from, msg);
	size_t rest = b->len - len - 1;

	/* wipe the copy behind the moved bytes: it may be of a PIN */
	memmove(b->p, end + 1, rest);
	explicit_bzero(b->p + rest, len + 1);
	b->len = rest;
	return rc;
}
