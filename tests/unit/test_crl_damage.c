/* Damage to a CRL or its index must never turn "revoked" into "not revoked". */
#include "crlworld.h"

/* What a login would make of a.crl for a certificate that is on it: true if
 * it would be let in. */
static bool
let_in(
    const struct ca_crl_way *engine, X509 *cert, const struct ca_crl_wanted *w)
{
	struct ca_crls list = {NULL, 0};
	struct ca_crl_entry e;
	bool in = false;

	load(engine, w, &list);
	for (size_t i = 0; i < list.n; i++)
		if (ca_crl_trouble(list.v[i]) == CA_R_OK &&
		    ca_crl_verify(list.v[i], t.ca) == CA_OK &&
		    ca_crl_lookup(list.v[i], cert, &e) == CA_ERR_NOT_FOUND)
			in = true;
	ca_crls_clear(&list);
	return in;
}

static unsigned char *
slurp(const char *name, size_t *len)
{
	struct ca_buf b = CA_BUF_INIT(1u << 22);

	assert_int_equal(ca_file_read(t.dir, name, 1u << 22, &b), CA_OK);
	*len = b.len;
	return (unsigned char *)ca_buf_take(&b, NULL);
}

/* Every byte of a file, changed in two ways and cut off at it. */
static void
damage(const char *name, const struct ca_crl_way *engine, X509 *cert)
{
	size_t len;
	unsigned char *p = slurp(name, &len);
	uint8_t *serial_p = NULL;
	int n = ca_crl_serial(cert, &serial_p);
	struct ca_bytes b = {serial_p, (size_t)n};
	struct ca_crl_wanted w = {&b, 1};

	assert_true(n > 0);
	assert_false(let_in(engine, cert, &w));
	for (size_t i = 0; i < len; i++) {
		unsigned char was = p[i];

		p[i] = was ^ 0xff;
		write_file(name, p, len);
		assert_false(let_in(engine, cert, &w));
		p[i] = was ^ 0x01;
		write_file(name, p, len);
		assert_false(let_in(engine, cert, i % 2 ? &w : NULL));
		p[i] = was;
		if (i % 7 == 0) {
			write_file(name, p, i);
			assert_false(let_in(engine, cert, &w));
		}
	}
	write_file(name, p, len);
	OPENSSL_free(serial_p);
	free(p);
}

static X509 *
one_revoked(bool pem)
{
	STACK_OF(ASN1_INTEGER) *serials = sk_ASN1_INTEGER_new_null();
	size_t len;
	unsigned char *der = make_crl(4, false, serials, &len);
	X509 *cert = holder(sk_ASN1_INTEGER_value(serials, 0), t.ca);

	if (pem)
		pem_of(der, len, "a.crl");
	else
		write_file("a.crl", der, len);
	OPENSSL_free(der);
	sk_ASN1_INTEGER_pop_free(serials, ASN1_INTEGER_free);
	return cert;
}

static void
damaged_der_lets_nobody_in(void **state)
{
	X509 *cert = one_revoked(false);

	(void)state;
	remove_file("a.crl.idx");
	damage("a.crl", &ca_crl_by_stream, cert);
	X509_free(cert);
}

static void
damaged_pem_lets_nobody_in(void **state)
{
	X509 *cert = one_revoked(true);

	(void)state;
	remove_file("a.crl.idx");
	damage("a.crl", &ca_crl_by_stream, cert);
	X509_free(cert);
}

static void
damaged_index_lets_nobody_in(void **state)
{
	X509 *cert = one_revoked(false);

	(void)state;
	assert_int_equal(
	    ca_crl_index_make(t.crypto, NULL, t.dir, "a.crl", t.cas, NULL),
	    CA_OK);
	damage("a.crl.idx", &ca_crl_by_index, cert);
	X509_free(cert);
}

/* The index of a.crl once more, without what its buckets say: with no entry, or
 * (missing) with no bucket.  good: with checksums that are right. */
static void
forge(bool missing, bool good)
{
	size_t len;
	unsigned char *p = slurp("a.crl.idx", &len);
	int fd = openat(t.dir, "forged", O_RDWR | O_CREAT | O_TRUNC, 0644);
	struct cdb_make make;
	unsigned end = (unsigned)p[0] | (unsigned)p[1] << 8 |
		       (unsigned)p[2] << 16 | (unsigned)p[3] << 24;
	uint8_t sha[32] = {0};

	/* the records stand between the table and the first hash table */
	for (unsigned at = 2048; at < end;) {
		unsigned k = (unsigned)p[at] | (unsigned)p[at + 1] << 8;
		unsigned v = (unsigned)p[at + 4] | (unsigned)p[at + 5] << 8;

		if (p[at + 8] == 'm')
			memcpy(sha, p + at + 8 + k + v - 16 - 36, 32);
		at += 8 + k + v;
	}
	assert_true(fd >= 0);
	assert_int_equal(cdb_make_start(&make, fd), 0);
	for (unsigned at = 2048; at < end;) {
		unsigned k = (unsigned)p[at] | (unsigned)p[at + 1] << 8;
		unsigned v = (unsigned)p[at + 4] | (unsigned)p[at + 5] << 8;
		const uint8_t *key = p + at + 8, *value = key + k;
		uint8_t empty[64], sum[32];

		at += 8 + k + v;
		if (*key != 'b') {
			assert_int_equal(
			    cdb_make_add(&make, key, k, value, v), 0);
			continue;
		}
		if (missing)
			continue;
		memcpy(empty, sha, 32);
		memcpy(empty + 32, key, k);
		assert_int_equal(
		    ca_crypto_sha256(t.crypto, empty, 32 + k, sum), CA_OK);
		sum[0] ^= !good;
		assert_int_equal(cdb_make_add(&make, key, k, sum, 16), 0);
	}
	assert_int_equal(cdb_make_finish(&make), 0);
	assert_int_equal(fchmod(fd, 0644), 0);
	close(fd);
	assert_int_equal(renameat(t.dir, "forged", t.dir, "a.crl.idx"), 0);
	free(p);
}

/*
 * An index with the right binding that says nothing is revoked.  Nothing but
 * who may write it stands against one with right checksums: so that is checked
 * here, and that the forgery would be one.
 */
static void
a_hostile_index_lets_nobody_in(void **state)
{
	X509 *cert = one_revoked(false);

	(void)state;
	assert_int_equal(
	    ca_crl_index_make(t.crypto, NULL, t.dir, "a.crl", t.cas, NULL),
	    CA_OK);
	assert_false(let_in(&ca_crl_by_index, cert, NULL));
	forge(false, false);
	assert_false(let_in(&ca_crl_by_index, cert, NULL));
	assert_int_equal(
	    ca_crl_index_make(t.crypto, NULL, t.dir, "a.crl", t.cas, NULL),
	    CA_OK);
	forge(true, true);
	assert_false(let_in(&ca_crl_by_index, cert, NULL));
	assert_int_equal(
	    ca_crl_index_make(t.crypto, NULL, t.dir, "a.crl", t.cas, NULL),
	    CA_OK);
	forge(false, true);
	assert_true(let_in(&ca_crl_by_index, cert, NULL)); /* root's word */
	assert_int_equal(fchmodat(t.dir, "a.crl.idx", 0664, 0), 0);
	assert_false(let_in(&ca_crl_by_index, cert, NULL));
	assert_int_equal(fchmodat(t.dir, "a.crl.idx", 0646, 0), 0);
	assert_false(let_in(&ca_crl_by_index, cert, NULL));
	assert_int_equal(fchmodat(t.dir, "a.crl.idx", 0644, 0), 0);
	assert_true(let_in(&ca_crl_by_index, cert, NULL));
	if (geteuid() == 0) {
		assert_int_equal(
		    fchownat(t.dir, "a.crl.idx", 65534, 65534, 0), 0);
		assert_false(let_in(&ca_crl_by_index, cert, NULL));
	}
	remove_file("a.crl.idx");
	X509_free(cert);
}

/* An index made by other keys' verification must not be believed. */
static void
an_index_needs_a_signer(void **state)
{
	X509 *cert = one_revoked(false);
	STACK_OF(X509) *none = sk_X509_new_null();

	(void)state;
	remove_file("a.crl.idx");
	assert_int_equal(
	    ca_crl_index_make(t.crypto, NULL, t.dir, "a.crl", none, NULL),
	    CA_DENIED);
	sk_X509_push(none, t.other);
	assert_int_equal(
	    ca_crl_index_make(t.crypto, NULL, t.dir, "a.crl", none, NULL),
	    CA_DENIED);
	assert_int_equal(faccessat(t.dir, "a.crl.idx", F_OK, 0), -1);
	sk_X509_free(none);
	X509_free(cert);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(damaged_der_lets_nobody_in),
	    cmocka_unit_test(damaged_pem_lets_nobody_in),
	    cmocka_unit_test(damaged_index_lets_nobody_in),
	    cmocka_unit_test(a_hostile_index_lets_nobody_in),
	    cmocka_unit_test(an_index_needs_a_signer),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
