#include "ldap/ldapvalue.h"
#include "base/utf8.h"
#include "map/ascii.h"
#include "map/dn.h"
#include "map/selector.h"

#include <string.h>
#include <strings.h>

static enum ca_err
refuse(const char **why, const char *what)
{
	*why = what;
	return CA_ERR_FORMAT;
}

/* ---- attributes of one form ---- */

/* The bytes are not decoded: they map the certificate that has the same, if a login
 * ever presents it. */
enum ca_err
ca_ldap_value_cert(struct ca_crypto *crypto, const void *p, size_t len,
    struct ca_buf *out, const char **why)
{
	uint8_t hash[32];
	enum ca_err rc;

	if (len == 0 || len > CA_CERT_MAX)
		return refuse(why, len == 0
				       ? "is empty"
				       : "is longer than a certificate may be");
	if (*(const uint8_t *)p != 0x30)
		return refuse(why, "is not the DER of a certificate");
	if ((rc = ca_crypto_sha256(crypto, p, len, hash)) != CA_OK)
		return rc;
	ca_buf_hex(out, hash, sizeof hash);
	return ca_buf_err(out);
}

/* SID of [MS-DTYP] section 2.4.2.2: revision, number of parts, authority (6 bytes),
 * parts (4 bytes each, little-endian). */
enum ca_err
ca_ldap_value_sid(
    const void *p, size_t len, struct ca_buf *out, const char **why)
{
	struct ca_reader r = ca_reader_of(p, len);
	uint8_t revision, n;
	uint64_t authority;
	const uint8_t *part;

	if (ca_read_u8(&r, &revision) != CA_OK || revision != 1 ||
	    ca_read_u8(&r, &n) != CA_OK || n == 0 || n > 15 ||
	    ca_read_number(&r, 6, &authority) != CA_OK ||
	    r.left != (size_t)n * 4)
		return refuse(why, "is not a SID");
	ca_buf_fmt(out, "S-1-%llu", (unsigned long long)authority);
	while (ca_read_bytes(&r, 4, &part) == CA_OK)
		ca_buf_fmt(out, "-%lu",
		    (unsigned long)part[3] << 24 |
			(unsigned long)part[2] << 16 |
			(unsigned long)part[1] << 8 | part[0]);
	return ca_buf_err(out);
}

static enum ca_err
text(enum ca_selector sel, const char *p, size_t len, struct ca_buf *out,
    const char **why)
{
	size_t at = out->len;

	if (len == 0 || len > 1024 || memchr(p, '@', len) == NULL)
		return refuse(why, "is not a name with @");
	ca_buf_put(out, p, len);
	if (out->err == CA_OK)
		ca_selector_normalise(sel, out->p + at, len);
	return ca_buf_err(out);
}

enum ca_err
ca_ldap_value_upn(
    const void *p, size_t len, struct ca_buf *out, const char **why)
{
	if (!ca_utf8_text(p, len))
		return refuse(why, "is not text");
	return text(CA_SEL_UPN, p, len, out, why);
}

/* ---- X509:<TAG>VALUE ---- */

enum tag { I, S, SR, SKI, PUKEY, RFC822, SID, TAGS };

static const char *const tags[TAGS] = {
    "<I>", "<S>", "<SR>", "<SKI>", "<SHA1-PUKEY>", "<RFC822>", "<SID>"};

struct part {
	enum tag tag;
	const char *p;
	size_t len;
};

/* The tag at p, or TAGS. */
static enum tag
tag_at(const char *p, const char *end)
{
	for (int t = 0; t < TAGS; t++) {
		size_t len = strlen(tags[t]);

		if ((size_t)(end - p) >= len &&
		    strncasecmp(p, tags[t], len) == 0)
			return (enum tag)t;
	}
	return TAGS;
}

/* Split a value into its parts.  A name cannot have a < of its own without a
 * backslash before it. */
static enum ca_err
split(const char *p, const char *end, struct part part[2], size_t *n)
{
	enum tag tag;

	for (*n = 0; p < end; (*n)++) {
		if ((tag = tag_at(p, end)) == TAGS || *n == 2)
			return CA_ERR_FORMAT;
		p += strlen(tags[tag]);
		part[*n] = (struct part){tag, p, 0};
		while (p < end && (*p != '<' || tag_at(p, end) == TAGS))
			p += *p == '\\' && end - p > 1 ? 2 : 1;
		part[*n].len = (size_t)(p - part[*n].p);
	}
	return *n > 0 ? CA_OK : CA_ERR_FORMAT;
}

static enum ca_err
name(const struct part *part, struct ca_buf *out, const char **why)
{
	const char *what;
	enum ca_err rc = ca_dn_parse_x500(part->p, part->len, out, &what);

	return rc == CA_ERR_FORMAT ? refuse(why, "has a malformed name") : rc;
}

/* Read pairs of digits; with reverse, the last byte comes first. */
static enum ca_err
bytes(const struct part *part, bool reverse, uint8_t v[64], size_t *n)
{
	*n = part->len / 2;
	if (*n == 0 || *n > 64 || part->len % 2 != 0)
		return CA_ERR_FORMAT;
	for (size_t i = 0; i < *n; i++) {
		int high = ca_ascii_hex(part->p[2 * i]);
		int low = ca_ascii_hex(part->p[2 * i + 1]);

		if (high < 0 || low < 0)
			return CA_ERR_FORMAT;
		v[reverse ? *n - 1 - i : i] = (uint8_t)(high << 4 | low);
	}
	return CA_OK;
}

/* The bytes of a serial number, the last first; in the end as map/ident.c has it:
 * without leading zeros. */
static enum ca_err
serial(const struct part *part, struct ca_buf *out, const char **why)
{
	struct ca_buf hex = CA_BUF_INIT(129);
	uint8_t v[64];
	size_t n, zeros = 0;
	enum ca_err rc;

	if (bytes(part, true, v, &n) != CA_OK)
		return refuse(why, "has a malformed serial number");
	ca_buf_hex(&hex, v, n);
	if ((rc = ca_buf_err(&hex)) == CA_OK) {
		while (zeros + 1 < hex.len && hex.p[zeros] == '0')
			zeros++;
		ca_buf_put(out, hex.p + zeros, hex.len - zeros);
		rc = ca_buf_err(out);
	}
	ca_buf_free(&hex);
	return rc;
}

static enum ca_err
digits(
    const struct part *part, size_t want, struct ca_buf *out, const char **why)
{
	uint8_t v[64];
	size_t n;

	if (bytes(part, false, v, &n) != CA_OK || (want != 0 && n != want))
		return refuse(why, "has malformed hexadecimal digits");
	ca_buf_hex(out, v, n);
	return ca_buf_err(out);
}

static enum ca_err
sid(const struct part *part, struct ca_buf *out, const char **why)
{
	if (part->len < 5 || part->len > 184 ||
	    strncasecmp(part->p, "S-1-", 4) != 0)
		return refuse(why, "has a malformed SID");
	for (size_t i = 4; i < part->len; i++)
		if (strchr("0123456789-", part->p[i]) == NULL)
			return refuse(why, "has a malformed SID");
	ca_buf_str(out, "S-1-");
	ca_buf_put(out, part->p + 4, part->len - 4);
	return ca_buf_err(out);
}

static enum ca_err
one_part(const struct part *part, enum ca_ldap_kind *kind, struct ca_buf *out,
    const char **why)
{
	switch (part->tag) {
	case S:
		*kind = CA_LDAP_SUBJECT;
		return name(part, out, why);
	case SKI:
		*kind = CA_LDAP_SKI;
		return digits(part, 0, out, why);
	case PUKEY:
		*kind = CA_LDAP_SHA1;
		return digits(part, 20, out, why);
	case RFC822:
		*kind = CA_LDAP_RFC822;
		return text(CA_SEL_EMAIL, part->p, part->len, out, why);
	default:
		return refuse(why, "has no form that is known");
	}
}

/* The issuer and one other part. */
static enum ca_err
two_parts(const struct part part[2], enum ca_ldap_kind *kind,
    struct ca_buf *out, const char **why)
{
	enum ca_err rc;

	if (part[0].tag != I)
		return refuse(why, "has no form that is known");
	if ((rc = name(&part[0], out, why)) != CA_OK)
		return rc;
	ca_buf_u8(out, ';');
	switch (part[1].tag) {
	case SR:
		*kind = CA_LDAP_ISSUER_SERIAL;
		return serial(&part[1], out, why);
	case S:
		*kind = CA_LDAP_ISSUER_SUBJECT;
		return name(&part[1], out, why);
	case SID:
		*kind = CA_LDAP_ISSUER_SID;
		return sid(&part[1], out, why);
	default:
		return refuse(why, "has no form that is known");
	}
}

enum ca_err
ca_ldap_value_mapping(const void *p, size_t len, enum ca_ldap_kind *kind,
    struct ca_buf *out, const char **why)
{
	const char *value = p;
	struct part part[2];
	size_t n;

	if (len == 0)
		return refuse(why, "is empty");
	if (len > 4096 || !ca_utf8_text(p, len))
		return refuse(why,
		    len > 4096 ? "is longer than 4096 bytes" : "is not text");
	/* such as Kerberos:alice@EXAMPLE.ORG */
	if (len < 5 || strncasecmp(value, "X509:", 5) != 0)
		return CA_ERR_UNSUPPORTED;
	if (split(value + 5, value + len, part, &n) != CA_OK)
		return refuse(why, "has no form that is known");
	/* two kinds order the parts differently: the issuer comes first here */
	if (n == 2 && part[1].tag == I) {
		struct part first = part[1];

		part[1] = part[0];
		part[0] = first;
	}
	return n == 1 ? one_part(&part[0], kind, out, why)
		      : two_parts(part, kind, out, why);
}
