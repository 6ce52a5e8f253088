#include "map/ident.h"
#include "map/dn.h"
#include "map/krb.h"
#include "verify/verify.h"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>

/* otherName types and extensions that libcrypto may not know by number: the
 * content octets of their OIDs. */
static const uint8_t oid_upn[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37,
    0x14, 0x02, 0x03}; /* 1.3.6.1.4.1.311.20.2.3 */
static const uint8_t oid_pkinit[] = {
    0x2b, 0x06, 0x01, 0x05, 0x02, 0x02}; /* 1.3.6.1.5.2.2 */
static const uint8_t oid_security[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37,
    0x19, 0x02}; /* 1.3.6.1.4.1.311.25.2 */
static const uint8_t oid_sid[] = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37,
    0x19, 0x02, 0x01}; /* 1.3.6.1.4.1.311.25.2.1 */

static bool
oid_is(const ASN1_OBJECT *o, const uint8_t *oid, size_t len)
{
	return OBJ_length(o) == len && memcmp(OBJ_get0_data(o), oid, len) == 0;
}

#define OID_IS(o, oid) oid_is((o), (oid), sizeof(oid))

static enum ca_err
refuse(struct ca_ident *id, enum ca_err err, const char *why)
{
	id->why = why;
	return err;
}

/* ---- collecting values ---- */

/* The bytes since at are a value of sel. */
static enum ca_err
value_end(struct ca_ident *id, enum ca_selector sel, size_t at)
{
	enum ca_err rc = ca_buf_err(&id->bytes);

	if (rc == CA_ERR_LIMIT || id->n == CA_IDENT_MAX)
		return refuse(id, CA_ERR_LIMIT, "too many or too long names");
	if (rc != CA_OK)
		return rc;
	size_t len = id->bytes.len - at;
	ca_selector_normalise(sel, id->bytes.p + at, len);
	id->v[id->n].sel = sel;
	id->v[id->n].at = at;
	id->v[id->n].len = len;
	id->n++;
	return CA_OK;
}

static enum ca_err
add(struct ca_ident *id, enum ca_selector sel, const void *p, size_t len)
{
	size_t at = id->bytes.len;

	ca_buf_put(&id->bytes, p, len);
	return value_end(id, sel, at);
}

static enum ca_err
add_hex(struct ca_ident *id, enum ca_selector sel, const void *p, size_t len)
{
	size_t at = id->bytes.len;

	ca_buf_hex(&id->bytes, p, len);
	return value_end(id, sel, at);
}

/* A string of any type; empty ones name nobody and are left out. */
static enum ca_err
add_string(struct ca_ident *id, enum ca_selector sel, const ASN1_STRING *s,
    const char *why)
{
	unsigned char *p;
	size_t len;
	enum ca_err rc = ca_dn_utf8(s, &p, &len);

	if (rc != CA_OK)
		return refuse(id, rc, why);
	if (len > 0)
		rc = add(id, sel, p, len);
	OPENSSL_free(p);
	return rc;
}

/* IA5String holds ASCII (RFC 5280 section 4.2.1.6); libcrypto does not look. */
static enum ca_err
add_ia5(struct ca_ident *id, enum ca_selector sel, const ASN1_IA5STRING *s,
    const char *why)
{
	const unsigned char *p = ASN1_STRING_get0_data(s);
	int len = ASN1_STRING_length(s);

	for (int i = 0; i < len; i++)
		if (p[i] == 0 || p[i] >= 0x80)
			return refuse(id, CA_ERR_FORMAT, why);
	return len > 0 ? add(id, sel, p, (size_t)len) : CA_OK;
}

/* ---- the certificate itself, its key and its number ---- */

static enum ca_err
add_hashes(struct ca_ident *id, struct ca_crypto *crypto)
{
	uint8_t hash[32];
	unsigned char *spki = NULL;
	enum ca_err rc;
	int len = i2d_X509(id->leaf, &id->der);

	if (len <= 0)
		return CA_ERR_MEMORY;
	id->der_len = (size_t)len;
	rc = ca_crypto_sha256(crypto, id->der, id->der_len, hash);
	if (rc != CA_OK)
		return rc;
	if ((rc = add_hex(id, CA_SEL_SHA256, hash, sizeof hash)) != CA_OK)
		return rc;
	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(id->leaf), &spki);
	if (len <= 0)
		return CA_ERR_MEMORY;
	rc = ca_crypto_sha256(crypto, spki, (size_t)len, hash);
	OPENSSL_free(spki);
	if (rc != CA_OK)
		return rc;
	return add_hex(id, CA_SEL_KEY, hash, sizeof hash);
}

/* As serial_value of selector.c has it: no leading zeros, lower case. */
static enum ca_err
add_serial(struct ca_ident *id)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(id->leaf);
	const unsigned char *p = ASN1_STRING_get0_data(serial);
	size_t len = (size_t)ASN1_STRING_length(serial);
	size_t at = id->bytes.len, begin;

	ca_buf_put(&id->bytes, id->issuer.p, id->issuer.len);
	ca_buf_u8(&id->bytes, ';');
	if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
		ca_buf_u8(&id->bytes, '-');
	while (len > 1 && *p == 0) {
		p++;
		len--;
	}
	begin = id->bytes.len;
	ca_buf_hex(&id->bytes, len > 0 ? p : (const unsigned char *)"",
	    len > 0 ? len : 1);
	if (id->bytes.err == CA_OK && id->bytes.p[begin] == '0') {
		memmove(id->bytes.p + begin, id->bytes.p + begin + 1,
		    id->bytes.len - begin - 1);
		id->bytes.len--;
	}
	return value_end(id, CA_SEL_ISSUER_SERIAL, at);
}

static enum ca_err
add_ski(struct ca_ident *id)
{
	int critical = 0;
	ASN1_OCTET_STRING *ski = X509_get_ext_d2i(
	    id->leaf, NID_subject_key_identifier, &critical, NULL);

	if (ski == NULL)
		return critical == -1
			   ? CA_OK
			   : refuse(id, CA_ERR_FORMAT,
				 "the subjectKeyIdentifier is malformed");
	int len = ASN1_STRING_length(ski);
	enum ca_err rc = len < 1 || len > 64
			     ? CA_OK
			     : add_hex(id, CA_SEL_SKI,
				   ASN1_STRING_get0_data(ski), (size_t)len);
	ASN1_OCTET_STRING_free(ski);
	return rc;
}

/* ---- names ---- */

static enum ca_err
add_subject(struct ca_ident *id)
{
	const X509_NAME *subject = X509_get_subject_name(id->leaf);
	size_t at = id->bytes.len;
	enum ca_err rc;

	if (X509_NAME_entry_count(subject) == 0)
		return CA_OK;
	if ((rc = ca_dn_from_name(subject, false, &id->bytes)) != CA_OK)
		return refuse(id, rc,
		    "the subject cannot be decoded, or "
		    "holds a NUL");
	size_t len = id->bytes.len - at;
	if ((rc = value_end(id, CA_SEL_SUBJECT, at)) != CA_OK)
		return rc;
	size_t both = id->bytes.len;
	ca_buf_put(&id->bytes, id->issuer.p, id->issuer.len);
	ca_buf_u8(&id->bytes, ';');
	for (size_t i = 0; i < len && id->bytes.err == CA_OK; i++)
		ca_buf_u8(&id->bytes, id->bytes.p[at + i]);
	return value_end(id, CA_SEL_ISSUER_SUBJECT, both);
}

/* Every attribute of this type in the subject. */
static enum ca_err
add_attributes(struct ca_ident *id, enum ca_selector sel, int nid)
{
	const X509_NAME *subject = X509_get_subject_name(id->leaf);
	enum ca_err rc;

	for (int i = -1;
	     (i = X509_NAME_get_index_by_NID(subject, nid, i)) >= 0;) {
		rc = add_string(id, sel,
		    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, i)),
		    "the subject cannot be "
		    "decoded, or holds a NUL");
		if (rc != CA_OK)
			return rc;
	}
	return CA_OK;
}

static enum ca_err
add_other_name(struct ca_ident *id, const OTHERNAME *other)
{
	size_t at = id->bytes.len;
	enum ca_err rc;

	if (OID_IS(other->type_id, oid_upn)) {
		if (other->value->type != V_ASN1_UTF8STRING)
			return refuse(id, CA_ERR_FORMAT,
			    "a UPN is no "
			    "UTF8String");
		return add_string(id, CA_SEL_UPN,
		    other->value->value.utf8string,
		    "a UPN cannot be decoded, or holds a NUL");
	}
	if (!OID_IS(other->type_id, oid_pkinit))
		return CA_OK;
	rc = ca_krb_principal(other->value, &id->bytes);
	if (rc == CA_OK)
		return value_end(id, CA_SEL_KRB, at);
	if (rc == CA_ERR_UNSUPPORTED && id->bytes.err == CA_OK) {
		id->bytes.len = at; /* such a principal matches nothing */
		return CA_OK;
	}
	return refuse(id, rc, "a PKINIT principal is malformed");
}

static enum ca_err
add_general_name(struct ca_ident *id, const GENERAL_NAME *name)
{
	switch (name->type) {
	case GEN_EMAIL:
		return add_ia5(id, CA_SEL_EMAIL, name->d.rfc822Name,
		    "an e-mail address is not ASCII, or holds a NUL");
	case GEN_DNS:
		return add_ia5(id, CA_SEL_DNS, name->d.dNSName,
		    "a DNS name is not ASCII, or holds a NUL");
	case GEN_URI:
		return add_ia5(id, CA_SEL_URI,
		    name->d.uniformResourceIdentifier,
		    "a URI is not ASCII, or holds a NUL");
	case GEN_OTHERNAME:
		return add_other_name(id, name->d.otherName);
	default:
		return CA_OK;
	}
}

static bool
has(const struct ca_ident *id, enum ca_selector sel)
{
	for (size_t i = 0; i < id->n; i++)
		if (id->v[i].sel == sel)
			return true;
	return false;
}

static enum ca_err
add_alt_names(struct ca_ident *id)
{
	int critical = 0;
	enum ca_err rc = CA_OK;
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(id->leaf, NID_subject_alt_name, &critical, NULL);

	if (names == NULL && critical != -1)
		return refuse(id, CA_ERR_FORMAT,
		    "the subjectAltName is "
		    "malformed, or stands there twice");
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && rc == CA_OK; i++)
		rc = add_general_name(id, sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
	if (rc != CA_OK)
		return rc;
	/* the old place for an address counts where the new one is empty */
	if (!has(id, CA_SEL_EMAIL))
		return add_attributes(id, CA_SEL_EMAIL, NID_pkcs9_emailAddress);
	return CA_OK;
}

/* ---- Microsoft's SID extension: GeneralNames with one otherName ---- */

static enum ca_err
add_sid_names(struct ca_ident *id, const GENERAL_NAMES *names)
{
	static const char why[] = "the SID extension is malformed";
	enum ca_err rc;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);

		if (n->type != GEN_OTHERNAME ||
		    !OID_IS(n->d.otherName->type_id, oid_sid))
			continue;
		if (n->d.otherName->value->type != V_ASN1_OCTET_STRING)
			return refuse(id, CA_ERR_FORMAT, why);
		rc = add_ia5(id, CA_SEL_SID,
		    n->d.otherName->value->value.octet_string, why);
		if (rc != CA_OK)
			return rc;
	}
	return CA_OK;
}

static enum ca_err
add_sid(struct ca_ident *id)
{
	const X509_EXTENSION *found = NULL;
	enum ca_err rc;

	for (int i = 0; i < X509_get_ext_count(id->leaf); i++) {
		X509_EXTENSION *e = X509_get_ext(id->leaf, i);

		if (!OID_IS(X509_EXTENSION_get_object(e), oid_security))
			continue;
		if (found != NULL)
			return refuse(id, CA_ERR_FORMAT, "two SID extensions");
		found = e;
	}
	if (found == NULL)
		return CA_OK;
	const ASN1_OCTET_STRING *value =
	    X509_EXTENSION_get_data((X509_EXTENSION *)found);
	const unsigned char *p = ASN1_STRING_get0_data(value);
	const unsigned char *end = p + ASN1_STRING_length(value);
	GENERAL_NAMES *names = d2i_GENERAL_NAMES(NULL, &p, (long)(end - p));
	if (names == NULL || p != end)
		rc = refuse(id, CA_ERR_FORMAT,
		    "the SID extension is "
		    "malformed");
	else
		rc = add_sid_names(id, names);
	GENERAL_NAMES_free(names);
	return rc;
}

/* ---- all ---- */

enum ca_err
ca_ident_of(struct ca_crypto *crypto, X509 *leaf, struct ca_ident *id)
{
	enum ca_err rc;

	id->n = 0;
	id->bytes = CA_BUF_INIT(CA_IDENT_VALUE_MAX);
	id->folded = CA_BUF_INIT(CA_IDENT_VALUE_MAX);
	id->folds = 0;
	id->issuer = CA_BUF_INIT(CA_IDENT_VALUE_MAX);
	id->leaf = leaf;
	id->der = NULL;
	id->der_len = 0;
	id->why = NULL;
	rc = ca_dn_from_name(X509_get_issuer_name(leaf), false, &id->issuer);
	if (rc != CA_OK)
		return refuse(id, rc,
		    "the issuer cannot be decoded, or holds "
		    "a NUL");
	if ((rc = add_hashes(id, crypto)) != CA_OK ||
	    (rc = add_serial(id)) != CA_OK || (rc = add_ski(id)) != CA_OK ||
	    (rc = add_sid(id)) != CA_OK || (rc = add_subject(id)) != CA_OK ||
	    (rc = add_attributes(id, CA_SEL_CN, NID_commonName)) != CA_OK ||
	    (rc = add_attributes(id, CA_SEL_UID, NID_userId)) != CA_OK)
		return rc;
	return add_alt_names(id);
}

void
ca_ident_free(struct ca_ident *id)
{
	ca_buf_free(&id->bytes);
	ca_buf_free(&id->folded);
	ca_buf_free(&id->issuer);
	OPENSSL_free(id->der);
	id->der = NULL;
}

/* Names are shown as text, not in their canonical form. */
static void
show_names(const struct ca_ident *id, enum ca_selector sel, struct ca_buf *out)
{
	if (sel != CA_SEL_SUBJECT) {
		ca_name_rfc4514(X509_get_issuer_name(id->leaf), out);
		ca_buf_str(out, ";");
	}
	if (sel == CA_SEL_ISSUER_SERIAL)
		ca_buf_hex(out,
		    ASN1_STRING_get0_data(X509_get0_serialNumber(id->leaf)),
		    (size_t)ASN1_STRING_length(
			X509_get0_serialNumber(id->leaf)));
	else
		ca_name_rfc4514(X509_get_subject_name(id->leaf), out);
}

void
ca_ident_show(
    const struct ca_ident *id, enum ca_selector sel, struct ca_buf *out)
{
	bool first = true;

	for (size_t i = 0; i < id->n; i++) {
		if (id->v[i].sel != sel)
			continue;
		if (!first)
			ca_buf_str(out, " ");
		first = false;
		if (sel == CA_SEL_SUBJECT || sel == CA_SEL_ISSUER_SUBJECT ||
		    sel == CA_SEL_ISSUER_SERIAL)
			show_names(id, sel, out);
		else
			ca_buf_put(
			    out, id->bytes.p + id->v[i].at, id->v[i].len);
	}
}
