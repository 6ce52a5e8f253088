#include "map/identint.h"
#include "map/dn.h"
#include "verify/verify.h"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>

static enum ca_err
add_hashes(struct ca_ident *id, struct ca_crypto *crypto)
{
	uint8_t hash[32];
	enum ca_err rc;
	int len = i2d_X509(id->leaf, &id->der);

	if (len <= 0)
		return CA_ERR_MEMORY;
	id->der_len = (size_t)len;
	rc = ca_crypto_sha256(crypto, id->der, id->der_len, hash);
	if (rc != CA_OK)
		return rc;
	if ((rc = ca_ident_add_hex(id, CA_SEL_SHA256, hash, sizeof hash)) !=
	    CA_OK)
		return rc;
	if ((rc = ca_crypto_spki(crypto, id->leaf, hash)) != CA_OK)
		return rc;
	return ca_ident_add_hex(id, CA_SEL_KEY, hash, sizeof hash);
}

/* The form of serial_value in selector_parse.c: lower case, no leading zeros. */
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
	return ca_ident_add_end(id, CA_SEL_ISSUER_SERIAL, at);
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
			   : ca_ident_refuse(id, CA_ERR_FORMAT,
				 "the subjectKeyIdentifier is malformed");
	int len = ASN1_STRING_length(ski);
	enum ca_err rc = len < 1 || len > 64
			     ? CA_OK
			     : ca_ident_add_hex(id, CA_SEL_SKI,
				   ASN1_STRING_get0_data(ski), (size_t)len);
	ASN1_OCTET_STRING_free(ski);
	return rc;
}

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
		return ca_ident_refuse(id, rc,
		    "the issuer cannot be decoded, or holds "
		    "a NUL");
	if ((rc = add_hashes(id, crypto)) != CA_OK ||
	    (rc = add_serial(id)) != CA_OK || (rc = add_ski(id)) != CA_OK ||
	    (rc = ca_ident_add_sid(id)) != CA_OK ||
	    (rc = ca_ident_add_subject(id)) != CA_OK ||
	    (rc = ca_ident_add_attributes(id, CA_SEL_CN, NID_commonName)) !=
		CA_OK ||
	    (rc = ca_ident_add_attributes(id, CA_SEL_UID, NID_userId)) != CA_OK)
		return rc;
	return ca_ident_add_alt_names(id);
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
