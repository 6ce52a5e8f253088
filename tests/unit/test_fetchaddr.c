/* Addresses of this machine and of its own link: fetchaddr.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "fetch/fetchaddr.h"

static enum ca_fetch_place
at_v4(uint32_t a)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(80)};

	in.sin_addr.s_addr = htonl(a);
	return ca_fetch_place_of((struct sockaddr *)&in);
}

static enum ca_fetch_place
at_v6(const char *text)
{
	struct sockaddr_in6 in = {
	    .sin6_family = AF_INET6, .sin6_port = htons(80)};

	assert_int_equal(inet_pton(AF_INET6, text, &in.sin6_addr), 1);
	return ca_fetch_place_of((struct sockaddr *)&in);
}

/* Computed by other means than in the code: numbers, not bytes. */
static enum ca_fetch_place
expected(uint32_t a)
{
	if (a < 0x01000000U || (a >= 0x7f000000U && a <= 0x7fffffffU))
		return CA_FETCH_LOOPBACK;
	if (a >= 0xa9fe0000U && a <= 0xa9feffffU)
		return CA_FETCH_LINK_LOCAL;
	return CA_FETCH_ELSEWHERE;
}

/* Check an IPv4 address alone, and in each IPv6 form that contains it. */
static void
check_v4(uint32_t a)
{
	static const char *const before[] = {
	    "::ffff:", "::", "::ffff:0:", "64:ff9b::", "2002:"};
	enum ca_fetch_place want = expected(a);
	char text[64];

	assert_int_equal(at_v4(a), want);
	for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
		(void)snprintf(text, sizeof text, "%s%x:%x%s", before[i],
		    a >> 16, a & 0xffff, i == 4 ? "::1" : "");
		assert_int_equal(at_v6(text), want);
		assert_int_equal(ca_fetch_place_of_host(text), want);
	}
	(void)snprintf(text, sizeof text, "%u.%u.%u.%u", a >> 24, a >> 16 & 255,
	    a >> 8 & 255, a & 255);
	assert_int_equal(ca_fetch_place_of_host(text), want);
	(void)snprintf(text, sizeof text, "%u", a);
	assert_int_equal(ca_fetch_place_of_host(text), want);
	(void)snprintf(text, sizeof text, "0x%x", a);
	assert_int_equal(ca_fetch_place_of_host(text), want);
	(void)snprintf(text, sizeof text, "0%o.", a);
	assert_int_equal(ca_fetch_place_of_host(text), want);
}

static void
test_v4_everywhere(void **state)
{
	static const uint32_t edges[] = {0, 0xffffff, 0x1000000, 0x7effffff,
	    0x7f000000, 0x7f000001, 0x7f010203, 0x7fffffff, 0x80000000,
	    0xa9fdffff, 0xa9fe0000, 0xa9fea9fe, 0xa9feffff, 0xa9ff0000,
	    0x0a000001, 0xac100001, 0xc0a80001, 0xc0000201, 0xffffffff};
	uint32_t x = 1;

	(void)state;
	for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
		check_v4(edges[i]);
	for (int i = 0; i < 20000; i++) {
		x = x * 1664525U + 1013904223U;
		check_v4(x);
	}
}

static void
test_v6(void **state)
{
	(void)state;
	assert_int_equal(at_v6("::"), CA_FETCH_LOOPBACK);
	assert_int_equal(at_v6("::1"), CA_FETCH_LOOPBACK);
	assert_int_equal(at_v6("fe80::1"), CA_FETCH_LINK_LOCAL);
	assert_int_equal(at_v6("febf:ffff::1"), CA_FETCH_LINK_LOCAL);
	assert_int_equal(at_v6("fec0::1"), CA_FETCH_ELSEWHERE);
	assert_int_equal(at_v6("fe7f::1"), CA_FETCH_ELSEWHERE);
	/* private networks serve CRLs */
	assert_int_equal(at_v6("fd00::1"), CA_FETCH_ELSEWHERE);
	assert_int_equal(at_v6("2001:db8::1"), CA_FETCH_ELSEWHERE);
	assert_int_equal(at_v6("1::1"), CA_FETCH_ELSEWHERE);
	assert_int_equal(at_v6("::ffff:ffff:7f00:1"), CA_FETCH_ELSEWHERE);
}

static void
test_other_families(void **state)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	(void)state;
	assert_int_equal(
	    ca_fetch_place_of((struct sockaddr *)&un), CA_FETCH_LOOPBACK);
	un.sun_family = AF_UNSPEC;
	assert_int_equal(
	    ca_fetch_place_of((struct sockaddr *)&un), CA_FETCH_LOOPBACK);
}

static void
test_host_text(void **state)
{
	static const char *const here[] = {"127.1", "0", "0x7f.1", "[::1]",
	    "::1", "[::ffff:127.0.0.1]", "[::1%lo]", "127.0.0.1.", "localhost",
	    "LOCALHOST", "localhost.", "localhost..", "a.localhost",
	    "a.b.LocalHost.", "localhost.localdomain"};
	static const char *const link[] = {"169.254.169.254", "[fe80::1%eth0]",
	    "fe80::1", "[::ffff:169.254.1.1]", "0xa9fea9fe"};
	static const char *const away[] = {"localhost.example", "nolocalhost",
	    ".localhost", "example", "127.0.0.1.example", "10.0.0.1", "",
	    "[2001:db8::1]", "1.2.3.4", "127.0.0.256"};
	char text[400];

	(void)state;
	for (size_t i = 0; i < sizeof here / sizeof *here; i++)
		assert_int_equal(
		    ca_fetch_place_of_host(here[i]), CA_FETCH_LOOPBACK);
	for (size_t i = 0; i < sizeof link / sizeof *link; i++)
		assert_int_equal(
		    ca_fetch_place_of_host(link[i]), CA_FETCH_LINK_LOCAL);
	for (size_t i = 0; i < sizeof away / sizeof *away; i++)
		assert_int_equal(
		    ca_fetch_place_of_host(away[i]), CA_FETCH_ELSEWHERE);
	/* longer than any name, and than the code's buffer */
	memset(text, 'a', sizeof text);
	memcpy(text + sizeof text - 11, ".localhost", 11);
	assert_int_equal(ca_fetch_place_of_host(text), CA_FETCH_ELSEWHERE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_v4_everywhere),
	    cmocka_unit_test(test_v6),
	    cmocka_unit_test(test_other_families),
	    cmocka_unit_test(test_host_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
