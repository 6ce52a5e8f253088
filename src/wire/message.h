/*
 * The messages of certauth/1 (docs/protocol.md), parse and write beside each
 * other.  Nothing here looks inside a certificate or verifies anything.
 */
#ifndef CA_WIRE_MESSAGE_H
#define CA_WIRE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define CA_NONCE_LEN 32
#define CA_MSG_CERTIFICATE 11
#define CA_MSG_CERTIFICATE_REQUEST 13
#define CA_MSG_CERTIFICATE_VERIFY 15
#define CA_TRANSCRIPT_HASH_LEN 48 /* SHA-384 */
#define CA_SIGNED_CONTENT_MAX (64 + 64 + CA_TRANSCRIPT_HASH_LEN)

/* Bounds beyond those of the presentation language, all in protocol.md. */
#define CA_REQUEST_MAX 49152  /* bytes; the text form carries 65,536 chars */
#define CA_RESPONSE_MAX 24576 /* bytes; 32,768 characters */
#define CA_CERTS_MAX 16       /* certificates in one Certificate message */
#define CA_HOST_NAMES_MAX 16
/* the CertificateRequest stays under it, or goes without authorities */
#define CA_AUTHORITIES_BYTES 2048

enum ca_signer { CA_SIGNER_CLIENT, CA_SIGNER_HOST };

/* A borrowed byte string. */
struct ca_bytes {
	const uint8_t *p;
	size_t len;
};

/* ---- a Certificate message and its CertificateVerify ---- */

struct ca_proof_msgs {
	struct ca_bytes certificate; /* the message, header included */
	struct ca_bytes verify;      /* the message, header included */
	struct ca_bytes context;
	struct ca_bytes cert[CA_CERTS_MAX]; /* DER, leaf first */
	struct ca_bytes ocsp; /* status_request of the leaf, or empty */
	size_t ncerts;        /* 0: "you have my certificate" */
	uint16_t scheme;
	struct ca_bytes signature;
};

/* ---- the request: CertificateRequest [Certificate CertificateVerify] ---- */

struct ca_request {
	uint8_t *raw; /* all of it, owned */
	size_t len;
	struct ca_bytes request; /* the CertificateRequest, with header */
	const uint8_t *nonce;    /* CA_NONCE_LEN bytes */
	uint16_t scheme[64];     /* the host's preference first */
	size_t nschemes;
	struct ca_bytes authorities; /* the DistinguishedName list, or empty */
	uint64_t issued_at;          /* seconds since 1970 */
	uint16_t lifetime;           /* seconds */
	char *host_name[CA_HOST_NAMES_MAX]; /* canonical first, owned */
	size_t nhost_names;
	char *service, *user, *rhost; /* "" where empty, owned */
	int host_proved;              /* a Certificate and CertificateVerify of
				       * the host follow; unverified here */
	struct ca_proof_msgs host;
};

/* What a host puts into a CertificateRequest. */
struct ca_request_params {
	uint8_t nonce[CA_NONCE_LEN];
	const uint16_t *scheme;
	size_t nschemes;
	const struct ca_bytes *authority; /* DER Names; may be NULL */
	size_t nauthorities;
	uint64_t issued_at;
	uint16_t lifetime;
	const char *const *host_name;
	size_t nhost_names;
	const char *service, *user, *rhost;
};

/*
 * Append a CertificateRequest, header included; nothing on an error.  The
 * authorities are left out where the message would exceed CA_AUTHORITIES_BYTES.
 * CA_ERR_FORMAT: text that is not clean UTF-8 of 1 to 255 bytes (0 for user and
 * rhost), no host name or no scheme, too many of them, an empty authority.
 * CA_ERR_LIMIT: no room in out.
 */
CA_MUST_CHECK enum ca_err ca_request_write(
    struct ca_buf *out, const struct ca_request_params *params);

/*
 * Parse a whole request (the host's proof too, if there).  The bytes are
 * copied; *out, to be freed with ca_request_free, is NULL on an error.
 * CA_ERR_FORMAT for whatever protocol.md calls a format error, also an
 * unsupported version; CA_ERR_LIMIT beyond one of its bounds; CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_request_parse(
    const void *p, size_t len, struct ca_request **out);
void ca_request_free(struct ca_request *req);

/* Walk the DER Names of certificate_authorities: *at starts as a reader of
 * authorities; CA_ERR_NOT_FOUND after the last. */
CA_MUST_CHECK enum ca_err ca_request_next_authority(
    struct ca_reader *at, struct ca_bytes *name);

/* ---- the response ---- */

/*
 * Parse Certificate and CertificateVerify, borrowed from p.  nonce: what the
 * context must be (CA_NONCE_LEN bytes).  CA_DENIED: well formed, but another
 * context; CA_ERR_FORMAT; CA_ERR_LIMIT: over CA_RESPONSE_MAX bytes, or more
 * than CA_CERTS_MAX certificates.  out is empty on an error.
 */
CA_MUST_CHECK enum ca_err ca_response_parse(
    const void *p, size_t len, const uint8_t *nonce, struct ca_proof_msgs *out);

/* Append a Certificate message without extensions; ncerts may be 0.
 * CA_ERR_FORMAT: an empty certificate; CA_ERR_LIMIT: over CA_CERTS_MAX, or no
 * room in out.  What out holds after an error is of no use. */
CA_MUST_CHECK enum ca_err ca_certificate_write(struct ca_buf *out,
    const uint8_t *nonce, const struct ca_bytes *cert, size_t ncerts);

/* Append a CertificateVerify message.  CA_ERR_LIMIT: siglen over 65,535, or no
 * room in out. */
CA_MUST_CHECK enum ca_err ca_certificate_verify_write(
    struct ca_buf *out, uint16_t scheme, const void *sig, size_t siglen);

/*
 * The bytes that signer signs, given the hash (CA_TRANSCRIPT_HASH_LEN bytes)
 * of the transcript: RFC 8446 section 4.4.3 with our context strings.  out
 * holds CA_SIGNED_CONTENT_MAX bytes; returns the length used.
 */
size_t ca_signed_content(
    enum ca_signer signer, const uint8_t *hash, uint8_t *out);

#endif
