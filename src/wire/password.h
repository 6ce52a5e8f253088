/*
 * A signed password (docs/protocol.md, section 8): one text that proves, without a
 * challenge, that its sender has the key of a certificate.  No function here decodes a
 * certificate or verifies anything.
 */
#ifndef CA_WIRE_PASSWORD_H
#define CA_WIRE_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "base/err.h"
#include "wire/message.h"

#define CA_PASSWORD_SALT 8    /* bytes */
#define CA_PASSWORD_KEY_ID 8  /* bytes, the first of SHA-256 */
#define CA_PASSWORD_HOST_ID 2 /* bytes, the first of SHA-256 */

struct ca_password {
	uint16_t scheme;
	uint32_t issued_at; /* seconds since 1970 */
	uint8_t salt[CA_PASSWORD_SALT];
	uint8_t key_id[CA_PASSWORD_KEY_ID];   /* of the SubjectPublicKeyInfo */
	uint8_t host_id[CA_PASSWORD_HOST_ID]; /* of the host name */
	struct ca_bytes
	    signature;           /* ECDSA: r || s, each as long as the order */
	struct ca_bytes entries; /* the certificates, each with its length */
	struct ca_bytes cert[CA_CERTS_MAX]; /* DER, leaf first; in entries */
	size_t ncerts; /* 0: the host has the certificate */
};

/* Whom the text is for: none is in it, so none lengthens it. */
struct ca_password_for {
	const char *host; /* A-label, lower case */
	const char *service;
	const char *user;
};

/*
 * Parse the len characters at text.  Their bytes are appended to bytes, which is empty
 * before, and out borrows from it.  CA_ERR_TRUNCATED: the end of the text is missing;
 * CA_ERR_FORMAT; CA_ERR_LIMIT: over CA_RESPONSE_MAX bytes, or over CA_CERTS_MAX
 * certificates; CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_password_parse(const char *text, size_t len,
    struct ca_buf *bytes, struct ca_password *out);

/* The characters of a text with a signature and entries of so many bytes. */
size_t ca_password_chars(size_t signature, size_t entries);

/* Append the text of p; cert is not looked at, entries is.  CA_ERR_LIMIT: the signature
 * is too long, or no room in out.  After an error, out must not be used. */
CA_MUST_CHECK enum ca_err ca_password_write(
    struct ca_buf *out, const struct ca_password *p);

/* Append the entries of n certificates, as in a text.  CA_ERR_FORMAT: a certificate is
 * empty; CA_ERR_LIMIT: over CA_CERTS_MAX, or no room in out. */
CA_MUST_CHECK enum ca_err ca_password_entries(
    struct ca_buf *out, const struct ca_bytes *cert, size_t n);

/* Append the content whose SHA-384 ca_signed_content (CA_SIGNER_PASSWORD) takes.
 * CA_ERR_FORMAT: a name is empty, or has more than 255 bytes; CA_ERR_LIMIT: no room in
 * out. */
CA_MUST_CHECK enum ca_err ca_password_content(struct ca_buf *out,
    const struct ca_password *p, const struct ca_password_for *meant);

#endif
