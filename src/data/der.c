#include "data/der.h"

#include <string.h>

enum ca_err
ca_der_header(
    const uint8_t *p, size_t len, uint8_t *tag, size_t *header, size_t *content)
{
	size_t n, v = 0;

	if (len < 2 || (p[0] & 0x1f) == 0x1f)
		return CA_ERR_FORMAT;
	*tag = p[0];
	if (p[1] < 0x80) {
		*header = 2;
		*content = p[1];
		return CA_OK;
	}
	n = p[1] & 0x7f;
	if (n < 1 || n > 4 || len < 2 + n || p[2] == 0)
		return CA_ERR_FORMAT;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[2 + i];
	if (v < 0x80)
		return CA_ERR_FORMAT;
	*header = 2 + n;
	*content = v;
	return CA_OK;
}

enum ca_err
ca_der_next(struct ca_reader *r, uint8_t *tag, struct ca_reader *content)
{
	size_t header, len;

	if (ca_der_header(r->p, r->left, tag, &header, &len) != CA_OK ||
	    len > r->left - header)
		return CA_ERR_FORMAT;
	*content = ca_reader_of(r->p + header, len);
	r->p += header + len;
	r->left -= header + len;
	return CA_OK;
}

enum ca_err
ca_der_expect(struct ca_reader *r, uint8_t tag, struct ca_reader *content)
{
	struct ca_reader at = *r;
	uint8_t found;

	if (ca_der_next(&at, &found, content) != CA_OK || found != tag)
		return CA_ERR_FORMAT;
	*r = at;
	return CA_OK;
}

bool
ca_der_oid_ok(struct ca_reader oid)
{
	bool begins = true;

	for (size_t i = 0; i < oid.left; i++) {
		if (begins && oid.p[i] == 0x80)
			return false;
		begins = oid.p[i] < 0x80;
	}
	return oid.left > 0 && begins;
}

bool
ca_der_is(struct ca_reader r, const void *p, size_t len)
{
	return r.left == len && memcmp(r.p, p, len) == 0;
}

/* Days from the first day of year 0 to that of the year. */
static int64_t
before_year(int year)
{
	return 365 * (int64_t)year + (year + 3) / 4 - (year + 99) / 100 +
	       (year + 399) / 400;
}

/* Days from the first day of the year to that of the month, 1 to 13. */
static int
before_month(int year, int month)
{
	static const int days[] = {
	    0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
	const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (leap && month > 2 ? 1 : 0);
}

/* Computed here, since timegm(3) can fail, and a time would then be a wrong one. */
bool
ca_der_time(const uint8_t *p, size_t len, int64_t *out)
{
	int v[7], n = 0;
	size_t i = 0;

	if ((len != 13 && len != 15) || p[len - 1] != 'Z')
		return false;
	for (; i + 1 < len; i += 2) {
		if (p[i] < '0' || p[i] > '9' || p[i + 1] < '0' ||
		    p[i + 1] > '9')
			return false;
		v[n++] = (p[i] - '0') * 10 + p[i + 1] - '0';
	}
	const int *m = len == 15 ? v + 2 : v + 1;
	/* UTCTime: 50..99 is 19YY (RFC 5280 section 4.1.2.5.1) */
	const int year =
	    len == 15 ? v[0] * 100 + v[1] : v[0] + (v[0] < 50 ? 2000 : 1900);

	if (m[0] < 1 || m[0] > 12 || m[1] < 1 ||
	    m[1] > before_month(year, m[0] + 1) - before_month(year, m[0]) ||
	    m[2] > 23 || m[3] > 59 || m[4] > 59)
		return false;
	*out = (before_year(year) - before_year(1970) +
		   before_month(year, m[0]) + m[1] - 1) *
		   86400 +
	       (int64_t)m[2] * 3600 + (int64_t)m[3] * 60 + m[4];
	return true;
}
