#include "verify/name.h"
#include "base/utf8.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <stdio.h>
#include <string.h>

/*
 * The descriptors that LDAP has registered (RFC 4514 section 3, RFC 4519), and
 * emailAddress, which is common.  Any other type is shown as its dotted OID.
 */
static const struct {
	int nid;
	const char *name;
} types[] = {
    {NID_commonName, "CN"},
    {NID_organizationName, "O"},
    {NID_organizationalUnitName, "OU"},
    {NID_countryName, "C"},
    {NID_domainComponent, "DC"},
    {NID_userId, "UID"},
    {NID_localityName, "L"},
    {NID_stateOrProvinceName, "ST"},
    {NID_streetAddress, "STREET"},
    {NID_pkcs9_emailAddress, "emailAddress"},
    {NID_serialNumber, "serialNumber"},
    {NID_surname, "sn"},
    {NID_givenName, "givenName"},
    {NID_initials, "initials"},
    {NID_generationQualifier, "generationQualifier"},
    {NID_title, "title"},
    {NID_name, "name"},
    {NID_dnQualifier, "dnQualifier"},
};

/* RFC 4514 section 2.4 says which characters need a backslash. */
static void
put_value(struct ca_buf *out, const uint8_t *p, size_t len)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c = 0;

		n = ca_utf8_next(p + i, len - i, &c);
		if (n == 0 || !ca_utf8_printable(c)) {
			if (n == 0)
				n = 1;
			/* not by snprintf: for a whole name it costs as much
			 * as a login */
			for (size_t j = 0; j < n; j++) {
				ca_buf_u8(out, '\\');
				ca_buf_u8(out, hex[p[i + j] >> 4]);
				ca_buf_u8(out, hex[p[i + j] & 0xf]);
			}
			continue;
		}
		/* not "\\=", which a search for TYPE= would still find */
		if (c == '=') {
			ca_buf_str(out, "\\3D");
			continue;
		}
		if (c < 0x80 && (strchr("\"+,;<>\\", (int)c) != NULL ||
				    (i == 0 && (c == ' ' || c == '#')) ||
				    (i + 1 == len && c == ' ')))
			ca_buf_str(out, "\\");
		ca_buf_put(out, p + i, n);
	}
}

/* #HEX of the DER: for a value that is not text, or whose type has no name. */
static void
put_hex_value(struct ca_buf *out, const ASN1_STRING *value)
{
	ASN1_TYPE any = {.type = ASN1_STRING_type(value)};
	uint8_t *der = NULL;

	any.value.asn1_string = (ASN1_STRING *)value;
	int len = i2d_ASN1_TYPE(&any, &der);
	ca_buf_str(out, "#");
	if (len > 0)
		ca_buf_hex(out, der, (size_t)len);
	OPENSSL_free(der);
}

static void
put_attribute(struct ca_buf *out, const X509_NAME_ENTRY *entry)
{
	const ASN1_OBJECT *type = X509_NAME_ENTRY_get_object(entry);
	const ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);
	int nid = OBJ_obj2nid(type);
	const char *name = NULL;
	char oid[256];
	uint8_t *utf8 = NULL;
	int len;

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (types[i].nid == nid)
			name = types[i].name;
	if (name == NULL) {
		len = OBJ_obj2txt(oid, sizeof oid, type, 1);
		if (len <= 0 || (size_t)len >= sizeof oid)
			strcpy(oid, "?");
		ca_buf_fmt(out, "%s=", oid);
		put_hex_value(out, value);
		return;
	}
	ca_buf_fmt(out, "%s=", name);
	if ((len = ASN1_STRING_to_UTF8(&utf8, value)) < 0) {
		put_hex_value(out, value);
		return;
	}
	put_value(out, utf8, (size_t)len);
	OPENSSL_free(utf8);
}

void
ca_name_rfc4514(const X509_NAME *name, struct ca_buf *out)
{
	int n = X509_NAME_entry_count(name);

	/* from the last RDN to the first; within an RDN in its own order */
	for (int end = n; end > 0;) {
		int set =
		    X509_NAME_ENTRY_set(X509_NAME_get_entry(name, end - 1));
		int begin = end - 1;

		while (begin > 0 && X509_NAME_ENTRY_set(X509_NAME_get_entry(
					name, begin - 1)) == set)
			begin--;
		if (end < n)
			ca_buf_str(out, ",");
		for (int i = begin; i < end; i++) {
			if (i > begin)
				ca_buf_str(out, "+");
			put_attribute(out, X509_NAME_get_entry(name, i));
		}
		end = begin;
	}
}

void
ca_name_key_id(const ASN1_OCTET_STRING *id, struct ca_buf *out)
{
	size_t len = (size_t)ASN1_STRING_length(id);

	/* SHA-1 and SHA-256 are in use; anybody can write more */
	ca_buf_hex(out, ASN1_STRING_get0_data(id), len > 32 ? 32 : len);
	if (len > 32)
		ca_buf_str(out, "...");
}
