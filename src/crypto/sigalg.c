#include "crypto/sigalg.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define OID(bytes) bytes, sizeof(bytes) - 1
#define NIST "\x60\x86\x48\x01\x65\x03\x04" /* 2.16.840.1.101.3.4 */
#define PKIX "\x2b\x06\x01\x05\x05\x07"     /* 1.3.6.1.5.5.7 */

#define NOT_SUPPORTED ", which certauth does not support"

#define MLDSA44 0x11 /* 2.16.840.1.101.3.4.3.17; 65 and 87 follow */
#define MLDSA87 0x13

/* ML-DSA came with OpenSSL 3.5.  libcrypto needs more time to search for an
 * absent algorithm than to find one, so older versions are not asked. */
#define VERSION_MLDSA 0x30500000UL

/* Algorithms that the program knows by name only.  Their OIDs are prefix and
 * one octet of first to last, or begin with prefix if last is 0. */
static const struct family {
	const char *prefix;
	size_t len;
	uint8_t first, last;
	const char *name;
} families[] = {
    {OID(NIST "\x03"), 20, 31, "SLH-DSA"},
    {OID(NIST "\x03"), 32, 34, "HashML-DSA"},
    {OID(NIST "\x03"), 35, 46, "HashSLH-DSA"},
    {OID(NIST "\x04"), 1, 3, "ML-KEM"},
    /* RFC 9708, RFC 9802 */
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03"), 17, 17, "HSS/LMS"},
    {OID(PKIX "\x06"), 34, 34, "XMSS"},
    {OID(PKIX "\x06"), 35, 35, "XMSS^MT"},
    {OID(PKIX "\x06"), 37, 54, "composite ML-DSA"},
    /* drafts: 2.16.840.1.114027.80.8.1, .80.9.1; 1.3.6.1.4.1.2.267 */
    {OID("\x60\x86\x48\x01\x86\xfa\x6b\x50\x08\x01"), 0, 0,
	"composite ML-DSA (a draft)"},
    {OID("\x60\x86\x48\x01\x86\xfa\x6b\x50\x09\x01"), 0, 0,
	"composite ML-DSA (a draft)"},
    {OID("\x2b\x06\x01\x04\x01\x02\x82\x0b"), 0, 0,
	"Dilithium (a draft of ML-DSA)"},
};

static const struct family *
family_of(struct ca_reader oid)
{
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
		const struct family *f = &families[i];

		if (oid.left <= f->len || memcmp(oid.p, f->prefix, f->len) != 0)
			continue;
		if (f->last == 0 ||
		    (oid.left == f->len + 1 && oid.p[f->len] >= f->first &&
			oid.p[f->len] <= f->last))
			return f;
	}
	return NULL;
}

static struct ca_reader
content(const ASN1_OBJECT *oid)
{
	return ca_reader_of(OBJ_get0_data(oid), OBJ_length(oid));
}

const struct ca_scheme *
ca_sigalg_mldsa(const ASN1_OBJECT *oid)
{
	static const char *const names[] = {"mldsa44", "mldsa65", "mldsa87"};
	static const char arc[] = NIST "\x03";
	struct ca_reader r = content(oid);

	if (r.left != sizeof arc || memcmp(r.p, arc, sizeof arc - 1) != 0 ||
	    r.p[r.left - 1] < MLDSA44 || r.p[r.left - 1] > MLDSA87)
		return NULL;
	return ca_scheme_by_name(names[r.p[r.left - 1] - MLDSA44]);
}

bool
ca_sigalg_have_mldsa(OSSL_LIB_CTX *lib, const struct ca_scheme *mldsa)
{
	EVP_KEYMGMT *found;

	if (OpenSSL_version_num() < VERSION_MLDSA)
		return false;
	ERR_set_mark();
	found = EVP_KEYMGMT_fetch(lib, mldsa->key_name, NULL);
	ERR_pop_to_mark();
	EVP_KEYMGMT_free(found);
	return found != NULL;
}

/* The figures of an OID (X.690 section 8.19).  False: it is malformed, or does
 * not fit into len bytes. */
static bool
figures(struct ca_reader oid, char *out, size_t len)
{
	size_t at = 0;
	uint64_t arc = 0;

	for (size_t i = 0; i < oid.left; i++) {
		if (arc >> 57 != 0 || (arc == 0 && oid.p[i] == 0x80))
			return false;
		arc = arc << 7 | (oid.p[i] & 0x7f);
		if ((oid.p[i] & 0x80) != 0)
			continue;
		uint64_t top = at > 0 ? 0 : arc < 40 ? 1 : arc < 80 ? 2 : 3;
		int n = top > 0
			    ? snprintf(out, len, "%" PRIu64 ".%" PRIu64,
				  top - 1, arc - 40 * (top - 1))
			    : snprintf(out + at, len - at, ".%" PRIu64, arc);

		if (n < 0 || (size_t)n >= len - at)
			return false;
		at += (size_t)n;
		arc = 0;
	}
	return at > 0 && (oid.p[oid.left - 1] & 0x80) == 0;
}

const char *
ca_sigalg_key_refusal(struct ca_reader oid, char text[CA_SIGALG_REFUSAL])
{
	const struct family *f = family_of(oid);
	char number[64];

	if (f == NULL && !figures(oid, number, sizeof number))
		return "its key has a type that certauth does not support";
	(void)snprintf(text, CA_SIGALG_REFUSAL,
	    "its key is for %s" NOT_SUPPORTED, f != NULL ? f->name : number);
	return text;
}

void
ca_sigalg_name(const ASN1_OBJECT *oid, struct ca_buf *out)
{
	const struct ca_scheme *mldsa = ca_sigalg_mldsa(oid);
	const struct family *f = family_of(content(oid));
	char text[128] = "";

	if (mldsa == NULL && f == NULL &&
	    OBJ_obj2txt(text, sizeof text, oid, 0) <= 0)
		strcpy(text, "an unknown algorithm");
	ca_buf_str(out, mldsa != NULL ? mldsa->key_name
			: f != NULL   ? f->name
				      : text);
}

const char *
ca_sigalg_newer(OSSL_LIB_CTX *lib, const ASN1_OBJECT *oid)
{
	const struct ca_scheme *mldsa =
	    oid != NULL ? ca_sigalg_mldsa(oid) : NULL;

	return mldsa != NULL && !ca_sigalg_have_mldsa(lib, mldsa)
		   ? mldsa->key_name
		   : NULL;
}

const char *
ca_sigalg_newer_key(X509 *cert)
{
	ASN1_OBJECT *type = NULL;

	if (X509_get0_pubkey(cert) != NULL ||
	    X509_PUBKEY_get0_param(
		&type, NULL, NULL, NULL, X509_get_X509_PUBKEY(cert)) != 1)
		return NULL;
	return ca_sigalg_newer(NULL, type);
}

void
ca_sigalg_put_newer(const char *name, struct ca_buf *out)
{
	ca_buf_fmt(out,
	    "%s, which this libcrypto (OpenSSL %s) does not have; "
	    "OpenSSL 3.5 or later is needed",
	    name, OpenSSL_version(OPENSSL_VERSION_STRING));
}

bool
ca_sigalg_lack(OSSL_LIB_CTX *lib, const ASN1_OBJECT *oid, struct ca_buf *out)
{
	const char *newer = ca_sigalg_newer(lib, oid);
	int md, pk;

	if (newer != NULL) {
		ca_sigalg_put_newer(newer, out);
		return true;
	}
	if (ca_sigalg_mldsa(oid) != NULL ||
	    (family_of(content(oid)) == NULL &&
		OBJ_find_sigid_algs(OBJ_obj2nid(oid), &md, &pk) == 1))
		return false;
	ca_sigalg_name(oid, out);
	ca_buf_str(out, NOT_SUPPORTED);
	return true;
}

bool
ca_sigalg_lack_key(X509 *cert, struct ca_buf *out)
{
	/* the gate lets no other key pass that libcrypto may not know */
	const char *newer = ca_sigalg_newer_key(cert);

	if (newer == NULL)
		return false;
	ca_buf_str(out, "its key is for ");
	ca_sigalg_put_newer(newer, out);
	return true;
}

bool
ca_sigalg_lack_signature(X509 *cert, struct ca_buf *out)
{
	struct ca_buf text = CA_BUF_INIT(256);
	const X509_ALGOR *alg;
	bool lack;

	X509_get0_signature(NULL, &alg, cert);
	lack = ca_sigalg_lack(NULL, alg->algorithm, &text);
	if (lack)
		ca_buf_fmt(out, "its signature is %s",
		    ca_buf_text(&text) != NULL ? ca_buf_text(&text) : "?");
	ca_buf_free(&text);
	return lack;
}

bool
ca_sigalg_mldsa_params(const X509_ALGOR *alg)
{
	return alg->parameter != NULL &&
	       ca_sigalg_mldsa(alg->algorithm) != NULL;
}
