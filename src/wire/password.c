#include "wire/password.h"

#include <string.h>

#include "base/base64url.h"

#define PREFIX CA_PASSWORD_PREFIX
#define PREFIX_LEN (sizeof PREFIX - 1)
#define END '.'
/* scheme, time, salt, key_id, host_id, length of the signature */
#define HEAD                                                                   \
	(2 + 4 + CA_PASSWORD_SALT + CA_PASSWORD_KEY_ID + CA_PASSWORD_HOST_ID + \
	    2)
#define VERSION 1
#define CERT_MIN 1
#define CERT_MAX 0xffffff

/* ---- parsing ---- */

static enum ca_err
copy(struct ca_reader *r, uint8_t *out, size_t len)
{
	const uint8_t *p;
	enum ca_err rc = ca_read_bytes(r, len, &p);

	if (rc == CA_OK)
		memcpy(out, p, len);
	return rc;
}

static enum ca_err
read_entries(struct ca_reader *r, struct ca_password *out)
{
	enum ca_err rc;

	out->entries = (struct ca_bytes){r->p, r->left};
	while (r->left > 0) {
		struct ca_reader cert;

		if (out->ncerts == CA_CERTS_MAX)
			return CA_ERR_LIMIT;
		rc = ca_read_vector(r, 3, CERT_MIN, CERT_MAX, &cert);
		if (rc != CA_OK)
			return rc;
		out->cert[out->ncerts++] = (struct ca_bytes){cert.p, cert.left};
	}
	return CA_OK;
}

static enum ca_err
read_body(struct ca_reader *r, struct ca_password *out)
{
	struct ca_reader signature;
	enum ca_err rc;

	if ((rc = ca_read_u16(r, &out->scheme)) != CA_OK ||
	    (rc = ca_read_u32(r, &out->issued_at)) != CA_OK ||
	    (rc = copy(r, out->salt, sizeof out->salt)) != CA_OK ||
	    (rc = copy(r, out->key_id, sizeof out->key_id)) != CA_OK ||
	    (rc = copy(r, out->host_id, sizeof out->host_id)) != CA_OK ||
	    (rc = ca_read_vector(r, 2, 0, UINT16_MAX, &signature)) != CA_OK)
		return rc;
	out->signature = (struct ca_bytes){signature.p, signature.left};
	return read_entries(r, out);
}

enum ca_err
ca_password_parse(
    const char *text, size_t len, struct ca_buf *bytes, struct ca_password *out)
{
	enum ca_err rc;

	*out = (struct ca_password){0};
	if (len < PREFIX_LEN || memcmp(text, PREFIX, PREFIX_LEN) != 0)
		return CA_ERR_FORMAT;
	text += PREFIX_LEN;
	len -= PREFIX_LEN;
	/* what a service cut is told from what somebody changed */
	if (ca_base64url_span(text, len) == len)
		return CA_ERR_TRUNCATED;
	if (text[len - 1] != END)
		return CA_ERR_FORMAT;
	if ((rc = ca_base64url_decode(bytes, text, len - 1)) != CA_OK)
		return rc;
	if (bytes->len > CA_RESPONSE_MAX)
		return CA_ERR_LIMIT;
	struct ca_reader r = ca_reader_of(bytes->p, bytes->len);
	if ((rc = read_body(&r, out)) != CA_OK)
		*out = (struct ca_password){0};
	return rc;
}

/* ---- writing ---- */

enum ca_err
ca_password_entries(struct ca_buf *out, const struct ca_bytes *cert, size_t n)
{
	if (n > CA_CERTS_MAX)
		return CA_ERR_LIMIT;
	for (size_t i = 0; i < n; i++) {
		if (cert[i].len < CERT_MIN)
			return CA_ERR_FORMAT;
		size_t begin = ca_buf_vector_begin(out, 3);
		ca_buf_put(out, cert[i].p, cert[i].len);
		ca_buf_vector_end(out, begin, 3);
	}
	return ca_buf_err(out);
}

size_t
ca_password_chars(size_t signature, size_t entries)
{
	return PREFIX_LEN + (4 * (HEAD + signature + entries) + 2) / 3 + 1;
}

enum ca_err
ca_password_write(struct ca_buf *out, const struct ca_password *p)
{
	struct ca_buf body = CA_BUF_INIT(CA_RESPONSE_MAX);
	const char end = END;

	ca_buf_u16(&body, p->scheme);
	ca_buf_number(&body, p->issued_at, 4);
	ca_buf_put(&body, p->salt, sizeof p->salt);
	ca_buf_put(&body, p->key_id, sizeof p->key_id);
	ca_buf_put(&body, p->host_id, sizeof p->host_id);
	size_t begin = ca_buf_vector_begin(&body, 2);
	ca_buf_put(&body, p->signature.p, p->signature.len);
	ca_buf_vector_end(&body, begin, 2);
	ca_buf_put(&body, p->entries.p, p->entries.len);
	enum ca_err rc = ca_buf_err(&body);
	if (rc == CA_OK) {
		ca_buf_str(out, PREFIX);
		ca_base64url_encode(out, body.p, body.len);
		ca_buf_put(out, &end, 1);
		rc = ca_buf_err(out);
	}
	ca_buf_free(&body);
	return rc;
}

/* ---- what is signed ---- */

static enum ca_err
put_name(struct ca_buf *out, const char *name)
{
	size_t len = name != NULL ? strlen(name) : 0;

	if (len < 1 || len > UINT8_MAX)
		return CA_ERR_FORMAT;
	ca_buf_u8(out, (uint8_t)len);
	ca_buf_put(out, name, len);
	return CA_OK;
}

enum ca_err
ca_password_content(struct ca_buf *out, const struct ca_password *p,
    const struct ca_password_for *meant)
{
	enum ca_err rc;

	ca_buf_u16(out, VERSION);
	ca_buf_u16(out, p->scheme);
	ca_buf_number(out, p->issued_at, 4);
	ca_buf_put(out, p->salt, sizeof p->salt);
	ca_buf_put(out, p->key_id, sizeof p->key_id);
	if ((rc = put_name(out, meant->host)) != CA_OK ||
	    (rc = put_name(out, meant->service)) != CA_OK ||
	    (rc = put_name(out, meant->user)) != CA_OK)
		return rc;
	ca_buf_put(out, p->entries.p, p->entries.len);
	return ca_buf_err(out);
}
