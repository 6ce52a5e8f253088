/*
 * The names in a certificate: subject, subjectAltName, and Microsoft's SID
 * extension.
 */
#include "map/dn.h"
#include "map/identint.h"
#include "map/krb.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>

/* The content octets of the OIDs of otherName types and extensions for which
 * libcrypto may have no NID. */
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

enum ca_err
ca_ident_add_subject(struct ca_ident *id)
{
	const X509_NAME *subject = X509_get_subject_name(id->leaf);
	size_t at = id->bytes.len;
	enum ca_err rc;

	if (X509_NAME_entry_count(subject) == 0)
		return CA_OK;
	if ((rc = ca_dn_from_name(subject, false, &id->bytes)) != CA_OK)
		return ca_ident_refuse(id, rc,
		    "the subject cannot be decoded, or "
		    "holds a NUL");
	size_t len = id->bytes.len - at;
	if ((rc = ca_ident_add_end(id, CA_SEL_SUBJECT, at)) != CA_OK)
		return rc;
	size_t both = id->bytes.len;
	ca_buf_put(&id->bytes, id->issuer.p, id->issuer.len);
	ca_buf_u8(&id->bytes, ';');
	for (size_t i = 0; i < len && id->bytes.err == CA_OK; i++)
		ca_buf_u8(&id->bytes, id->bytes.p[at + i]);
	return ca_ident_add_end(id, CA_SEL_ISSUER_SUBJECT, both);
}

enum ca_err
ca_ident_add_attributes(struct ca_ident *id, enum ca_selector sel, int nid)
{
	const X509_NAME *subject = X509_get_subject_name(id->leaf);
	enum ca_err rc;

	for (int i = -1;
	     (i = X509_NAME_get_index_by_NID(subject, nid, i)) >= 0;) {
		rc = ca_ident_add_string(id, sel,
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
			return ca_ident_refuse(
			    id, CA_ERR_FORMAT, "a UPN is not a UTF8String");
		return ca_ident_add_string(id, CA_SEL_UPN,
		    other->value->value.utf8string,
		    "a UPN cannot be decoded, or holds a NUL");
	}
	if (!OID_IS(other->type_id, oid_pkinit))
		return CA_OK;
	rc = ca_krb_principal(other->value, &id->bytes);
	if (rc == CA_OK)
		return ca_ident_add_end(id, CA_SEL_KRB, at);
	if (rc == CA_ERR_UNSUPPORTED && id->bytes.err == CA_OK) {
		id->bytes.len = at; /* such a principal matches no rule */
		return CA_OK;
	}
	return ca_ident_refuse(id, rc, "a PKINIT principal is malformed");
}

static enum ca_err
add_general_name(struct ca_ident *id, const GENERAL_NAME *name)
{
	switch (name->type) {
	case GEN_EMAIL:
		return ca_ident_add_ia5(id, CA_SEL_EMAIL, name->d.rfc822Name,
		    "an e-mail address is not ASCII, or holds a NUL");
	case GEN_DNS:
		return ca_ident_add_ia5(id, CA_SEL_DNS, name->d.dNSName,
		    "a DNS name is not ASCII, or holds a NUL");
	case GEN_URI:
		return ca_ident_add_ia5(id, CA_SEL_URI,
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

enum ca_err
ca_ident_add_alt_names(struct ca_ident *id)
{
	int critical = 0;
	enum ca_err rc = CA_OK;
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(id->leaf, NID_subject_alt_name, &critical, NULL);

	if (names == NULL && critical != -1)
		return ca_ident_refuse(id, CA_ERR_FORMAT,
		    "the subjectAltName is malformed, or occurs twice");
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && rc == CA_OK; i++)
		rc = add_general_name(id, sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
	if (rc != CA_OK)
		return rc;
	/* emailAddress in the subject is used if there is no rfc822Name */
	if (!has(id, CA_SEL_EMAIL))
		return ca_ident_add_attributes(
		    id, CA_SEL_EMAIL, NID_pkcs9_emailAddress);
	return CA_OK;
}

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
			return ca_ident_refuse(id, CA_ERR_FORMAT, why);
		rc = ca_ident_add_ia5(id, CA_SEL_SID,
		    n->d.otherName->value->value.octet_string, why);
		if (rc != CA_OK)
			return rc;
	}
	return CA_OK;
}

enum ca_err
ca_ident_add_sid(struct ca_ident *id)
{
	X509_EXTENSION *found = NULL;
	enum ca_err rc;

	for (int i = 0; i < X509_get_ext_count(id->leaf); i++) {
		X509_EXTENSION *e = (X509_EXTENSION *)X509_get_ext(id->leaf, i);

		if (!OID_IS(X509_EXTENSION_get_object(e), oid_security))
			continue;
		if (found != NULL)
			return ca_ident_refuse(id, CA_ERR_FORMAT,
			    "the certificate has two SID extensions");
		found = e;
	}
	if (found == NULL)
		return CA_OK;
	const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(found);
	const unsigned char *p = ASN1_STRING_get0_data(value);
	const unsigned char *end = p + ASN1_STRING_length(value);
	GENERAL_NAMES *names = d2i_GENERAL_NAMES(NULL, &p, (long)(end - p));
	if (names == NULL || p != end)
		rc = ca_ident_refuse(id, CA_ERR_FORMAT,
		    "the SID extension is "
		    "malformed");
	else
		rc = add_sid_names(id, names);
	GENERAL_NAMES_free(names);
	return rc;
}
