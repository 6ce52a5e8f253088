/*
 * Mailboxes: RFC 5321 section 4.1.2, without the forms for which RFC 5280
 * section 4.2.1.10 has no meaning (quoted strings, comments, address literals).
 */
#include "base/utf8.h"
#include "verify/nctext.h"

#include <string.h>

/* RFC 5322 section 3.2.3 */
static bool
is_atext(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Atoms with single dots between them. */
static bool
is_dot_string(const uint8_t *p, size_t len, bool utf8)
{
	bool in_atom = false;

	for (size_t i = 0, step; i < len; i += step) {
		uint32_t c = 0;

		step = ca_utf8_next(p + i, len - i, &c);
		if (step == 0 || (c >= 0x80 && !utf8))
			return false;
		if (c == '.') {
			if (!in_atom)
				return false;
			in_atom = false;
			continue;
		}
		if (c < 0x80 && !is_atext(p[i]))
			return false;
		in_atom = true;
	}
	return in_atom;
}

const char *
ca_nc_mailbox(const uint8_t *p, size_t len, bool utf8, uint8_t *copy,
    struct ca_nc_text *out)
{
	const uint8_t *at = memchr(p, '@', len);
	size_t local = at == NULL ? 0 : (size_t)(at - p);

	if (local == 0)
		return "it is not a mailbox (LOCAL@HOST)";
	if (!is_dot_string(p, local, utf8))
		return "its local part is quoted or has characters that need "
		       "quotes";
	out->scope = CA_NC_MAILBOX;
	out->local = p;
	out->local_len = local;
	/* a second @ is refused as part of the host name */
	return ca_nc_host(at + 1, len - local - 1, copy, out);
}
