/*
 * What one OCSP response says of one certificate: status, certificate, times, form.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "ocspjudge.h"

/* ---- good and revoked ---- */

static void
good(void **state)
{
	struct ca_ocsp_answer a;

	(void)state;
	a = judged(&(struct reply){{GOOD}, BY_CA});
	assert_int_equal(a.status, CA_OCSP_GOOD);
	assert_null(a.responder);
	assert_int_equal(a.this_update, NOW - 60);
	assert_int_equal(a.until, NOW + 3600);
	a = judged(&(struct reply){{GOOD}, BY_RESPONDER});
	assert_int_equal(a.status, CA_OCSP_GOOD);
	assert_int_equal(X509_cmp(a.responder, responder), 0);
	assert_true(a.nocheck);
	ca_ocsp_answer_clear(&a);
	assert_null(a.responder);
	is(&(struct reply){{GOOD}, BY_CA, .by_key = true}, CA_OCSP_GOOD);
	is(&(struct reply){{GOOD}, BY_CA, .no_certs = true}, CA_OCSP_GOOD);
	is(&(struct reply){{GOOD}, BY_RESPONDER, .by_key = true}, CA_OCSP_GOOD);
	is(&(struct reply){{GOOD}, BY_CA, .nonce = true}, CA_OCSP_GOOD);
	is(&(struct reply){{GOOD}, BY_CA, .critical_nonce = true},
	    CA_OCSP_GOOD);
}

static void
revoked(void **state)
{
	struct ca_ocsp_answer a;

	(void)state;
	a = judged(&(struct reply){{REVOKED}, BY_RESPONDER});
	assert_int_equal(a.status, CA_OCSP_REVOKED);
	assert_int_equal(a.revoked_at, NOW - DAY);
	assert_int_equal(a.revoked_for, 1);
	assert_string_equal(
	    ca_ocsp_reason_text(a.revoked_for), "keyCompromise");
	ca_ocsp_answer_clear(&a);
	/* certificateHold, removeFromCRL, and none at all */
	for (int reason = -1; reason <= 10; reason++) {
		struct single s = REVOKED;

		s.reason = reason;
		a = judged(&(struct reply){{s}, BY_CA});
		assert_int_equal(a.status, CA_OCSP_REVOKED);
		assert_int_equal(a.revoked_for, reason);
	}
	/* long expired, with extensions that nobody knows */
	struct single old = REVOKED;
	old.this_update = -400 * DAY;
	old.next_update = -399 * DAY;
	is(&(struct reply){{old}, BY_CA}, CA_OCSP_REVOKED);
	old.critical = true;
	is(&(struct reply){{old}, BY_CA}, CA_OCSP_REVOKED);
	is(&(struct reply){{REVOKED}, BY_CA, .critical = true},
	    CA_OCSP_REVOKED);
}

/* RFC 6960 section 2.2: "unknown" is neither. */
static void
unknown(void **state)
{
	struct single s = GOOD;

	(void)state;
	s.status = V_OCSP_CERTSTATUS_UNKNOWN;
	none(&(struct reply){{s}, BY_CA}, CA_R_OCSP_UNKNOWN);
}

/* libcrypto's own lookup takes the first entry. */
static void
several_entries(void **state)
{
	struct single about_bob = GOOD, sha256 = REVOKED, stale = GOOD;
	struct ca_ocsp_answer a;

	(void)state;
	about_bob.cert = second;
	sha256.id = EVP_sha256();
	is(&(struct reply){{GOOD, REVOKED}, BY_CA}, CA_OCSP_REVOKED);
	is(&(struct reply){{REVOKED, GOOD}, BY_CA}, CA_OCSP_REVOKED);
	is(&(struct reply){{GOOD, sha256}, BY_CA}, CA_OCSP_REVOKED);
	is(&(struct reply){{about_bob, GOOD}, BY_CA}, CA_OCSP_GOOD);
	about_bob.status = V_OCSP_CERTSTATUS_REVOKED;
	is(&(struct reply){{about_bob, GOOD}, BY_CA}, CA_OCSP_GOOD);
	stale.this_update = -2 * DAY;
	stale.next_update = -DAY;
	none(&(struct reply){{GOOD, stale}, BY_CA}, CA_R_OCSP_EXPIRED);
	none(&(struct reply){{stale, GOOD}, BY_CA}, CA_R_OCSP_EXPIRED);
	stale.next_update = 60;
	a = judged(&(struct reply){{GOOD, stale}, BY_CA});
	assert_int_equal(a.until, NOW + 60);
}

/* ---- which certificate ---- */

static void
cert_ids(void **state)
{
	const EVP_MD *const ids[] = {
	    EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha512()};
	X509 *namesake =
	    make(&(struct spec){"CA", "CA", other_key, other_key, .ca = true});
	struct single s = GOOD;

	(void)state;
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		s.id = ids[i];
		is(&(struct reply){{s}, BY_CA}, CA_OCSP_GOOD);
		s.cert = second;
		none(&(struct reply){{s}, BY_CA}, CA_R_OCSP_SCOPE);
		s.cert = leaf;
		/* another key, another name */
		s.issuer = namesake;
		none(&(struct reply){{s}, BY_CA}, CA_R_OCSP_SCOPE);
		s.issuer = ca;
	}
	s.id = EVP_md5();
	none(&(struct reply){{s}, BY_CA}, CA_R_OCSP_SCOPE);
	none(&(struct reply){{{.cert = NULL}}, BY_CA}, CA_R_OCSP_SCOPE);
	X509_free(namesake);
}

static void
about(void **state)
{
	struct ca_buf der = reply_der(&(struct reply){{GOOD}, BY_CA});
	struct ca_buf error = reply_der(&(struct reply){
	    {GOOD}, BY_CA, .error = OCSP_RESPONSE_STATUS_TRYLATER});
	struct ca_bytes b = {der.p, der.len};
	bool yes;

	(void)state;
	assert_int_equal(ca_ocsp_is_about(crypto, &b, leaf, ca, &yes), CA_OK);
	assert_true(yes);
	assert_int_equal(ca_ocsp_is_about(crypto, &b, second, ca, &yes), CA_OK);
	assert_false(yes);
	assert_int_equal(
	    ca_ocsp_is_about(crypto, &b, leaf, other_ca, &yes), CA_OK);
	assert_false(yes);
	b.len--;
	assert_int_equal(ca_ocsp_is_about(crypto, &b, leaf, ca, &yes), CA_OK);
	assert_false(yes);
	b = (struct ca_bytes){error.p, error.len};
	assert_int_equal(ca_ocsp_is_about(crypto, &b, leaf, ca, &yes), CA_OK);
	assert_false(yes);
	ca_buf_free(&der);
	ca_buf_free(&error);
}

static void
file_names(void **state)
{
	char name[CA_OCSP_FILE_LEN], want[CA_OCSP_FILE_LEN + 1] = "";
	unsigned char hash[32];
	unsigned len;

	(void)state;
	assert_int_equal(ca_ocsp_file(crypto, leaf, name), CA_OK);
	assert_int_equal(X509_digest(leaf, EVP_sha256(), hash, &len), 1);
	for (size_t i = 0; i < 32; i++)
		(void)snprintf(want + 2 * i, 3, "%02x", hash[i]);
	strcat(want, ".ocsp");
	assert_string_equal(name, want);
}

/* ---- when ---- */

static void
times(void **state)
{
	struct single s = GOOD;

	(void)state;
	s.this_update = CA_OCSP_SKEW;
	is(&(struct reply){{s}, BY_CA}, CA_OCSP_GOOD);
	s.this_update = CA_OCSP_SKEW + 1;
	none(&(struct reply){{s}, BY_CA}, CA_R_OCSP_FUTURE);
	s.status = V_OCSP_CERTSTATUS_REVOKED;
	none(&(struct reply){{s}, BY_CA}, CA_R_OCSP_FUTURE);
	s = (struct single)GOOD;
	s.next_update = 1;
	is(&(struct reply){{s}, BY_CA}, CA_OCSP_GOOD);
	s.next_update = -1;
	none(&(struct reply){{s}, BY_CA}, CA_R_OCSP_EXPIRED);
	/* without nextUpdate, and with one far off */
	for (long next = 0; next < 1000 * DAY; next += 999 * DAY) {
		s.next_update = next;
		s.this_update = 1 - WEEK;
		is(&(struct reply){{s}, BY_CA}, CA_OCSP_GOOD);
		s.this_update = -WEEK;
		none(&(struct reply){{s}, BY_CA}, CA_R_OCSP_EXPIRED);
	}
}

/* nextUpdate in the very second of now is past. */
static void
ends_at_next_update(void **state)
{
	struct single s = GOOD;
	struct ca_buf der;
	struct ca_ocsp_question q = usual;

	(void)state;
	der = reply_der(&(struct reply){{s}, BY_CA});
	q.now = NOW + 3599;
	assert_int_equal(asked(&der, &q).status, CA_OCSP_GOOD);
	q.now = NOW + 3600;
	assert_int_equal(asked(&der, &q).reason, CA_R_OCSP_EXPIRED);
	ca_buf_free(&der);
}

/* ---- what is not understood ---- */

static void
extensions(void **state)
{
	struct single s = GOOD;

	(void)state;
	s.critical = true;
	none(&(struct reply){{s}, BY_CA}, CA_R_OCSP_EXTENSION);
	none(&(struct reply){{GOOD}, BY_CA, .critical = true},
	    CA_R_OCSP_EXTENSION);
	none(&(struct reply){{GOOD}, BY_CA, .critical = true,
		 .critical_nonce = true},
	    CA_R_OCSP_EXTENSION);
}

static void
errors(void **state)
{
	const int codes[] = {1, 2, 3, 5, 6};

	(void)state;
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		none(&(struct reply){{GOOD}, BY_CA, .error = codes[i]},
		    CA_R_OCSP_ERROR);
}

/* Each byte too few, and bytes too many. */
static void
malformed(void **state)
{
	struct ca_buf der = reply_der(&(struct reply){{GOOD}, BY_RESPONDER});
	size_t len = der.len;

	(void)state;
	for (size_t n = 0; n < len; n++) {
		der.len = n;
		assert_int_equal(
		    asked(&der, &usual).reason, CA_R_OCSP_MALFORMED);
	}
	der.len = len;
	ca_buf_u8(&der, 0);
	assert_int_equal(asked(&der, &usual).reason, CA_R_OCSP_MALFORMED);
	ca_buf_reset(&der);
	while (der.len <= CA_OCSP_MAX)
		ca_buf_u8(&der, 0x30);
	assert_int_equal(asked(&der, &usual).reason, CA_R_OCSP_MALFORMED);
	ca_buf_free(&der);
}

/* No changed bit makes an answer of another kind, and those in the signed part make
 * none. */
static void
changed_bits(void **state)
{
	const struct reply replies[] = {
	    {{REVOKED}, BY_CA, .no_certs = true}, {{GOOD}, BY_RESPONDER}};

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct ca_buf der = reply_der(&replies[k]);

		for (size_t i = 0; i < der.len; i++) {
			der.p[i] ^= (uint8_t)(1u << i % 8);
			struct ca_ocsp_answer a = asked(&der, &usual);
			if (a.status != CA_OCSP_NO_ANSWER)
				fail_msg("byte %zu of %zu", i, der.len);
			der.p[i] ^= (uint8_t)(1u << i % 8);
		}
		ca_buf_free(&der);
	}
}

static void
bounds(void **state)
{
	STACK_OF(X509) *more = sk_X509_new_null();

	(void)state;
	/* the signer's comes in addition */
	for (int i = 1; i < CA_OCSP_CERTS_MAX; i++)
		sk_X509_push(more, other_ca);
	is(&(struct reply){{GOOD}, BY_RESPONDER, .more = more}, CA_OCSP_GOOD);
	sk_X509_push(more, other_ca);
	none(&(struct reply){{GOOD}, BY_RESPONDER, .more = more},
	    CA_R_OCSP_MALFORMED);
	sk_X509_free(more);
	is(&(struct reply){{GOOD}, BY_CA, .again = CA_OCSP_ENTRIES_MAX - 1},
	    CA_OCSP_GOOD);
	none(&(struct reply){{GOOD}, BY_CA, .again = CA_OCSP_ENTRIES_MAX},
	    CA_R_OCSP_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good),
	    cmocka_unit_test(revoked),
	    cmocka_unit_test(unknown),
	    cmocka_unit_test(several_entries),
	    cmocka_unit_test(cert_ids),
	    cmocka_unit_test(about),
	    cmocka_unit_test(file_names),
	    cmocka_unit_test(times),
	    cmocka_unit_test(ends_at_next_update),
	    cmocka_unit_test(extensions),
	    cmocka_unit_test(errors),
	    cmocka_unit_test(malformed),
	    cmocka_unit_test(changed_bits),
	    cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
