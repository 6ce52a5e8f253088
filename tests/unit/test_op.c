/* The messages between the module and certauth-verifier: every type, every bound,
 * and bytes of a peer that was taken over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/keys.h"
#include "opmake.h"

#include <stdio.h>
#include <stdlib.h>

/* Parse a copy that ends where its memory does, so that a sanitizer sees a read
 * behind it.  *copy is to free(). */
static enum ca_err
parse(uint8_t type, const void *p, size_t len, struct ca_op_msg *msg,
    uint8_t **copy)
{
	*copy = malloc(len > 0 ? len : 1);
	assert_non_null(*copy);
	if (len > 0)
		memcpy(*copy, p, len);
	enum ca_err rc = ca_op_parse(type, *copy, len, msg);

	if (rc != CA_OK) {
		assert_true(rc == CA_ERR_FORMAT || rc == CA_ERR_LIMIT);
		assert_int_equal(msg->type, CA_OP_NONE);
	}
	return rc;
}

static enum ca_err
verdict(uint8_t type, const void *p, size_t len)
{
	struct ca_op_msg msg;
	uint8_t *copy;
	enum ca_err rc = parse(type, p, len, &msg, &copy);

	free(copy);
	return rc;
}

/* ---- fields ---- */

/* What is written is read again, each field in its own place. */
static void
round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		struct ca_op_msg m = whole(types[i].type), back;
		struct ca_buf b = written(&m), again;
		uint8_t *copy;

		assert_int_equal(
		    parse((uint8_t)m.type, b.p, b.len, &back, &copy), CA_OK);
		assert_int_equal(back.type, m.type);
		again = written(&back);
		assert_int_equal(again.len, b.len);
		assert_memory_equal(again.p, b.p, b.len);
		ca_buf_free(&again);
		ca_buf_free(&b);
		free(copy);
	}
}

static void
members(void **state)
{
	struct ca_op_msg m = whole(CA_OP_BODY), back;
	struct ca_buf b = written(&m);
	uint8_t *copy;

	(void)state;
	assert_int_equal(parse(CA_OP_BODY, b.p, b.len, &back, &copy), CA_OK);
	const struct ca_op_body *want = &m.u.body, *got = &back.u.body;
	assert_string_equal(got->user, want->user);
	assert_string_equal(got->rhost, "");
	assert_int_equal(got->now, want->now);
	assert_int_equal(got->helper, want->helper);
	bytes_equal(got->request, want->request);
	bytes_equal(got->response, want->response);
	assert_int_equal(got->reason, want->reason);
	assert_int_equal(got->err, want->err);
	bytes_equal(got->kept, want->kept);
	ca_buf_free(&b);
	free(copy);

	m = whole(CA_OP_ARGS);
	b = written(&m);
	assert_int_equal(parse(CA_OP_ARGS, b.p, b.len, &back, &copy), CA_OK);
	assert_int_equal(back.u.args.owner, UINT64_MAX);
	assert_int_equal(back.u.args.argv.n, 3);
	assert_string_equal(back.u.args.argv.v[1], "");
	assert_string_equal(back.u.args.argv.v[2], "a=b");
	ca_buf_free(&b);
	free(copy);
}

/* Nothing of an earlier message stays: what is not sent is 0, NULL or empty. */
static void
not_sent(void **state)
{
	static const struct ca_op_msg none;

	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		struct ca_op_msg m, back;
		uint8_t *copy;

		memset(&m, 0, sizeof m);
		m.type = types[i].type;
		struct ca_buf b = written(&m);
		assert_int_equal(b.len, 0);
		memset(&back, 0xa5, sizeof back);
		assert_int_equal(
		    parse((uint8_t)m.type, "", 0, &back, &copy), CA_OK);
		assert_memory_equal(&back.u, &none.u, sizeof none.u);
		ca_buf_free(&b);
		free(copy);
	}
}

/* The offsets in content at which a field begins, and its end. */
static size_t
boundaries(const struct ca_buf *b, size_t at[], size_t max)
{
	size_t n = 0, pos = 0;

	while (pos < b->len) {
		assert_true(n + 1 < max);
		at[n++] = pos;
		pos += 4 + ((size_t)b->p[pos + 1] << 16 |
			       (size_t)b->p[pos + 2] << 8 | b->p[pos + 3]);
	}
	assert_int_equal(pos, b->len);
	at[n++] = pos;
	return n;
}

#define BOUNDARIES 64

static void
truncated(void **state)
{
	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		struct ca_op_msg m = whole(types[i].type);
		struct ca_buf b = written(&m);
		size_t at[BOUNDARIES], n = boundaries(&b, at, BOUNDARIES);
		size_t next = 0;

		for (size_t len = 0; len <= b.len; len++) {
			bool ends = next < n && at[next] == len;

			assert_int_equal(verdict((uint8_t)m.type, b.p, len),
			    ends ? CA_OK : CA_ERR_FORMAT);
			next += ends;
		}
		assert_int_equal(next, n);
		ca_buf_free(&b);
	}
}

/* Put a field with len bytes of content in front of nothing. */
static enum ca_err
one_field(uint8_t type, uint8_t tag, const void *p, size_t len)
{
	struct ca_buf b = CA_BUF_INIT(ROOM);

	ca_buf_u8(&b, tag);
	ca_buf_u24(&b, (uint32_t)len);
	ca_buf_put(&b, p, len);
	assert_int_equal(ca_buf_err(&b), CA_OK);
	enum ca_err rc = verdict(type, b.p, b.len);
	ca_buf_free(&b);
	return rc;
}

static void
unknown(void **state)
{
	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		uint8_t type = (uint8_t)types[i].type;

		assert_int_equal(one_field(type, 0, "x", 2), CA_ERR_FORMAT);
		/* a value that a text or bytes would be, and one of a number */
		for (unsigned tag = types[i].fields + 1; tag < 256; tag++) {
			assert_int_equal(one_field(type, (uint8_t)tag, "x", 2),
			    CA_ERR_FORMAT);
			assert_int_equal(
			    one_field(type, (uint8_t)tag, "1234567", 8),
			    CA_ERR_FORMAT);
		}
		/* and the last one is known: an eight byte text will do for it */
		assert_int_equal(
		    one_field(type, (uint8_t)types[i].fields, "1234567", 8),
		    CA_OK);
	}
	for (unsigned type = 0; type < 256; type++) {
		bool known = false;

		for (size_t i = 0; i < TYPES; i++)
			known = known || (unsigned)types[i].type == type;
		assert_int_equal(verdict((uint8_t)type, "", 0),
		    known ? CA_OK : CA_ERR_FORMAT);
	}
}

/* Each pair of fields that is out of order, and each field twice. */
static void
order(void **state)
{
	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		struct ca_op_msg m = whole(types[i].type);
		struct ca_buf b = written(&m), two = CA_BUF_INIT(ROOM);
		size_t at[BOUNDARIES], n = boundaries(&b, at, BOUNDARIES) - 1;
		unsigned lists = 0;

		for (size_t j = 0; j < n; j++) {
			for (size_t k = 0; k < n; k++) {
				uint8_t first = b.p[at[j]], second = b.p[at[k]];

				ca_buf_reset(&two);
				ca_buf_put(
				    &two, b.p + at[j], at[j + 1] - at[j]);
				ca_buf_put(
				    &two, b.p + at[k], at[k + 1] - at[k]);
				enum ca_err rc =
				    verdict((uint8_t)m.type, two.p, two.len);
				if (first != second)
					assert_int_equal(
					    rc, first < second ? CA_OK
							       : CA_ERR_FORMAT);
				else
					lists += rc == CA_OK && j == k;
			}
		}
		/* argv has 3 values in whole(), each other list 2 */
		assert_int_equal(lists, m.type == CA_OP_ARGS     ? 3
					: m.type == CA_OP_ANSWER ? 6
					: m.type == CA_OP_READY  ? 6
								 : 0);
		ca_buf_free(&two);
		ca_buf_free(&b);
	}
}

/* ---- bounds ---- */

static void
texts(void **state)
{
	static char text[CA_OP_TEXT_MAX + 1];

	(void)state;
	assert_int_equal(one_field(CA_OP_LOG, 2, "", 1), CA_OK);
	assert_int_equal(one_field(CA_OP_LOG, 2, "", 0), CA_ERR_FORMAT);
	assert_int_equal(one_field(CA_OP_LOG, 2, "line", 4), CA_ERR_FORMAT);
	assert_int_equal(one_field(CA_OP_LOG, 2, "a\0b", 4), CA_ERR_FORMAT);
	assert_int_equal(one_field(CA_OP_LOG, 2, "\0", 2), CA_ERR_FORMAT);
	memset(text, 'x', sizeof text);
	text[CA_OP_TEXT_MAX - 1] = '\0';
	assert_int_equal(one_field(CA_OP_LOG, 2, text, CA_OP_TEXT_MAX), CA_OK);
	text[CA_OP_TEXT_MAX - 1] = 'x';
	text[CA_OP_TEXT_MAX] = '\0';
	assert_int_equal(
	    one_field(CA_OP_LOG, 2, text, CA_OP_TEXT_MAX + 1), CA_ERR_LIMIT);
	/* in a list too */
	assert_int_equal(
	    one_field(CA_OP_ARGS, 4, text, CA_OP_TEXT_MAX + 1), CA_ERR_LIMIT);
	assert_int_equal(one_field(CA_OP_ARGS, 4, "a\0b", 4), CA_ERR_FORMAT);
}

static void
numbers(void **state)
{
	static const uint8_t zero[16];

	(void)state;
	for (size_t len = 0; len <= sizeof zero; len++)
		assert_int_equal(one_field(CA_OP_LOG, 1, zero, len),
		    len == 8 ? CA_OK : CA_ERR_FORMAT);
}

/* n values of a field */
static enum ca_err
many(uint8_t type, uint8_t tag, size_t n)
{
	struct ca_buf b = CA_BUF_INIT(ROOM);

	for (size_t i = 0; i < n; i++) {
		ca_buf_u8(&b, tag);
		ca_buf_u24(&b, 2);
		ca_buf_put(&b, "x", 2);
	}
	enum ca_err rc = verdict(type, b.p, b.len);
	ca_buf_free(&b);
	return rc;
}

static void
lists(void **state)
{
	static const struct {
		uint8_t type, tag;
	} list[] = {{CA_OP_ARGS, 4}, {CA_OP_READY, 3}, {CA_OP_READY, 23},
	    {CA_OP_ANSWER, 5}, {CA_OP_ANSWER, 9}, {CA_OP_ANSWER, 11}};

	(void)state;
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
		assert_int_equal(
		    many(list[i].type, list[i].tag, CA_OP_LIST_MAX), CA_OK);
		assert_int_equal(
		    many(list[i].type, list[i].tag, CA_OP_LIST_MAX + 1),
		    CA_ERR_LIMIT);
	}
}

/* ---- random bytes ---- */

static uint64_t seed = 0x9e3779b97f4a7c15;

static unsigned
below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 32) % n;
}

/* What parses, is written again so that it is the same message. */
static bool
holds(uint8_t type, const uint8_t *p, size_t len)
{
	struct ca_op_msg msg, back;
	uint8_t *copy, *more;

	if (parse(type, p, len, &msg, &copy) != CA_OK) {
		free(copy);
		return false;
	}
	struct ca_buf b = written(&msg);
	assert_true(b.len <= len);
	assert_int_equal(parse(type, b.p, b.len, &back, &more), CA_OK);
	struct ca_buf again = written(&back);
	assert_int_equal(again.len, b.len);
	if (b.len > 0)
		assert_memory_equal(again.p, b.p, b.len);
	ca_buf_free(&again);
	ca_buf_free(&b);
	free(more);
	free(copy);
	return true;
}

static void
random_bytes(void **state)
{
	const char *runs = getenv("CERTAUTH_PROPERTY_RUNS");
	long n = runs != NULL ? atol(runs) : 20000;
	long good = 0, bad = 0;

	(void)state;
	for (long i = 0; i < n; i++) {
		struct ca_op_msg m = whole(types[below(TYPES)].type);
		struct ca_buf b = written(&m);
		size_t len = b.len;

		/* a whole message with a few bytes changed, or only bytes */
		for (unsigned k = below(4); k > 0; k--)
			b.p[below((unsigned)len)] =
			    (uint8_t)(below(2) ? below(256) : below(32));
		if (below(4) == 0)
			len = below((unsigned)len + 1);
		if (below(8) == 0)
			for (size_t k = 0; k < len; k++)
				b.p[k] = (uint8_t)below(below(2) ? 4 : 256);
		if (holds((uint8_t)(below(8) ? m.type : below(256)), b.p, len))
			good++;
		else
			bad++;
		ca_buf_free(&b);
	}
	/* both were tried */
	assert_true(good > n / 20);
	assert_true(bad > n / 20);
}

/* Is the value of the key a path?  Some are texts whose check takes no other. */
static bool
is_path(const struct ca_key *k)
{
	return k->type == CA_KEY_PATH ||
	       (k->check != NULL && k->check("/a") == NULL &&
		   k->check("a") != NULL);
}

/* What the resident verifier reads, a user's process must not name.  What the helper
 * reads, it reads as the user. */
static void
names_of_files(void **state)
{
	static const char *const helpers[] = {
	    "helper", "helper_write", "key_file"};
	char arg[256];
	unsigned paths = 0, left = 0;

	(void)state;
	for (const struct ca_key *k = ca_keys; k->name != NULL; k++) {
		bool of_helper = false;

		for (size_t i = 0; i < sizeof helpers / sizeof *helpers; i++)
			of_helper |= strcmp(k->name, helpers[i]) == 0;
		(void)snprintf(arg, sizeof arg, "%s=/a", k->name);
		if (ca_op_names_file(arg) != (is_path(k) && !of_helper))
			fail_msg("%s", arg);
		paths += is_path(k);
		left += of_helper;
	}
	assert_true(ca_op_names_file("config=/a"));
	assert_false(ca_op_names_file("verifier=/a"));
	assert_int_equal(left, 3);
	assert_true(paths >= 17);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(members),
	    cmocka_unit_test(not_sent),
	    cmocka_unit_test(truncated),
	    cmocka_unit_test(unknown),
	    cmocka_unit_test(order),
	    cmocka_unit_test(texts),
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(lists),
	    cmocka_unit_test(random_bytes),
	    cmocka_unit_test(names_of_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
