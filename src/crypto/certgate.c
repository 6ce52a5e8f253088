#include "crypto/certgate.h"
#include "data/der.h"
#include "crypto/sigalg.h"

#include <stdbool.h>

/* characteristicTwo of ANSI X9.62, 1.2.840.10045.3.0 */
#define BINARY_CURVES "\x2a\x86\x48\xce\x3d\x03\x00"

#define VERSION_TAG 0xa0
#define ISSUER_UID_TAG 0x81
#define SUBJECT_UID_TAG 0x82
#define EXTENSIONS_TAG 0xa3
#define SET_TAG 0x31

/* ---- RSA ---- */

static struct ca_reader
without_zeros(struct ca_reader n)
{
	while (n.left > 0 && n.p[0] == 0) {
		n.p++;
		n.left--;
	}
	return n;
}

static uint64_t
bits_of(struct ca_reader n)
{
	uint64_t bits;

	n = without_zeros(n);
	bits = (uint64_t)n.left * 8;
	for (unsigned top = 0x80; n.left > 0 && (n.p[0] & top) == 0; top >>= 1)
		bits--;
	return bits;
}

uint64_t
ca_rsa_cost(struct ca_reader modulus, struct ca_reader exponent)
{
	uint64_t bits = bits_of(modulus), multiplications = bits_of(exponent);

	for (size_t i = 0; i < exponent.left; i++)
		for (unsigned v = exponent.p[i]; v != 0; v &= v - 1)
			multiplications++;
	if (multiplications <= 2)
		return bits * bits;
	return bits * bits * (multiplications - 2);
}

static enum ca_err
positive(struct ca_reader *r, struct ca_reader *out)
{
	if (ca_der_expect(r, CA_DER_INTEGER, out) != CA_OK ||
	    !ca_der_integer_ok(out->p, out->left) || out->p[0] >= 0x80)
		return CA_ERR_FORMAT;
	return CA_OK;
}

/* RSAPublicKey ::= SEQUENCE { modulus, publicExponent }, RFC 8017 A.1.1. */
static enum ca_err
rsa(struct ca_reader params, struct ca_reader key, const char **why)
{
	struct ca_reader numbers, modulus, exponent;

	(void)params;
	if (ca_der_expect(&key, CA_DER_SEQUENCE, &numbers) != CA_OK ||
	    ca_read_end(&key) != CA_OK ||
	    positive(&numbers, &modulus) != CA_OK ||
	    positive(&numbers, &exponent) != CA_OK ||
	    ca_read_end(&numbers) != CA_OK)
		return CA_ERR_FORMAT;
	if (ca_rsa_cost(modulus, exponent) > CA_RSA_COST_MAX) {
		*why = "its RSA key or the exponent is too long: "
		       "verification would take too much time";
		return CA_ERR_UNSUPPORTED;
	}
	return CA_OK;
}

/* ---- the other keys ---- */

/* 2.3.3 of SEC 1: the y coordinate is left out, and is to be computed. */
static bool
compressed(struct ca_reader point)
{
	return point.left > 0 && (point.p[0] == 2 || point.p[0] == 3);
}

/* Some of these curves are over a field of even degree.  There, libcrypto finds
 * the y coordinate by random attempts, at most 50. */
static bool
binary(struct ca_reader curve)
{
	if (curve.left > 0)
		curve.left--; /* the arc of the curve itself */
	return ca_der_is(curve, BINARY_CURVES, sizeof BINARY_CURVES - 1);
}

static enum ca_err
ec(struct ca_reader params, struct ca_reader key, const char **why)
{
	struct ca_reader curve;

	if (ca_der_expect(&params, CA_DER_OID, &curve) != CA_OK ||
	    ca_read_end(&params) != CA_OK) {
		*why = "its key is on an elliptic curve with explicit "
		       "parameters; only named curves are accepted";
		return CA_ERR_UNSUPPORTED;
	}
	if (compressed(key) && binary(curve)) {
		*why = "its key is a compressed point on a binary curve of "
		       "X9.62, which can take much time to decode";
		return CA_ERR_UNSUPPORTED;
	}
	return CA_OK;
}

/* A key of fixed size. */
static enum ca_err
fixed(struct ca_reader params, struct ca_reader key, const char **why)
{
	(void)params;
	(void)key;
	(void)why;
	return CA_OK;
}

#define OID(bytes) bytes, sizeof(bytes) - 1
#define PKCS1 "\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define NIST_SIGS "\x60\x86\x48\x01\x65\x03\x04\x03"

/* look is NULL for a type that is never accepted; refused is then the reason.
 */
static const struct kind {
	const char *oid;
	size_t len;
	enum ca_err (*look)(
	    struct ca_reader params, struct ca_reader key, const char **why);
	const char *refused;
} kinds[] = {
    {OID(PKCS1 "\x01"), rsa, NULL},
    {OID(PKCS1 "\x0a"), rsa, NULL}, /* id-RSASSA-PSS */
    {OID("\x2a\x86\x48\xce\x3d\x02\x01"), ec, NULL},
    {OID("\x2b\x65\x70"), fixed, NULL},   /* Ed25519 */
    {OID("\x2b\x65\x71"), fixed, NULL},   /* Ed448 */
    {OID(NIST_SIGS "\x11"), fixed, NULL}, /* ML-DSA-44 */
    {OID(NIST_SIGS "\x12"), fixed, NULL}, /* ML-DSA-65 */
    {OID(NIST_SIGS "\x13"), fixed, NULL}, /* ML-DSA-87 */
    {OID("\x2a\x86\x48\xce\x38\x04\x01"), NULL, "its key is a DSA key"},
    {OID("\x2b\x65\x6e"), NULL, "its key is for X25519, not for signatures"},
    {OID("\x2b\x65\x6f"), NULL, "its key is for X448, not for signatures"},
};

static const struct kind *
kind_of(struct ca_reader oid)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (ca_der_is(oid, kinds[i].oid, kinds[i].len))
			return &kinds[i];
	return NULL;
}

static enum ca_err
known_kind(struct ca_reader oid, struct ca_reader params, struct ca_reader key,
    const char **why)
{
	const struct kind *kind = kind_of(oid);

	if (kind != NULL && kind->look != NULL)
		return kind->look(params, key, why);
	*why = kind != NULL ? kind->refused
			    : "its key has a type that certauth does not "
			      "support";
	return CA_ERR_UNSUPPORTED;
}

/* SubjectPublicKeyInfo, RFC 5280 section 4.1 */
static enum ca_err
spki(struct ca_reader r, const char **why)
{
	struct ca_reader alg, oid, key;

	if (ca_der_expect(&r, CA_DER_SEQUENCE, &alg) != CA_OK ||
	    ca_der_expect(&alg, CA_DER_OID, &oid) != CA_OK ||
	    ca_der_expect(&r, CA_DER_BIT_STRING, &key) != CA_OK ||
	    ca_read_end(&r) != CA_OK || key.left < 1 || key.p[0] != 0)
		return CA_ERR_FORMAT;
	key.p++;
	key.left--;
	return known_kind(oid, alg, key, why);
}

/* ---- the rest of the certificate ---- */

/* Name ::= SEQUENCE OF SET OF SEQUENCE { type, value } */
static enum ca_err
name(struct ca_reader r, const char **why)
{
	struct ca_reader rdn, attribute;
	size_t n = 0;

	if (r.left > CA_CERT_NAME_MAX)
		goto too_long;
	while (r.left > 0) {
		if (ca_der_expect(&r, SET_TAG, &rdn) != CA_OK)
			return CA_ERR_FORMAT;
		while (rdn.left > 0) {
			if (ca_der_expect(&rdn, CA_DER_SEQUENCE, &attribute) !=
			    CA_OK)
				return CA_ERR_FORMAT;
			if (++n > CA_CERT_ATTRIBUTES_MAX)
				goto too_long;
		}
	}
	return CA_OK;
too_long:
	*why = "its subject or issuer exceeds 2048 bytes or 64 attributes";
	return CA_ERR_LIMIT;
}

static enum ca_err
extensions(struct ca_reader r, const char **why)
{
	struct ca_reader list, one;

	if (ca_der_expect(&r, CA_DER_SEQUENCE, &list) != CA_OK ||
	    ca_read_end(&r) != CA_OK)
		return CA_ERR_FORMAT;
	for (size_t n = 0; list.left > 0; n++) {
		if (ca_der_expect(&list, CA_DER_SEQUENCE, &one) != CA_OK)
			return CA_ERR_FORMAT;
		if (n == CA_CERT_EXTENSIONS_MAX) {
			*why = "it has more than 64 extensions";
			return CA_ERR_LIMIT;
		}
	}
	return CA_OK;
}

/* Take an OPTIONAL element; p is NULL if it is absent. */
static struct ca_reader
optional(struct ca_reader *r, uint8_t tag)
{
	struct ca_reader content = {NULL, 0};

	if (ca_der_expect(r, tag, &content) != CA_OK)
		content = (struct ca_reader){NULL, 0};
	return content;
}

/* Validity: two times.  Newer libcrypto decodes no shorter ones (data/der.h),
 * and a verdict does not depend on its version. */
static enum ca_err
validity(struct ca_reader r)
{
	struct ca_reader time;
	uint8_t tag;

	for (int i = 0; i < 2; i++)
		if (ca_der_next(&r, &tag, &time) != CA_OK ||
		    !ca_der_time_ok(tag, time.left))
			return CA_ERR_FORMAT;
	return ca_read_end(&r);
}

static enum ca_err
fields(struct ca_reader tbs, struct ca_reader subject_and_issuer[2],
    struct ca_reader *key, struct ca_reader *exts)
{
	struct ca_reader skip, times;

	(void)optional(&tbs, VERSION_TAG);
	if (ca_der_expect(&tbs, CA_DER_INTEGER, &skip) != CA_OK ||
	    ca_der_expect(&tbs, CA_DER_SEQUENCE, &skip) != CA_OK ||
	    ca_der_expect(&tbs, CA_DER_SEQUENCE, &subject_and_issuer[1]) !=
		CA_OK ||
	    ca_der_expect(&tbs, CA_DER_SEQUENCE, &times) != CA_OK ||
	    validity(times) != CA_OK ||
	    ca_der_expect(&tbs, CA_DER_SEQUENCE, &subject_and_issuer[0]) !=
		CA_OK ||
	    ca_der_expect(&tbs, CA_DER_SEQUENCE, key) != CA_OK)
		return CA_ERR_FORMAT;
	(void)optional(&tbs, ISSUER_UID_TAG);
	(void)optional(&tbs, SUBJECT_UID_TAG);
	*exts = optional(&tbs, EXTENSIONS_TAG);
	return ca_read_end(&tbs);
}

static enum ca_err
open_cert(struct ca_reader r, struct ca_reader names[2], struct ca_reader *key,
    struct ca_reader *exts)
{
	struct ca_reader cert, tbs, skip;

	if (ca_der_expect(&r, CA_DER_SEQUENCE, &cert) != CA_OK ||
	    ca_read_end(&r) != CA_OK ||
	    ca_der_expect(&cert, CA_DER_SEQUENCE, &tbs) != CA_OK ||
	    ca_der_expect(&cert, CA_DER_SEQUENCE, &skip) != CA_OK ||
	    ca_der_expect(&cert, CA_DER_BIT_STRING, &skip) != CA_OK ||
	    ca_read_end(&cert) != CA_OK)
		return CA_ERR_FORMAT;
	return fields(tbs, names, key, exts);
}

enum ca_err
ca_cert_gate(const void *der, size_t len, const char **why)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_reader names[2], key, exts;
	const char *unheard = NULL;

	if (why == NULL)
		why = &unheard;
	*why = NULL;
	if (open_cert(ca_reader_of(der, len), names, &key, &exts) != CA_OK) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	/* the key first: its reason is the most useful one to people */
	if ((rc = spki(key, why)) != CA_OK ||
	    (rc = name(names[0], why)) != CA_OK ||
	    (rc = name(names[1], why)) != CA_OK ||
	    (exts.p != NULL && (rc = extensions(exts, why)) != CA_OK)) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	return ret;
}

/* The OID of a certificate's key, if the type is in no row of kinds. */
static bool
unknown_type(const void *der, size_t len, struct ca_reader *oid)
{
	struct ca_reader names[2], key, exts, alg;

	return open_cert(ca_reader_of(der, len), names, &key, &exts) == CA_OK &&
	       ca_der_expect(&key, CA_DER_SEQUENCE, &alg) == CA_OK &&
	       ca_der_expect(&alg, CA_DER_OID, oid) == CA_OK &&
	       kind_of(*oid) == NULL;
}

const char *
ca_cert_refusal(const void *der, size_t len, char text[CA_CERT_REFUSAL])
{
	const char *why = NULL;
	enum ca_err rc = ca_cert_gate(der, len, &why);
	struct ca_reader oid;

	if (rc != CA_ERR_UNSUPPORTED && rc != CA_ERR_LIMIT)
		return NULL;
	return unknown_type(der, len, &oid) ? ca_sigalg_key_refusal(oid, text)
					    : why;
}

bool
ca_cert_unsupported(const void *der, size_t len)
{
	struct ca_reader oid;

	return unknown_type(der, len, &oid);
}
