/*
 * The index beside a CRL, record by record: what is wrong with one is seen
 * though every checksum is right, the file is read instead, and the answer is
 * that of the file.
 */
#include "base/file.h"
#include "crlmake.h"
#include "crl/crlint.h"

#include <cdb.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct {
	char path[64];
	int dir;
	struct ca_crypto *crypto;
	EVP_PKEY *key, *other_key, *ed_key;
	X509 *ca, *other;
	STACK_OF(X509) *cas;
} t;

static int
set_up(void **state)
{
	(void)state;
	strcpy(t.path, "/tmp/certauth-test-crl-index.XXXXXX");
	assert_non_null(mkdtemp(t.path));
	t.dir = open(t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(ca_crypto_new(&t.crypto), CA_OK);
	t.key = EVP_EC_gen("P-256");
	t.other_key = EVP_EC_gen("P-256");
	t.ed_key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	t.ca = make_ca(t.crypto, "The CA", t.key);
	t.other = make_ca(t.crypto, "The CA", t.other_key);
	t.cas = sk_X509_new_null();
	sk_X509_push(t.cas, t.ca);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	(void)unlinkat(t.dir, "a.crl", 0);
	(void)unlinkat(t.dir, "a.crl.idx", 0);
	close(t.dir);
	rmdir(t.path);
	sk_X509_free(t.cas);
	X509_free(t.ca);
	X509_free(t.other);
	EVP_PKEY_free(t.key);
	EVP_PKEY_free(t.other_key);
	EVP_PKEY_free(t.ed_key);
	ca_crypto_free(t.crypto);
	return 0;
}

#define ALG "30{06{2a8648ce3d040302}}"
#define NAME "30{31{30{06{550403} 0c{'The CA'}}}}"
#define HEAD "02{01}" ALG NAME "17{'261124000000Z'}"
#define LATER "02{01}" ALG NAME "17{'261125000000Z'}"
#define NO_SECOND "02{01}" ALG NAME "18{'20261124000000Z'}"
#define AT "17{'250101000000Z'}"
#define FIVE "30{02{05}" AT "}"
#define SIX "30{02{06}" AT "}"
#define FIVE_CRITICAL "30{02{05}" AT "30{30{06{2a0304} 01{ff} 04{}}}}"
#define SEVEN "30{02{07}" AT "30{30{06{551d1d} 01{ff} 04{30{a4{" NAME "}}}}}}"
#define BAD_ISSUER "30{02{05}" AT "30{30{06{551d1d} 01{ff} 04{30{a4{05{}}}}}}}"
#define CRL(head, entries) "30{30{" head "30{" entries "}}" ALG "03{00 $}}"
#define ED "30{06{2b6570}}"
#define ED_CRL(entries)                                                        \
	"30{30{02{01}" ED NAME "17{'261124000000Z'} 30{" entries "}}" ED       \
	"03{00 $}}"

/* Over what is there: the same file, and so the same inode. */
static void
write_crl(const char *text, EVP_PKEY *key)
{
	struct ca_buf b = CA_BUF_INIT(1 << 20);
	int fd = openat(t.dir, "a.crl", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	der_make(text, key, &b);
	assert_int_equal(write(fd, b.p, b.len), (ssize_t)b.len);
	close(fd);
	ca_buf_free(&b);
}

static void
make_index(const char *text)
{
	write_crl(text, t.key);
	assert_int_equal(
	    ca_crl_index_make(t.crypto, NULL, t.dir, "a.crl", t.cas, NULL),
	    CA_OK);
}

/* What is done to the records of one kind, before their checksum. */
struct edit {
	char kind;
	enum { DROP, SET, CUT, GROW, NO_ROOM, BAD_SUM, KEEP } how;
	size_t at; /* SET: where; CUT: how many; NO_ROOM: how many are left */
	int byte;  /* SET, GROW */
};

static size_t
apply(const struct edit *e, uint8_t *v, size_t n)
{
	if (e->how == SET)
		v[e->at] = (uint8_t)e->byte;
	else if (e->how == CUT)
		n -= e->at;
	else if (e->how == GROW)
		v[n++] = (uint8_t)e->byte;
	return n;
}

/* Write one record with its checksum; sha: of the CRL file. */
static void
put(struct cdb_make *make, const uint8_t *sha, const struct edit *e,
    const uint8_t *key, unsigned k, const uint8_t *value, size_t n)
{
	uint8_t v[4096], sum[32];
	struct ca_buf all = CA_BUF_INIT(8192);
	bool mine = e->kind == key[0];

	if (mine && e->how == DROP)
		return;
	memcpy(v, value, n);
	if (mine)
		n = apply(e, v, n);
	ca_buf_put(&all, sha, 32);
	ca_buf_put(&all, key, k);
	ca_buf_put(&all, v, n);
	assert_int_equal(
	    ca_crypto_sha256(t.crypto, all.p, all.len, sum), CA_OK);
	memcpy(v + n, sum, 16);
	v[n + 15] ^= mine && e->how == BAD_SUM;
	n = mine && e->how == NO_ROOM ? e->at : n + 16;
	assert_int_equal(cdb_make_add(make, key, k, v, (unsigned)n), 0);
	ca_buf_free(&all);
}

static unsigned
u32le(const uint8_t *p)
{
	return p[0] | (unsigned)p[1] << 8 | (unsigned)p[2] << 16 |
	       (unsigned)p[3] << 24;
}

/* Bind the metadata to the file as it is now. */
static void
rebind(uint8_t *meta)
{
	struct stat st;

	assert_int_equal(fstatat(t.dir, "a.crl", &st, 0), 0);
	const uint64_t is[] = {(uint64_t)st.st_dev, (uint64_t)st.st_ino,
	    (uint64_t)st.st_size, (uint64_t)st.st_mtim.tv_sec,
	    (uint64_t)st.st_mtim.tv_nsec, (uint64_t)st.st_ctim.tv_sec,
	    (uint64_t)st.st_ctim.tv_nsec};
	for (int i = 0; i < 56; i++)
		meta[16 + i] = (uint8_t)(is[i / 8] >> (56 - i % 8 * 8));
}

/* The index once more, bound to the file as it is now, and edited. */
static void
forge(const struct edit *e)
{
	struct ca_buf b = CA_BUF_INIT(1 << 20);
	struct cdb_make make;
	uint8_t *meta = NULL;
	int fd = openat(t.dir, "forged", O_RDWR | O_CREAT | O_TRUNC, 0644);

	assert_int_equal(ca_file_read(t.dir, "a.crl.idx", 1 << 20, &b), CA_OK);
	/* the records stand between the table and the first hash table */
	unsigned end = u32le(b.p), k, n;
	for (unsigned at = 2048; at < end; at += 8 + k + n) {
		k = u32le(b.p + at);
		n = u32le(b.p + at + 4);
		if (b.p[at + 8] == 'm')
			meta = b.p + at + 8 + k;
	}
	assert_non_null(meta);
	rebind(meta);
	assert_int_equal(cdb_make_start(&make, fd), 0);
	for (unsigned at = 2048; at < end; at += 8 + k + n) {
		k = u32le(b.p + at);
		n = u32le(b.p + at + 4);
		const uint8_t *key = b.p + at + 8;
		put(&make, meta + 72, e, key, k, key + k, n - 16);
	}
	assert_int_equal(cdb_make_finish(&make), 0);
	close(fd);
	assert_int_equal(renameat(t.dir, "forged", t.dir, "a.crl.idx"), 0);
	ca_buf_free(&b);
}

/* How far one gets: the index, its CRL, entries 5 and 7. */
struct far {
	enum ca_err open, crl, five, seven;
};

static enum ca_err
look_up(
    struct ca_crl_index *idx, uint32_t buckets, const char *serial, size_t *n)
{
	struct ca_crl_hits hits = {0};
	struct ca_bytes b = {(const uint8_t *)serial, 1};

	assert_int_equal(ca_crl_hits_init(&hits, &b, 1), CA_OK);
	enum ca_err rc = ca_crl_index_find(idx, 0, buckets, serial, 1, &hits);
	*n = hits.n;
	ca_crl_hits_clear(&hits);
	return rc;
}

static struct far
how_far(void)
{
	struct far f = {CA_OK, CA_OK, CA_OK, CA_OK};
	struct ca_crl_index *idx = NULL;
	struct ca_crl_index_crl crl, none;
	struct stat st;
	uint32_t ncrls = 0;
	size_t n;

	assert_int_equal(fstatat(t.dir, "a.crl", &st, 0), 0);
	f.open = ca_crl_index_open(t.crypto, t.dir, "a.crl", &st, &idx, &ncrls);
	if (f.open != CA_OK)
		return f;
	assert_int_equal(ncrls, 1);
	f.crl = ca_crl_index_crl(idx, 0, &crl);
	if (f.crl == CA_OK) {
		f.five = look_up(idx, crl.buckets, "\x05", &n);
		assert_true(f.five != CA_OK || n == 1);
		f.seven = look_up(idx, crl.buckets, "\x07", &n);
		assert_true(f.seven != CA_OK || n == 1);
		assert_int_equal(
		    ca_crl_index_crl(idx, 1, &none), CA_ERR_FORMAT);
		ca_buf_free(&none.stripped);
	}
	ca_buf_free(&crl.stripped);
	ca_crl_index_free(idx);
	return f;
}

/* By the whole way of a login: is the serial number revoked? */
static enum ca_err
ask(const char *serial)
{
	struct ca_crl_wanted nothing = {NULL, 0};
	struct ca_crl_file src = {
	    t.crypto, NULL, &ca_crl_by_index, t.dir, "a.crl", -1};
	struct ca_crls list = {NULL, 0};
	struct ca_crl_entry e;
	X509 *x = X509_new();

	ASN1_INTEGER_set(X509_get_serialNumber(x), *serial);
	X509_set_issuer_name(x, X509_get_subject_name(t.ca));
	assert_int_equal(ca_file_open(t.dir, "a.crl", &src.fd, NULL), CA_OK);
	assert_int_equal(ca_crl_load(&src, &nothing, &list), CA_OK);
	assert_int_equal(list.n, 1);
	enum ca_err rc = ca_crl_verify(list.v[0], t.ca);
	if (rc == CA_OK)
		rc = ca_crl_lookup(list.v[0], x, &e);
	ca_crls_clear(&list);
	X509_free(x);
	return rc;
}

static void
every_record(void **state)
{
#define K CA_OK
#define F CA_ERR_FORMAT
#define S CA_ERR_STALE
	static const struct {
		struct edit edit;
		struct far far;
	} cases[] = {
	    {{'-', KEEP, 0, 0}, {K, K, K, K}},
	    /* metadata: magic, what it is bound to, how many CRLs */
	    {{'m', DROP, 0, 0}, {F, K, K, K}},
	    {{'m', BAD_SUM, 0, 0}, {F, K, K, K}},
	    {{'m', NO_ROOM, 15, 0}, {F, K, K, K}},
	    {{'m', NO_ROOM, 0, 0}, {F, K, K, K}},
	    {{'m', CUT, 1, 0}, {F, K, K, K}},
	    {{'m', GROW, 0, 0}, {F, K, K, K}},
	    {{'m', SET, 0, 'X'}, {F, K, K, K}},
	    {{'m', SET, 14, 'X'}, {F, K, K, K}},
	    {{'m', SET, 15, '1'}, {CA_ERR_UNSUPPORTED, K, K, K}},
	    {{'m', SET, 16, 0xfe}, {S, K, K, K}},
	    {{'m', SET, 24, 0xfe}, {S, K, K, K}},
	    {{'m', SET, 32, 0xfe}, {S, K, K, K}},
	    {{'m', SET, 40, 0xfe}, {S, K, K, K}},
	    {{'m', SET, 48, 0xfe}, {S, K, K, K}},
	    {{'m', SET, 56, 0xfe}, {S, K, K, K}},
	    {{'m', SET, 64, 0xfe}, {S, K, K, K}},
	    {{'m', SET, 107, 0}, {F, K, K, K}},
	    {{'m', SET, 105, 1}, {F, K, K, K}},
	    /* a CRL: key, entries, buckets */
	    {{'c', DROP, 0, 0}, {K, F, K, K}},
	    {{'c', BAD_SUM, 0, 0}, {K, F, K, K}},
	    {{'c', NO_ROOM, 15, 0}, {K, F, K, K}},
	    {{'c', NO_ROOM, 0, 0}, {K, F, K, K}},
	    {{'c', SET, 43, 0}, {K, F, K, K}},
	    /* its bucket: entries of 15 bytes, 7 the last */
	    {{'b', DROP, 0, 0}, {K, K, F, F}},
	    {{'b', BAD_SUM, 0, 0}, {K, K, F, F}},
	    {{'b', NO_ROOM, 15, 0}, {K, K, F, F}},
	    {{'b', CUT, 1, 0}, {K, K, F, F}},
	    {{'b', CUT, 4, 0}, {K, K, F, F}},
	    {{'b', CUT, 5, 0}, {K, K, F, F}},
	    {{'b', CUT, 8, 0}, {K, K, F, F}},
	    {{'b', CUT, 12, 0}, {K, K, F, F}},
	    {{'b', CUT, 13, 0}, {K, K, F, F}},
	    {{'b', CUT, 14, 0}, {K, K, F, F}},
	    {{'b', GROW, 0, 0}, {K, K, F, F}},
	    {{'b', GROW, 0, 5}, {K, K, F, F}},
	    {{'b', SET, 15, 255}, {K, K, F, F}},
	    {{'b', SET, 14, 9}, {K, K, F, K}},
	    /* who issued */
	    {{'i', DROP, 0, 0}, {K, K, K, F}},
	    {{'i', BAD_SUM, 0, 0}, {K, K, K, F}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		make_index(CRL(HEAD, FIVE SEVEN));
		forge(&cases[i].edit);
		struct far f = how_far();
		if (memcmp(&f, &cases[i].far, sizeof f) != 0)
			fail_msg("%zu: %s, %s, %s, %s", i, ca_err_text(f.open),
			    ca_err_text(f.crl), ca_err_text(f.five),
			    ca_err_text(f.seven));
		assert_int_equal(ask("\x05"), CA_OK);
		assert_int_equal(ask("\x07"), CA_OK);
		if (cases[i].edit.how != KEEP)
			assert_int_equal(ask("\x06"), CA_ERR_NOT_FOUND);
	}
}

/* A record that is cut to any length, with a right checksum over the rest. */
static void
a_crl_cut(void **state)
{
	static const size_t lengths[] = {0, 1, 31, 32, 39, 40, 43};

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		/* without entries and signature */
		struct ca_buf b = CA_BUF_INIT(1 << 16);
		der_make("30{30{" HEAD "}" ALG "03{00}}", NULL, &b);
		struct edit e = {'c', CUT, 44 + b.len - lengths[i], 0};
		ca_buf_free(&b);

		make_index(CRL(HEAD, FIVE SEVEN));
		forge(&e);
		assert_int_equal(how_far().crl, CA_ERR_FORMAT);
	}
}

/* An index that is bound to another file than it was made of, and damaged: the
 * file is read, and must be the one that OpenSSL's engine was told of. */
static void
of_another_file(void **state)
{
	static const struct edit no_bucket = {'b', DROP, 0, 0};
	const struct {
		const char *text;
		EVP_PKEY *key;
		enum ca_err rc;
	} cases[] = {
	    {CRL(HEAD, FIVE), t.key, CA_OK},
	    {CRL(HEAD, SIX), t.key, CA_ERR_NOT_FOUND}, /* as it now is */
	    {CRL(LATER, FIVE), t.key, CA_ERR_STALE},
	    {CRL(LATER, SIX), t.key, CA_ERR_STALE},
	    {CRL(NO_SECOND, SIX), t.key, CA_ERR_STALE},
	    {CRL(HEAD, FIVE_CRITICAL), t.key, CA_ERR_STALE},
	    {CRL(HEAD, SIX), t.other_key, CA_ERR_STALE},
	    {CRL(HEAD, FIVE), t.other_key, CA_ERR_STALE},
	    {"30{}", t.key, CA_ERR_FORMAT},
	    {"'text'", t.key, CA_ERR_STALE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		make_index(CRL(HEAD, FIVE));
		write_crl(cases[i].text, cases[i].key);
		forge(&no_bucket);
		enum ca_err rc = ask("\x05");
		if (rc != cases[i].rc)
			fail_msg("%zu: %s", i, ca_err_text(rc));
	}
}

/* Between the signature and a second look the file must not change. */
static void
changed_under_the_stream(void **state)
{
	const struct {
		const char *was, *is;
		EVP_PKEY *key;
		enum ca_err rc;
	} cases[] = {
	    {CRL(HEAD, FIVE), CRL(HEAD, FIVE), t.key, CA_OK},
	    {CRL(HEAD, FIVE), CRL(HEAD, SIX), t.key, CA_ERR_STALE},
	    {CRL(HEAD, FIVE), CRL(HEAD, FIVE SIX), t.key, CA_ERR_STALE},
	    {CRL(HEAD, FIVE), ED_CRL(SIX), t.ed_key, CA_ERR_STALE},
	    {ED_CRL(FIVE), ED_CRL(FIVE), t.ed_key, CA_OK},
	    {ED_CRL(FIVE), ED_CRL(SIX), t.ed_key, CA_ERR_STALE},
	    {ED_CRL(FIVE), ED_CRL(SIX SEVEN), t.ed_key, CA_ERR_STALE},
	    {ED_CRL(FIVE), CRL(HEAD, SIX), t.ed_key, CA_ERR_STALE},
	    {CRL(HEAD, FIVE), "30{}", t.key, CA_ERR_FORMAT},
	    {CRL(HEAD, BAD_ISSUER), CRL(HEAD, BAD_ISSUER), t.key,
		CA_ERR_FORMAT},
	};
	X509 *ed_ca = make_ca(t.crypto, "The CA", t.ed_key);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool ed = strstr(cases[i].was, "2b6570") != NULL;
		struct ca_crl_wanted nothing = {NULL, 0};
		struct ca_crl_file src = {
		    t.crypto, NULL, &ca_crl_by_stream, t.dir, "a.crl", -1};
		struct ca_crls list = {NULL, 0};
		struct ca_crl_entry e;
		X509 *x = X509_new();

		ASN1_INTEGER_set(X509_get_serialNumber(x), 5);
		X509_set_issuer_name(x, X509_get_subject_name(t.ca));
		write_crl(cases[i].was, ed ? t.ed_key : t.key);
		assert_int_equal(
		    ca_file_open(t.dir, "a.crl", &src.fd, NULL), CA_OK);
		assert_int_equal(ca_crl_load(&src, &nothing, &list), CA_OK);
		assert_int_equal(
		    ca_crl_verify(list.v[0], ed ? ed_ca : t.ca), CA_OK);
		write_crl(cases[i].is, cases[i].key);
		enum ca_err rc = ca_crl_lookup(list.v[0], x, &e);
		if (rc != cases[i].rc)
			fail_msg("%zu: %s", i, ca_err_text(rc));
		ca_crls_clear(&list);
		X509_free(x);
	}
	X509_free(ed_ca);
}

static void
names(void **state)
{
	static const struct {
		const char *target, *want;
	} cases[] = {
	    {NULL, "12345678.r0.idx"},
	    {"a.crl", "a.crl.idx"},
	    {"../a.crl", "12345678.r0.idx"},
	    {"/etc/a.crl", "12345678.r0.idx"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct ca_buf b = CA_BUF_INIT(256);

		if (cases[i].target != NULL)
			assert_int_equal(
			    symlinkat(cases[i].target, t.dir, "12345678.r0"),
			    0);
		assert_int_equal(
		    ca_crl_index_name(t.dir, "12345678.r0", &b), CA_OK);
		assert_string_equal(ca_buf_text(&b), cases[i].want);
		(void)unlinkat(t.dir, "12345678.r0", 0);
		ca_buf_free(&b);
	}
}

/* However it ends, no descriptor is left behind. */
static void
descriptors(void **state)
{
	static const struct edit bad = {'m', BAD_SUM, 0, 0};
	int before = dup(0), after;

	(void)state;
	close(before);
	make_index(CRL(HEAD, FIVE SEVEN));
	(void)how_far();
	assert_int_equal(ask("\x05"), CA_OK);
	forge(&bad);
	(void)how_far();
	assert_int_equal(ask("\x05"), CA_OK);
	after = dup(0);
	close(after);
	assert_int_equal(after, before);
}

static enum ca_err
try_index(void)
{
	return ca_crl_index_make(t.crypto, NULL, t.dir, "a.crl", t.cas, NULL);
}

/* Whatever hinders it, there is no index then, nor a part of one. */
static void
cannot_be_made(void **state)
{
	static const char tmp[] = ".a.crl.idx.tmp";
	static const struct {
		const char *target;
		enum ca_err rc;
	} cases[] = {
	    {"gone", CA_ERR_NOT_FOUND},
	    {"/dev/null", CA_ERR_UNTRUSTED},
	    /* longer than its size says, and one that cannot be read */
	    {"/proc/self/status", CA_ERR_STALE},
	    {"/proc/self/mem", CA_ERR_IO},
	};

	(void)state;
	(void)unlinkat(t.dir, "a.crl.idx", 0);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		(void)unlinkat(t.dir, "a.crl", 0);
		assert_int_equal(symlinkat(cases[i].target, t.dir, "a.crl"), 0);
		enum ca_err rc = try_index();
		if (rc != cases[i].rc)
			fail_msg("%s: %s", cases[i].target, ca_err_text(rc));
	}
	(void)unlinkat(t.dir, "a.crl", 0);
	write_crl(CRL(HEAD, FIVE), t.key);
	assert_int_equal(fchmodat(t.dir, "a.crl", 0622, 0), 0);
	assert_int_equal(try_index(), CA_ERR_UNTRUSTED);
	assert_int_equal(fchmodat(t.dir, "a.crl", 0600, 0), 0);
	/* its places are taken */
	assert_int_equal(mkdirat(t.dir, tmp, 0755), 0);
	assert_int_equal(try_index(), CA_ERR_IO);
	assert_int_equal(unlinkat(t.dir, tmp, AT_REMOVEDIR), 0);
	assert_int_equal(mkdirat(t.dir, "a.crl.idx", 0755), 0);
	assert_int_equal(try_index(), CA_ERR_IO);
	assert_int_equal(unlinkat(t.dir, "a.crl.idx", AT_REMOVEDIR), 0);
	assert_int_equal(faccessat(t.dir, tmp, F_OK, 0), -1);
	/* one that was left behind is not in the way */
	int fd = openat(t.dir, tmp, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(try_index(), CA_OK);
	assert_int_equal(faccessat(t.dir, tmp, F_OK, 0), -1);
}

/* A file that changes while its index is made has none. */
static void
changed_under_the_index(void **state)
{
	enum ca_err rc = CA_OK;

	(void)state;
	write_crl(CRL(HEAD, FIVE), t.key);
	(void)unlinkat(t.dir, "a.crl.idx", 0);
	pid_t pid = fork();
	if (pid == 0) {
		alarm(60);
		for (;;) {
			(void)utimensat(t.dir, "a.crl", NULL, 0);
			usleep(1000);
		}
	}
	assert_true(pid > 0);
	/* it waits for the file to settle, so that the first try is enough,
	 * unless the machine is very busy */
	for (int i = 0; i < 100 && rc == CA_OK; i++) {
		(void)unlinkat(t.dir, "a.crl.idx", 0);
		rc = try_index();
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(rc, CA_ERR_STALE);
	assert_int_equal(faccessat(t.dir, "a.crl.idx", F_OK, 0), -1);
}

/* n times the same CRL, in PEM. */
static void
write_pem(size_t n)
{
	struct ca_buf der = CA_BUF_INIT(4096), pem = CA_BUF_INIT(1 << 20);
	char line[2048];
	int fd = openat(t.dir, "a.crl", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	der_make(CRL(HEAD, FIVE), t.key, &der);
	int len = EVP_EncodeBlock((uint8_t *)line, der.p, (int)der.len);
	for (size_t i = 0; i < n; i++) {
		ca_buf_str(&pem, "-----BEGIN X509 CRL-----\n");
		ca_buf_put(&pem, line, (size_t)len);
		ca_buf_str(&pem, "\n-----END X509 CRL-----\n");
	}
	assert_int_equal(write(fd, pem.p, pem.len), (ssize_t)pem.len);
	close(fd);
	ca_buf_free(&der);
	ca_buf_free(&pem);
}

static enum ca_err
load(const struct ca_crl_way *engine, size_t *n)
{
	struct ca_crl_wanted nothing = {NULL, 0};
	struct ca_crl_file src = {t.crypto, NULL, engine, t.dir, "a.crl", -1};
	struct ca_crls list = {NULL, 0};

	assert_int_equal(ca_file_open(t.dir, "a.crl", &src.fd, NULL), CA_OK);
	enum ca_err rc = ca_crl_load(&src, &nothing, &list);
	*n = list.n;
	ca_crls_clear(&list);
	return rc;
}

static void
many_in_a_file(void **state)
{
	struct rlimit was, now;
	size_t n;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	now = was;
	if (now.rlim_max < 1200)
		skip(); /* each CRL has a descriptor */
	now.rlim_cur = 1200;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	write_pem(1024);
	assert_int_equal(try_index(), CA_OK);
	assert_int_equal(load(&ca_crl_by_index, &n), CA_OK);
	assert_int_equal(n, 1024);
	write_pem(1025);
	assert_int_equal(try_index(), CA_ERR_LIMIT);
	assert_int_equal(load(&ca_crl_by_stream, &n), CA_ERR_LIMIT);
	/* without a descriptor there is no answer, rather than a part of it */
	now.rlim_cur = 64;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	assert_int_equal(load(&ca_crl_by_stream, &n), CA_ERR_IO);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_record),
	    cmocka_unit_test(a_crl_cut),
	    cmocka_unit_test(of_another_file),
	    cmocka_unit_test(changed_under_the_stream),
	    cmocka_unit_test(names),
	    cmocka_unit_test(descriptors),
	    cmocka_unit_test(cannot_be_made),
	    cmocka_unit_test(changed_under_the_index),
	    cmocka_unit_test(many_in_a_file),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
