/*
 * The content of the messages: a table of fields for each type.
 */
#include "op/op.h"

#include <string.h>

enum kind { NUMBER, TEXT, BYTES, TEXTS, BLOBS };

/* A field: its tag is its place in the table of its message, from 1. */
struct field {
	enum kind kind;
	size_t at; /* in the union */
};

#define F(kind, type, member)                                                  \
	{                                                                      \
		kind, offsetof(struct ca_op_##type, member)                    \
	}

static const struct field args[] = {
    F(NUMBER, args, op),
    F(BYTES, args, id),
    F(TEXT, args, service),
    F(TEXTS, args, argv),
    F(NUMBER, args, owner),
};

static const struct field ready[] = {
    F(BYTES, ready, id),
    F(NUMBER, ready, err),
    F(TEXTS, ready, grant),
    F(NUMBER, ready, audit),
    F(NUMBER, ready, account),
    F(NUMBER, ready, debug),
    F(NUMBER, ready, proof1),
    F(NUMBER, ready, proof2),
    F(NUMBER, ready, max_answer),
    F(NUMBER, ready, lifetime),
    F(NUMBER, ready, helper_timeout),
    F(NUMBER, ready, wait_for_token),
    F(NUMBER, ready, pkcs11),
    F(NUMBER, ready, require_pin),
    F(NUMBER, ready, ssh_agent),
    F(NUMBER, ready, user_certificates),
    F(TEXT, ready, helper),
    F(TEXT, ready, token_uri),
    F(TEXT, ready, key_file),
    F(TEXT, ready, host_key),
    F(NUMBER, ready, min_uid),
    F(NUMBER, ready, max_uid),
    F(TEXTS, ready, helper_write),
    F(NUMBER, ready, helper_network),
    F(NUMBER, ready, helper_free),
    F(NUMBER, ready, ignore_silent),
    F(TEXTS, ready, helper_env),
    F(NUMBER, ready, sessions),
    F(NUMBER, ready, first_answer),
    F(TEXT, ready, language),
};

static const struct field body[] = {
    F(TEXT, body, user),
    F(TEXT, body, rhost),
    F(NUMBER, body, now),
    F(NUMBER, body, helper),
    F(BYTES, body, request),
    F(BYTES, body, response),
    F(NUMBER, body, reason),
    F(NUMBER, body, err),
    F(BYTES, body, kept),
};

static const struct field log_line[] = {
    F(NUMBER, log, level),
    F(TEXT, log, line),
};

static const struct field call[] = {
    F(TEXT, call, path),
    F(TEXT, call, name),
    F(NUMBER, call, directory),
    F(BYTES, call, leaf),
    F(BYTES, call, transcript),
};

static const struct field reply[] = {
    F(NUMBER, reply, err),
    F(NUMBER, reply, sys),
    F(TEXT, reply, name),
    F(TEXT, reply, home),
    F(NUMBER, reply, uid),
    F(TEXT, reply, path),
    F(BYTES, reply, verify),
};

static const struct field answer[] = {
    F(BYTES, answer, id),
    F(NUMBER, answer, err),
    F(NUMBER, answer, reason),
    F(BYTES, answer, request),
    F(BLOBS, answer, registered),
    F(NUMBER, answer, registered_err),
    F(TEXT, answer, login),
    F(BYTES, answer, kept),
    F(TEXTS, answer, env),
    F(TEXT, answer, notice),
    F(TEXTS, answer, line),
    F(TEXT, answer, rule),
};

#define TABLE(fields)                                                          \
	{                                                                      \
		fields, sizeof(fields) / sizeof(fields)[0]                     \
	}

static const struct table {
	const struct field *field;
	size_t n;
} tables[CA_OP_TYPES] = {
    [CA_OP_ARGS] = TABLE(args),
    [CA_OP_BODY] = TABLE(body),
    [CA_OP_REPLY] = TABLE(reply),
    [CA_OP_READY] = TABLE(ready),
    [CA_OP_LOG] = TABLE(log_line),
    [CA_OP_OPEN] = TABLE(call),
    [CA_OP_ACCOUNT] = TABLE(call),
    [CA_OP_HOME] = TABLE(call),
    [CA_OP_SIGN] = TABLE(call),
    [CA_OP_ANSWER] = TABLE(answer),
};

/* ---- write ---- */

bool
ca_op_fits(const char *text)
{
	return text == NULL || strnlen(text, CA_OP_TEXT_MAX) < CA_OP_TEXT_MAX;
}

static void
put(struct ca_buf *out, size_t tag, const void *p, size_t len)
{
	ca_buf_u8(out, (uint8_t)tag);
	ca_buf_number(out, len, 3);
	ca_buf_put(out, p, len);
}

static void
put_text(struct ca_buf *out, size_t tag, const char *text)
{
	if (text != NULL)
		put(out, tag, text, strlen(text) + 1);
}

static void
put_number(struct ca_buf *out, size_t tag, uint64_t v)
{
	if (v == 0)
		return;
	ca_buf_u8(out, (uint8_t)tag);
	ca_buf_number(out, 8, 3);
	ca_buf_number(out, v, 8);
}

static void
put_field(
    struct ca_buf *out, size_t tag, const struct field *f, const uint8_t *at)
{
	const struct ca_bytes *bytes;
	const struct ca_op_texts *texts;
	const struct ca_op_blobs *blobs;

	switch (f->kind) {
	case NUMBER:
		put_number(out, tag, *(const uint64_t *)(const void *)at);
		break;
	case TEXT:
		put_text(out, tag, *(const char *const *)(const void *)at);
		break;
	case BYTES:
		bytes = (const void *)at;
		if (bytes->len > 0)
			put(out, tag, bytes->p, bytes->len);
		break;
	case TEXTS:
		texts = (const void *)at;
		for (size_t i = 0; i < texts->n; i++)
			put_text(out, tag, texts->v[i]);
		break;
	case BLOBS:
		blobs = (const void *)at;
		for (size_t i = 0; i < blobs->n; i++)
			put(out, tag, blobs->v[i].p, blobs->v[i].len);
		break;
	}
}

void
ca_op_write(const struct ca_op_msg *msg, struct ca_buf *out)
{
	const struct table *t = &tables[msg->type];
	const uint8_t *base = (const void *)&msg->u;

	for (size_t i = 0; i < t->n; i++)
		put_field(out, i + 1, &t->field[i], base + t->field[i].at);
}

/* ---- parse ---- */

static enum ca_err
take_text(const struct ca_bytes *value, const char **out)
{
	if (value->len > CA_OP_TEXT_MAX)
		return CA_ERR_LIMIT;
	if (value->len == 0 ||
	    memchr(value->p, '\0', value->len) != value->p + value->len - 1)
		return CA_ERR_FORMAT;
	*out = (const char *)value->p;
	return CA_OK;
}

static enum ca_err
take_number(const struct ca_bytes *value, uint64_t *out)
{
	struct ca_reader r = ca_reader_of(value->p, value->len);

	if (value->len != 8)
		return CA_ERR_FORMAT;
	return ca_read_number(&r, 8, out);
}

static enum ca_err
take_field(const struct field *f, const struct ca_bytes *value, uint8_t *at)
{
	struct ca_op_texts *texts;
	struct ca_op_blobs *blobs;

	switch (f->kind) {
	case NUMBER:
		return take_number(value, (uint64_t *)(void *)at);
	case TEXT:
		return take_text(value, (const char **)(void *)at);
	case BYTES:
		*(struct ca_bytes *)(void *)at = *value;
		return CA_OK;
	case TEXTS:
		texts = (void *)at;
		if (texts->n == CA_OP_LIST_MAX)
			return CA_ERR_LIMIT;
		return take_text(value, &texts->v[texts->n++]);
	case BLOBS:
		blobs = (void *)at;
		if (blobs->n == CA_OP_LIST_MAX)
			return CA_ERR_LIMIT;
		blobs->v[blobs->n++] = *value;
		return CA_OK;
	}
	return CA_ERR_UNSET;
}

/* The fields stand in the order of their tags; only those that are lists stand
 * more than once. */
enum ca_err
ca_op_parse(uint8_t type, const void *p, size_t len, struct ca_op_msg *msg)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_reader r = ca_reader_of(p, len), value;
	uint8_t *base = (void *)&msg->u;
	uint64_t tag, last = 0;

	*msg = (struct ca_op_msg){CA_OP_NONE, {{0}}};
	memset(&msg->u, 0, sizeof msg->u);
	if (type >= CA_OP_TYPES || tables[type].n == 0) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	const struct table *t = &tables[type];
	while (r.left > 0) {
		if (ca_read_number(&r, 1, &tag) != CA_OK || tag == 0 ||
		    tag > t->n || tag < last ||
		    ca_read_vector(&r, 3, 0, CA_OP_FRAME_MAX, &value) !=
			CA_OK) {
			ret = CA_ERR_FORMAT;
			goto out;
		}
		const struct field *f = &t->field[tag - 1];
		if (tag == last && f->kind != TEXTS && f->kind != BLOBS) {
			ret = CA_ERR_FORMAT;
			goto out;
		}
		last = tag;
		rc = take_field(
		    f, &(struct ca_bytes){value.p, value.left}, base + f->at);
		if (rc != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	msg->type = (enum ca_op_type)type;
	ret = CA_OK;
out:
	return ret;
}

/* ---- arguments ---- */

bool
ca_op_names_file(const char *arg)
{
	static const char *const key[] = {
	    "config=", "ca_dir=", "crl_dir=", "ocsp_dir=", "intermediates_dir=",
	    "users=", "users_dir=", "host_cert=", "host_key=",
	    "directory_index=", "directory_ca=", "directory_cert=",
	    "directory_key=", "directory_keytab=", "directory_password_file="};

	for (size_t i = 0; i < sizeof key / sizeof key[0]; i++) {
		if (strncmp(arg, key[i], strlen(key[i])) == 0)
			return true;
	}
	return false;
}
