/*
 * Private to request.c and message.c: handshake messages and extensions.
 */
#ifndef CA_WIRE_HANDSHAKE_H
#define CA_WIRE_HANDSHAKE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/message.h"

#define CA_EXT_STATUS_REQUEST 5
#define CA_STATUS_OCSP 1 /* CertificateStatusType of RFC 6066 section 8 */
#define CA_EXT_SIGNATURE_ALGORITHMS 13
#define CA_EXT_CERTIFICATE_AUTHORITIES 47
#define CA_EXT_LOGIN_CONTEXT 0xffca

/*
 * Read one handshake message of this type (RFC 8446 section 4): msg is the
 * whole message with its header, body its content.  CA_ERR_FORMAT.
 */
CA_MUST_CHECK enum ca_err ca_handshake_read(struct ca_reader *r, uint8_t type,
    struct ca_bytes *msg, struct ca_reader *body);

/* One Extension (RFC 8446 section 4.2) of a block. */
struct ca_extension {
	uint16_t type;
	struct ca_reader data;
};

/* Read the next Extension of block at *at.  CA_ERR_FORMAT: malformed, or an
 * earlier Extension of block has the same type; CA_ERR_LIMIT: too many. */
CA_MUST_CHECK enum ca_err ca_extension_read(const struct ca_reader *block,
    struct ca_reader *at, struct ca_extension *ext);

/* Read Certificate and CertificateVerify from r; bytes after them are left.
 * The certificate_request_context is returned, not compared. */
CA_MUST_CHECK enum ca_err ca_proof_read(
    struct ca_reader *r, struct ca_proof_msgs *out);

/* Begin and end a handshake message; begin is what ca_handshake_begin
 * returned. */
size_t ca_handshake_begin(struct ca_buf *out, uint8_t type);
void ca_handshake_end(struct ca_buf *out, size_t begin);

#endif
