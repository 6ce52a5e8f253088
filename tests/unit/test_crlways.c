/*
 * The three ways to read a CRL, by its index, by streaming and as a whole, give
 * one answer: for random CRLs, odd in their structure, alone and several in a
 * file.  CERTAUTH_SETS: how many files (default: 1500); CERTAUTH_SEED: from
 * which number on, as a failure names it.
 */
#include "crlmake.h"
#include "crl/crlint.h"
#include "crlwhole.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <stdio.h>
#include <sys/stat.h>

static struct {
	char path[64];
	int dir;
	struct ca_crypto *crypto;
	EVP_PKEY *key, *other;
	X509 *ca;
	const char *alg; /* of key */
	struct signer {
		EVP_PKEY *key;
		X509 *ca;
		const char *alg;
	} signer[4];
	unsigned signers;
	STACK_OF(X509) *cas;
	uint64_t random;
	struct {
		int accepted, malformed, refused, extension, found, indexed;
	} seen;
} t;

#define ED25519 "30{06{2b6570}}"
#define MLDSA(n) "30{06{6086480165030403" n "}}"

static const struct {
	const char *type, *alg;
} kinds[] = {{"ED25519", ED25519}, {"ML-DSA-44", MLDSA("11")},
    {"ML-DSA-65", MLDSA("12")}, {"ML-DSA-87", MLDSA("13")}};

static int
set_up(void **state)
{
	(void)state;
	strcpy(t.path, "/dev/shm/certauth-test-crlways.XXXXXX");
	if (mkdtemp(t.path) == NULL) {
		strcpy(t.path, "/tmp/certauth-test-crlways.XXXXXX");
		assert_non_null(mkdtemp(t.path));
	}
	t.dir = open(t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(ca_crypto_new(&t.crypto), CA_OK);
	t.other = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	t.cas = sk_X509_new_null();
	t.signers = has_mldsa() ? 4 : 1;
	if (t.signers == 1)
		print_message("not drawn: CRLs signed with ML-DSA (this "
			      "libcrypto, OpenSSL %s, has no ML-DSA)\n",
		    OpenSSL_version(OPENSSL_VERSION_STRING));
	for (unsigned i = 0; i < t.signers; i++) {
		struct signer *s = &t.signer[i];

		s->key = EVP_PKEY_Q_keygen(NULL, NULL, kinds[i].type);
		s->alg = kinds[i].alg;
		s->ca = make_ca(t.crypto, "The CA", s->key);
		sk_X509_push(t.cas, s->ca);
	}
	return 0;
}

static int
tear_down(void **state)
{
	char command[128];

	(void)state;
	close(t.dir);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", t.path);
	assert_int_equal(system(command), 0);
	sk_X509_free(t.cas);
	for (unsigned i = 0; i < t.signers; i++) {
		X509_free(t.signer[i].ca);
		EVP_PKEY_free(t.signer[i].key);
	}
	EVP_PKEY_free(t.other);
	ca_crypto_free(t.crypto);
	return 0;
}

/* ---- chance ---- */

static unsigned
dice(unsigned n)
{
	t.random ^= t.random << 13;
	t.random ^= t.random >> 7;
	t.random ^= t.random << 17;
	return (unsigned)(t.random >> 33) % n;
}

static void
start_dice(uint64_t seed)
{
	t.random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	for (int i = 0; i < 8; i++)
		(void)dice(2);
}

#define ONE_OF(list) ((list)[dice(sizeof(list) / sizeof *(list))])

/* Mostly the first of the list. */
#define MOSTLY(list) (dice(12) != 0 ? (list)[0] : ONE_OF(list))

/* ---- CRLs ---- */

#define NAME(cn) "30{31{30{06{550403} 0c{'" cn "'}}}}"

static const char *const versions[] = {
    "02{01}", "", "02{00}", "02{02}", "02{0101}", "02{0001}", "02{}"};
static const char *const algorithms[] = {ED25519, "30{06{2a8648ce3d0401}}",
    "30{06{2a8648ce3d040302}}", "30{06{2b6570} 05{}}", "30{06{2a0304}}",
    "30{06{2a864886f70d010104} 05{}}",
    /* ML-DSA; with parameters, which it must not have; HashML-DSA, SLH-DSA */
    MLDSA("11"), MLDSA("12"), MLDSA("13"), "30{06{608648016503040311} 05{}}",
    "30{06{608648016503040312} 30{}}", MLDSA("20"), MLDSA("14")};
static const char *const issuers[] = {NAME("The CA"), NAME("the  ca"), "30{}",
    NAME("Another CA"), "30{31{05{}}}", "31{}", "30{31{}}"};
static const char *const these[] = {"17{'261124000000Z'}",
    "18{'20261124000000Z'}", "17{'2611240000Z'}", "17{'261124000000+0100'}",
    "18{'20261124000000.5Z'}", "17{'x'}", "17{}", "18{'20261324000000Z'}"};
static const char *const nexts[] = {"17{'361124000000Z'}", "",
    "18{'20500101000000Z'}", "17{'250101000000Z'}", "17{'x'}",
    "17{'361124000000Z'} 17{'361124000000Z'}", "05{}"};
static const char *const serials[] = {"05", "0080", "ff7f", "07", "00", "ff",
    "0102030405060708090a0b0c0d0e0f1011121314", "0005", "", "ff80",
    "7f0102030405060708090a0b0c0d0e0f10111213141516"};
static const char *const dates[] = {"17{'250101000000Z'}",
    "18{'20250101000000Z'}", "17{'2501010000Z'}", "17{'250101000000+0100'}",
    "17{'990230000000Z'}", "18{'25'}", "17{}", "18{'20250101000000.5Z'}",
    "05{}"};
static const char *const entry_exts[] = {"30{06{551d15} 04{0a{01}}}",
    "30{06{551d15} 04{0a{06}}}", "30{06{551d15} 04{0a{08}}}",
    "30{06{551d15} 04{0a{04}}}", "30{06{551d15} 04{0a{00}}}",
    "30{06{551d15} 04{0a{07}}}", "30{06{551d15} 04{0a{7f}}}",
    "30{06{551d15} 04{0a{0080}}}", "30{06{551d15} 04{0a{0101}}}",
    "30{06{551d15} 04{0a{ff}}}", "30{06{551d15} 04{0a{}}}",
    "30{06{551d15} 04{02{01}}}", "30{06{551d15} 01{ff} 04{0a{01}}}",
    "30{06{551d15} 01{00} 04{0a{01}}}", "30{06{551d15} 01{01} 04{0a{01}}}",
    "30{06{551d15} 04{0a{01} 05{}}}",
    "30{06{551d18} 04{18{'20250101000000Z'}}}",
    "30{06{551d1d} 01{ff} 04{30{a4{" NAME("The CA") "}}}}",
    "30{06{551d1d} 01{ff} 04{30{a4{" NAME("Another CA") "}}}}",
    "30{06{551d1d} 04{30{a4{" NAME("Another CA") "}}}}",
    "30{06{551d1d} 01{ff} 04{30{86{'x'} a4{" NAME("Third") "} a4{" NAME(
	"The CA") "}}}}",
    "30{06{551d1d} 01{ff} 04{30{86{'http://x'}}}}",
    "30{06{551d1d} 01{ff} 04{30{}}}", "30{06{551d1d} 01{ff} 04{30{a4{05{}}}}}",
    "30{06{551d1d} 01{ff} 04{30{a4{" NAME("The CA") "}} 05{}}}",
    "30{06{2a0304} 04{05{}}}", "30{06{2a0304} 01{ff} 04{05{}}}",
    "30{06{2a0304} 04{}}", "30{06{2a0304}}", "30{06{2a8004} 04{}}", "05{}"};
static const char *const crl_exts[] = {"30{06{551d14} 04{02{05}}}",
    "30{06{551d1c} 01{ff} 04{30{84{ff}}}}",
    "30{06{551d1c} 01{ff} 04{30{81{ff}}}}",
    "30{06{551d1c} 01{ff} 04{30{a0{a0{86{'http://x'}}}}}}",
    "30{06{551d1c} 01{ff} 04{30{83{0640}}}}", "30{06{551d1c} 01{ff} 04{31{}}}",
    "30{06{551d1b} 01{ff} 04{02{03}}}", "30{06{551d14} 04{02{}}}",
    "30{06{551d23} 04{30{80{0102}}}}", "30{06{2a0304} 04{05{}}}",
    "30{06{2a0304} 01{ff} 04{05{}}}", "30{06{2a0304} 01{00} 04{05{}}}",
    "30{06{2a0304} 01{01} 04{}}", "30{06{2a0304}}", "05{}"};

static void
put_entries(struct ca_buf *b)
{
	unsigned n = dice(8);

	ca_buf_str(b, "30{");
	for (unsigned i = 0; i < n; i++) {
		unsigned exts = dice(3);

		/* few numbers, so that one stands there several times */
		ca_buf_fmt(b, "30{02{%s} %s",
		    dice(40) == 0 ? ONE_OF(serials) : serials[dice(5)],
		    dice(40) == 0 ? ONE_OF(dates) : dates[dice(2)]);
		if (exts > 0) {
			ca_buf_str(b, "30{");
			for (unsigned k = dice(20) == 0 ? 3 : exts; k > 1; k--)
				ca_buf_str(b, ONE_OF(entry_exts));
			/* mostly a good one */
			if (dice(30) != 0)
				ca_buf_str(b, entry_exts[dice(7)]);
			ca_buf_str(b, "}");
		}
		ca_buf_str(b, dice(200) == 0 ? "05{}}" : "}");
	}
	ca_buf_str(b, "}");
}

static void
put_text(struct ca_buf *b)
{
	const char *alg = dice(12) != 0 ? t.alg : ONE_OF(algorithms);
	unsigned exts = dice(4);

	ca_buf_fmt(b, "30{30{%s %s %s %s %s", MOSTLY(versions), alg,
	    MOSTLY(issuers), MOSTLY(these), MOSTLY(nexts));
	if (dice(5) != 0)
		put_entries(b);
	if (exts > 0) {
		ca_buf_str(b, dice(60) == 0 ? "a1{30{" : "a0{30{");
		for (unsigned i = 1; i < exts; i++)
			ca_buf_str(
			    b, dice(4) == 0 ? ONE_OF(crl_exts) : crl_exts[i]);
		ca_buf_str(b, "}}");
	}
	ca_buf_fmt(b, "} %s 03{%s $}}",
	    dice(40) == 0 ? ONE_OF(algorithms) : alg,
	    dice(60) == 0 ? "01" : "00");
	if (dice(60) == 0)
		ca_buf_str(b, "00");
}

/* One CRL, mostly whole, or with a structure of it flawed. */
static void
put_der(struct ca_buf *out, struct ca_buf *told)
{
	struct ca_buf text = CA_BUF_INIT(1 << 20);
	EVP_PKEY *key = dice(20) == 0 ? t.other : t.key;
	bool inside;
	int n;

	put_text(&text);
	const char *s = ca_buf_text(&text);
	n = der_flawed(s, key, NO_FLAW, 0, out, &inside);
	if (dice(3) == 0) {
		enum flaw flaw = (enum flaw)dice(FLAWS);
		int at = (int)dice((unsigned)n);

		ca_buf_reset(out);
		(void)der_flawed(s, key, flaw, at, out, &inside);
		ca_buf_fmt(told, "flaw %d at %d: ", (int)flaw, at);
	}
	ca_buf_fmt(told, "%s\n", s);
	ca_buf_free(&text);
}

static void
put_pem(struct ca_buf *out, const struct ca_buf *der)
{
	const char *end = dice(2) == 0 ? "\n" : "\r\n";
	char *line = malloc(2 * der->len + 8);
	int n = EVP_EncodeBlock((uint8_t *)line, der->p, (int)der->len);

	if (dice(4) == 0)
		ca_buf_str(out, "\xef\xbb\xbf");
	if (dice(4) == 0)
		ca_buf_fmt(out, "0 s:/CN=The CA%s%130s%s", end, " ", end);
	if (dice(6) == 0)
		ca_buf_fmt(out,
		    "-----BEGIN CERTIFICATE-----%sMAMCAQc=%s"
		    "-----END CERTIFICATE-----%s",
		    end, end, end);
	ca_buf_fmt(out, "-----BEGIN X509 CRL-----%s", end);
	for (int i = 0; i < n; i += 64)
		ca_buf_fmt(out, "%.64s%s", line + i, end);
	if (dice(30) == 0)
		ca_buf_str(out, "*");
	if (dice(30) != 0)
		ca_buf_fmt(out, "-----END X509 CRL-----%s", end);
	free(line);
}

/* Who signs the CRLs of a set. */
static void
draw_signer(void)
{
	const struct signer *s = &t.signer[dice(t.signers)];

	t.key = s->key;
	t.ca = s->ca;
	t.alg = s->alg;
}

/* Set number seed, into the file name; told: what is in it. */
static void
put_file(uint64_t seed, const char *name, struct ca_buf *told)
{
	struct ca_buf file = CA_BUF_INIT(1 << 20);
	unsigned n;

	start_dice(seed);
	draw_signer();
	n = dice(2) == 0 ? 0 : 1 + dice(3);
	if (n == 0)
		put_der(&file, told);
	for (unsigned i = 0; i < n; i++) {
		struct ca_buf der = CA_BUF_INIT(1 << 20);

		put_der(&der, told);
		put_pem(&file, &der);
		ca_buf_free(&der);
	}
	int fd = openat(t.dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, file.p, file.len), (ssize_t)file.len);
	close(fd);
	ca_buf_free(&file);
}

/* ---- answers ---- */

static X509 *
holder(const char *hex, const char *cn)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_NAME_new();
	ASN1_INTEGER *n = NULL;
	struct ca_buf der = CA_BUF_INIT(256);
	char text[128];
	const uint8_t *p;

	(void)snprintf(text, sizeof text, "02{%s}", hex);
	der_make(text, NULL, &der);
	p = der.p;
	assert_non_null(d2i_ASN1_INTEGER(&n, &p, (long)der.len));
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
			     (const unsigned char *)cn, -1, -1, 0),
	    1);
	X509_set_serialNumber(x, n);
	X509_set_issuer_name(x, name);
	X509_NAME_free(name);
	ASN1_INTEGER_free(n);
	ca_buf_free(&der);
	return x;
}

/* What one way of reading makes of a file, in words. */
static void
answer(const struct ca_crl_way *engine, bool announced, const char *name,
    struct ca_buf *out)
{
	static const struct ca_bytes asked[] = {{(const uint8_t *)"\x05", 1},
	    {(const uint8_t *)"\x00\x80", 2}, {(const uint8_t *)"\x07", 1}};
	static const char *const issuer[] = {"The CA", "Another CA"};
	struct ca_crl_wanted wanted = {asked, announced ? 3 : 0};
	struct ca_crls list = {NULL, 0};
	struct ca_crl_file src = {t.crypto, NULL, engine, t.dir, name,
	    openat(t.dir, name, O_RDONLY | O_CLOEXEC)};

	assert_true(src.fd >= 0);
	assert_int_equal(ca_crl_load(&src, &wanted, &list), CA_OK);
	for (size_t i = 0; i < list.n; i++) {
		struct ca_crl *crl = list.v[i];
		const X509_CRL *x = ca_crl_get0_x509(crl);
		uint8_t *der = NULL;
		int len;

		ca_buf_fmt(out, "%s %s\n", ca_reason_code(ca_crl_trouble(crl)),
		    ca_crl_get0_trouble_text(crl));
		if (x == NULL)
			continue;
		/* what the engine looks at */
		len = i2d_X509_NAME(X509_CRL_get_issuer(x), &der);
		ca_buf_hex(out, der, (size_t)len);
		OPENSSL_free(der);
		ca_buf_put(out, X509_CRL_get0_lastUpdate(x)->data,
		    (size_t)X509_CRL_get0_lastUpdate(x)->length);
		if (X509_CRL_get0_nextUpdate(x) != NULL)
			ca_buf_put(out, X509_CRL_get0_nextUpdate(x)->data,
			    (size_t)X509_CRL_get0_nextUpdate(x)->length);
		ca_buf_fmt(out, " %d\n", X509_CRL_get_ext_count(x));
		if (ca_crl_trouble(crl) != CA_R_OK)
			continue;
		ca_buf_fmt(out, "signed %d, %d entries\n",
		    (int)ca_crl_verify(crl, t.ca), (int)ca_crl_entries(crl));
		t.seen.indexed += strcmp(ca_crl_engine_name(crl), "index") == 0;
		for (size_t k = 0; k < 7 * 2; k++) {
			X509 *cert = holder(serials[k / 2], issuer[k % 2]);
			struct ca_crl_entry e = {0, 0};
			enum ca_err rc = ca_crl_lookup(crl, cert, &e);

			if (rc == CA_OK) {
				t.seen.found++;
				ca_buf_fmt(out, "%s of %s: %d at %lld\n",
				    serials[k / 2], issuer[k % 2], e.reason,
				    (long long)e.date);
			} else if (rc != CA_ERR_NOT_FOUND) {
				ca_buf_fmt(out, "%s of %s: %s\n",
				    serials[k / 2], issuer[k % 2],
				    ca_err_text(rc));
			}
			X509_free(cert);
		}
	}
	ca_crls_clear(&list);
}

static void
count(const char *text)
{
	t.seen.accepted += strstr(text, "signed 1,") != NULL;
	t.seen.malformed += strstr(text, "crl-malformed") != NULL;
	t.seen.refused +=
	    strstr(text, "weak") != NULL || strstr(text, "unsupported") != NULL;
	t.seen.extension += strstr(text, "crl-extension") != NULL;
}

static void
compare(uint64_t seed, const char *name, struct ca_buf *told)
{
	static const struct {
		const struct ca_crl_way *engine;
		bool announced;
		const char *name;
	} way[] = {{&ca_crl_as_whole, false, "as a whole"},
	    {&ca_crl_by_stream, true, "streaming"},
	    {&ca_crl_by_stream, false, "streaming twice"},
	    {&ca_crl_by_index, false, "by the index"}};
	struct ca_buf said[4];

	start_dice(seed);
	draw_signer();
	/* where there is no index, the file is streamed */
	enum ca_err rc =
	    ca_crl_index_make(t.crypto, NULL, t.dir, name, t.cas, NULL);
	(void)rc;
	for (size_t i = 0; i < 4; i++) {
		said[i] = CA_BUF_INIT(1 << 22);
		answer(way[i].engine, way[i].announced, name, &said[i]);
		assert_int_equal(ca_buf_err(&said[i]), CA_OK);
	}
	for (size_t i = 1; i < 4; i++)
		if (said[i].len != said[0].len ||
		    memcmp(said[i].p, said[0].p, said[0].len) != 0)
			fail_msg("set %llu\n%s%s:\n%s%s:\n%s",
			    (unsigned long long)seed, ca_buf_text(told),
			    way[0].name, ca_buf_text(&said[0]), way[i].name,
			    ca_buf_text(&said[i]));
	count(ca_buf_text(&said[0]));
	for (size_t i = 0; i < 4; i++)
		ca_buf_free(&said[i]);
	ERR_clear_error();
}

static uint64_t
number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

/* An index is made of no file that was changed this moment: many files first,
 * then the index of each, so that there is nothing to wait for. */
#define BATCH 500

static void
batch(uint64_t seed, uint64_t n)
{
	struct ca_buf told[BATCH];
	char name[32];

	for (uint64_t i = 0; i < n; i++) {
		told[i] = CA_BUF_INIT(1 << 22);
		(void)snprintf(name, sizeof name, "%u.crl", (unsigned)i);
		put_file(seed + i, name, &told[i]);
	}
	for (uint64_t i = 0; i < n; i++) {
		(void)snprintf(name, sizeof name, "%u.crl", (unsigned)i);
		compare(seed + i, name, &told[i]);
		ca_buf_free(&told[i]);
		(void)unlinkat(t.dir, name, 0);
		(void)snprintf(name, sizeof name, "%u.crl.idx", (unsigned)i);
		(void)unlinkat(t.dir, name, 0);
	}
}

static void
one_answer(void **state)
{
	uint64_t seed = number("CERTAUTH_SEED", 0);
	uint64_t n = number("CERTAUTH_SETS", 1500);

	(void)state;
	memset(&t.seen, 0, sizeof t.seen);
	for (uint64_t i = 0; i < n; i += BATCH)
		batch(seed + i, n - i < BATCH ? n - i : BATCH);
	if (n < 1000)
		return;
	/* chance has made enough of each kind */
	assert_true(t.seen.accepted > 100);
	assert_true(t.seen.malformed > 100);
	assert_true(t.seen.refused > 10);
	assert_true(t.seen.extension > 10);
	assert_true(t.seen.found > 1000);
	assert_true(t.seen.indexed > 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_answer),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
