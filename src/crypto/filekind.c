#include "crypto/filekind.h"

#include <string.h>

#include "base/buf.h"
#include "base/tr.h"
#include "data/der.h"
#include "data/pem.h"

static const char *const names[CA_FILE_KINDS] = {
    [CA_FILE_UNKNOWN] = N_("neither PEM nor DER"),
    [CA_FILE_EMPTY] = N_("empty"),
    [CA_FILE_CERT] = N_("a certificate"),
    [CA_FILE_TRUSTED_CERT] =
	N_("a certificate with OpenSSL's trust settings (TRUSTED CERTIFICATE)"),
    [CA_FILE_CSR] = N_("a certificate signing request (PKCS#10)"),
    [CA_FILE_CRL] = N_("a CRL"),
    [CA_FILE_PKCS7] = N_("a PKCS#7 file (.p7b, .p7c)"),
    [CA_FILE_P12] = N_("a PKCS#12 file (.p12, .pfx)"),
    [CA_FILE_KEY] = N_("a private key"),
    [CA_FILE_SEALED] = N_("an encrypted private key"),
    [CA_FILE_OPENSSH] = N_("a private key in OpenSSH's format"),
    [CA_FILE_PUTTY] = N_("a private key in PuTTY's format (.ppk)"),
    [CA_FILE_TPM] = N_("a private key that only its TPM can load"),
    [CA_FILE_PUBLIC] = N_("a public key without a certificate"),
    [CA_FILE_SSH] = N_("an SSH public key or SSH certificate, not X.509"),
    [CA_FILE_PGP] = N_("an OpenPGP file, not X.509"),
    [CA_FILE_JAVA] = N_("a Java keystore (JKS)"),
    [CA_FILE_PARAMETERS] = N_("a file of key parameters without a key"),
};

const char *
ca_file_kind_name(enum ca_file_kind kind)
{
	return names[kind];
}

/* ---- PEM ---- */

/* In this order: of two kinds in a file, the first one of the table decides. */
static const struct {
	const char *label;
	enum ca_file_kind kind;
} labels[] = {
    {"TRUSTED CERTIFICATE", CA_FILE_TRUSTED_CERT},
    {"CERTIFICATE", CA_FILE_CERT},
    {"X509 CERTIFICATE", CA_FILE_CERT},
    {"PKCS12", CA_FILE_P12},
    {"PKCS7", CA_FILE_PKCS7},
    {"PKCS #7 SIGNED DATA", CA_FILE_PKCS7},
    {"CMS", CA_FILE_PKCS7},
    {"PRIVATE KEY", CA_FILE_KEY},
    {"RSA PRIVATE KEY", CA_FILE_KEY},
    {"EC PRIVATE KEY", CA_FILE_KEY},
    {"DSA PRIVATE KEY", CA_FILE_KEY},
    {"ENCRYPTED PRIVATE KEY", CA_FILE_SEALED},
    {"OPENSSH PRIVATE KEY", CA_FILE_OPENSSH},
    {"TSS2 PRIVATE KEY", CA_FILE_TPM},
    {"TSS KEY BLOB", CA_FILE_TPM},
    {"CERTIFICATE REQUEST", CA_FILE_CSR},
    {"NEW CERTIFICATE REQUEST", CA_FILE_CSR},
    {"X509 CRL", CA_FILE_CRL},
    {"PUBLIC KEY", CA_FILE_PUBLIC},
    {"RSA PUBLIC KEY", CA_FILE_PUBLIC},
    {"SSH2 PUBLIC KEY", CA_FILE_SSH},
    {"PGP PUBLIC KEY BLOCK", CA_FILE_PGP},
    {"PGP PRIVATE KEY BLOCK", CA_FILE_PGP},
    {"PGP MESSAGE", CA_FILE_PGP},
    {"EC PARAMETERS", CA_FILE_PARAMETERS},
    {"DH PARAMETERS", CA_FILE_PARAMETERS},
    {"DSA PARAMETERS", CA_FILE_PARAMETERS},
};
#define NLABELS (sizeof labels / sizeof labels[0])

static bool
sealed(const struct ca_pem *pem)
{
	return pem->body.left > 0 &&
	       memmem(pem->body.p, pem->body.left, "ENCRYPTED", 9) != NULL;
}

static enum ca_file_kind
pem_kind(struct ca_reader r)
{
	enum ca_file_kind kind = CA_FILE_UNKNOWN;
	struct ca_pem pem;
	size_t best = NLABELS;

	/* a block that is not closed still says what the file is */
	while (ca_pem_next(&r, &pem) != CA_ERR_NOT_FOUND) {
		for (size_t i = 0; i < best; i++) {
			if (!ca_pem_label(&pem, labels[i].label))
				continue;
			best = i;
			kind = labels[i].kind;
			if (kind == CA_FILE_KEY && sealed(&pem))
				kind = CA_FILE_SEALED;
		}
	}
	return kind;
}

/* ---- DER ---- */

/* Enter the constructed element at r, also one of indefinite length: PKCS#12 and
 * PKCS#7 are often written in BER.  What follows may be incomplete. */
static bool
enter(struct ca_reader *r, uint8_t want)
{
	uint8_t tag;
	size_t header, content;

	if (r->left >= 2 && r->p[0] == want && r->p[1] == 0x80) {
		*r = ca_reader_of(r->p + 2, r->left - 2);
		return true;
	}
	if (ca_der_header(r->p, r->left, &tag, &header, &content) != CA_OK ||
	    tag != want)
		return false;
	if (content > r->left - header)
		content = r->left - header;
	*r = ca_reader_of(r->p + header, content);
	return true;
}

static uint8_t
tag_of(struct ca_reader r)
{
	return r.left > 0 ? r.p[0] : 0;
}

static bool
small(struct ca_reader n, uint8_t value)
{
	return n.left == 1 && n.p[0] == value;
}

/* It begins with a version: PKCS#12, or a private key. */
static enum ca_file_kind
versioned(struct ca_reader r)
{
	struct ca_reader version, next;
	uint8_t tag;

	if (ca_der_expect(&r, CA_DER_INTEGER, &version) != CA_OK)
		return CA_FILE_UNKNOWN;
	if (small(version, 3) && enter(&r, CA_DER_SEQUENCE))
		return tag_of(r) == CA_DER_OID ? CA_FILE_P12 : CA_FILE_UNKNOWN;
	if (ca_der_next(&r, &tag, &next) != CA_OK)
		return CA_FILE_UNKNOWN;
	/* RSAPrivateKey, ECPrivateKey (RFC 5915), OneAsymmetricKey (RFC 5958) */
	if (tag == CA_DER_INTEGER ||
	    (small(version, 1) && tag == CA_DER_OCTET_STRING) ||
	    (tag == CA_DER_SEQUENCE && tag_of(r) == CA_DER_OCTET_STRING))
		return CA_FILE_KEY;
	return CA_FILE_UNKNOWN;
}

/* It is signed: a certificate, a request, or a CRL; r is the signed part. */
static enum ca_file_kind
signed_kind(struct ca_reader r)
{
	struct ca_reader skip;
	uint8_t tag, first = tag_of(r);
	size_t n = 0;

	if (first == CA_DER_CONTEXT_0) /* the version of a certificate */
		return CA_FILE_CERT;
	while (n < 4 && ca_der_next(&r, &tag, &skip) == CA_OK) {
		/* a CRL: version, algorithm, issuer, thisUpdate */
		if (ca_der_is_time(tag))
			return CA_FILE_CRL;
		/* a request: version, subject, key, attributes [0]; a
		 * certificate of version 1 has the validity before its
		 * subject */
		if (n == 3 && first == CA_DER_INTEGER)
			return tag == CA_DER_CONTEXT_0  ? CA_FILE_CSR
			       : tag == CA_DER_SEQUENCE ? CA_FILE_CERT
							: CA_FILE_UNKNOWN;
		n++;
	}
	return n == 3 && first == CA_DER_INTEGER ? CA_FILE_CSR
						 : CA_FILE_UNKNOWN;
}

static enum ca_file_kind
der_kind(struct ca_reader r)
{
	static const uint8_t pkcs7[] = {
	    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07};
	struct ca_reader first, second, oid;
	uint8_t tag;

	if (!enter(&r, CA_DER_SEQUENCE))
		return CA_FILE_UNKNOWN;
	if (tag_of(r) == CA_DER_INTEGER)
		return versioned(r);
	if (ca_der_expect(&r, CA_DER_OID, &oid) == CA_OK)
		return oid.left == sizeof pkcs7 + 1 &&
			       memcmp(oid.p, pkcs7, sizeof pkcs7) == 0
			   ? CA_FILE_PKCS7
			   : CA_FILE_UNKNOWN;
	if (ca_der_expect(&r, CA_DER_SEQUENCE, &first) != CA_OK ||
	    ca_der_next(&r, &tag, &second) != CA_OK)
		return CA_FILE_UNKNOWN;
	if (tag == CA_DER_OCTET_STRING)
		return CA_FILE_SEALED;
	if (tag == CA_DER_BIT_STRING && tag_of(first) == CA_DER_OID)
		return CA_FILE_PUBLIC;
	return tag == CA_DER_SEQUENCE ? signed_kind(first) : CA_FILE_UNKNOWN;
}

/* ---- other text ---- */

static bool
starts(struct ca_reader r, const char *what)
{
	size_t len = strlen(what);

	return r.left >= len && memcmp(r.p, what, len) == 0;
}

static enum ca_file_kind
other_kind(struct ca_reader r)
{
	static const struct {
		const char *begin;
		enum ca_file_kind kind;
	} begins[] = {
	    {"PuTTY-User-Key-File-", CA_FILE_PUTTY},
	    {"---- BEGIN SSH2 ", CA_FILE_SSH},
	    {"ssh-", CA_FILE_SSH},
	    {"ecdsa-sha2-", CA_FILE_SSH},
	    {"sk-ssh-", CA_FILE_SSH},
	    {"sk-ecdsa-", CA_FILE_SSH},
	    {"\xfe\xed\xfe\xed", CA_FILE_JAVA},
	    {"\xce\xce\xce\xce", CA_FILE_JAVA},
	};

	for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
		if (starts(r, begins[i].begin))
			return begins[i].kind;
	return CA_FILE_UNKNOWN;
}

enum ca_file_kind
ca_file_kind(const void *p, size_t len)
{
	struct ca_reader r = ca_reader_of(p, len);

	if (ca_pem_is(p, len))
		return pem_kind(r);
	while (r.left > 0 && strchr(" \t\r\n", r.p[0]) != NULL && r.p[0] != 0)
		r = ca_reader_of(r.p + 1, r.left - 1);
	if (r.left == 0)
		return CA_FILE_EMPTY;
	enum ca_file_kind kind = der_kind(r);
	return kind != CA_FILE_UNKNOWN ? kind : other_kind(r);
}
