/* What `certauth crl update` accepts from certauth-fetch: fetchmsg.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base64url.h"
#include "fetch/fetchmsg.h"

static struct ca_fetch f[2];
static struct ca_fetch_input in;

static int
set_up(void **state)
{
	(void)state;
	in = (struct ca_fetch_input){0};
	f[0] = f[1] = (struct ca_fetch){0};
	for (int i = 0; i < 2; i++)
		if ((f[i].fd = memfd_create("crl", MFD_CLOEXEC)) < 0)
			return -1;
	in.f = f;
	in.n = 2;
	in.max_bytes = 100000;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	close(f[0].fd);
	close(f[1].fd);
	return 0;
}

/* Give a frame to the reader, step bytes at a time.  The head says len; the
 * payload has len bytes too, unless len is over the maximum. */
static enum ca_err
give(char type, size_t no, size_t len, const void *p, size_t step)
{
	struct ca_buf b = CA_BUF_INIT(1 << 20);
	enum ca_err rc = CA_OK;

	ca_fetch_head_put(&b, type, no, len);
	ca_buf_put(&b, p, len > CA_FETCH_PAYLOAD_MAX ? 0 : len);
	assert_int_equal(ca_buf_err(&b), CA_OK);
	for (size_t at = 0; rc == CA_OK && at < b.len; at += step)
		rc = ca_fetch_input_take(
		    &in, b.p + at, b.len - at < step ? b.len - at : step);
	ca_buf_free(&b);
	return rc;
}

static void
test_good(void **state)
{
	char back[16] = "";

	(void)state;
	for (size_t step = 1; step < 30; step++) {
		assert_int_equal(tear_down(NULL), 0);
		assert_int_equal(set_up(NULL), 0);
		assert_int_equal(give('D', 0, 5, "hello", step), CA_OK);
		assert_int_equal(give('D', 1, 0, "", step), CA_OK);
		assert_int_equal(give('T', 0, 5, "\"tag\"", step), CA_OK);
		assert_int_equal(give('D', 0, 6, " world", step), CA_OK);
		assert_int_equal(give('O', 0, 0, "", step), CA_OK);
		assert_int_equal(give('E', 1, 4, "gone", step), CA_OK);
		assert_true(f[0].done && f[0].ended && !f[0].not_modified);
		assert_string_equal(f[0].new_etag, "\"tag\"");
		assert_int_equal(pread(f[0].fd, back, sizeof back, 0), 11);
		assert_memory_equal(back, "hello world", 11);
		assert_true(f[1].ended && !f[1].done);
		assert_string_equal(f[1].error, "gone");
		assert_int_equal(in.ended, 2);
	}
}

static void
test_rules(void **state)
{
	static const struct {
		char type;
		size_t no, len;
		const char *p;
	} bad[] = {
	    {'X', 0, 0, ""}, /* no such type */
	    {'\0', 0, 0, ""},
	    {'D', 2, 1, "x"},                       /* no such address */
	    {'D', 0xffffff, 1, "x"},                /* the largest number */
	    {'D', 0, CA_FETCH_PAYLOAD_MAX + 1, ""}, /* too long */
	    {'D', 0, 0xffffff, ""},
	    {'O', 0, 1, "x"}, /* must be empty */
	    {'N', 0, 1, "x"},
	    {'T', 0, 3,
		"a\nb"}, /* a value must be one line in the state file */
	    {'T', 0, 3, "a\tb"},
	    {'T', 0, 3,
		"a\x7f"
		"b"},
	    {'M', 0, 2, "\0x"},
	    {'M', 0, CA_FETCH_DATE_MAX,
		"0123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789"},
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(tear_down(state), 0);
		assert_int_equal(set_up(state), 0);
		assert_int_equal(
		    give(bad[i].type, bad[i].no, bad[i].len, bad[i].p, 1000),
		    CA_ERR_FORMAT);
		assert_false(f[0].done || f[0].not_modified);
	}
}

/* A frame for an address whose content is complete is refused. */
static void
test_after_the_end(void **state)
{
	(void)state;
	assert_int_equal(give('D', 0, 1, "x", 9), CA_OK);
	assert_int_equal(give('O', 0, 0, "", 9), CA_OK);
	assert_int_equal(give('D', 0, 1, "y", 9), CA_ERR_FORMAT);
	assert_int_equal(f[0].bytes, 1);
}

static void
test_too_large(void **state)
{
	static const char block[30000];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(give('D', 0, sizeof block, block, 999), CA_OK);
	assert_false(f[0].ended);
	/* this frame ends the address; the frames after it are ignored */
	assert_int_equal(give('D', 0, sizeof block, block, 999), CA_OK);
	assert_true(f[0].ended);
	assert_int_equal(give('D', 0, 100, block, 999), CA_OK);
	assert_int_equal(give('O', 0, 0, "", 999), CA_OK);
	assert_false(f[0].done);
	assert_int_equal(in.ended, 1);
	assert_int_equal(lseek(f[0].fd, 0, SEEK_END), 90000);
	assert_non_null(strstr(f[0].error, "larger"));
}

/* A reason that is too long is cut. */
static void
test_long_error(void **state)
{
	static char text[CA_FETCH_PAYLOAD_MAX];

	(void)state;
	memset(text, 'e', sizeof text);
	assert_int_equal(give('E', 0, sizeof text, text, 999), CA_OK);
	assert_int_equal(strlen(f[0].error), sizeof f[0].error - 1);
	assert_true(f[0].ended);
	assert_string_equal(f[1].error, "");
	assert_int_equal(in.ended, 1);
}

static void
test_many_addresses(void **state)
{
	static struct ca_fetch all[CA_FETCH_ADDRESSES_MAX + 1];
	struct ca_fetch *out = NULL;
	struct ca_buf b = CA_BUF_INIT(1 << 22);
	uint64_t max;
	unsigned timeout;
	size_t n;

	(void)state;
	for (size_t i = 0; i <= CA_FETCH_ADDRESSES_MAX; i++)
		all[i].url = "http://a/";
	assert_int_equal(
	    ca_fetch_order_put(&b, all, CA_FETCH_ADDRESSES_MAX + 1, 60, 1000),
	    CA_ERR_LIMIT);
	ca_buf_reset(&b);
	for (size_t extra = 0; extra < 2; extra++) {
		assert_int_equal(ca_fetch_order_put(
				     &b, all, CA_FETCH_ADDRESSES_MAX, 60, 1000),
		    CA_OK);
		if (extra)
			ca_buf_str(&b, "http://a/\t\t\n");
		char *text = ca_buf_take(&b, NULL);
		assert_int_equal(
		    ca_fetch_order_parse(text, &out, &n, &timeout, &max),
		    extra ? CA_ERR_LIMIT : CA_OK);
		if (!extra) {
			assert_int_equal(n, CA_FETCH_ADDRESSES_MAX);
			free(out);
		}
		free(text);
		b = CA_BUF_INIT(1 << 22);
	}
	ca_buf_free(&b);
}

static void
test_addresses_that_can_be(void **state)
{
	(void)state;
	assert_true(ca_fetch_can("http://a/"));
	assert_true(ca_fetch_can("HTTPS://a/"));
	assert_true(ca_fetch_can("file:///a"));
	assert_false(ca_fetch_can("file://host/a"));
	assert_false(ca_fetch_can("ldap://a/"));
	assert_false(ca_fetch_can("ftp://a/"));
	assert_false(ca_fetch_can("httpx://a/"));
	assert_false(ca_fetch_can(" http://a/"));
	assert_false(ca_fetch_can(""));
}

static void
test_order(void **state)
{
	static const char *const bad[] = {"", "certauth-fetch 1 60 1000",
	    "certauth-fetch 2 60 1000\n", "certauth-fetch 1 60\n",
	    "certauth-fetch 1 60 1000x\n", "certauth-fetch 1 -1 1000\n",
	    "certauth-fetch 1 4294967296 1000\n", "certauth-fetch 1 60 +1\n",
	    "certauth-fetch 1 60 18446744073709551616\n",
	    "certauth-fetch 1 : 1000\n", "certauth-fetch 1 60 :\n",
	    "certauth-fetch 1 60 1000\nhttp://a/\t\t",
	    "certauth-fetch 1 60 1000\nhttp://a/\t\n",
	    /* requests: empty, no base64url, none for a file, one too many */
	    "certauth-fetch 1 60 1000\nhttp://a/\t\t\t\n",
	    "certauth-fetch 1 60 1000\nhttp://a/\t\t\t=\n",
	    "certauth-fetch 1 60 1000\nfile:///x\t\t\tMAA\n",
	    "certauth-fetch 1 60 1000\nhttp://a/\t\t\tMAA\t\n",
	    "certauth-fetch 1 60 1000\nftp://a/\t\t\n",
	    "certauth-fetch 1 60 1000\nfile://host/x\t\t\n"};
	struct ca_buf b = CA_BUF_INIT(4096);
	struct ca_fetch *out = NULL;
	unsigned timeout;
	uint64_t max;
	size_t n;
	char *text;

	(void)state;
	f[0].url = "http://a/";
	f[0].etag = "\"x\"";
	f[1].url = "file:///b";
	f[1].etag = "two\nlines"; /* left out */
	f[1].last_modified = "Tue";
	assert_int_equal(ca_fetch_order_put(&b, f, 2, 60, 1000), CA_OK);
	text = ca_buf_take(&b, NULL);
	assert_non_null(text);
	assert_int_equal(
	    ca_fetch_order_parse(text, &out, &n, &timeout, &max), CA_OK);
	assert_int_equal(n, 2);
	assert_int_equal(timeout, 60);
	assert_int_equal(max, 1000);
	assert_string_equal(out[0].url, "http://a/");
	assert_string_equal(out[0].etag, "\"x\"");
	assert_string_equal(out[0].last_modified, "");
	assert_string_equal(out[1].etag, "");
	assert_string_equal(out[1].last_modified, "Tue");
	free(out);
	free(text);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		text = strdup(bad[i]);
		assert_int_not_equal(
		    ca_fetch_order_parse(text, &out, &n, &timeout, &max),
		    CA_OK);
		free(text);
	}
	ca_buf_free(&b);
}

/* A request of any bytes is what certauth-fetch gets. */
static void
test_ocsp(void **state)
{
	static uint8_t request[CA_FETCH_OCSP_MAX + 1] = "\0\t\n\xff";
	struct ca_fetch one = {.url = "https://a/", .ocsp = request};
	struct ca_fetch *out = NULL;
	unsigned timeout;
	uint64_t max;
	size_t n;

	(void)state;
	for (size_t len = 1; len <= sizeof request; len++) {
		struct ca_buf b = CA_BUF_INIT(4096);

		one.ocsplen = len;
		if (len > CA_FETCH_OCSP_MAX) {
			assert_int_equal(ca_fetch_order_put(&b, &one, 1, 3, 9),
			    CA_ERR_LIMIT);
			ca_buf_free(&b);
			continue;
		}
		assert_int_equal(ca_fetch_order_put(&b, &one, 1, 3, 9), CA_OK);
		char *text = ca_buf_take(&b, NULL);
		assert_non_null(text);
		assert_int_equal(
		    ca_fetch_order_parse(text, &out, &n, &timeout, &max),
		    CA_OK);
		assert_int_equal(n, 1);
		assert_int_equal(out[0].ocsplen, len);
		assert_memory_equal(out[0].ocsp, request, len);
		free(out);
		free(text);
	}
	/* one more byte, by another writer */
	struct ca_buf b = CA_BUF_INIT(4096);
	ca_buf_str(&b, "certauth-fetch 1 60 1000\nhttp://a/\t\t\t");
	ca_base64url_encode(&b, request, sizeof request);
	ca_buf_str(&b, "\n");
	char *text = ca_buf_take(&b, NULL);
	assert_non_null(text);
	assert_int_equal(
	    ca_fetch_order_parse(text, &out, &n, &timeout, &max), CA_ERR_LIMIT);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_good, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_rules, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(
		test_after_the_end, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_too_large, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_order, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_long_error, set_up, tear_down),
	    cmocka_unit_test(test_many_addresses),
	    cmocka_unit_test(test_ocsp),
	    cmocka_unit_test(test_addresses_that_can_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
