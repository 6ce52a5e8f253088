/*
 * Messages between the module and certauth-verifier, for their tests.  Include it
 * behind cmocka.h.
 */
#ifndef CA_TESTS_OPMAKE_H
#define CA_TESTS_OPMAKE_H

#include <errno.h>
#include <string.h>

#include "op/op.h"

#define ROOM ((size_t)CA_OP_FRAME_MAX * 2)

/* How many fields each type has: a change of this table is a new version of the
 * protocol. */
static const struct {
	enum ca_op_type type;
	unsigned fields;
} types[] = {
    {CA_OP_ARGS, 5},
    {CA_OP_BODY, 9},
    {CA_OP_REPLY, 7},
    {CA_OP_READY, 30},
    {CA_OP_LOG, 2},
    {CA_OP_OPEN, 5},
    {CA_OP_ACCOUNT, 5},
    {CA_OP_HOME, 5},
    {CA_OP_SIGN, 5},
    {CA_OP_ANSWER, 12},
};

#define TYPES (sizeof types / sizeof types[0])

/* ---- messages that have every field ---- */

#define B(text)                                                                \
	{                                                                      \
		(const uint8_t *)(text), sizeof(text) - 1                      \
	}

static inline struct ca_op_msg
whole(enum ca_op_type type)
{
	struct ca_op_msg m = {.type = type};

	switch (type) {
	case CA_OP_ARGS:
		m.u.args =
		    (struct ca_op_args){CA_OP_JUDGE, B("0123456789abcdef"),
			"sshd", {{"debug", "", "a=b"}, 3}, UINT64_MAX};
		break;
	case CA_OP_READY:
		m.u.ready = (struct ca_op_ready){B("fedcba9876543210"),
		    CA_ERR_CONFIG, {{"/etc/certauth/ca", "/x"}, 2}, 1, 1, 1,
		    CA_OP_COMMAND, CA_OP_CONVERSATION, 500, 60, 30, 10, 1, 2, 3,
		    4, "helper", "token", "key", "pkcs11:token=x", 1000, 60000,
		    {{"/a", "/b"}, 2}, 5, 6, 7, {{"A", "B=c"}, 2}, 8, 9,
		    "de_DE.UTF-8"};
		break;
	case CA_OP_BODY:
		m.u.body = (struct ca_op_body){"alice", "", 1, 1,
		    B("\0request\0"), B("response"), 3, 4, B("kept")};
		break;
	case CA_OP_LOG:
		m.u.log = (struct ca_op_log){CA_OP_RECHECK, "a line"};
		break;
	case CA_OP_OPEN:
	case CA_OP_ACCOUNT:
	case CA_OP_HOME:
	case CA_OP_SIGN:
		m.u.call = (struct ca_op_call){
		    "/path", "name", 1, B("leaf"), B("transcript")};
		break;
	case CA_OP_REPLY:
		m.u.reply = (struct ca_op_reply){CA_OK, ENOENT, "alice",
		    "/home/alice", 2001, "/real", B("verify")};
		break;
	case CA_OP_ANSWER:
		m.u.answer = (struct ca_op_answer){B("0123456789abcdef"), CA_OK,
		    7, B("request"), {{B("der1"), B("der2")}, 2}, 5, "alice",
		    B("kept"), {{"A=1", "B=2"}, 2}, "expires",
		    {{"line", "more"}, 2}, "a rule"};
		break;
	case CA_OP_NONE:
	case CA_OP_TYPES:
		fail();
	}
	return m;
}

static inline struct ca_buf
written(const struct ca_op_msg *msg)
{
	struct ca_buf b = CA_BUF_INIT(ROOM);

	ca_op_write(msg, &b);
	assert_int_equal(ca_buf_err(&b), CA_OK);
	return b;
}

static inline void
bytes_equal(struct ca_bytes a, struct ca_bytes b)
{
	assert_int_equal(a.len, b.len);
	if (a.len > 0)
		assert_memory_equal(a.p, b.p, a.len);
}

#endif
