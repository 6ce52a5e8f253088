#include "wire/message.h"
#include "wire/handshake.h"

#include <string.h>

/* ---- common to all messages ---- */

enum ca_err
ca_handshake_read(struct ca_reader *r, uint8_t type, struct ca_bytes *msg,
    struct ca_reader *body)
{
	const uint8_t *start = r->p;
	uint8_t got;

	if (ca_read_u8(r, &got) != CA_OK || got != type)
		return CA_ERR_FORMAT;
	if (ca_read_vector(r, 3, 0, 0xffffff, body) != CA_OK)
		return CA_ERR_FORMAT;
	*msg = (struct ca_bytes){start, (size_t)(r->p - start)};
	return CA_OK;
}

static enum ca_err
read_one(struct ca_reader *at, struct ca_extension *ext)
{
	if (ca_read_u16(at, &ext->type) != CA_OK)
		return CA_ERR_FORMAT;
	return ca_read_vector(at, 2, 0, 0xffff, &ext->data);
}

/*
 * Unknown extensions are skipped, so that a block can have many.  The search
 * for duplicates is quadratic; this bound limits it.  RFC 8446 defines about
 * twenty types.
 */
#define EXTENSIONS_MAX 64

enum ca_err
ca_extension_read(const struct ca_reader *block, struct ca_reader *at,
    struct ca_extension *ext)
{
	const uint8_t *here = at->p;
	struct ca_reader back = *block;

	if (read_one(at, ext) != CA_OK)
		return CA_ERR_FORMAT;
	for (size_t n = 0; back.p < here; n++) {
		struct ca_extension seen;

		if (n + 1 >= EXTENSIONS_MAX)
			return CA_ERR_LIMIT;
		if (read_one(&back, &seen) != CA_OK || seen.type == ext->type)
			return CA_ERR_FORMAT;
	}
	return CA_OK;
}

size_t
ca_handshake_begin(struct ca_buf *out, uint8_t type)
{
	ca_buf_u8(out, type);
	return ca_buf_vector_begin(out, 3);
}

void
ca_handshake_end(struct ca_buf *out, size_t begin)
{
	ca_buf_vector_end(out, begin, 3);
}

/* ---- Certificate and CertificateVerify ---- */

/* status_request in a CertificateEntry: a CertificateStatus (RFC 6066 section
 * 8), whose only type is ocsp. */
static enum ca_err
read_status(struct ca_reader data, struct ca_bytes *ocsp)
{
	struct ca_reader response;
	uint8_t type;

	if (ca_read_u8(&data, &type) != CA_OK || type != CA_STATUS_OCSP)
		return CA_ERR_FORMAT;
	if (ca_read_vector(&data, 3, 1, 0xffffff, &response) != CA_OK)
		return CA_ERR_FORMAT;
	if (ca_read_end(&data) != CA_OK)
		return CA_ERR_FORMAT;
	*ocsp = (struct ca_bytes){response.p, response.left};
	return CA_OK;
}

static enum ca_err
read_entry(struct ca_reader *list, struct ca_bytes *cert, struct ca_bytes *ocsp)
{
	struct ca_reader data, block;
	enum ca_err rc;

	if (ca_read_vector(list, 3, 1, 0xffffff, &data) != CA_OK)
		return CA_ERR_FORMAT;
	if (ca_read_vector(list, 2, 0, 0xffff, &block) != CA_OK)
		return CA_ERR_FORMAT;
	for (struct ca_reader at = block; at.left > 0;) {
		struct ca_extension ext;

		if ((rc = ca_extension_read(&block, &at, &ext)) != CA_OK)
			return rc;
		if (ext.type == CA_EXT_STATUS_REQUEST &&
		    (rc = read_status(ext.data, ocsp)) != CA_OK)
			return rc;
	}
	*cert = (struct ca_bytes){data.p, data.left};
	return CA_OK;
}

static enum ca_err
read_certificate(struct ca_reader body, struct ca_proof_msgs *out)
{
	struct ca_reader context, list;
	enum ca_err rc;

	if (ca_read_vector(&body, 1, 0, 0xff, &context) != CA_OK)
		return CA_ERR_FORMAT;
	if (ca_read_vector(&body, 3, 0, 0xffffff, &list) != CA_OK)
		return CA_ERR_FORMAT;
	if (ca_read_end(&body) != CA_OK)
		return CA_ERR_FORMAT;
	out->context = (struct ca_bytes){context.p, context.left};
	while (list.left > 0) {
		struct ca_bytes cert, ocsp = {NULL, 0};

		if (out->ncerts == CA_CERTS_MAX)
			return CA_ERR_LIMIT;
		if ((rc = read_entry(&list, &cert, &ocsp)) != CA_OK)
			return rc;
		if (ocsp.len > 0)
			out->ocsp[out->nocsp++] = ocsp;
		out->cert[out->ncerts++] = cert;
	}
	return CA_OK;
}

static enum ca_err
read_verify(struct ca_reader body, struct ca_proof_msgs *out)
{
	struct ca_reader sig;

	if (ca_read_u16(&body, &out->scheme) != CA_OK)
		return CA_ERR_FORMAT;
	if (ca_read_vector(&body, 2, 0, 0xffff, &sig) != CA_OK)
		return CA_ERR_FORMAT;
	if (ca_read_end(&body) != CA_OK)
		return CA_ERR_FORMAT;
	out->signature = (struct ca_bytes){sig.p, sig.left};
	return CA_OK;
}

enum ca_err
ca_proof_read(struct ca_reader *r, struct ca_proof_msgs *out)
{
	struct ca_reader body;
	enum ca_err rc;

	*out = (struct ca_proof_msgs){.ncerts = 0};
	rc = ca_handshake_read(r, CA_MSG_CERTIFICATE, &out->certificate, &body);
	if (rc != CA_OK)
		return rc;
	if ((rc = read_certificate(body, out)) != CA_OK)
		return rc;
	rc = ca_handshake_read(
	    r, CA_MSG_CERTIFICATE_VERIFY, &out->verify, &body);
	if (rc != CA_OK)
		return rc;
	return read_verify(body, out);
}

enum ca_err
ca_response_parse(
    const void *p, size_t len, const uint8_t *nonce, struct ca_proof_msgs *out)
{
	struct ca_reader r = ca_reader_of(p, len);
	struct ca_proof_msgs got;
	enum ca_err rc;

	*out = (struct ca_proof_msgs){.ncerts = 0};
	if (len > CA_RESPONSE_MAX)
		return CA_ERR_LIMIT;
	if ((rc = ca_proof_read(&r, &got)) != CA_OK)
		return rc;
	if (ca_read_end(&r) != CA_OK)
		return CA_ERR_FORMAT;
	if (got.context.len != CA_NONCE_LEN ||
	    memcmp(got.context.p, nonce, CA_NONCE_LEN) != 0)
		return CA_DENIED;
	*out = got;
	return CA_OK;
}

/* ---- write ---- */

/* The extensions of a CertificateEntry: status_request, or none. */
static void
put_staple(struct ca_buf *out, const struct ca_bytes *response)
{
	size_t block = ca_buf_vector_begin(out, 2);

	if (response != NULL && response->len > 0) {
		ca_buf_u16(out, CA_EXT_STATUS_REQUEST);
		size_t ext = ca_buf_vector_begin(out, 2);
		ca_buf_u8(out, CA_STATUS_OCSP);
		size_t data = ca_buf_vector_begin(out, 3);
		ca_buf_put(out, response->p, response->len);
		ca_buf_vector_end(out, data, 3);
		ca_buf_vector_end(out, ext, 2);
	}
	ca_buf_vector_end(out, block, 2);
}

enum ca_err
ca_certificate_write(struct ca_buf *out, const uint8_t *nonce,
    const struct ca_bytes *cert, const struct ca_bytes *staple, size_t ncerts)
{
	if (ncerts > CA_CERTS_MAX)
		return CA_ERR_LIMIT;
	size_t msg = ca_handshake_begin(out, CA_MSG_CERTIFICATE);
	ca_buf_u8(out, CA_NONCE_LEN);
	ca_buf_put(out, nonce, CA_NONCE_LEN);
	size_t list = ca_buf_vector_begin(out, 3);
	for (size_t i = 0; i < ncerts; i++) {
		if (cert[i].len == 0)
			return CA_ERR_FORMAT;
		size_t data = ca_buf_vector_begin(out, 3);
		ca_buf_put(out, cert[i].p, cert[i].len);
		ca_buf_vector_end(out, data, 3);
		put_staple(out, staple != NULL ? &staple[i] : NULL);
	}
	ca_buf_vector_end(out, list, 3);
	ca_handshake_end(out, msg);
	return ca_buf_err(out);
}

enum ca_err
ca_certificate_verify_write(
    struct ca_buf *out, uint16_t scheme, const void *sig, size_t siglen)
{
	size_t msg = ca_handshake_begin(out, CA_MSG_CERTIFICATE_VERIFY);

	ca_buf_u16(out, scheme);
	size_t at = ca_buf_vector_begin(out, 2);
	ca_buf_put(out, sig, siglen);
	ca_buf_vector_end(out, at, 2);
	ca_handshake_end(out, msg);
	return ca_buf_err(out);
}

size_t
ca_signed_content(enum ca_signer signer, const uint8_t *hash, uint8_t *out)
{
	static const char client[] = "certauth/1, client CertificateVerify";
	static const char *const by[] = {
	    [CA_SIGNER_CLIENT] = client,
	    [CA_SIGNER_HOST] = "certauth/1, host CertificateVerify",
	    [CA_SIGNER_PASSWORD] = "certauth/1, client password",
	};
	const char *text = by[signer];
	size_t len = strlen(text) + 1; /* the NUL is the separator */
	uint8_t *p = out;

	_Static_assert(64 + sizeof client + CA_TRANSCRIPT_HASH_LEN <=
			   CA_SIGNED_CONTENT_MAX,
	    "room for the context string");
	memset(p, 0x20, 64);
	p += 64;
	memcpy(p, text, len);
	p += len;
	memcpy(p, hash, CA_TRANSCRIPT_HASH_LEN);
	p += CA_TRANSCRIPT_HASH_LEN;
	return (size_t)(p - out);
}
