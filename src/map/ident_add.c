/*
 * Add one value of a certificate.
 */
#include "map/dn.h"
#include "map/identint.h"

#include <openssl/asn1.h>

enum ca_err
ca_ident_refuse(struct ca_ident *id, enum ca_err err, const char *why)
{
	id->why = why;
	return err;
}

enum ca_err
ca_ident_add_end(struct ca_ident *id, enum ca_selector sel, size_t at)
{
	enum ca_err rc = ca_buf_err(&id->bytes);

	if (rc == CA_ERR_LIMIT || id->n == CA_IDENT_MAX)
		return ca_ident_refuse(id, CA_ERR_LIMIT,
		    "the certificate has too many names, or names that are too long");
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

enum ca_err
ca_ident_add(
    struct ca_ident *id, enum ca_selector sel, const void *p, size_t len)
{
	size_t at = id->bytes.len;

	ca_buf_put(&id->bytes, p, len);
	return ca_ident_add_end(id, sel, at);
}

enum ca_err
ca_ident_add_hex(
    struct ca_ident *id, enum ca_selector sel, const void *p, size_t len)
{
	size_t at = id->bytes.len;

	ca_buf_hex(&id->bytes, p, len);
	return ca_ident_add_end(id, sel, at);
}

enum ca_err
ca_ident_add_string(struct ca_ident *id, enum ca_selector sel,
    const ASN1_STRING *s, const char *why)
{
	unsigned char *p;
	size_t len;
	enum ca_err rc = ca_dn_utf8(s, &p, &len);

	if (rc != CA_OK)
		return ca_ident_refuse(id, rc, why);
	if (len > 0)
		rc = ca_ident_add(id, sel, p, len);
	OPENSSL_free(p);
	return rc;
}

/* IA5String holds ASCII (RFC 5280 section 4.2.1.6); libcrypto does not check this. */
enum ca_err
ca_ident_add_ia5(struct ca_ident *id, enum ca_selector sel,
    const ASN1_IA5STRING *s, const char *why)
{
	const unsigned char *p = ASN1_STRING_get0_data(s);
	int len = ASN1_STRING_length(s);

	for (int i = 0; i < len; i++)
		if (p[i] == 0 || p[i] >= 0x80)
			return ca_ident_refuse(id, CA_ERR_FORMAT, why);
	return len > 0 ? ca_ident_add(id, sel, p, (size_t)len) : CA_OK;
}
