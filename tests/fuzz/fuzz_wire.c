/* Requests and responses: what parses writes back the same. */
#include "fuzz.h"

#include "wire/message.h"

#include <string.h>

static bool
same(struct ca_bytes a, struct ca_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* p lies within the whole input. */
static void
inside(struct ca_bytes b, const uint8_t *p, size_t len)
{
	if (b.len > 0)
		FUZZ_CHECK(b.p >= p && b.len <= len &&
			   (size_t)(b.p - p) <= len - b.len);
}

static void
check_proof(const struct ca_proof_msgs *m, const uint8_t *p, size_t len,
    const uint8_t *nonce)
{
	struct ca_buf out = CA_BUF_INIT(CA_REQUEST_MAX);
	struct ca_proof_msgs again;

	inside(m->certificate, p, len);
	inside(m->verify, p, len);
	inside(m->signature, p, len);
	for (size_t i = 0; i < m->nocsp; i++)
		inside(m->ocsp[i], p, len);
	FUZZ_CHECK(m->ncerts <= CA_CERTS_MAX);
	FUZZ_CHECK(m->certificate.p + m->certificate.len == m->verify.p);
	for (size_t i = 0; i < m->ncerts; i++) {
		inside(m->cert[i], p, len);
		FUZZ_CHECK(m->cert[i].len > 0);
	}
	FUZZ_CHECK(ca_certificate_verify_write(&out, m->scheme, m->signature.p,
		       m->signature.len) == CA_OK);
	FUZZ_CHECK(same((struct ca_bytes){out.p, out.len}, m->verify));
	ca_buf_reset(&out);
	/* extensions of entries are not written; all else is */
	FUZZ_CHECK(ca_certificate_write(
		       &out, nonce, m->cert, NULL, m->ncerts) == CA_OK);
	FUZZ_CHECK(out.len <= m->certificate.len);
	FUZZ_CHECK(ca_certificate_verify_write(&out, m->scheme, m->signature.p,
		       m->signature.len) == CA_OK);
	if (out.len <= CA_RESPONSE_MAX) {
		FUZZ_CHECK(
		    ca_response_parse(out.p, out.len, nonce, &again) == CA_OK);
		FUZZ_CHECK(again.ncerts == m->ncerts);
		for (size_t i = 0; i < m->ncerts; i++)
			FUZZ_CHECK(same(again.cert[i], m->cert[i]));
		FUZZ_CHECK(same(again.signature, m->signature));
	}
	ca_buf_free(&out);
}

static enum ca_err
write_again(const struct ca_request *req, struct ca_buf *out)
{
	struct ca_bytes name[4096];
	struct ca_request_params params = {
	    .scheme = req->scheme,
	    .nschemes = req->nschemes,
	    .authority = name,
	    .issued_at = req->issued_at,
	    .lifetime = req->lifetime,
	    .host_name = (const char *const *)req->host_name,
	    .nhost_names = req->nhost_names,
	    .service = req->service,
	    .user = req->user,
	    .rhost = req->rhost,
	};
	struct ca_reader at =
	    ca_reader_of(req->authorities.p, req->authorities.len);

	memcpy(params.nonce, req->nonce, CA_NONCE_LEN);
	while (
	    params.nauthorities < 4096 &&
	    ca_request_next_authority(&at, &name[params.nauthorities]) == CA_OK)
		params.nauthorities++;
	return ca_request_write(out, &params);
}

static void
check_request(const uint8_t *data, size_t size)
{
	struct ca_buf one = CA_BUF_INIT(CA_REQUEST_MAX);
	struct ca_buf two = CA_BUF_INIT(CA_REQUEST_MAX);
	struct ca_request *req, *again;

	if (ca_request_parse(data, size, &req) != CA_OK) {
		FUZZ_CHECK(req == NULL);
		return;
	}
	FUZZ_CHECK(req->len == size && memcmp(req->raw, data, size) == 0);
	FUZZ_CHECK(req->nhost_names > 0 && req->nschemes > 0);
	if (req->host_proved)
		check_proof(&req->host, req->raw, req->len, req->nonce);
	else
		FUZZ_CHECK(req->request.len == req->len);
	FUZZ_CHECK(write_again(req, &one) == CA_OK);
	FUZZ_CHECK(ca_request_parse(one.p, one.len, &again) == CA_OK);
	FUZZ_CHECK(again->nschemes == req->nschemes &&
		   again->issued_at == req->issued_at &&
		   again->lifetime == req->lifetime &&
		   again->nhost_names == req->nhost_names &&
		   strcmp(again->service, req->service) == 0 &&
		   strcmp(again->user, req->user) == 0 &&
		   strcmp(again->rhost, req->rhost) == 0);
	FUZZ_CHECK(again->authorities.len == 0 ||
		   same(again->authorities, req->authorities));
	FUZZ_CHECK(write_again(again, &two) == CA_OK);
	FUZZ_CHECK(one.len == two.len && memcmp(one.p, two.p, one.len) == 0);
	ca_request_free(req);
	ca_request_free(again);
	ca_buf_free(&one);
	ca_buf_free(&two);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t zero[CA_NONCE_LEN];
	struct ca_proof_msgs m;
	/* where the context stands if the form is right */
	const uint8_t *nonce = size >= 5 + CA_NONCE_LEN ? data + 5 : zero;
	uint8_t other[CA_NONCE_LEN];

	check_request(data, size);
	if (ca_response_parse(data, size, nonce, &m) == CA_OK) {
		check_proof(&m, data, size, nonce);
		memcpy(other, nonce, sizeof other);
		other[31] ^= 1;
		FUZZ_CHECK(
		    ca_response_parse(data, size, other, &m) == CA_DENIED);
		FUZZ_CHECK(m.ncerts == 0 && m.signature.len == 0);
	}
	return 0;
}
