/*
 * Names and bases of subtrees that are text (dNSName, rfc822Name,
 * uniformResourceIdentifier): RFC 5280 section 4.2.1.10.  They are parsed
 * completely and compared by meaning; text that does not parse is not compared.
 * Private to src/verify.
 */
#ifndef CA_VERIFY_NCTEXT_H
#define CA_VERIFY_NCTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ca_nc_form {
	CA_NC_DNS,
	CA_NC_MAIL,
	CA_NC_UTF8MAIL, /* a name only: SmtpUTF8Mailbox (RFC 9598) */
	CA_NC_URI,
};

/* What a base covers, or what a name stands for. */
enum ca_nc_scope {
	CA_NC_NOTHING = 0,
	CA_NC_ALL,      /* base: every name of this form */
	CA_NC_HOST,     /* this host */
	CA_NC_TREE,     /* base: this domain and all names below it */
	CA_NC_BELOW,    /* base: the names below this domain */
	CA_NC_MAILBOX,  /* this mailbox */
	CA_NC_WILDCARD, /* name: every name one label below this domain */
};

struct ca_nc_text {
	enum ca_nc_scope scope;
	const uint8_t *local; /* of a mailbox; within the text parsed */
	size_t local_len;
	const uint8_t *host; /* in lower case; within copy */
	size_t host_len;
	bool loose; /* a form that profile = strict refuses */
};

/*
 * Parse the len bytes at p as a name of this form.  copy: len bytes; p and
 * copy must outlive *out.  Returns NULL, or a static phrase that says why the
 * name cannot be compared with any base; *out must not be used then.
 *
 * A dNSName: a host name (RFC 1034 section 3.5, RFC 1123 section 2.1), or "*."
 * and a host name.  A mailbox: a Dot-string (RFC 5321 section 4.1.2; with the
 * UTF-8 of RFC 6531 section 3.3 for CA_NC_UTF8MAIL), @, a host name.  A URI:
 * RFC 3986, with an authority whose host is a host name of two labels or more
 * and no address.  Underscores in host names are loose.
 */
const char *ca_nc_parse_name(enum ca_nc_form form, const uint8_t *p, size_t len,
    uint8_t *copy, struct ca_nc_text *out);

/*
 * The same for the base of a subtree.  excluded: an excluded subtree, for which
 * a form of doubtful meaning covers more.  Loose: a dNSName that begins with a
 * dot, an rfc822Name "@host", and underscores.
 */
const char *ca_nc_parse_base(enum ca_nc_form form, bool excluded,
    const uint8_t *p, size_t len, uint8_t *copy, struct ca_nc_text *out);

/* base covers everything that name stands for; excluded: any part of it. */
bool ca_nc_text_within(const struct ca_nc_text *base,
    const struct ca_nc_text *name, bool excluded);

/* ---- one form each: nchost.c, ncmail.c, ncuri.c ---- */

/* Parse a host name into out, in lower case in copy. */
const char *ca_nc_host(
    const uint8_t *p, size_t len, uint8_t *copy, struct ca_nc_text *out);

/* The host's last label is a number: an IPv4 address, or text that some
 * programs read as one (RFC 1123 section 2.1). */
bool ca_nc_host_is_number(const struct ca_nc_text *text);

/* Parse a mailbox.  utf8: its local part may be UTF-8. */
const char *ca_nc_mailbox(const uint8_t *p, size_t len, bool utf8,
    uint8_t *copy, struct ca_nc_text *out);

/* Parse a URI; out is its host. */
const char *ca_nc_uri(
    const uint8_t *p, size_t len, uint8_t *copy, struct ca_nc_text *out);

#endif
