/* Requests: what is written, and what is refused. */
#include "wiremake.h"

static void
round_trip(void **state)
{
	struct ca_request_params p = params();
	static const struct ca_bytes dn[] = {{(const uint8_t *)"\x30\x00", 2},
	    {(const uint8_t *)"\x30\x01\x00", 3}};
	struct ca_request *req;
	struct ca_bytes name;

	(void)state;
	p.authority = dn;
	p.nauthorities = 2;
	struct ca_buf b = request_of(&p);
	assert_int_equal(ca_request_parse(b.p, b.len, &req), CA_OK);
	assert_memory_equal(req->nonce, nonce, CA_NONCE_LEN);
	assert_int_equal(req->nschemes, 2);
	assert_int_equal(req->scheme[1], 0x0807);
	assert_true(req->issued_at == 0x0102030405060708);
	assert_int_equal(req->lifetime, 120);
	assert_int_equal(req->nhost_names, 2);
	assert_string_equal(req->host_name[0], "web1.example.com");
	assert_string_equal(req->host_name[1], "web1");
	assert_string_equal(req->service, "sshd");
	assert_string_equal(req->user, "alice");
	assert_string_equal(req->rhost, "192.0.2.7");
	assert_false(req->host_proved);
	struct ca_reader at =
	    ca_reader_of(req->authorities.p, req->authorities.len);
	assert_int_equal(ca_request_next_authority(&at, &name), CA_OK);
	assert_int_equal(name.len, 2);
	assert_int_equal(ca_request_next_authority(&at, &name), CA_OK);
	assert_int_equal(name.len, 3);
	assert_memory_equal(name.p, "\x30\x01\x00", 3);
	assert_int_equal(
	    ca_request_next_authority(&at, &name), CA_ERR_NOT_FOUND);
	ca_request_free(req);
	ca_buf_free(&b);
	ca_request_free(NULL);
}

/* Any prefix, any byte more: refused. */
static void
every_cut(void **state)
{
	struct ca_request_params p = params();
	struct ca_buf b = request_of(&p);

	(void)state;
	for (size_t n = 0; n < b.len; n++)
		assert_int_equal(parse(b.p, n), CA_ERR_FORMAT);
	ca_buf_u8(&b, 0);
	assert_int_equal(parse(b.p, b.len), CA_ERR_FORMAT);
	ca_buf_free(&b);
}

static void
texts(void **state)
{
	static const char *const bad[] = {"a\nb", "a\x1b[2J", "a\x7f",
	    "\xc2\x9b", "\xff", "\xc0\xaf", "\xed\xa0\x80",
	    ("\xe2\x80\xae"
	     "abc")};
	char longest[257];

	(void)state;
	memset(longest, 'a', 256);
	longest[256] = '\0';
	for (size_t i = 0; i < sizeof bad / sizeof *bad + 1; i++) {
		struct ca_request_params p = params();
		struct ca_buf b = CA_BUF_INIT(CA_REQUEST_MAX);
		const char *text = i == 0 ? longest : bad[i - 1];

		p.user = text;
		assert_int_equal(ca_request_write(&b, &p), CA_ERR_FORMAT);
		assert_int_equal(b.len, 0); /* nothing half written */
		p = params();
		p.service = text;
		assert_int_equal(ca_request_write(&b, &p), CA_ERR_FORMAT);
		p = params();
		p.rhost = text;
		assert_int_equal(ca_request_write(&b, &p), CA_ERR_FORMAT);
		p = params();
		p.host_name = &text;
		p.nhost_names = 1;
		assert_int_equal(ca_request_write(&b, &p), CA_ERR_FORMAT);
		ca_buf_free(&b);
	}
	struct ca_request_params p = params();
	struct ca_buf b = CA_BUF_INIT(CA_REQUEST_MAX);
	longest[255] = '\0';
	p.user = p.rhost = p.service = longest;
	assert_int_equal(ca_request_write(&b, &p), CA_OK);
	assert_int_equal(parse(b.p, b.len), CA_OK);
	ca_buf_free(&b);
	p.user = p.rhost = "";
	b = request_of(&p);
	assert_int_equal(parse(b.p, b.len), CA_OK);
	p.service = "";
	assert_int_equal(ca_request_write(&b, &p), CA_ERR_FORMAT);
	ca_buf_free(&b);
}

/* A byte of a text on the wire becomes each control byte. */
static void
texts_on_the_wire(void **state)
{
	struct ca_request_params p = params();
	struct ca_buf b = request_of(&p);
	uint8_t *at = memmem(b.p, b.len, "alice", 5);

	(void)state;
	assert_non_null(at);
	for (int c = 0; c < 256; c++) {
		at[2] = (uint8_t)c;
		assert_int_equal(parse(b.p, b.len),
		    c >= 0x20 && c < 0x7f ? CA_OK : CA_ERR_FORMAT);
	}
	ca_buf_free(&b);
}

static void
authorities_too_long(void **state)
{
	static uint8_t dn[2000];
	struct ca_bytes authority[3] = {{dn, 900}, {dn, 900}, {dn, 900}};
	struct ca_request_params p = params();
	struct ca_request *req;

	(void)state;
	struct ca_buf without = request_of(&p);
	p.authority = authority;
	/* exactly 2,048 bytes are not too long */
	size_t fixed = without.len + 4 + 2 + 2 * 2;
	authority[0].len = 900;
	authority[1].len = CA_AUTHORITIES_BYTES - fixed - 900;
	assert_true(authority[1].len <= sizeof dn);
	for (size_t extra = 0; extra < 2; extra++) {
		p.nauthorities = 2;
		authority[1].len += extra;
		struct ca_buf b = request_of(&p);
		assert_int_equal(
		    b.len, extra ? without.len : CA_AUTHORITIES_BYTES);
		assert_int_equal(ca_request_parse(b.p, b.len, &req), CA_OK);
		assert_int_equal(req->authorities.len > 0, !extra);
		ca_request_free(req);
		ca_buf_free(&b);
	}
	ca_buf_free(&without);
}

/* ---- requests by hand ---- */

static void
put_extension(struct ca_buf *b, uint16_t type, const char *hex)
{
	struct ca_buf data = unhex(hex);

	ca_buf_u16(b, type);
	ca_buf_u16(b, (uint16_t)data.len);
	ca_buf_put(b, data.p, data.len);
	ca_buf_free(&data);
}

#define SCHEMES 13, "00020403"
#define NAMES "0005046e616d65"
#define LOGIN                                                                  \
	0xffca, "0001"                                                         \
		"0000000000000001"                                             \
		"0078" NAMES "0173"                                            \
		"0175"                                                         \
		"00"

static struct ca_buf
hand_request(const struct ca_buf *extensions)
{
	struct ca_buf b = CA_BUF_INIT(1 << 20);

	ca_buf_u8(&b, CA_MSG_CERTIFICATE_REQUEST);
	size_t msg = ca_buf_vector_begin(&b, 3);
	ca_buf_u8(&b, CA_NONCE_LEN);
	ca_buf_put(&b, nonce, CA_NONCE_LEN);
	size_t block = ca_buf_vector_begin(&b, 2);
	ca_buf_put(&b, extensions->p, extensions->len);
	ca_buf_vector_end(&b, block, 2);
	ca_buf_vector_end(&b, msg, 3);
	return b;
}

/* The verdict on a request with these extensions, which it frees. */
static enum ca_err
with_extensions(struct ca_buf *extensions)
{
	struct ca_buf b = hand_request(extensions);
	enum ca_err rc = parse(b.p, b.len);

	ca_buf_free(&b);
	ca_buf_free(extensions);
	return rc;
}

static enum ca_err
with(uint16_t type1, const char *hex1, uint16_t type2, const char *hex2,
    uint16_t type3, const char *hex3)
{
	struct ca_buf x = CA_BUF_INIT(1 << 20);

	if (hex1 != NULL)
		put_extension(&x, type1, hex1);
	if (hex2 != NULL)
		put_extension(&x, type2, hex2);
	if (hex3 != NULL)
		put_extension(&x, type3, hex3);
	return with_extensions(&x);
}

static void
extensions(void **state)
{
	(void)state;
	assert_int_equal(with(SCHEMES, LOGIN, 0, NULL), CA_OK);
	assert_int_equal(with(LOGIN, SCHEMES, 0, NULL), CA_OK);
	assert_int_equal(with(SCHEMES, LOGIN, 4711, "00ff"), CA_OK);
	assert_int_equal(with(4711, "", LOGIN, SCHEMES), CA_OK);
	/* missing */
	assert_int_equal(with(0, NULL, 0, NULL, 0, NULL), CA_ERR_FORMAT);
	assert_int_equal(with(SCHEMES, 0, NULL, 0, NULL), CA_ERR_FORMAT);
	assert_int_equal(with(LOGIN, 0, NULL, 0, NULL), CA_ERR_FORMAT);
	/* repeated */
	assert_int_equal(with(SCHEMES, LOGIN, SCHEMES), CA_ERR_FORMAT);
	assert_int_equal(with(SCHEMES, LOGIN, LOGIN), CA_ERR_FORMAT);
	struct ca_buf x = CA_BUF_INIT(1000);
	put_extension(&x, SCHEMES);
	put_extension(&x, 4711, "");
	put_extension(&x, LOGIN);
	put_extension(&x, 4711, "00");
	assert_int_equal(with_extensions(&x), CA_ERR_FORMAT);
	/* signature_algorithms */
	assert_int_equal(with(LOGIN, 13, "", 0, NULL), CA_ERR_FORMAT);
	assert_int_equal(with(LOGIN, 13, "0000", 0, NULL), CA_ERR_FORMAT);
	assert_int_equal(with(LOGIN, 13, "000104", 0, NULL), CA_ERR_FORMAT);
	assert_int_equal(with(LOGIN, 13, "0003040304", 0, NULL), CA_ERR_FORMAT);
	assert_int_equal(with(LOGIN, 13, "0002040300", 0, NULL), CA_ERR_FORMAT);
	assert_int_equal(with(LOGIN, 13, "00040403", 0, NULL), CA_ERR_FORMAT);
	/* certificate_authorities */
	assert_int_equal(with(SCHEMES, LOGIN, 47,
			     "0004"
			     "0002"
			     "3000"),
	    CA_OK);
	assert_int_equal(with(SCHEMES, LOGIN, 47, "0000"), CA_ERR_FORMAT);
	assert_int_equal(with(SCHEMES, LOGIN, 47,
			     "0002"
			     "0000"),
	    CA_ERR_FORMAT);
	assert_int_equal(with(SCHEMES, LOGIN, 47,
			     "0005"
			     "0001300000"),
	    CA_ERR_FORMAT);
	assert_int_equal(with(SCHEMES, LOGIN, 47,
			     "0004"
			     "00023000"
			     "00"),
	    CA_ERR_FORMAT);
	assert_int_equal(with(SCHEMES, LOGIN, 47,
			     "0004"
			     "00033000"),
	    CA_ERR_FORMAT);
}

#define HEAD                                                                   \
	"0001"                                                                 \
	"0000000000000001"                                                     \
	"0078"

static void
login_context(void **state)
{
	static const char *const bad[] = {
	    "",
	    "0002"
	    "0000000000000001"
	    "0078" NAMES "0173"
	    "0175"
	    "00",
	    "0000"
	    "0000000000000001"
	    "0078" NAMES "0173"
	    "0175"
	    "00",
	    HEAD "0000"
		 "0173"
		 "0175"
		 "00", /* no host name */
	    HEAD "0001"
		 "00"
		 "0173"
		 "0175"
		 "00", /* an empty one */
	    HEAD "0006"
		 "046e616d6500"
		 "0173"
		 "0175"
		 "00",
	    HEAD "0005"
		 "056e616d65"
		 "0173"
		 "0175"
		 "00", /* past its list */
	    HEAD NAMES "00"
		       "0175"
		       "00", /* no service */
	    HEAD NAMES "0173"
		       "0175", /* no rhost */
	    HEAD NAMES "0173"
		       "0175"
		       "00"
		       "00", /* left over */
	    HEAD NAMES "0173"
		       "0275"
		       "00",
	    HEAD NAMES "0100"
		       "0175"
		       "00", /* a NUL */
	    HEAD NAMES "0173"
		       "02750a"
		       "00",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		enum ca_err rc = with(SCHEMES, 0xffca, bad[i], 0, NULL);

		if (rc != CA_ERR_FORMAT)
			fail_msg("%s: %s", bad[i], ca_err_text(rc));
	}
	assert_int_equal(with(SCHEMES, 0xffca,
			     HEAD NAMES "0173"
					"00"
					"00",
			     0, NULL),
	    CA_OK);
}

static void
bounds(void **state)
{
	struct ca_buf x;
	static uint8_t big[CA_REQUEST_MAX + 1];

	(void)state;
	/* host names: 16, not 17 */
	for (size_t n = CA_HOST_NAMES_MAX; n <= CA_HOST_NAMES_MAX + 1; n++) {
		struct ca_buf data = CA_BUF_INIT(1000);
		x = CA_BUF_INIT(1000);
		ca_buf_fmt(&data, HEAD "%04zx", 2 * n);
		for (size_t i = 0; i < n; i++)
			ca_buf_str(&data, "0161");
		ca_buf_str(&data, "0173"
				  "00"
				  "00");
		put_extension(&x, SCHEMES);
		put_extension(&x, 0xffca, ca_buf_text(&data));
		assert_int_equal(with_extensions(&x),
		    n == CA_HOST_NAMES_MAX ? CA_OK : CA_ERR_LIMIT);
		ca_buf_free(&data);
	}
	/* schemes: 64, not 65 */
	for (size_t n = 64; n <= 65; n++) {
		struct ca_buf data = CA_BUF_INIT(1000);
		x = CA_BUF_INIT(1000);
		ca_buf_fmt(&data, "%04zx", 2 * n);
		for (size_t i = 0; i < n; i++)
			ca_buf_str(&data, "0403");
		put_extension(&x, LOGIN);
		put_extension(&x, 13, ca_buf_text(&data));
		assert_int_equal(
		    with_extensions(&x), n == 64 ? CA_OK : CA_ERR_LIMIT);
		ca_buf_free(&data);
	}
	/* extensions: 64, not 65 */
	for (size_t n = 64; n <= 65; n++) {
		x = CA_BUF_INIT(10000);
		put_extension(&x, LOGIN);
		put_extension(&x, SCHEMES);
		for (size_t i = 2; i < n; i++)
			put_extension(&x, (uint16_t)(1000 + i), "");
		assert_int_equal(
		    with_extensions(&x), n == 64 ? CA_OK : CA_ERR_LIMIT);
	}
	assert_int_equal(parse(big, sizeof big), CA_ERR_LIMIT);
	assert_int_equal(parse(big, sizeof big - 1), CA_ERR_FORMAT);
	assert_int_equal(parse(NULL, 0), CA_ERR_FORMAT);
}

/* RFC 8446 section 4.4.2.1: the host asks for OCSP responses by an empty extension. */
static void
status_request(void **state)
{
	struct ca_request_params p = params();
	struct ca_request *req;

	(void)state;
	struct ca_buf without = request_of(&p);
	for (int asks = 0; asks < 2; asks++) {
		p.status_request = asks;
		struct ca_buf b = request_of(&p);
		assert_int_equal(b.len, without.len + (asks ? 4 : 0));
		assert_int_equal(ca_request_parse(b.p, b.len, &req), CA_OK);
		assert_int_equal(req->status_request, asks);
		ca_request_free(req);
		ca_buf_free(&b);
	}
	ca_buf_free(&without);
	assert_int_equal(with(SCHEMES, LOGIN, 5, ""), CA_OK);
	assert_int_equal(with(SCHEMES, LOGIN, 5, "00"), CA_ERR_FORMAT);
}

static void
nonce_length(void **state)
{
	struct ca_request_params p = params();
	struct ca_buf b = request_of(&p);

	(void)state;
	assert_int_equal(b.p[4], CA_NONCE_LEN);
	for (int len = 0; len < 256; len++) {
		b.p[4] = (uint8_t)len;
		assert_int_equal(parse(b.p, b.len),
		    len == CA_NONCE_LEN ? CA_OK : CA_ERR_FORMAT);
	}
	ca_buf_free(&b);
}

static void
writer_refuses(void **state)
{
	struct ca_request_params p = params();
	struct ca_buf b = CA_BUF_INIT(CA_REQUEST_MAX);

	(void)state;
	p.nschemes = 0;
	assert_int_equal(ca_request_write(&b, &p), CA_ERR_FORMAT);
	p.nschemes = 65;
	assert_int_equal(ca_request_write(&b, &p), CA_ERR_LIMIT);
	p = params();
	p.nhost_names = 0;
	assert_int_equal(ca_request_write(&b, &p), CA_ERR_FORMAT);
	p.nhost_names = CA_HOST_NAMES_MAX + 1;
	assert_int_equal(ca_request_write(&b, &p), CA_ERR_LIMIT);
	struct ca_bytes empty = {NULL, 0};
	p = params();
	p.authority = &empty;
	p.nauthorities = 1;
	assert_int_equal(ca_request_write(&b, &p), CA_ERR_FORMAT);
	assert_int_equal(b.len, 0);
	ca_buf_free(&b);
	struct ca_buf small = CA_BUF_INIT(20);
	p = params();
	assert_int_equal(ca_request_write(&small, &p), CA_ERR_LIMIT);
	ca_buf_free(&small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(every_cut),
	    cmocka_unit_test(texts),
	    cmocka_unit_test(texts_on_the_wire),
	    cmocka_unit_test(authorities_too_long),
	    cmocka_unit_test(extensions),
	    cmocka_unit_test(login_context),
	    cmocka_unit_test(bounds),
	    cmocka_unit_test(status_request),
	    cmocka_unit_test(nonce_length),
	    cmocka_unit_test(writer_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
