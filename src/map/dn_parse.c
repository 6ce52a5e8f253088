/*
 * Distinguished names in the text form of RFC 4514.
 */
#include "base/utf8.h"
#include "map/ascii.h"
#include "map/dnint.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <string.h>
#include <strings.h>

/* Names of attribute types: of RFC 4514 section 3, RFC 4519, OpenSSL and
 * Windows.  Other types must be written as an OID. */
static const struct {
	const char *name;
	int nid;
} types[] = {
    {"CN", NID_commonName},
    {"commonName", NID_commonName},
    {"L", NID_localityName},
    {"localityName", NID_localityName},
    {"ST", NID_stateOrProvinceName},
    {"S", NID_stateOrProvinceName},
    {"stateOrProvinceName", NID_stateOrProvinceName},
    {"O", NID_organizationName},
    {"organizationName", NID_organizationName},
    {"OU", NID_organizationalUnitName},
    {"organizationalUnitName", NID_organizationalUnitName},
    {"C", NID_countryName},
    {"countryName", NID_countryName},
    {"STREET", NID_streetAddress},
    {"streetAddress", NID_streetAddress},
    {"DC", NID_domainComponent},
    {"domainComponent", NID_domainComponent},
    {"UID", NID_userId},
    {"userId", NID_userId},
    {"emailAddress", NID_pkcs9_emailAddress},
    {"E", NID_pkcs9_emailAddress},
    {"EMAIL", NID_pkcs9_emailAddress},
    {"serialNumber", NID_serialNumber},
    {"SN", NID_surname},
    {"surname", NID_surname},
    {"GN", NID_givenName},
    {"G", NID_givenName},
    {"givenName", NID_givenName},
    {"initials", NID_initials},
    {"generationQualifier", NID_generationQualifier},
    {"title", NID_title},
    {"T", NID_title},
    {"name", NID_name},
    {"dnQualifier", NID_dnQualifier},
    {"pseudonym", NID_pseudonym},
    {"description", NID_description},
    {"postalCode", NID_postalCode},
    {"telephoneNumber", NID_telephoneNumber},
    {"organizationIdentifier", NID_organizationIdentifier},
    {"businessCategory", NID_businessCategory},
    {"unstructuredName", NID_pkcs9_unstructuredName},
};

struct text {
	const char *p, *end;
	const char *why;
};

static void
skip_space(struct text *t)
{
	while (t->p < t->end && *t->p == ' ')
		t->p++;
}

static enum ca_err
refuse(struct text *t, const char *why)
{
	t->why = why;
	return CA_ERR_FORMAT;
}

/* numericoid of RFC 4512 section 1.4, of digits and dots.  libcrypto also
 * accepts empty numbers, a dot at the end and leading zeros. */
static bool
is_numericoid(const char *p)
{
	for (;; p++) {
		size_t len = strcspn(p, ".");

		if (len == 0 || (len > 1 && *p == '0'))
			return false;
		p += len;
		if (*p == '\0')
			return true;
	}
}

/* attributeType: a descriptor or an OID, up to the =. */
static enum ca_err
parse_type(struct text *t, struct ca_dn *dn, int rdn)
{
	uint8_t oid[256];
	char dotted[128];
	const char *name = t->p;

	while (t->p < t->end && *t->p != '=' && *t->p != ' ' && *t->p != ',')
		t->p++;
	size_t len = (size_t)(t->p - name);
	skip_space(t);
	if (t->p == t->end || *t->p != '=')
		return refuse(t, "an attribute has no = after its type");
	t->p++;
	if (len > 4 && strncasecmp(name, "OID.", 4) == 0) {
		name += 4;
		len -= 4;
	}
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strlen(types[i].name) == len &&
		    strncasecmp(types[i].name, name, len) == 0) {
			const ASN1_OBJECT *o = OBJ_nid2obj(types[i].nid);

			return ca_dn_pair_begin(
			    dn, OBJ_get0_data(o), OBJ_length(o), rdn);
		}
	if (len == 0 || len >= sizeof dotted)
		return refuse(t, "an attribute type is missing or too long");
	memcpy(dotted, name, len);
	dotted[len] = '\0';
	if (strspn(dotted, "0123456789.") != len)
		return refuse(t,
		    "the name has an unknown attribute type; write the OID of the type");
	int n = is_numericoid(dotted)
		    ? a2d_ASN1_OBJECT(oid, sizeof oid, dotted, (int)len)
		    : 0;
	if (n <= 0)
		return refuse(t, "an attribute type is not an OID");
	return ca_dn_pair_begin(dn, oid, (size_t)n, rdn);
}

/* hexstring: the DER of the value. */
static enum ca_err
parse_hex(struct text *t, struct ca_dn *dn)
{
	uint8_t der[4096];
	size_t n = 0;
	enum ca_err rc;

	for (t->p++;
	     t->p < t->end && *t->p != ',' && *t->p != '+' && *t->p != ' ';
	     t->p += 2) {
		int high = ca_ascii_hex(t->p[0]);
		int low = t->p + 1 < t->end ? ca_ascii_hex(t->p[1]) : -1;

		if (high < 0 || low < 0 || n == sizeof der)
			return refuse(t,
			    "the value after # is not hexadecimal, or is too long");
		der[n++] = (uint8_t)(high << 4 | low);
	}
	const unsigned char *p = der;
	ASN1_TYPE *value = d2i_ASN1_TYPE(NULL, &p, (long)n);
	if (value == NULL || p != der + n) {
		ASN1_TYPE_free(value);
		return refuse(t, "the value after # is not DER");
	}
	rc = ca_dn_pair_asn1(dn, value);
	ASN1_TYPE_free(value);
	if (rc == CA_ERR_FORMAT)
		t->why = "the value after # cannot be decoded";
	return rc;
}

/* Read one character of a string into *c, without its escape. */
static enum ca_err
parse_char(struct text *t, uint8_t *c, bool *escaped)
{
	*escaped = false;
	if (*t->p != '\\') {
		if (strchr("\";<>", *t->p) != NULL)
			return refuse(t,
			    "the characters \" ; < > need a backslash before them");
		*c = (uint8_t)*t->p++;
		return CA_OK;
	}
	*escaped = true;
	if (t->end - t->p < 2)
		return refuse(t,
		    "a backslash at the end of the name escapes no character");
	if (strchr(" \"#+,;<=>\\", t->p[1]) != NULL) {
		*c = (uint8_t)t->p[1];
		t->p += 2;
		return CA_OK;
	}
	int high = ca_ascii_hex(t->p[1]);
	int low = t->end - t->p > 2 ? ca_ascii_hex(t->p[2]) : -1;
	if (high < 0 || low < 0)
		return refuse(t,
		    "after a backslash, a special character or two hexadecimal digits are required");
	*c = (uint8_t)(high << 4 | low);
	t->p += 3;
	return CA_OK;
}

static enum ca_err
parse_string(struct text *t, struct ca_dn *dn)
{
	uint8_t value[4096];
	size_t n = 0, keep = 0; /* keep: up to the last unescaped space */
	enum ca_err rc;

	while (t->p < t->end && *t->p != ',' && *t->p != '+') {
		uint8_t c;
		bool escaped;

		if (n == sizeof value)
			return CA_ERR_LIMIT;
		if ((rc = parse_char(t, &c, &escaped)) != CA_OK)
			return rc;
		if (c == 0)
			return refuse(t,
			    "the name has a NUL character, and can never match");
		value[n++] = c;
		if (c != ' ' || escaped)
			keep = n;
	}
	for (size_t i = 0, step; i < keep; i += step) {
		uint32_t c;

		if ((step = ca_utf8_next(value + i, keep - i, &c)) == 0)
			return refuse(t, "the name is not UTF-8");
	}
	return ca_dn_pair_end(dn, 'S', value, keep);
}

static enum ca_err
parse_pairs(struct text *t, struct ca_dn *dn)
{
	enum ca_err rc;
	int rdn = 0;

	for (;;) {
		skip_space(t);
		if ((rc = parse_type(t, dn, rdn)) != CA_OK)
			return rc;
		skip_space(t);
		rc = t->p < t->end && *t->p == '#' ? parse_hex(t, dn)
						   : parse_string(t, dn);
		if (rc != CA_OK)
			return rc;
		skip_space(t);
		if (t->p == t->end)
			return CA_OK;
		if (*t->p != ',' && *t->p != '+')
			return refuse(
			    t, "after a value, a comma or + is required");
		if (*t->p == ',')
			rdn++;
		t->p++;
	}
}

static enum ca_err
parse(struct text *t, bool fold, bool reverse, struct ca_buf *out)
{
	struct ca_dn dn;
	enum ca_err rc;

	t->why = "the name is too long or has too many attributes";
	dn.n = dn.used = 0;
	dn.fold = fold;
	if ((rc = parse_pairs(t, &dn)) != CA_OK)
		return rc;
	return ca_dn_write(&dn, reverse, out);
}

enum ca_err
ca_dn_parse(const char *text, size_t len, bool fold, struct ca_buf *out,
    const char **why)
{
	struct text t = {text, text + len, NULL};
	enum ca_err rc = parse(&t, fold, true, out);

	*why = t.why;
	return rc;
}

enum ca_err
ca_dn_parse_x500(
    const char *text, size_t len, struct ca_buf *out, const char **why)
{
	struct text t = {text, text + len, NULL};
	enum ca_err rc = parse(&t, false, false, out);

	*why = t.why;
	return rc;
}
