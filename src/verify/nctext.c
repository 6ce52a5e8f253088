/*
 * The text forms of names and of the bases of subtrees: which parser a form
 * has, and when a name is within a base.
 */
#include "verify/nctext.h"

#include <string.h>

static const char *
dns_name(const uint8_t *p, size_t len, uint8_t *copy, struct ca_nc_text *out)
{
	bool wild = len >= 2 && p[0] == '*' && p[1] == '.';

	out->scope = wild ? CA_NC_WILDCARD : CA_NC_HOST;
	return wild ? ca_nc_host(p + 2, len - 2, copy, out)
		    : ca_nc_host(p, len, copy, out);
}

const char *
ca_nc_parse_name(enum ca_nc_form form, const uint8_t *p, size_t len,
    uint8_t *copy, struct ca_nc_text *out)
{
	*out = (struct ca_nc_text){.scope = CA_NC_NOTHING};
	switch (form) {
	case CA_NC_DNS:
		return dns_name(p, len, copy, out);
	case CA_NC_MAIL:
		return ca_nc_mailbox(p, len, false, copy, out);
	case CA_NC_UTF8MAIL:
		return ca_nc_mailbox(p, len, true, copy, out);
	case CA_NC_URI:
		return ca_nc_uri(p, len, copy, out);
	}
	return "its form is unknown";
}

/* ---- bases ---- */

/* RFC 5280 defines no leading dot; CAs that write one mean the names below the
 * domain, or the domain and the names below it. */
static const char *
dns_base(bool excluded, const uint8_t *p, size_t len, uint8_t *copy,
    struct ca_nc_text *out)
{
	bool dot = p[0] == '.';

	out->scope = dot && !excluded ? CA_NC_BELOW : CA_NC_TREE;
	out->loose = dot;
	return ca_nc_host(p + dot, len - dot, copy, out);
}

static const char *
mail_base(const uint8_t *p, size_t len, uint8_t *copy, struct ca_nc_text *out)
{
	if (p[0] == '@' || p[0] == '.') {
		out->scope = p[0] == '@' ? CA_NC_HOST : CA_NC_BELOW;
		out->loose = p[0] == '@';
		return ca_nc_host(p + 1, len - 1, copy, out);
	}
	if (memchr(p, '@', len) != NULL)
		return ca_nc_mailbox(p, len, false, copy, out);
	out->scope = CA_NC_HOST;
	return ca_nc_host(p, len, copy, out);
}

static const char *
uri_base(const uint8_t *p, size_t len, uint8_t *copy, struct ca_nc_text *out)
{
	bool dot = p[0] == '.';
	const char *why = ca_nc_host(p + dot, len - dot, copy, out);

	out->scope = dot ? CA_NC_BELOW : CA_NC_HOST;
	if (why == NULL && ca_nc_host_is_number(out))
		return "its host is an IP address";
	return why;
}

const char *
ca_nc_parse_base(enum ca_nc_form form, bool excluded, const uint8_t *p,
    size_t len, uint8_t *copy, struct ca_nc_text *out)
{
	*out = (struct ca_nc_text){.scope = CA_NC_NOTHING};
	if (len == 0) {
		out->scope = CA_NC_ALL;
		return NULL;
	}
	switch (form) {
	case CA_NC_DNS:
		return dns_base(excluded, p, len, copy, out);
	case CA_NC_MAIL:
		return mail_base(p, len, copy, out);
	case CA_NC_URI:
		return uri_base(p, len, copy, out);
	case CA_NC_UTF8MAIL: /* RFC 9598 section 6: no such base exists */
		break;
	}
	return "its form is unknown";
}

/* ---- comparison ---- */

static bool
same_host(const struct ca_nc_text *a, const struct ca_nc_text *b)
{
	return a->host_len == b->host_len &&
	       memcmp(a->host, b->host, a->host_len) == 0;
}

/* a is below b: one label or more, a dot, and b. */
static bool
below(const struct ca_nc_text *a, const struct ca_nc_text *b)
{
	size_t more = a->host_len - b->host_len;

	return a->host_len > b->host_len && a->host[more - 1] == '.' &&
	       memcmp(a->host + more, b->host, b->host_len) == 0;
}

/* a is one label below b. */
static bool
just_below(const struct ca_nc_text *a, const struct ca_nc_text *b)
{
	return below(a, b) &&
	       memchr(a->host, '.', a->host_len - b->host_len - 1) == NULL;
}

static bool
wildcard_within(
    const struct ca_nc_text *base, const struct ca_nc_text *name, bool excluded)
{
	if (base->scope != CA_NC_TREE && base->scope != CA_NC_BELOW)
		return false;
	/* the domain of name is within base: so is everything below it */
	if (same_host(name, base) || below(name, base))
		return true;
	return excluded && just_below(base, name);
}

bool
ca_nc_text_within(
    const struct ca_nc_text *base, const struct ca_nc_text *name, bool excluded)
{
	if (base->scope == CA_NC_ALL)
		return true;
	if (name->scope == CA_NC_WILDCARD)
		return wildcard_within(base, name, excluded);
	switch (base->scope) {
	case CA_NC_HOST:
		return same_host(name, base);
	case CA_NC_TREE:
		return same_host(name, base) || below(name, base);
	case CA_NC_BELOW:
		return below(name, base);
	case CA_NC_MAILBOX: /* RFC 5280 section 7.5: case-sensitive */
		return same_host(name, base) &&
		       name->local_len == base->local_len &&
		       memcmp(name->local, base->local, base->local_len) == 0;
	case CA_NC_NOTHING:
	case CA_NC_ALL:
	case CA_NC_WILDCARD:
		break;
	}
	/* unknown what base covers: an excluded base covers everything */
	return excluded;
}
