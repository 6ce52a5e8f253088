/*
 * Signed passwords: the test vectors, and random fields there and back.
 *
 * CERTAUTH_PROPERTY_RUNS: how many random texts (default 2,000);
 * CERTAUTH_PROPERTY_SEED: the seed, which is printed.
 */
#include "vectorcert.h"

#include "crypto/crypto.h"
#include "crypto/ecdsa.h"
#include "wire/password.h"
#include "wire/scheme.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <time.h>

#define CONTENT_MAX (CA_RESPONSE_MAX + 1024)
#define BODY_FIXED 26 /* bytes of a BODY without a signature */

static enum ca_err
parse(const char *text, size_t len, struct ca_buf *bytes, struct ca_password *p)
{
	enum ca_err rc;
	/* its own block, so that a read beyond the end is seen by ASan */
	char *copy = malloc(len > 0 ? len : 1);

	assert_non_null(copy);
	memcpy(copy, text, len);
	*bytes = (struct ca_buf)CA_BUF_INIT(CA_PASSWORD_TEXT_MAX);
	rc = ca_password_parse(copy, len, bytes, p);
	free(copy);
	if (rc != CA_OK) {
		assert_null(p->signature.p);
		assert_int_equal(p->ncerts, 0);
	}
	return rc;
}

static enum ca_err
judge(const char *text, size_t len)
{
	struct ca_buf bytes;
	struct ca_password p;
	enum ca_err rc = parse(text, len, &bytes, &p);

	ca_buf_free(&bytes);
	return rc;
}

/* Each text that a service cuts is told from one that somebody changed. */
static void
cut_anywhere(const char *text)
{
	for (size_t n = strlen(text) - 1; n > 0; n--)
		assert_int_equal(judge(text, n), n < strlen(CA_PASSWORD_PREFIX)
						     ? CA_ERR_FORMAT
						     : CA_ERR_TRUNCATED);
	assert_int_equal(judge(text, 0), CA_ERR_FORMAT);
}

/* ---- vectors ---- */

static void
same_hex(const struct stanza *s, const char *key, const void *p, size_t len)
{
	struct ca_buf want = unhex(stanza_get(s, key));

	assert_int_equal(want.len, len);
	assert_memory_equal(want.p, p, len);
	ca_buf_free(&want);
}

/* The certificates of the text are those of the list of files. */
static void
same_certs(
    struct ca_crypto *c, const struct stanza *s, const struct ca_password *p)
{
	char *files = strdup(stanza_get(s, "certificates")), *rest = files;
	size_t n = 0;

	assert_non_null(files);
	for (char *name; (name = strsep(&rest, " ")) != NULL;) {
		unsigned char *der = NULL;

		if (*name == '\0')
			continue;
		X509 *cert = load_cert(c, name);
		int len = i2d_X509(cert, &der);
		assert_true(len > 0 && n < p->ncerts);
		assert_int_equal(p->cert[n].len, (size_t)len);
		assert_memory_equal(p->cert[n].p, der, (size_t)len);
		OPENSSL_free(der);
		X509_free(cert);
		n++;
	}
	assert_int_equal(p->ncerts, n);
	free(files);
}

static enum ca_err
verify(struct ca_crypto *c, X509 *leaf, const struct ca_password *p,
    const uint8_t *tbs, size_t len)
{
	const struct ca_scheme *scheme = ca_scheme_by_code(p->scheme);
	struct ca_bytes sig = p->signature;
	struct ca_buf der = CA_BUF_INIT(1024);

	assert_non_null(scheme);
	size_t n = ca_ecdsa_bytes(scheme);
	if (n > 0) {
		assert_int_equal(sig.len, 2 * n);
		assert_int_equal(
		    ca_ecdsa_der(sig.p, n, sig.p + n, n, &der), CA_OK);
		sig = (struct ca_bytes){der.p, der.len};
	}
	enum ca_err rc = ca_crypto_verify(c, scheme, X509_get0_pubkey(leaf),
	    &(struct ca_signed){tbs, len, sig.p, sig.len});
	ca_buf_free(&der);
	return rc;
}

static size_t
make_tbs(struct ca_crypto *c, const struct ca_password *p,
    const struct ca_password_for *meant, uint8_t *tbs)
{
	struct ca_buf content = CA_BUF_INIT(CONTENT_MAX);
	uint8_t hash[CA_TRANSCRIPT_HASH_LEN];

	assert_int_equal(ca_password_content(&content, p, meant), CA_OK);
	const struct ca_bytes part = {content.p, content.len};
	assert_int_equal(ca_crypto_transcript(c, &part, 1, hash), CA_OK);
	ca_buf_free(&content);
	return ca_signed_content(CA_SIGNER_PASSWORD, hash, tbs);
}

/* What was signed is of these names alone. */
static void
check_names(struct ca_crypto *c, const struct stanza *s, X509 *leaf,
    const struct ca_password *p)
{
	uint8_t tbs[CA_SIGNED_CONTENT_MAX];
	const struct ca_password_for meant = {stanza_get(s, "host"),
	    stanza_get(s, "service"), stanza_get(s, "user")};
	const struct ca_password_for other[] = {
	    {"other.example", meant.service, meant.user},
	    {meant.host, "other", meant.user},
	    {meant.host, meant.service, "other"},
	    {meant.host, meant.user, meant.service}};
	size_t len = make_tbs(c, p, &meant, tbs);

	same_hex(s, "signed_content", tbs, len);
	assert_int_equal(verify(c, leaf, p, tbs, len), CA_OK);
	for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
		len = make_tbs(c, p, &other[i], tbs);
		assert_int_equal(verify(c, leaf, p, tbs, len), CA_DENIED);
	}
}

static void
check_valid(
    struct ca_crypto *c, const struct stanza *s, const struct ca_password *p)
{
	const char *host = stanza_get(s, "host");
	X509 *leaf = load_cert(c, stanza_get(s, "leaf"));
	struct ca_buf again = CA_BUF_INIT(CA_PASSWORD_TEXT_MAX);
	uint8_t hash[32];

	assert_int_equal(p->scheme, strtoul(stanza_get(s, "scheme"), NULL, 16));
	assert_int_equal(
	    p->issued_at, strtoul(stanza_get(s, "issued_at"), NULL, 10));
	same_hex(s, "salt", p->salt, sizeof p->salt);
	same_hex(s, "key_id", p->key_id, sizeof p->key_id);
	same_hex(s, "host_id", p->host_id, sizeof p->host_id);
	assert_int_equal(ca_crypto_spki(c, leaf, hash), CA_OK);
	assert_memory_equal(hash, p->key_id, sizeof p->key_id);
	assert_int_equal(ca_crypto_sha256(c, host, strlen(host), hash), CA_OK);
	assert_memory_equal(hash, p->host_id, sizeof p->host_id);
	same_certs(c, s, p);
	check_names(c, s, leaf, p);
	assert_int_equal(ca_password_write(&again, p), CA_OK);
	assert_string_equal(ca_buf_text(&again), stanza_get(s, "text"));
	ca_buf_free(&again);
	X509_free(leaf);
}

static size_t seen_valid, seen_truncated, seen_format, seen_limit;

static void
vector(const struct stanza *s, void *ctx)
{
	const char *outcome = stanza_get(s, "outcome");
	const char *text = stanza_get(s, "text");
	const struct {
		const char *name;
		enum ca_err rc;
		size_t *seen;
	} kind[] = {{"valid", CA_OK, &seen_valid},
	    {"truncated", CA_ERR_TRUNCATED, &seen_truncated},
	    {"format", CA_ERR_FORMAT, &seen_format},
	    {"limit", CA_ERR_LIMIT, &seen_limit}};
	size_t k = 0;
	struct ca_buf bytes;
	struct ca_password p;

	while (k < 4 && strcmp(outcome, kind[k].name) != 0)
		k++;
	assert_true(k < 4);
	enum ca_err rc = parse(text, strlen(text), &bytes, &p);
	if (rc != kind[k].rc)
		fail_msg("%s: %s, not %s", stanza_get(s, "name"),
		    ca_err_text(rc), outcome);
	++*kind[k].seen;
	if (rc == CA_OK) {
		check_valid(ctx, s, &p);
		cut_anywhere(text);
	}
	ca_buf_free(&bytes);
}

static void
vectors(void **state)
{
	struct ca_crypto *c = NULL;

	(void)state;
	assert_int_equal(ca_crypto_new(&c), CA_OK);
	size_t n = stanzas(VECTORS_DIR "password.txt", vector, c);
	assert_int_equal(
	    n, seen_valid + seen_truncated + seen_format + seen_limit);
	assert_true(seen_valid >= 15 && seen_truncated >= 5);
	assert_true(seen_format >= 20 && seen_limit == 2);
	ca_crypto_free(c);
}

/* ---- properties ---- */

static void
random_bytes(void *out, size_t n)
{
	for (uint8_t *p = out; n > 0; n--)
		*p++ = (uint8_t)(random() >> 7);
}

static size_t
up_to(size_t n)
{
	return (size_t)random() % (n + 1);
}

static void
same_password(const struct ca_password *a, const struct ca_password *b)
{
	assert_int_equal(a->scheme, b->scheme);
	assert_int_equal(a->issued_at, b->issued_at);
	assert_memory_equal(a->salt, b->salt, sizeof a->salt);
	assert_memory_equal(a->key_id, b->key_id, sizeof a->key_id);
	assert_memory_equal(a->host_id, b->host_id, sizeof a->host_id);
	assert_int_equal(a->signature.len, b->signature.len);
	if (a->signature.len > 0)
		assert_memory_equal(
		    a->signature.p, b->signature.p, a->signature.len);
	assert_int_equal(a->ncerts, b->ncerts);
	for (size_t i = 0; i < a->ncerts; i++) {
		assert_int_equal(a->cert[i].len, b->cert[i].len);
		assert_memory_equal(a->cert[i].p, b->cert[i].p, a->cert[i].len);
	}
}

/* One character that is changed gives no text, or one of other fields: these fields have
 * one text alone. */
static void
change_one(const char *text)
{
	size_t len = strlen(text), at = up_to(len - 1);
	char *copy = strdup(text), c = (char)(1 + up_to(254));
	struct ca_buf bytes, again = CA_BUF_INIT(CA_PASSWORD_TEXT_MAX);
	struct ca_password p;

	assert_non_null(copy);
	copy[at] = c != text[at] ? c : (char)(c ^ 1);
	if (parse(copy, len, &bytes, &p) == CA_OK) {
		assert_true(at >= 4 && at < len - 1);
		assert_int_equal(ca_password_write(&again, &p), CA_OK);
		assert_string_equal(ca_buf_text(&again), copy);
	}
	ca_buf_free(&again);
	ca_buf_free(&bytes);
	free(copy);
}

static void
there_and_back(void)
{
	static uint8_t block[8192];
	struct ca_buf entries = CA_BUF_INIT(CA_RESPONSE_MAX), bytes;
	struct ca_buf text = CA_BUF_INIT(CA_PASSWORD_TEXT_MAX);
	struct ca_password p = {0}, got;

	random_bytes(block, sizeof block);
	p.scheme = (uint16_t)random();
	p.issued_at = (uint32_t)random() << 1 ^ (uint32_t)random();
	memcpy(p.salt, block, sizeof p.salt);
	memcpy(p.key_id, block + 8, sizeof p.key_id);
	memcpy(p.host_id, block + 16, sizeof p.host_id);
	p.signature = (struct ca_bytes){block + up_to(4096), up_to(512)};
	p.ncerts = up_to(3) > 0 ? 0 : up_to(CA_CERTS_MAX);
	for (size_t i = 0; i < p.ncerts; i++)
		p.cert[i] =
		    (struct ca_bytes){block + up_to(4096), 1 + up_to(1400)};
	assert_int_equal(
	    ca_password_entries(&entries, p.cert, p.ncerts), CA_OK);
	p.entries = (struct ca_bytes){entries.p, entries.len};
	assert_int_equal(ca_password_write(&text, &p), CA_OK);
	const char *s = ca_buf_text(&text);
	assert_int_equal(parse(s, strlen(s), &bytes, &got), CA_OK);
	same_password(&p, &got);
	assert_int_equal(text.len,
	    5 + ((BODY_FIXED + p.signature.len + entries.len) * 4 + 2) / 3);
	size_t n = up_to(text.len - 1);
	assert_int_equal(judge(s, n), n < 4 ? CA_ERR_FORMAT : CA_ERR_TRUNCATED);
	if (p.ncerts == 0) /* up to some hundred characters */
		cut_anywhere(s);
	change_one(s);
	ca_buf_free(&bytes);
	ca_buf_free(&text);
	ca_buf_free(&entries);
}

static void
round_trips(void **state)
{
	const char *runs = getenv("CERTAUTH_PROPERTY_RUNS");
	const char *seed = getenv("CERTAUTH_PROPERTY_SEED");
	unsigned s = seed != NULL ? (unsigned)strtoul(seed, NULL, 10)
				  : (unsigned)time(NULL);

	(void)state;
	print_message("CERTAUTH_PROPERTY_SEED=%u\n", s);
	srandom(s);
	for (unsigned long n = runs != NULL ? strtoul(runs, NULL, 10) : 2000;
	     n > 0; n--)
		there_and_back();
}

/* ---- bounds ---- */

/* Names are not in the text: P-256 and Ed25519 fit 127 characters for every host. */
static void
longest_names(void **state)
{
	char name[257];
	uint8_t sig[64] = {0};
	struct ca_password p = {
	    .scheme = 0x0403, .signature = {sig, sizeof sig}};
	const struct ca_password_for meant = {name, name, name};
	struct ca_buf text = CA_BUF_INIT(127);

	(void)state;
	memset(name, 'n', sizeof name);
	for (size_t len = 0; len <= 256; len++) {
		struct ca_buf content = CA_BUF_INIT(CONTENT_MAX);
		enum ca_err want =
		    len >= 1 && len <= 255 ? CA_OK : CA_ERR_FORMAT;

		name[len] = '\0';
		assert_int_equal(
		    ca_password_content(&content, &p, &meant), want);
		ca_buf_free(&content);
		name[len] = 'n';
	}
	assert_int_equal(ca_password_write(&text, &p), CA_OK);
	assert_int_equal(text.len, 125);
	ca_buf_free(&text);
}

/* A body of as many bytes as there may be, and one more. */
static void
longest_text(void **state)
{
	static uint8_t der[CA_RESPONSE_MAX];

	(void)state;
	for (size_t more = 0; more <= 1; more++) {
		const struct ca_bytes cert = {
		    der, CA_RESPONSE_MAX - BODY_FIXED - 3 + more};
		struct ca_buf entries = CA_BUF_INIT(CA_PASSWORD_TEXT_MAX);
		struct ca_buf text = CA_BUF_INIT(CA_PASSWORD_TEXT_MAX);
		struct ca_password p = {0};

		assert_int_equal(
		    ca_password_entries(&entries, &cert, 1), CA_OK);
		p.entries = (struct ca_bytes){entries.p, entries.len};
		assert_int_equal(ca_password_write(&text, &p),
		    more == 0 ? CA_OK : CA_ERR_LIMIT);
		if (more == 0) {
			assert_int_equal(text.len, CA_PASSWORD_TEXT_MAX);
			assert_int_equal(
			    judge(ca_buf_text(&text), text.len), CA_OK);
		}
		ca_buf_free(&text);
		ca_buf_free(&entries);
	}
}

static void
how_many_certificates(void **state)
{
	struct ca_bytes cert[CA_CERTS_MAX + 1];
	struct ca_buf out = CA_BUF_INIT(CA_RESPONSE_MAX);

	(void)state;
	for (size_t i = 0; i <= CA_CERTS_MAX; i++)
		cert[i] = (struct ca_bytes){(const uint8_t *)"c", 1};
	assert_int_equal(ca_password_entries(&out, cert, CA_CERTS_MAX), CA_OK);
	assert_int_equal(
	    ca_password_entries(&out, cert, CA_CERTS_MAX + 1), CA_ERR_LIMIT);
	cert[1].len = 0;
	assert_int_equal(ca_password_entries(&out, cert, 2), CA_ERR_FORMAT);
	ca_buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(vectors),
	    cmocka_unit_test(round_trips),
	    cmocka_unit_test(longest_names),
	    cmocka_unit_test(longest_text),
	    cmocka_unit_test(how_many_certificates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
