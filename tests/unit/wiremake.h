/*
 * What the tests of requests and of responses share: a request, and the
 * verdict of the parser on one.
 */
#ifndef WIREMAKE_H
#define WIREMAKE_H

#include "vectors.h"

#include "wire/message.h"

static const uint8_t nonce[CA_NONCE_LEN] = {1, 2, 3};
static const uint16_t schemes[] = {0x0403, 0x0807};
static const char *const names[] = {"web1.example.com", "web1"};

static inline struct ca_request_params
params(void)
{
	struct ca_request_params p = {
	    .scheme = schemes,
	    .nschemes = 2,
	    .issued_at = 0x0102030405060708,
	    .lifetime = 120,
	    .host_name = names,
	    .nhost_names = 2,
	    .service = "sshd",
	    .user = "alice",
	    .rhost = "192.0.2.7",
	};

	memcpy(p.nonce, nonce, sizeof nonce);
	return p;
}

static inline struct ca_buf
request_of(const struct ca_request_params *p)
{
	struct ca_buf b = CA_BUF_INIT(CA_REQUEST_MAX);

	assert_int_equal(ca_request_write(&b, p), CA_OK);
	return b;
}

static inline enum ca_err
parse(const void *p, size_t len)
{
	struct ca_request *req;
	enum ca_err rc = ca_request_parse(p, len, &req);

	if (rc != CA_OK)
		assert_null(req);
	ca_request_free(req);
	return rc;
}

#endif
