/*
 * The messages of certauth/1 (docs/protocol.md): parse and write them.  No
 * function here decodes a certificate or verifies anything.
 */
#ifndef CA_WIRE_MESSAGE_H
#define CA_WIRE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "base/err.h"

#define CA_MSG_CERTIFICATE 11
#define CA_MSG_CERTIFICATE_REQUEST 13
#define CA_MSG_CERTIFICATE_VERIFY 15
#define CA_TRANSCRIPT_HASH_LEN 48 /* SHA-384 */
#define CA_SIGNED_CONTENT_MAX (64 + 64 + CA_TRANSCRIPT_HASH_LEN)

/* Bounds besides those of the presentation language; protocol.md has them. */
#define CA_CERTS_MAX 16 /* certificates in one Certificate message */
#define CA_HOST_NAMES_MAX 16
/* a CertificateRequest with authorities has at most this many bytes */
#define CA_AUTHORITIES_BYTES 2048

enum ca_signer { CA_SIGNER_CLIENT, CA_SIGNER_HOST, CA_SIGNER_PASSWORD };

/* ---- a Certificate message and its CertificateVerify ---- */

struct ca_proof_msgs {
	struct ca_bytes certificate; /* the message, header included */
	struct ca_bytes verify;      /* the message, header included */
	struct ca_bytes context;
	struct ca_bytes cert[CA_CERTS_MAX]; /* DER, leaf first */
	size_t ncerts; /* 0: the host has the certificate */
	/* the OCSP responses of status_request in any CertificateEntry */
	struct ca_bytes ocsp[CA_CERTS_MAX];
	size_t nocsp;
	uint16_t scheme;
	struct ca_bytes signature;
};

/* ---- the request: CertificateRequest [Certificate CertificateVerify] ---- */

struct ca_request {
	uint8_t *raw; /* the whole request, owned */
	size_t len;
	struct ca_bytes request; /* the CertificateRequest, header included */
	const uint8_t *nonce;    /* CA_NONCE_LEN bytes */
	uint16_t scheme[64];     /* the host's preference first */
	size_t nschemes;
	struct ca_bytes authorities; /* the DistinguishedName list, or empty */
	bool status_request;         /* the host asks for OCSP responses */
	uint64_t issued_at;          /* seconds since 1970 */
	uint16_t lifetime;           /* seconds */
	char *host_name[CA_HOST_NAMES_MAX]; /* canonical first, owned */
	size_t nhost_names;
	char *service, *user, *rhost; /* "" if empty, owned */
	int host_proved;              /* the host's Certificate and
				       * CertificateVerify follow; they are
				       * not verified here */
	struct ca_proof_msgs host;
};

/* The content of a CertificateRequest. */
struct ca_request_params {
	uint8_t nonce[CA_NONCE_LEN];
	const uint16_t *scheme;
	size_t nschemes;
	const struct ca_bytes *authority; /* DER Names; may be NULL */
	size_t nauthorities;
	bool status_request;
	uint64_t issued_at;
	uint16_t lifetime;
	const char *const *host_name;
	size_t nhost_names;
	const char *service, *user, *rhost;
};

/*
 * Append a CertificateRequest, header included; after an error out is
 * unchanged.  The authorities are omitted if the message would exceed
 * CA_AUTHORITIES_BYTES.  CA_ERR_FORMAT: a text is not printable UTF-8 of 1 to
 * 255 bytes (user and rhost may be empty), there is no host name or no scheme,
 * or an authority is empty.  CA_ERR_LIMIT: too many schemes or host names, or
 * no room in out.
 */
CA_MUST_CHECK enum ca_err ca_request_write(
    struct ca_buf *out, const struct ca_request_params *params);

/*
 * Parse a whole request, with the host's proof if it has one.  The bytes are
 * copied.  The caller frees *out with ca_request_free; it is NULL on an error.
 * CA_ERR_FORMAT: a format error as defined in protocol.md, which includes an
 * unsupported version; CA_ERR_LIMIT: a bound of protocol.md is exceeded;
 * CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_request_parse(
    const void *p, size_t len, struct ca_request **out);
void ca_request_free(struct ca_request *req);

/* Walk the DER Names of certificate_authorities: *at is a reader of authorities
 * at first.  CA_ERR_NOT_FOUND: there is no more Name; CA_ERR_FORMAT. */
CA_MUST_CHECK enum ca_err ca_request_next_authority(
    struct ca_reader *at, struct ca_bytes *name);

/* ---- the response ---- */

/*
 * Parse Certificate and CertificateVerify; out borrows from p, and is empty on
 * an error.  The certificate_request_context must be the CA_NONCE_LEN bytes of
 * nonce.  CA_DENIED: well formed, but the context is another; CA_ERR_FORMAT;
 * CA_ERR_LIMIT: over CA_RESPONSE_MAX bytes, or over CA_CERTS_MAX certificates.
 */
CA_MUST_CHECK enum ca_err ca_response_parse(
    const void *p, size_t len, const uint8_t *nonce, struct ca_proof_msgs *out);

/* Append a Certificate message; ncerts may be 0.  staple (may be NULL): for each
 * certificate an OCSP response, which goes into its status_request, or an empty
 * string: then the entry has no extensions.
 * CA_ERR_FORMAT: a certificate is empty; CA_ERR_LIMIT: over CA_CERTS_MAX, or no
 * room in out.  After an error the content of out must not be used. */
CA_MUST_CHECK enum ca_err ca_certificate_write(struct ca_buf *out,
    const uint8_t *nonce, const struct ca_bytes *cert,
    const struct ca_bytes *staple, size_t ncerts);

/* Append a CertificateVerify message.  CA_ERR_LIMIT: siglen over 65,535, or no
 * room in out. */
CA_MUST_CHECK enum ca_err ca_certificate_verify_write(
    struct ca_buf *out, uint16_t scheme, const void *sig, size_t siglen);

/*
 * Make the bytes that signer signs (RFC 8446 section 4.4.3, with our context
 * strings) of the transcript hash of CA_TRANSCRIPT_HASH_LEN bytes.  out has
 * room for CA_SIGNED_CONTENT_MAX bytes; returns the length used.
 */
size_t ca_signed_content(
    enum ca_signer signer, const uint8_t *hash, uint8_t *out);

#endif
