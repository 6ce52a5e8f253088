/* Requests (message.h): parse and write. */
#include "base/utf8.h"
#include "wire/handshake.h"
#include "wire/message.h"

#include <stdlib.h>
#include <string.h>

#define LOGIN_CONTEXT_VERSION 1

/* ---- parse ---- */

/* Copy a text of min to 255 bytes into a string. */
static enum ca_err
read_text(struct ca_reader *r, size_t min, char **out)
{
	struct ca_reader text;

	if (ca_read_vector(r, 1, min, 0xff, &text) != CA_OK)
		return CA_ERR_FORMAT;
	if (!ca_utf8_text(text.p, text.left))
		return CA_ERR_FORMAT;
	char *s = malloc(text.left + 1);
	if (s == NULL)
		return CA_ERR_MEMORY;
	memcpy(s, text.p, text.left);
	s[text.left] = '\0';
	*out = s;
	return CA_OK;
}

static enum ca_err
read_schemes(struct ca_reader data, struct ca_request *req)
{
	struct ca_reader list;
	enum ca_err rc;

	if (ca_read_vector(&data, 2, 2, 0xfffe, &list) != CA_OK)
		return CA_ERR_FORMAT;
	if (ca_read_end(&data) != CA_OK)
		return CA_ERR_FORMAT;
	while (list.left > 0) {
		uint16_t code;

		if ((rc = ca_read_u16(&list, &code)) != CA_OK)
			return rc;
		if (req->nschemes == sizeof req->scheme / sizeof *req->scheme)
			return CA_ERR_LIMIT;
		req->scheme[req->nschemes++] = code;
	}
	return CA_OK;
}

enum ca_err
ca_request_next_authority(struct ca_reader *at, struct ca_bytes *name)
{
	struct ca_reader one;

	if (at->left == 0)
		return CA_ERR_NOT_FOUND;
	if (ca_read_vector(at, 2, 1, 0xffff, &one) != CA_OK)
		return CA_ERR_FORMAT;
	*name = (struct ca_bytes){one.p, one.left};
	return CA_OK;
}

static enum ca_err
read_authorities(struct ca_reader data, struct ca_request *req)
{
	struct ca_reader list;
	struct ca_bytes name;
	enum ca_err rc;

	if (ca_read_vector(&data, 2, 3, 0xffff, &list) != CA_OK)
		return CA_ERR_FORMAT;
	if (ca_read_end(&data) != CA_OK)
		return CA_ERR_FORMAT;
	req->authorities = (struct ca_bytes){list.p, list.left};
	while ((rc = ca_request_next_authority(&list, &name)) == CA_OK)
		;
	return rc == CA_ERR_NOT_FOUND ? CA_OK : rc;
}

static enum ca_err
read_host_names(struct ca_reader *data, struct ca_request *req)
{
	struct ca_reader list;
	enum ca_err rc;

	if (ca_read_vector(data, 2, 1, 0xffff, &list) != CA_OK)
		return CA_ERR_FORMAT;
	while (list.left > 0) {
		if (req->nhost_names == CA_HOST_NAMES_MAX)
			return CA_ERR_LIMIT;
		rc = read_text(&list, 1, &req->host_name[req->nhost_names]);
		if (rc != CA_OK)
			return rc;
		req->nhost_names++;
	}
	return CA_OK;
}

static enum ca_err
read_login_context(struct ca_reader data, struct ca_request *req)
{
	uint16_t version;
	enum ca_err rc;

	if (ca_read_u16(&data, &version) != CA_OK ||
	    version != LOGIN_CONTEXT_VERSION)
		return CA_ERR_FORMAT;
	if (ca_read_u64(&data, &req->issued_at) != CA_OK)
		return CA_ERR_FORMAT;
	if (ca_read_u16(&data, &req->lifetime) != CA_OK)
		return CA_ERR_FORMAT;
	if ((rc = read_host_names(&data, req)) != CA_OK ||
	    (rc = read_text(&data, 1, &req->service)) != CA_OK ||
	    (rc = read_text(&data, 0, &req->user)) != CA_OK ||
	    (rc = read_text(&data, 0, &req->rhost)) != CA_OK)
		return rc;
	return ca_read_end(&data);
}

static enum ca_err
read_extensions(struct ca_reader block, struct ca_request *req)
{
	bool schemes = false, login = false;
	enum ca_err rc;

	for (struct ca_reader at = block; at.left > 0;) {
		struct ca_extension ext;

		if ((rc = ca_extension_read(&block, &at, &ext)) != CA_OK)
			return rc;
		switch (ext.type) {
		case CA_EXT_SIGNATURE_ALGORITHMS:
			rc = read_schemes(ext.data, req);
			schemes = true;
			break;
		case CA_EXT_CERTIFICATE_AUTHORITIES:
			rc = read_authorities(ext.data, req);
			break;
		case CA_EXT_STATUS_REQUEST:
			/* RFC 8446 section 4.4.2.1: empty in a request */
			rc = ca_read_end(&ext.data);
			req->status_request = true;
			break;
		case CA_EXT_LOGIN_CONTEXT:
			rc = read_login_context(ext.data, req);
			login = true;
			break;
		default:
			rc = CA_OK; /* unknown: ignored, but signed */
			break;
		}
		if (rc != CA_OK)
			return rc;
	}
	return schemes && login ? CA_OK : CA_ERR_FORMAT;
}

static enum ca_err
read_request(struct ca_reader *r, struct ca_request *req)
{
	struct ca_reader body, context, block;
	enum ca_err rc;

	rc = ca_handshake_read(
	    r, CA_MSG_CERTIFICATE_REQUEST, &req->request, &body);
	if (rc != CA_OK)
		return rc;
	if (ca_read_vector(&body, 1, CA_NONCE_LEN, CA_NONCE_LEN, &context) !=
	    CA_OK)
		return CA_ERR_FORMAT;
	if (ca_read_vector(&body, 2, 2, 0xffff, &block) != CA_OK)
		return CA_ERR_FORMAT;
	if (ca_read_end(&body) != CA_OK)
		return CA_ERR_FORMAT;
	req->nonce = context.p;
	return read_extensions(block, req);
}

/* The host's proof must be for this request, and must contain the host's
 * certificate: clients have no list of hosts. */
static enum ca_err
read_host_proof(struct ca_reader *r, struct ca_request *req)
{
	enum ca_err rc;

	if ((rc = ca_proof_read(r, &req->host)) != CA_OK)
		return rc;
	if (req->host.ncerts == 0 || req->host.context.len != CA_NONCE_LEN ||
	    memcmp(req->host.context.p, req->nonce, CA_NONCE_LEN) != 0)
		return CA_ERR_FORMAT;
	req->host_proved = 1;
	return CA_OK;
}

enum ca_err
ca_request_parse(const void *p, size_t len, struct ca_request **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_request *req = NULL;
	struct ca_reader r;

	*out = NULL;
	if (len > CA_REQUEST_MAX) {
		ret = CA_ERR_LIMIT;
		goto out;
	}
	if ((req = calloc(1, sizeof *req)) == NULL ||
	    (req->raw = malloc(len + 1)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if (len > 0)
		memcpy(req->raw, p, len);
	req->len = len;
	r = ca_reader_of(req->raw, len);
	if ((rc = read_request(&r, req)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (r.left > 0 && (rc = read_host_proof(&r, req)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if ((rc = ca_read_end(&r)) != CA_OK) {
		ret = rc;
		goto out;
	}
	*out = req;
	req = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_request_free(req);
	return ret;
}

void
ca_request_free(struct ca_request *req)
{
	if (req == NULL)
		return;
	for (size_t i = 0; i < req->nhost_names; i++)
		free(req->host_name[i]);
	free(req->service);
	free(req->user);
	free(req->rhost);
	free(req->raw);
	free(req);
}

/* ---- write ---- */

static enum ca_err
put_text(struct ca_buf *out, const char *text, size_t min)
{
	size_t len = strlen(text);

	if (len < min || len > 0xff || !ca_utf8_text(text, len))
		return CA_ERR_FORMAT;
	ca_buf_u8(out, (uint8_t)len);
	ca_buf_put(out, text, len);
	return CA_OK;
}

static void
put_schemes(struct ca_buf *out, const struct ca_request_params *params)
{
	ca_buf_u16(out, CA_EXT_SIGNATURE_ALGORITHMS);
	size_t ext = ca_buf_vector_begin(out, 2);
	size_t list = ca_buf_vector_begin(out, 2);
	for (size_t i = 0; i < params->nschemes; i++)
		ca_buf_u16(out, params->scheme[i]);
	ca_buf_vector_end(out, list, 2);
	ca_buf_vector_end(out, ext, 2);
}

static enum ca_err
put_authorities(struct ca_buf *out, const struct ca_request_params *params)
{
	ca_buf_u16(out, CA_EXT_CERTIFICATE_AUTHORITIES);
	size_t ext = ca_buf_vector_begin(out, 2);
	size_t list = ca_buf_vector_begin(out, 2);
	for (size_t i = 0; i < params->nauthorities; i++) {
		if (params->authority[i].len == 0)
			return CA_ERR_FORMAT;
		size_t name = ca_buf_vector_begin(out, 2);
		ca_buf_put(
		    out, params->authority[i].p, params->authority[i].len);
		ca_buf_vector_end(out, name, 2);
	}
	ca_buf_vector_end(out, list, 2);
	ca_buf_vector_end(out, ext, 2);
	return CA_OK;
}

static enum ca_err
put_login_context(struct ca_buf *out, const struct ca_request_params *params)
{
	enum ca_err rc;

	ca_buf_u16(out, CA_EXT_LOGIN_CONTEXT);
	size_t ext = ca_buf_vector_begin(out, 2);
	ca_buf_u16(out, LOGIN_CONTEXT_VERSION);
	ca_buf_u64(out, params->issued_at);
	ca_buf_u16(out, params->lifetime);
	size_t names = ca_buf_vector_begin(out, 2);
	for (size_t i = 0; i < params->nhost_names; i++) {
		rc = put_text(out, params->host_name[i], 1);
		if (rc != CA_OK)
			return rc;
	}
	ca_buf_vector_end(out, names, 2);
	if ((rc = put_text(out, params->service, 1)) != CA_OK ||
	    (rc = put_text(out, params->user, 0)) != CA_OK ||
	    (rc = put_text(out, params->rhost, 0)) != CA_OK)
		return rc;
	ca_buf_vector_end(out, ext, 2);
	return CA_OK;
}

static enum ca_err
put_request(struct ca_buf *out, const struct ca_request_params *params,
    bool authorities)
{
	enum ca_err rc;
	size_t msg = ca_handshake_begin(out, CA_MSG_CERTIFICATE_REQUEST);

	ca_buf_u8(out, CA_NONCE_LEN);
	ca_buf_put(out, params->nonce, CA_NONCE_LEN);
	size_t block = ca_buf_vector_begin(out, 2);
	put_schemes(out, params);
	if (params->status_request) {
		ca_buf_u16(out, CA_EXT_STATUS_REQUEST);
		ca_buf_u16(out, 0);
	}
	if (authorities && (rc = put_authorities(out, params)) != CA_OK)
		return rc;
	if ((rc = put_login_context(out, params)) != CA_OK)
		return rc;
	ca_buf_vector_end(out, block, 2);
	ca_handshake_end(out, msg);
	return ca_buf_err(out);
}

enum ca_err
ca_request_write(struct ca_buf *out, const struct ca_request_params *params)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf msg = CA_BUF_INIT(CA_REQUEST_MAX);
	bool authorities = params->nauthorities > 0;

	if (params->nschemes == 0 || params->nhost_names == 0) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	if (params->nschemes > sizeof((struct ca_request *)0)->scheme / 2 ||
	    params->nhost_names > CA_HOST_NAMES_MAX) {
		ret = CA_ERR_LIMIT;
		goto out;
	}
	/* omit the authorities if the message is too long with them */
	rc = put_request(&msg, params, authorities);
	if (authorities &&
	    (rc == CA_ERR_LIMIT ||
		(rc == CA_OK && msg.len > CA_AUTHORITIES_BYTES))) {
		ca_buf_reset(&msg);
		rc = put_request(&msg, params, false);
	}
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ca_buf_put(out, msg.p, msg.len);
	if ((rc = ca_buf_err(out)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_buf_free(&msg);
	return ret;
}
