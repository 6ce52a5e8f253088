#include "map/dn.h"
#include "base/utf8.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <string.h>
#include <strings.h>

#define PAIRS_MAX 64
#define POOL_MAX 16384

/* A name on its way: its pairs, already in the form of dn.h, but for the mark
 * in front of each. */
struct dn {
	struct pair {
		size_t at, len; /* in pool */
		int rdn;        /* which RDN; the same number, the same RDN */
	} pair[PAIRS_MAX];
	size_t n;
	uint8_t pool[POOL_MAX];
	size_t used;
	bool fold;
};

/* Names of attribute types: RFC 4514 section 3, RFC 4519, and what OpenSSL
 * and Windows print.  Anything else is written as an OID. */
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

void
ca_ascii_lower(void *p, size_t len)
{
	uint8_t *s = p;

	for (size_t i = 0; i < len; i++)
		if (s[i] >= 'A' && s[i] <= 'Z')
			s[i] = (uint8_t)(s[i] + ('a' - 'A'));
}

int
ca_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum ca_err
ca_dn_utf8(const ASN1_STRING *s, unsigned char **out, size_t *len)
{
	unsigned char *text = NULL;
	int n = ASN1_STRING_to_UTF8(&text, s);

	*out = NULL;
	*len = 0;
	if (n < 0)
		return CA_ERR_FORMAT;
	/* what libcrypto passes on unseen: a UTF8String that is none */
	for (size_t i = 0, step; i < (size_t)n; i += step) {
		uint32_t c = 0;

		step = ca_utf8_next(text + i, (size_t)n - i, &c);
		if (step == 0 || c == 0) {
			OPENSSL_free(text);
			return CA_ERR_FORMAT;
		}
	}
	*out = text;
	*len = (size_t)n;
	return CA_OK;
}

/* ---- pairs ---- */

static enum ca_err
pool_put(struct dn *dn, const void *p, size_t len)
{
	if (len > POOL_MAX - dn->used)
		return CA_ERR_LIMIT;
	if (len > 0)
		memcpy(dn->pool + dn->used, p, len);
	dn->used += len;
	return CA_OK;
}

static enum ca_err
pair_begin(struct dn *dn, const uint8_t *oid, size_t oidlen, int rdn)
{
	uint8_t n = (uint8_t)oidlen;
	enum ca_err rc;

	if (dn->n == PAIRS_MAX || oidlen == 0 || oidlen > 255)
		return CA_ERR_LIMIT;
	dn->pair[dn->n].at = dn->used;
	dn->pair[dn->n].rdn = rdn;
	if ((rc = pool_put(dn, &n, 1)) != CA_OK)
		return rc;
	return pool_put(dn, oid, oidlen);
}

static enum ca_err
pair_end(struct dn *dn, char kind, const void *value, size_t len)
{
	uint8_t head[5] = {(uint8_t)kind, (uint8_t)(len >> 24),
	    (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};
	enum ca_err rc;

	if ((rc = pool_put(dn, head, sizeof head)) != CA_OK)
		return rc;
	size_t at = dn->used;
	if ((rc = pool_put(dn, value, len)) != CA_OK)
		return rc;
	if (dn->fold && kind == 'S')
		ca_ascii_lower(dn->pool + at, len);
	dn->pair[dn->n].len = dn->used - dn->pair[dn->n].at;
	dn->n++;
	return CA_OK;
}

/* A value of a certificate, or of #hex. */
static enum ca_err
pair_end_asn1(struct dn *dn, const ASN1_TYPE *value)
{
	static const int texts[] = {V_ASN1_UTF8STRING, V_ASN1_PRINTABLESTRING,
	    V_ASN1_IA5STRING, V_ASN1_T61STRING, V_ASN1_BMPSTRING,
	    V_ASN1_UNIVERSALSTRING, V_ASN1_NUMERICSTRING, V_ASN1_VISIBLESTRING};
	unsigned char *p = NULL;
	size_t len;
	enum ca_err rc;

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (value->type != texts[i])
			continue;
		rc = ca_dn_utf8(value->value.asn1_string, &p, &len);
		if (rc == CA_OK)
			rc = pair_end(dn, 'S', p, len);
		OPENSSL_free(p);
		return rc;
	}
	int n = i2d_ASN1_TYPE(value, &p);
	if (n <= 0)
		return CA_ERR_FORMAT;
	rc = pair_end(dn, 'D', p, (size_t)n);
	OPENSSL_free(p);
	return rc;
}

static bool
after(const struct dn *dn, const struct pair *a, const struct pair *b)
{
	size_t n = a->len < b->len ? a->len : b->len;
	int order = memcmp(dn->pool + a->at, dn->pool + b->at, n);

	return order > 0 || (order == 0 && a->len > b->len);
}

/* Sort the pairs of each RDN, and write all.  reverse: the last RDN first. */
static enum ca_err
write_out(struct dn *dn, bool reverse, struct ca_buf *out)
{
	for (size_t i = 1; i < dn->n; i++)
		for (size_t j = i; j > 0; j--) {
			struct pair *a = &dn->pair[j - 1], *b = &dn->pair[j];
			struct pair t = *a;

			if (a->rdn != b->rdn || !after(dn, a, b))
				break;
			*a = *b;
			*b = t;
		}
	for (size_t end = dn->n, begin = 0;
	     reverse ? end > 0 : begin < dn->n;) {
		size_t from, to;

		if (reverse) {
			to = end;
			for (from = end - 1;
			     from > 0 &&
			     dn->pair[from - 1].rdn == dn->pair[end - 1].rdn;)
				from--;
			end = from;
		} else {
			from = begin;
			for (to = begin + 1;
			     to < dn->n &&
			     dn->pair[to].rdn == dn->pair[begin].rdn;)
				to++;
			begin = to;
		}
		for (size_t i = from; i < to; i++) {
			ca_buf_u8(out, i == from ? ',' : '+');
			ca_buf_put(
			    out, dn->pool + dn->pair[i].at, dn->pair[i].len);
		}
	}
	return ca_buf_err(out);
}

enum ca_err
ca_dn_from_name(const X509_NAME *name, bool fold, struct ca_buf *out)
{
	struct dn dn;
	enum ca_err rc;

	dn.n = dn.used = 0;
	dn.fold = fold;
	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		X509_NAME_ENTRY *e = X509_NAME_get_entry(name, i);
		const ASN1_OBJECT *type = X509_NAME_ENTRY_get_object(e);
		ASN1_STRING *value = X509_NAME_ENTRY_get_data(e);
		ASN1_TYPE any = {.type = ASN1_STRING_type(value)};

		any.value.asn1_string = value;
		if ((rc = pair_begin(&dn, OBJ_get0_data(type), OBJ_length(type),
			 X509_NAME_ENTRY_set(e))) != CA_OK ||
		    (rc = pair_end_asn1(&dn, &any)) != CA_OK)
			return rc;
	}
	return write_out(&dn, false, out);
}

/* ---- the text form ---- */

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

/* numericoid of RFC 4512 section 1.4, of digits and dots: libcrypto also takes
 * empty numbers, a dot at the end and zeros in front. */
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
parse_type(struct text *t, struct dn *dn, int rdn)
{
	uint8_t oid[256];
	char dotted[128];
	const char *name = t->p;

	while (t->p < t->end && *t->p != '=' && *t->p != ' ' && *t->p != ',')
		t->p++;
	size_t len = (size_t)(t->p - name);
	skip_space(t);
	if (t->p == t->end || *t->p != '=')
		return refuse(t, "an attribute without =");
	t->p++;
	if (len > 4 && strncasecmp(name, "OID.", 4) == 0) {
		name += 4;
		len -= 4;
	}
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strlen(types[i].name) == len &&
		    strncasecmp(types[i].name, name, len) == 0) {
			const ASN1_OBJECT *o = OBJ_nid2obj(types[i].nid);

			return pair_begin(
			    dn, OBJ_get0_data(o), OBJ_length(o), rdn);
		}
	if (len == 0 || len >= sizeof dotted)
		return refuse(t, "an attribute type is missing or too long");
	memcpy(dotted, name, len);
	dotted[len] = '\0';
	if (strspn(dotted, "0123456789.") != len)
		return refuse(t, "an unknown attribute type; write its OID");
	int n = is_numericoid(dotted)
		    ? a2d_ASN1_OBJECT(oid, sizeof oid, dotted, (int)len)
		    : 0;
	if (n <= 0)
		return refuse(t, "an attribute type is not an OID");
	return pair_begin(dn, oid, (size_t)n, rdn);
}

/* hexstring: the DER of the value. */
static enum ca_err
parse_hex(struct text *t, struct dn *dn)
{
	uint8_t der[4096];
	size_t n = 0;
	enum ca_err rc;

	for (t->p++;
	     t->p < t->end && *t->p != ',' && *t->p != '+' && *t->p != ' ';
	     t->p += 2) {
		int high = ca_hex_digit(t->p[0]);
		int low = t->p + 1 < t->end ? ca_hex_digit(t->p[1]) : -1;

		if (high < 0 || low < 0 || n == sizeof der)
			return refuse(t, "not hexadecimal after #");
		der[n++] = (uint8_t)(high << 4 | low);
	}
	const unsigned char *p = der;
	ASN1_TYPE *value = d2i_ASN1_TYPE(NULL, &p, (long)n);
	if (value == NULL || p != der + n) {
		ASN1_TYPE_free(value);
		return refuse(t, "no DER value after #");
	}
	rc = pair_end_asn1(dn, value);
	ASN1_TYPE_free(value);
	if (rc == CA_ERR_FORMAT)
		t->why = "the value after # cannot be decoded";
	return rc;
}

/* One character of a string, unescaped, into *c. */
static enum ca_err
parse_char(struct text *t, uint8_t *c, bool *escaped)
{
	*escaped = false;
	if (*t->p != '\\') {
		if (strchr("\";<>", *t->p) != NULL)
			return refuse(t, "one of \" ; < > needs a backslash");
		*c = (uint8_t)*t->p++;
		return CA_OK;
	}
	*escaped = true;
	if (t->end - t->p < 2)
		return refuse(t, "a backslash at the end");
	if (strchr(" \"#+,;<=>\\", t->p[1]) != NULL) {
		*c = (uint8_t)t->p[1];
		t->p += 2;
		return CA_OK;
	}
	int high = ca_hex_digit(t->p[1]);
	int low = t->end - t->p > 2 ? ca_hex_digit(t->p[2]) : -1;
	if (high < 0 || low < 0)
		return refuse(t, "a backslash before neither a special "
				 "character nor two hexadecimal digits");
	*c = (uint8_t)(high << 4 | low);
	t->p += 3;
	return CA_OK;
}

static enum ca_err
parse_string(struct text *t, struct dn *dn)
{
	uint8_t value[4096];
	size_t n = 0,
	       keep = 0; /* keep: up to the last that is no plain space */
	enum ca_err rc;

	while (t->p < t->end && *t->p != ',' && *t->p != '+') {
		uint8_t c;
		bool escaped;

		if (n == sizeof value)
			return CA_ERR_LIMIT;
		if ((rc = parse_char(t, &c, &escaped)) != CA_OK)
			return rc;
		if (c == 0)
			return refuse(t, "a NUL, which never matches");
		value[n++] = c;
		if (c != ' ' || escaped)
			keep = n;
	}
	for (size_t i = 0, step; i < keep; i += step) {
		uint32_t c;

		if ((step = ca_utf8_next(value + i, keep - i, &c)) == 0)
			return refuse(t, "not UTF-8");
	}
	return pair_end(dn, 'S', value, keep);
}

static enum ca_err
parse_pairs(struct text *t, struct dn *dn)
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
			return refuse(t, "neither , nor + after a value");
		if (*t->p == ',')
			rdn++;
		t->p++;
	}
}

enum ca_err
ca_dn_parse(const char *text, size_t len, bool fold, struct ca_buf *out,
    const char **why)
{
	struct text t = {text, text + len, "too long or too many attributes"};
	struct dn dn;
	enum ca_err rc;

	dn.n = dn.used = 0;
	dn.fold = fold;
	rc = parse_pairs(&t, &dn);
	*why = t.why;
	if (rc != CA_OK)
		return rc;
	return write_out(&dn, true, out);
}
