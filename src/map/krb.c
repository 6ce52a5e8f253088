#include "map/krb.h"

#include <openssl/asn1t.h>
#include <string.h>

/*
 * KRB5PrincipalName ::= SEQUENCE { realm [0] Realm, principalName [1]
 * PrincipalName }, PrincipalName ::= SEQUENCE { name-type [0] Int32,
 * name-string [1] SEQUENCE OF KerberosString } (RFC 4120 section 5.2.2).
 */
typedef struct {
	ASN1_INTEGER *type;
	STACK_OF(ASN1_GENERALSTRING) *parts;
} KRB_NAME;

typedef struct {
	ASN1_GENERALSTRING *realm;
	KRB_NAME *name;
} KRB_PRINCIPAL;

ASN1_SEQUENCE(KRB_NAME) =
    {
	ASN1_EXP(KRB_NAME, type, ASN1_INTEGER, 0),
	ASN1_EXP_SEQUENCE_OF(KRB_NAME, parts, ASN1_GENERALSTRING, 1),
	/* cppcheck-suppress unknownMacro ; of openssl/asn1t.h */
} static_ASN1_SEQUENCE_END(KRB_NAME)

	ASN1_SEQUENCE(KRB_PRINCIPAL) =
	    {
		ASN1_EXP(KRB_PRINCIPAL, realm, ASN1_GENERALSTRING, 0),
		ASN1_EXP(KRB_PRINCIPAL, name, KRB_NAME, 1),
} static_ASN1_SEQUENCE_END(KRB_PRINCIPAL)

		static enum ca_err
    put_part(const ASN1_STRING *s, struct ca_buf *out)
{
	const unsigned char *p = ASN1_STRING_get0_data(s);
	int len = ASN1_STRING_length(s);

	if (len == 0)
		return CA_ERR_UNSUPPORTED;
	if (memchr(p, 0, (size_t)len) != NULL)
		return CA_ERR_FORMAT;
	for (int i = 0; i < len; i++)
		if (p[i] <= ' ' || p[i] >= 0x7f || p[i] == '/' || p[i] == '@' ||
		    p[i] == '\\')
			return CA_ERR_UNSUPPORTED;
	ca_buf_put(out, p, (size_t)len);
	return CA_OK;
}

static enum ca_err
put_principal(const KRB_PRINCIPAL *k, struct ca_buf *out)
{
	enum ca_err rc;
	int n = sk_ASN1_GENERALSTRING_num(k->name->parts);

	if (n < 1)
		return CA_ERR_UNSUPPORTED;
	for (int i = 0; i < n; i++) {
		if (i > 0)
			ca_buf_str(out, "/");
		rc = put_part(
		    sk_ASN1_GENERALSTRING_value(k->name->parts, i), out);
		if (rc != CA_OK)
			return rc;
	}
	ca_buf_str(out, "@");
	if ((rc = put_part(k->realm, out)) != CA_OK)
		return rc;
	return ca_buf_err(out);
}

enum ca_err
ca_krb_principal(const ASN1_TYPE *value, struct ca_buf *out)
{
	if (value->type != V_ASN1_SEQUENCE)
		return CA_ERR_FORMAT;
	const ASN1_STRING *seq = value->value.sequence;
	const unsigned char *p = ASN1_STRING_get0_data(seq);
	const unsigned char *end = p + ASN1_STRING_length(seq);
	KRB_PRINCIPAL *k = (KRB_PRINCIPAL *)ASN1_item_d2i(
	    NULL, &p, (long)(end - p), ASN1_ITEM_rptr(KRB_PRINCIPAL));
	if (k == NULL)
		return CA_ERR_FORMAT;
	enum ca_err rc = p == end ? put_principal(k, out) : CA_ERR_FORMAT;
	ASN1_item_free((ASN1_VALUE *)k, ASN1_ITEM_rptr(KRB_PRINCIPAL));
	return rc;
}
