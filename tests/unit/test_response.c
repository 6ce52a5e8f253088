/* Responses: what is parsed, and what is refused; each structure of all messages
 * with each flaw. */
#include "wiremake.h"

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
		*ocsp = m.nocsp > 0 ? m.ocsp[m.nocsp - 1]
				    : (struct ca_bytes){NULL, 0};
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
	/* also that of an issuer */
	assert_int_equal(entries("000001aa"
				 "0000"
				 "000001bb"
				 "0009"
				 "00050005"
				 "01000001cc",
			     &ocsp),
	    CA_OK);
	assert_int_equal(ocsp.len, 1);
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
	    ca_certificate_write(&b, nonce, cert, NULL, CA_CERTS_MAX), CA_OK);
	assert_int_equal(
	    ca_certificate_write(&b, nonce, cert, NULL, CA_CERTS_MAX + 1),
	    CA_ERR_LIMIT);
	cert[0].len = 0;
	assert_int_equal(
	    ca_certificate_write(&b, nonce, cert, NULL, 1), CA_ERR_FORMAT);
	ca_buf_free(&b);
}

/* A response of two certificates, of which only the second has a staple. */
static void
staples(void **state)
{
	static const struct ca_bytes cert[] = {
	    {(const uint8_t *)"\xaa", 1}, {(const uint8_t *)"\xbb", 1}};
	static const struct ca_bytes staple[] = {
	    {NULL, 0}, {(const uint8_t *)"\xcc\xdd", 2}};
	struct ca_buf list = unhex("00001b"
				   "000001aa"
				   "0000"
				   "000001bb"
				   "000a"
				   "00050006"
				   "01000002ccdd");
	struct ca_buf b = CA_BUF_INIT(1000);

	(void)state;
	list.p[2] = (uint8_t)(list.len - 3);
	assert_int_equal(
	    ca_certificate_write(&b, nonce, cert, staple, 2), CA_OK);
	assert_true(b.len > list.len);
	assert_memory_equal(b.p + b.len - list.len, list.p, list.len);
	ca_buf_free(&b);
	ca_buf_free(&list);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(certificate_entries),
	    cmocka_unit_test(certificates_bound),
	    cmocka_unit_test(staples),
	    cmocka_unit_test(contexts),
	    cmocka_unit_test(response_cuts),
	    cmocka_unit_test(every_structure),
	    cmocka_unit_test(host_proof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
