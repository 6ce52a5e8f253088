/*
 * Check the names of logins, and the remote hosts of from=.
 */
#include "base/utf8.h"
#include "map/ascii.h"
#include "map/rule.h"

#include <arpa/inet.h>
#include <string.h>

#define LOGIN_MAX 256

bool
ca_login_valid(const char *login, size_t len)
{
	if (len == 0 || len > LOGIN_MAX || !ca_utf8_text(login, len))
		return false;
	/* login has len bytes and no NUL
	 * NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
	if (memchr("-.~", login[0], 3) != NULL)
		return false;
	for (size_t i = 0; i < len; i++)
		/* NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
		if (memchr(" /:,*?\"#", login[i], 8) != NULL)
			return false;
	return true;
}

const char *
ca_login_underivable(const char *login, size_t len)
{
	bool digits = true;

	if (len == 0 || len > LOGIN_MAX)
		return "what the * matched is no login name: it is empty or longer than 256 bytes";
	for (size_t i = 0; i < len; i++) {
		char c = login[i];
		bool digit = c >= '0' && c <= '9';
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && !digit && c != '_' &&
		    (i == 0 || (c != '.' && c != '-')))
			return "what the * matched is no login name: a pattern gives names of A-Z a-z 0-9 _ . - only, which begin with neither . nor -";
		digits = digits && digit;
	}
	return digits
		   ? "what the * matched has only digits, and programs take such a name for a uid: name the login in a line of its own"
		   : NULL;
}

/* ---- from= ---- */

/* An address as 16 bytes, IPv4 as ::ffff:a.b.c.d; bits of the family. */
struct address {
	uint8_t b[16];
	unsigned offset; /* 96 for IPv4: where its bits begin */
};

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool
parse_address(const char *p, size_t len, struct address *a)
{
	char text[INET6_ADDRSTRLEN + 1];
	const char *zone = memchr(p, '%', len);

	if (zone != NULL)
		len = (size_t)(zone - p);
	if (len == 0 || len >= sizeof text)
		return false;
	memcpy(text, p, len);
	text[len] = '\0';
	memcpy(a->b, mapped, sizeof mapped);
	if (inet_pton(AF_INET, text, a->b + 12) == 1) {
		a->offset = 96;
		return true;
	}
	if (inet_pton(AF_INET6, text, a->b) != 1)
		return false;
	a->offset = memcmp(a->b, mapped, sizeof mapped) == 0 ? 96 : 0;
	return true;
}

/* The first n bits of both are the same. */
static bool
same_bits(const uint8_t *a, const uint8_t *b, unsigned n)
{
	if (memcmp(a, b, n / 8) != 0)
		return false;
	return n % 8 == 0 || ((a[n / 8] ^ b[n / 8]) >> (8 - n % 8)) == 0;
}

/* Parse ADDRESS/BITS.  The bits after the prefix must be 0; others are probably
 * a mistake. */
static bool
parse_network(const char *p, size_t len, struct address *a, unsigned *bits)
{
	const char *slash = memchr(p, '/', len);
	unsigned n = 0;

	if (slash == NULL || !parse_address(p, (size_t)(slash - p), a))
		return false;
	size_t digits = len - (size_t)(slash - p) - 1;
	if (digits == 0 || digits > 3 || memchr(p, '%', len) != NULL)
		return false;
	for (size_t i = 1; i <= digits; i++) {
		if (slash[i] < '0' || slash[i] > '9')
			return false;
		n = n * 10 + (unsigned)(slash[i] - '0');
	}
	/* ::ffff:10.0.0.0/104 counts from the front of IPv6 */
	if (a->offset == 96 && memchr(p, ':', len) == NULL)
		n += 96;
	if (n > 128)
		return false;
	*bits = n;
	for (unsigned i = n; i < 128; i++)
		if ((a->b[i / 8] >> (7 - i % 8) & 1) != 0)
			return false;
	return true;
}

/* Match with * and ?, ignoring the case of ASCII.  Only stars make it more than
 * linear. */
static bool
glob(const char *p, size_t plen, const char *s)
{
	const char *end = p + plen, *star = NULL, *back = NULL;

	while (*s != '\0') {
		char a = '\0', b = *s;

		if (p < end)
			a = *p;
		if (p < end && a == '*') {
			star = ++p;
			back = s;
			continue;
		}
		ca_ascii_lower(&a, 1);
		ca_ascii_lower(&b, 1);
		if (p < end && (a == '?' || a == b)) {
			p++;
			s++;
		} else if (star != NULL) {
			p = star;
			s = ++back;
		} else {
			return false;
		}
	}
	while (p < end && *p == '*')
		p++;
	return p == end;
}

const char *
ca_from_check(const char *list)
{
	struct address a;
	unsigned bits;
	const char *p = list;

	for (;;) {
		size_t len = strcspn(p, ",");

		if (len == 0)
			return "from= has an empty entry";
		if (memchr(p, '/', len) != NULL &&
		    !parse_network(p, len, &a, &bits))
			return "from= has a network that is malformed, or that has bits set after its prefix length";
		if (strcspn(p, " \t!\"\\") < len)
			return "from= has a malformed name";
		p += len;
		if (*p++ == '\0')
			return NULL;
	}
}

static bool
entry_match(const char *p, size_t len, const char *rhost)
{
	struct address want, got;
	unsigned bits = 128;

	if (rhost == NULL || *rhost == '\0')
		return len == 5 && memcmp(p, "local", 5) == 0;
	bool is_address = parse_address(rhost, strlen(rhost), &got);
	if (parse_network(p, len, &want, &bits) || parse_address(p, len, &want))
		return is_address && want.offset == got.offset &&
		       same_bits(want.b, got.b, bits);
	/* a name never matches an address: 10.* is not a network */
	return !is_address && glob(p, len, rhost);
}

bool
ca_from_match(const char *list, const char *rhost)
{
	const char *p = list;

	for (;;) {
		size_t len = strcspn(p, ",");

		if (entry_match(p, len, rhost))
			return true;
		p += len;
		if (*p++ == '\0')
			return false;
	}
}
