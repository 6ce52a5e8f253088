/* The line protocol between the module and its helper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/bounds.h"
#include "channel/helper.h"

static enum ca_err
parse(const char *line, enum ca_helper_side from, struct ca_helper_msg *msg)
{
	return ca_helper_parse(line, strlen(line), from, msg);
}

static void
test_each_verb(void **state)
{
	static const struct {
		const char *line;
		enum ca_helper_side from;
		enum ca_helper_verb verb;
		const char *arg;
		unsigned number;
	} good[] = {
	    {"certauth-helper 1", CA_HELPER_HOST, CA_HELPER_HELLO, "", 1},
	    {"request AQID", CA_HELPER_HOST, CA_HELPER_REQUEST, "\1\2\3", 0},
	    {"hostsign AQID", CA_HELPER_HOST, CA_HELPER_HOSTSIGN, "\1\2\3", 0},
	    {"agent /tmp/a b", CA_HELPER_HOST, CA_HELPER_AGENT, "/tmp/a b", 0},
	    {"pkcs11 ", CA_HELPER_HOST, CA_HELPER_PKCS11, "", 0},
	    {"wait 0", CA_HELPER_HOST, CA_HELPER_WAIT, "", 0},
	    {"wait 86400", CA_HELPER_HOST, CA_HELPER_WAIT, "", 86400},
	    {"keyfile /x", CA_HELPER_HOST, CA_HELPER_KEYFILE, "/x", 0},
	    {"certificate AQ", CA_HELPER_HOST, CA_HELPER_CERTIFICATE, "\1", 0},
	    {"usercerts", CA_HELPER_HOST, CA_HELPER_USERCERTS, "", 0},
	    {"secret", CA_HELPER_HOST, CA_HELPER_SECRET, "", 0},
	    {"pinless", CA_HELPER_HOST, CA_HELPER_PINLESS, "", 0},
	    {"choices", CA_HELPER_HOST, CA_HELPER_CHOICES, "", 0},
	    {"go", CA_HELPER_HOST, CA_HELPER_GO, "", 0},
	    {"answer ", CA_HELPER_HOST, CA_HELPER_ANSWER, "", 0},
	    {"answer MTIzNA", CA_HELPER_HOST, CA_HELPER_ANSWER, "1234", 0},
	    {"noanswer", CA_HELPER_HOST, CA_HELPER_NOANSWER, "", 0},
	    {"info \xc3\xa4", CA_HELPER_CHILD, CA_HELPER_INFO, "\xc3\xa4", 0},
	    {"error no", CA_HELPER_CHILD, CA_HELPER_ERROR, "no", 0},
	    {"note   1  a", CA_HELPER_CHILD, CA_HELPER_NOTE, "  1  a", 0},
	    {"ask PIN: ", CA_HELPER_CHILD, CA_HELPER_ASK, "PIN: ", 0},
	    {"askecho Which? ", CA_HELPER_CHILD, CA_HELPER_ASKECHO, "Which? ",
		0},
	    {"item Card A", CA_HELPER_CHILD, CA_HELPER_ITEM, "Card A", 0},
	    {"choose Which?", CA_HELPER_CHILD, CA_HELPER_CHOOSE, "Which?", 0},
	    {"token pkcs11:token=x", CA_HELPER_CHILD, CA_HELPER_TOKEN,
		"pkcs11:token=x", 0},
	    {"response AQ", CA_HELPER_CHILD, CA_HELPER_RESPONSE, "\1", 0},
	    {"none no token", CA_HELPER_CHILD, CA_HELPER_NONE, "no token", 0},
	    {"failed PIN", CA_HELPER_CHILD, CA_HELPER_FAILED, "PIN", 0},
	};
	struct ca_helper_msg msg = {0};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		enum ca_helper_side other = good[i].from == CA_HELPER_HOST
						? CA_HELPER_CHILD
						: CA_HELPER_HOST;

		assert_int_equal(
		    parse(good[i].line, good[i].from, &msg), CA_OK);
		assert_int_equal(msg.verb, good[i].verb);
		assert_string_equal(ca_buf_text(&msg.arg), good[i].arg);
		assert_int_equal(msg.number, good[i].number);
		/* the other side may not send it */
		assert_int_equal(
		    parse(good[i].line, other, &msg), CA_ERR_FORMAT);
		assert_int_equal(msg.verb, CA_HELPER_UNSET);
	}
	ca_helper_msg_clear(&msg);
}

static void
test_refused(void **state)
{
	static const char *const bad[] = {"", " ", "go ", "go on", "GO", "g",
	    "goo", "usercerts x", "choices 2", "choices ", "choice", "wait",
	    "wait ", "wait 01", "wait -1", "wait 86401", "wait 4294967297",
	    "wait 1:", "wait 2/", "wait 1 ", "wait 999999", "request",
	    "request A", "request AQ=", "request AQ AQ", "request AR", "agent",
	    "agent a\tb", "agent a\x7f", "agent \xff", "answer A", " go",
	    "certauth-helper"};
	struct ca_helper_msg msg = {0};
	char text[CA_HELPER_TEXT_MAX + 16] = "agent ";

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(
		    parse(bad[i], CA_HELPER_HOST, &msg), CA_ERR_FORMAT);
	assert_int_equal(
	    ca_helper_parse("go\0", 3, CA_HELPER_HOST, &msg), CA_ERR_FORMAT);
	memset(text + 6, 'a', CA_HELPER_TEXT_MAX + 1);
	assert_int_equal(parse(text, CA_HELPER_HOST, &msg), CA_ERR_FORMAT);
	text[6 + CA_HELPER_TEXT_MAX] = '\0';
	assert_int_equal(parse(text, CA_HELPER_HOST, &msg), CA_OK);
	ca_helper_msg_clear(&msg);
}

static void
test_bytes_bounds(void **state)
{
	static uint8_t block[CA_REQUEST_MAX + 1];
	struct ca_buf out = CA_BUF_INIT(4 * CA_HELPER_LINE_MAX);
	struct ca_helper_msg msg = {0};

	(void)state;
	ca_helper_put_bytes(&out, CA_HELPER_REQUEST, block, CA_REQUEST_MAX);
	assert_int_equal(ca_buf_err(&out), CA_OK);
	assert_true(out.len <= CA_HELPER_LINE_MAX);
	assert_int_equal(
	    ca_helper_parse(out.p, out.len - 1, CA_HELPER_HOST, &msg), CA_OK);
	assert_int_equal(msg.arg.len, CA_REQUEST_MAX);
	ca_buf_reset(&out);
	ca_helper_put_bytes(&out, CA_HELPER_REQUEST, block, CA_REQUEST_MAX + 1);
	assert_int_equal(ca_buf_err(&out), CA_ERR_LIMIT);
	ca_buf_free(&out);

	/* an answer longer than the maximum */
	out = CA_BUF_INIT(4 * CA_HELPER_LINE_MAX);
	ca_buf_str(&out, "answer ");
	for (int i = 0; i < CA_HELPER_ANSWER_MAX / 3 + 1; i++)
		ca_buf_str(&out, "AAAA");
	assert_int_equal(ca_helper_parse(out.p, out.len, CA_HELPER_HOST, &msg),
	    CA_ERR_FORMAT);
	ca_buf_free(&out);
	ca_helper_msg_clear(&msg);
}

static void
test_put(void **state)
{
	struct ca_buf out = CA_BUF_INIT(CA_HELPER_LINE_MAX);

	(void)state;
	ca_helper_put(&out, CA_HELPER_GO);
	ca_helper_put_number(&out, CA_HELPER_WAIT, 100000);
	ca_helper_put_text(&out, CA_HELPER_INFO, "a\nresponse AQ\xff\xc3\xa4");
	ca_helper_put_bytes(&out, CA_HELPER_RESPONSE, "\1\2\3", 3);
	assert_string_equal(ca_buf_text(&out),
	    "go\nwait 86400\n"
	    "info a?response AQ?\xc3\xa4\nresponse AQID\n");
	ca_buf_reset(&out);
	/* a cut does not split a character */
	char text[CA_HELPER_TEXT_MAX + 8];
	memset(text, 'a', sizeof text);
	memcpy(text + CA_HELPER_TEXT_MAX - 1, "\xc3\xa4", 3);
	ca_helper_put_text(&out, CA_HELPER_INFO, text);
	assert_int_equal(out.len, 5 + CA_HELPER_TEXT_MAX - 1 + 1);
	ca_buf_reset(&out);
	/* a verb with the wrong kind of argument gives no line */
	ca_helper_put(&out, CA_HELPER_INFO);
	assert_int_equal(ca_buf_err(&out), CA_ERR_USAGE);
	assert_null(ca_buf_text(&out));
	ca_buf_free(&out);
}

static void
test_stream(void **state)
{
	struct ca_helper_input in;
	struct ca_helper_msg msg = {0};
	static char block[CA_HELPER_LINE_MAX];
	const char *text = "info a\ninfo b\nask PIN: \nresp";

	(void)state;
	ca_helper_input_init(&in, CA_HELPER_CHILD);
	assert_int_equal(ca_helper_input_next(&in, &msg), CA_ERR_NOT_FOUND);
	for (const char *p = text; *p != '\0'; p++)
		assert_int_equal(ca_helper_input_add(&in, p, 1), CA_OK);
	assert_int_equal(ca_helper_input_next(&in, &msg), CA_OK);
	assert_string_equal(ca_buf_text(&msg.arg), "a");
	assert_int_equal(ca_helper_input_next(&in, &msg), CA_OK);
	assert_string_equal(ca_buf_text(&msg.arg), "b");
	assert_int_equal(ca_helper_input_next(&in, &msg), CA_OK);
	assert_int_equal(msg.verb, CA_HELPER_ASK);
	assert_int_equal(ca_helper_input_next(&in, &msg), CA_ERR_NOT_FOUND);
	assert_int_equal(ca_helper_input_add(&in, "\n", 1), CA_OK);
	assert_int_equal(ca_helper_input_next(&in, &msg), CA_ERR_FORMAT);
	assert_int_equal(ca_helper_input_next(&in, &msg), CA_ERR_NOT_FOUND);

	/* a line without an end is an error, and memory stays bounded */
	memset(block, 'x', sizeof block);
	assert_int_equal(ca_helper_input_add(&in, block, sizeof block), CA_OK);
	assert_int_equal(ca_helper_input_next(&in, &msg), CA_ERR_LIMIT);
	assert_int_equal(ca_helper_input_add(&in, block, sizeof block), CA_OK);
	assert_int_equal(ca_helper_input_add(&in, block, 1), CA_ERR_LIMIT);
	ca_helper_input_clear(&in);
	ca_helper_msg_clear(&msg);
}

static void
test_pipe(void **state)
{
	struct ca_helper_input in;
	struct ca_helper_msg msg = {0};
	struct ca_buf out = CA_BUF_INIT(CA_HELPER_LINE_MAX);
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	ca_helper_input_init(&in, CA_HELPER_HOST);
	ca_helper_put_number(&out, CA_HELPER_HELLO, CA_HELPER_VERSION);
	ca_helper_put(&out, CA_HELPER_GO);
	assert_int_equal(ca_helper_send(p[1], &out), CA_OK);
	assert_int_equal(out.len, 0);
	assert_int_equal(ca_helper_recv(p[0], &in, &msg), CA_OK);
	assert_int_equal(msg.verb, CA_HELPER_HELLO);
	assert_int_equal(msg.number, 1);
	assert_int_equal(ca_helper_recv(p[0], &in, &msg), CA_OK);
	assert_int_equal(msg.verb, CA_HELPER_GO);
	(void)close(p[1]);
	assert_int_equal(ca_helper_recv(p[0], &in, &msg), CA_ERR_CANCELLED);
	assert_int_equal(ca_helper_recv(-1, &in, &msg), CA_ERR_IO);
	(void)close(p[0]);
	ca_helper_input_clear(&in);
	ca_helper_msg_clear(&msg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_verb),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_bytes_bounds),
	    cmocka_unit_test(test_put),
	    cmocka_unit_test(test_stream),
	    cmocka_unit_test(test_pipe),
	};

	return cmocka_run_group_tests_name("helper", tests, NULL, NULL);
}
