#include "crypto/sigalg.h"
#include "base/der.h"

#include <openssl/crypto.h>
#include <openssl/objects.h>
#include <string.h>

#define OID(bytes) bytes, sizeof(bytes) - 1
#define NIST "\x60\x86\x48\x01\x65\x03\x04" /* 2.16.840.1.101.3.4 */
#define PKIX "\x2b\x06\x01\x05\x05\x07"     /* 1.3.6.1.5.5.7 */

#define MLDSA44 0x11 /* 2.16.840.1.101.3.4.3.17; 65 and 87 follow */
#define MLDSA87 0x13

/* The OIDs whose content is prefix and one octet of first to last; any content
 * that begins with prefix if last is 0. */
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

const char *
ca_sigalg_unsupported(struct ca_reader oid)
{
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
		const struct family *f = &families[i];

		if (oid.left <= f->len || memcmp(oid.p, f->prefix, f->len) != 0)
			continue;
		if (f->last == 0 ||
		    (oid.left == f->len + 1 && oid.p[f->len] >= f->first &&
			oid.p[f->len] <= f->last))
			return f->name;
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

void
ca_sigalg_lack(const ASN1_OBJECT *oid, struct ca_buf *out)
{
	const struct ca_scheme *mldsa = ca_sigalg_mldsa(oid);
	const char *name = ca_sigalg_unsupported(content(oid));
	char text[128] = "";

	if (mldsa != NULL) {
		ca_buf_fmt(out,
		    "%s, which this libcrypto (OpenSSL %s) does not have; "
		    "OpenSSL 3.5 or later is needed",
		    mldsa->key_name, OpenSSL_version(OPENSSL_VERSION_STRING));
		return;
	}
	if (name == NULL && OBJ_obj2txt(text, sizeof text, oid, 0) > 0)
		name = text;
	ca_buf_fmt(out, "%s, which certauth does not support",
	    name != NULL ? name : "an unknown algorithm");
}
