#include "base/utf8.h"
#include "map/ascii.h"
#include "map/dnint.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <string.h>

enum ca_err
ca_dn_utf8(const ASN1_STRING *s, unsigned char **out, size_t *len)
{
	unsigned char *text = NULL;
	int n = ASN1_STRING_to_UTF8(&text, s);

	*out = NULL;
	*len = 0;
	if (n < 0)
		return CA_ERR_FORMAT;
	/* libcrypto does not check that a UTF8String is UTF-8 */
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

static enum ca_err
pool_put(struct ca_dn *dn, const void *p, size_t len)
{
	if (len > CA_DN_POOL_MAX - dn->used)
		return CA_ERR_LIMIT;
	if (len > 0)
		memcpy(dn->pool + dn->used, p, len);
	dn->used += len;
	return CA_OK;
}

enum ca_err
ca_dn_pair_begin(struct ca_dn *dn, const uint8_t *oid, size_t oidlen, int rdn)
{
	uint8_t n = (uint8_t)oidlen;
	enum ca_err rc;

	if (dn->n == CA_DN_PAIRS_MAX || oidlen == 0 || oidlen > 255)
		return CA_ERR_LIMIT;
	dn->pair[dn->n].at = dn->used;
	dn->pair[dn->n].rdn = rdn;
	if ((rc = pool_put(dn, &n, 1)) != CA_OK)
		return rc;
	return pool_put(dn, oid, oidlen);
}

enum ca_err
ca_dn_pair_end(struct ca_dn *dn, char kind, const void *value, size_t len)
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

enum ca_err
ca_dn_pair_asn1(struct ca_dn *dn, const ASN1_TYPE *value)
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
			rc = ca_dn_pair_end(dn, 'S', p, len);
		OPENSSL_free(p);
		return rc;
	}
	int n = i2d_ASN1_TYPE(value, &p);
	if (n <= 0)
		return CA_ERR_FORMAT;
	rc = ca_dn_pair_end(dn, 'D', p, (size_t)n);
	OPENSSL_free(p);
	return rc;
}

static bool
after(const struct ca_dn *dn, const struct ca_dn_pair *a,
    const struct ca_dn_pair *b)
{
	size_t n = a->len < b->len ? a->len : b->len;
	int order = memcmp(dn->pool + a->at, dn->pool + b->at, n);

	return order > 0 || (order == 0 && a->len > b->len);
}

enum ca_err
ca_dn_write(struct ca_dn *dn, bool reverse, struct ca_buf *out)
{
	for (size_t i = 1; i < dn->n; i++)
		for (size_t j = i; j > 0; j--) {
			struct ca_dn_pair *a = &dn->pair[j - 1],
					  *b = &dn->pair[j];
			struct ca_dn_pair t = *a;

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
	struct ca_dn dn;
	enum ca_err rc;

	dn.n = dn.used = 0;
	dn.fold = fold;
	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		const X509_NAME_ENTRY *e = X509_NAME_get_entry(name, i);
		const ASN1_OBJECT *type = X509_NAME_ENTRY_get_object(e);
		const ASN1_STRING *value = X509_NAME_ENTRY_get_data(e);
		ASN1_TYPE any = {.type = ASN1_STRING_type(value)};

		any.value.asn1_string = (ASN1_STRING *)value;
		if ((rc = ca_dn_pair_begin(&dn, OBJ_get0_data(type),
			 OBJ_length(type), X509_NAME_ENTRY_set(e))) != CA_OK ||
		    (rc = ca_dn_pair_asn1(&dn, &any)) != CA_OK)
			return rc;
	}
	return ca_dn_write(&dn, false, out);
}
