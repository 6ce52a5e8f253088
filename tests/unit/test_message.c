/* The messages of the protocol: what is written, and what is refused. */
#include "vectors.h"

#include "wire/message.h"

static const uint8_t nonce[CA_NONCE_LEN] = {1, 2, 3};
static const uint16_t schemes[] = {0x0403, 0x0807};
static const char *const names[] = {"web1.example.com", "web1"};

static struct ca_request_params
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

static struct ca_buf
request_of(const struct ca_request_params *p)
{
	struct ca_buf b = CA_BUF_INIT(CA_REQUEST_MAX);

	assert_int_equal(ca_request_write(&b, p), CA_OK);
	return b;
}

static enum ca_err
parse(const void *p, size_t len)
{
	struct ca_request *req;
	enum ca_err rc = ca_request_parse(p, len, &req);

	if (rc != CA_OK)
		assert_null(req);
	ca_request_free(req);
	return rc;
}

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
	    "\xe2\x80\xae"
	    "abc"};
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

/* ---- responses ---- */

/* A proof with these entries, given in hex, and any signature. */
static struct ca_buf
proof(const uint8_t *context, size_t contextlen, const char *entries)
{
	struct ca_buf b = CA_BUF_INIT(1 << 20), list = unhex(entries);

	ca_buf_u8(&b, CA_MSG_CERTIFICATE);
	size_t msg = ca_buf_vector_begin(&b, 3);
	ca_buf_u8(&b, (uint8_t)contextlen);
	ca_buf_put(&b, context, contextlen);
	size_t at = ca_buf_vector_begin(&b, 3);
	ca_buf_put(&b, list.p, list.len);
	ca_buf_vector_end(&b, at, 3);
	ca_buf_vector_end(&b, msg, 3);
	assert_int_equal(
	    ca_certificate_verify_write(&b, 0x0403, "sig", 3), CA_OK);
	ca_buf_free(&list);
	return b;
}

static enum ca_err
entries(const char *hex, struct ca_bytes *ocsp)
{
	struct ca_buf b = proof(nonce, CA_NONCE_LEN, hex);
	struct ca_proof_msgs m;
	enum ca_err rc = ca_response_parse(b.p, b.len, nonce, &m);

	if (ocsp != NULL)
		*ocsp = m.ocsp;
	ca_buf_free(&b);
	return rc;
}

static void
certificate_entries(void **state)
{
	struct ca_bytes ocsp;

	(void)state;
	assert_int_equal(entries("", NULL), CA_OK);
	assert_int_equal(entries("000001aa"
				 "0000",
			     NULL),
	    CA_OK);
	assert_int_equal(entries("000001aa"
				 "0000"
				 "000001bb"
				 "0000",
			     NULL),
	    CA_OK);
	assert_int_equal(entries("000000"
				 "0000",
			     NULL),
	    CA_ERR_FORMAT);
	assert_int_equal(entries("000001aa", NULL), CA_ERR_FORMAT);
	assert_int_equal(entries("000001aa"
				 "00",
			     NULL),
	    CA_ERR_FORMAT);
	assert_int_equal(entries("000002aa"
				 "0000",
			     NULL),
	    CA_ERR_FORMAT);
	assert_int_equal(entries("000001aa"
				 "0000"
				 "00",
			     NULL),
	    CA_ERR_FORMAT);
	assert_int_equal(entries("000001aa"
				 "0001",
			     NULL),
	    CA_ERR_FORMAT);
	/* an unknown extension is ignored, twice it is an error */
	assert_int_equal(entries("000001aa"
				 "0005"
				 "1234000100",
			     NULL),
	    CA_OK);
	assert_int_equal(entries("000001aa"
				 "0008"
				 "12340000"
				 "12340000",
			     NULL),
	    CA_ERR_FORMAT);
	/* status_request */
	assert_int_equal(entries("000001aa"
				 "0009"
				 "00050005"
				 "01000001cc",
			     &ocsp),
	    CA_OK);
	assert_int_equal(ocsp.len, 1);
	assert_int_equal(entries("000001aa"
				 "0009"
				 "00050005"
				 "02000001cc",
			     NULL),
	    CA_ERR_FORMAT);
	assert_int_equal(entries("000001aa"
				 "0008"
				 "00050004"
				 "01000000",
			     NULL),
	    CA_ERR_FORMAT);
	assert_int_equal(entries("000001aa"
				 "000a"
				 "00050006"
				 "01000001cc00",
			     NULL),
	    CA_ERR_FORMAT);
	/* that of an issuer is none of the leaf's */
	assert_int_equal(entries("000001aa"
				 "0000"
				 "000001bb"
				 "0009"
				 "00050005"
				 "01000001cc",
			     &ocsp),
	    CA_OK);
	assert_int_equal(ocsp.len, 0);
}

static void
certificates_bound(void **state)
{
	struct ca_buf hex = CA_BUF_INIT(10000);

	(void)state;
	for (size_t i = 0; i < CA_CERTS_MAX; i++)
		ca_buf_str(&hex, "000001aa"
				 "0000");
	assert_int_equal(entries(ca_buf_text(&hex), NULL), CA_OK);
	ca_buf_str(&hex, "000001aa"
			 "0000");
	assert_int_equal(entries(ca_buf_text(&hex), NULL), CA_ERR_LIMIT);
	ca_buf_free(&hex);
	struct ca_bytes cert[CA_CERTS_MAX + 1];
	struct ca_buf b = CA_BUF_INIT(10000);
	for (size_t i = 0; i <= CA_CERTS_MAX; i++)
		cert[i] = (struct ca_bytes){nonce, 1};
	assert_int_equal(
	    ca_certificate_write(&b, nonce, cert, CA_CERTS_MAX), CA_OK);
	assert_int_equal(
	    ca_certificate_write(&b, nonce, cert, CA_CERTS_MAX + 1),
	    CA_ERR_LIMIT);
	cert[0].len = 0;
	assert_int_equal(
	    ca_certificate_write(&b, nonce, cert, 1), CA_ERR_FORMAT);
	ca_buf_free(&b);
}

static void
contexts(void **state)
{
	struct ca_proof_msgs m;
	uint8_t other[256];
	struct ca_buf b;

	(void)state;
	/* each byte counts */
	for (size_t i = 0; i < CA_NONCE_LEN; i++) {
		memcpy(other, nonce, CA_NONCE_LEN);
		other[i] ^= 0x80;
		b = proof(other, CA_NONCE_LEN, "");
		assert_int_equal(
		    ca_response_parse(b.p, b.len, nonce, &m), CA_DENIED);
		ca_buf_free(&b);
	}
	/* and so does the length */
	memset(other, 0, sizeof other);
	memcpy(other, nonce, CA_NONCE_LEN);
	for (size_t len = 0; len < 256; len++) {
		b = proof(other, len, "");
		assert_int_equal(ca_response_parse(b.p, b.len, nonce, &m),
		    len == CA_NONCE_LEN ? CA_OK : CA_DENIED);
		ca_buf_free(&b);
	}
}

static void
response_cuts(void **state)
{
	struct ca_buf b = proof(nonce, CA_NONCE_LEN,
	    "000001aa"
	    "0000");
	static uint8_t big[CA_RESPONSE_MAX + 1];
	struct ca_proof_msgs m;

	(void)state;
	for (size_t n = 0; n < b.len; n++) {
		assert_int_equal(
		    ca_response_parse(b.p, n, nonce, &m), CA_ERR_FORMAT);
		assert_int_equal(m.ncerts, 0);
	}
	ca_buf_u8(&b, 0);
	assert_int_equal(
	    ca_response_parse(b.p, b.len, nonce, &m), CA_ERR_FORMAT);
	ca_buf_free(&b);
	assert_int_equal(
	    ca_response_parse(big, sizeof big, nonce, &m), CA_ERR_LIMIT);
}

/* ---- every structure of a message ---- */

/*
 * Messages as they are built: "(N" begins a vector whose length takes N bytes,
 * and ")" ends it; "[N" begins one that may hold any bytes; a type byte stands
 * right before it; the rest is hex.
 */
#define PROOF                                                                  \
	" 0b(3 (1 NONCE ) (3 [3 3000 )"                                        \
	"   (2 0005 (2 01[3 cc ) ) ) ) )"                                      \
	" 0f(3 0403 [2 736967 ) )"
#define REQUEST                                                                \
	" 0d(3 (1 NONCE ) (2"                                                  \
	"   000d (2 (2 0403 ) )"                                               \
	"   002f (2 (2 [2 3000 ) ) )"                                          \
	"   ffca (2 0001 0000000000000001 0078"                                \
	"     (2 (1 68 ) ) (1 73 ) (1 75 ) (1 72 ) ) ) )"

/* What is wrong with one structure: its type is another's, its length is one
 * too small or too large, or a byte follows in it that belongs to nothing. */
enum flaw { NO_FLAW, OTHER_TYPE, TOO_SHORT, TOO_LONG, LEFT_OVER, FLAWS };

/* Build text, with the flaw in structure number at; how many there are.
 * *fits: it is no flaw there, since it has no type or may hold any bytes. */
static int
build(const char *text, enum flaw flaw, int at, struct ca_buf *b, bool *fits)
{
	struct {
		size_t begin;
		unsigned size;
		int number;
	} open[16];
	int depth = 0, n = 0;

	*fits = flaw == OTHER_TYPE;
	for (const char *p = text; *p != '\0';) {
		if (*p == '(' || *p == '[') {
			unsigned size = (unsigned)(p[1] - '0');

			open[depth].begin = ca_buf_vector_begin(b, size);
			open[depth].size = size;
			open[depth++].number = n;
			*fits |= *p == '[' && n == at && flaw == LEFT_OVER;
			n++;
			p += 2;
		} else if (*p == ')') {
			bool here = open[--depth].number == at;
			size_t begin = open[depth].begin;

			if (here && flaw == LEFT_OVER)
				ca_buf_u8(b, 0);
			ca_buf_vector_end(b, begin, open[depth].size);
			uint8_t *last = b->p + begin + open[depth].size - 1;
			if (here && flaw == TOO_SHORT)
				--*last;
			if (here && flaw == TOO_LONG)
				++*last;
			p++;
		} else if (*p == 'N') {
			ca_buf_put(b, nonce, CA_NONCE_LEN);
			p += 5;
		} else if (*p == ' ') {
			p++;
		} else {
			char hex[3] = {p[0], p[1], '\0'};
			uint8_t byte = (uint8_t)strtoul(hex, NULL, 16);
			bool here = (p[2] == '(' || p[2] == '[') && n == at;

			*fits &= !(here && flaw == OTHER_TYPE);
			if (here && flaw == OTHER_TYPE)
				byte ^= 0x10;
			ca_buf_u8(b, byte);
			p += 2;
		}
	}
	assert_int_equal(depth, 0);
	return n;
}

static enum ca_err
parse_response(const void *p, size_t len)
{
	struct ca_proof_msgs m;

	return ca_response_parse(p, len, nonce, &m);
}

static void
every_structure(void **state)
{
	static const struct {
		const char *text;
		enum ca_err (*parse)(const void *, size_t);
	} message[] = {
	    {PROOF, parse_response}, {REQUEST, parse}, {REQUEST PROOF, parse}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		int n = 1;
		for (int at = 0; at < n; at++) {
			for (enum flaw f = NO_FLAW; f < FLAWS; f++) {
				struct ca_buf b = CA_BUF_INIT(1 << 16);
				bool fits;

				n = build(message[i].text, f, at, &b, &fits);
				bool good = f == NO_FLAW || fits;
				enum ca_err rc = message[i].parse(b.p, b.len);
				if ((rc == CA_OK) != good)
					fail_msg("message %zu, structure %d, "
						 "flaw %d: %s",
					    i, at, (int)f, ca_err_text(rc));
				ca_buf_free(&b);
			}
		}
		assert_true(n > 8);
	}
}

/* What a host proves in a request is for this request, and by a certificate. */
static void
host_proof(void **state)
{
	struct ca_request_params p = params();
	uint8_t other[CA_NONCE_LEN];

	(void)state;
	memcpy(other, nonce, sizeof other);
	other[31] ^= 1;
	static const struct {
		bool same;
		const char *entries;
		enum ca_err want;
	} cases[] = {{true,
			 "000001aa"
			 "0000",
			 CA_OK},
	    {false,
		"000001aa"
		"0000",
		CA_ERR_FORMAT},
	    {true, "", CA_ERR_FORMAT}};
	for (size_t i = 0; i < 3; i++) {
		struct ca_buf b = request_of(&p);
		struct ca_buf add = proof(cases[i].same ? nonce : other,
		    CA_NONCE_LEN, cases[i].entries);

		b.max = 1 << 20;
		ca_buf_put(&b, add.p, add.len);
		assert_int_equal(parse(b.p, b.len), cases[i].want);
		/* a proof and a half */
		ca_buf_put(&b, add.p, add.len);
		assert_int_equal(parse(b.p, b.len), CA_ERR_FORMAT);
		ca_buf_free(&b);
		ca_buf_free(&add);
	}
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
	assert_int_equal(ca_request_write(&b, &p), CA_ERR_FORMAT);
	p = params();
	p.nhost_names = 0;
	assert_int_equal(ca_request_write(&b, &p), CA_ERR_FORMAT);
	p.nhost_names = CA_HOST_NAMES_MAX + 1;
	assert_int_equal(ca_request_write(&b, &p), CA_ERR_FORMAT);
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
	    cmocka_unit_test(nonce_length),
	    cmocka_unit_test(certificate_entries),
	    cmocka_unit_test(certificates_bound),
	    cmocka_unit_test(contexts),
	    cmocka_unit_test(response_cuts),
	    cmocka_unit_test(every_structure),
	    cmocka_unit_test(host_proof),
	    cmocka_unit_test(writer_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
