/* An index that is whole by its checksums, and wrong all the same: the file's
 * answer comes out, and no other.  What the check of an index says of each. */
#include "mapcert.h"

#include <cdb.h>
#include <fcntl.h>

#include "map/ident.h"
#include "map/users_index.h"

static const struct made plain = {
    .subject = {UTF8("O", "Corp"), UTF8("CN", "Alice"), UTF8("CN", "Alice"),
	{0}},
    .issuer = {UTF8("CN", "CA"), {0}}};

/* What is written; NULL or 0: as it ought to be. */
struct forgery {
	const char *magic;
	uint64_t buckets;
	int more;        /* bytes that the head has too many, or too few */
	uint64_t offset; /* of the one line, in the bucket and in the list */
	int cut;         /* bytes that the entry in the bucket lacks */
	int list_cut;    /* or that in the list */
	bool list;       /* an entry in the list, and none in the bucket */
	bool sum;        /* a wrong checksum */
	bool empty;      /* records shorter than a checksum */
	int twice;       /* entries more */
};

#define FILE_HASH "0123456789abcdef0123456789abcdef"

static void
put(struct world *w, struct cdb_make *make, const struct forgery *f,
    const void *key, size_t len, struct ca_buf *value)
{
	struct ca_buf all = CA_BUF_INIT(4096);
	uint8_t sum[32];

	ca_buf_str(&all, FILE_HASH);
	ca_buf_put(&all, key, len);
	ca_buf_put(&all, value->p, value->len);
	assert_int_equal(
	    ca_crypto_sha256(w->crypto, all.p, all.len, sum), CA_OK);
	ca_buf_free(&all);
	sum[15] ^= f->sum;
	ca_buf_put(value, sum, CA_INDEX_CHECK);
	assert_int_equal(ca_buf_err(value), CA_OK);
	assert_int_equal(
	    cdb_make_add(make, key, (unsigned)len, value->p,
		f->empty ? CA_INDEX_CHECK - 1 : (unsigned)value->len),
	    0);
	ca_buf_reset(value);
}

static void
path_of(const struct world *w, const char *name, char *out)
{
	sprintf(out, "%s/%s", w->dir, name);
}

static void
forge(struct world *w, const struct forgery *f)
{
	char path[128];
	struct stat st;
	struct cdb_make make;
	struct ca_buf b = CA_BUF_INIT(4096);
	uint64_t buckets = f->buckets != 0 ? f->buckets : 1;
	uint64_t hash = ca_users_index_hash(CA_SEL_CN, "Alice", 5);
	uint32_t k = (uint32_t)(hash % buckets);
	const uint8_t key[5] = {'B', (uint8_t)(k >> 24), (uint8_t)(k >> 16),
	    (uint8_t)(k >> 8), (uint8_t)k};

	path_of(w, "users", path);
	assert_int_equal(stat(path, &st), 0);
	path_of(w, "users.cdb", path);
	(void)unlink(path);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(cdb_make_start(&make, fd), 0);
	ca_buf_str(&b, f->magic != NULL ? f->magic : ca_users_index_kind.magic);
	ca_index_binding(&st, &b);
	ca_buf_str(&b, FILE_HASH);
	/* UINT64_MAX: none */
	ca_buf_u64(&b, f->buckets == UINT64_MAX ? 0 : buckets);
	ca_buf_u64(&b, 1u << CA_SEL_CN);
	for (int i = 0; i < f->more; i++)
		ca_buf_u8(&b, 0);
	b.len = f->more < 0 ? b.len - (size_t)-f->more : b.len;
	put(w, &make, f, "M", 1, &b);
	for (int i = 0; f->list && i <= f->twice; i++) {
		ca_buf_u64(&b, f->offset);
		ca_buf_u64(&b, 1);
	}
	b.len -= (size_t)f->list_cut;
	put(w, &make, f, "S", 1, &b);
	for (int i = 0; !f->list && i <= f->twice; i++) {
		ca_buf_u64(&b, hash);
		ca_buf_u64(&b, f->offset);
		ca_buf_u64(&b, 1);
	}
	b.len -= (size_t)f->cut;
	put(w, &make, f, key, sizeof key, &b);
	assert_int_equal(cdb_make_finish(&make), 0);
	close(fd);
	assert_int_equal(chmod(path, 0644), 0);
	ca_buf_free(&b);
}

static bool
by_index(const struct world *w)
{
	return strstr(w->logged, "read in full") == NULL &&
	       strstr(w->logged, "is not used") == NULL;
}

static void
wrong_and_whole(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	static const struct forgery good[] = {
	    {.cut = 0}, {.list = true}, {.twice = 3}};
	static const struct forgery bad[] = {
	    {.magic = "certauth users 3\n"},
	    {.magic = "certauth users 4 "},
	    {.magic = "certauth user  4\n"},
	    {.more = 1},
	    {.more = 8},
	    {.more = -1},
	    {.more = -8},
	    {.buckets = UINT64_MAX},
	    {.buckets = (uint64_t)UINT32_MAX + 1},
	    {.buckets = (uint64_t)UINT32_MAX + 2},
	    {.buckets = (uint64_t)UINT32_MAX << 8},
	    {.sum = true},
	    {.empty = true},
	    {.cut = 1},
	    {.cut = 8},
	    {.cut = 16},
	    {.cut = 17},
	    {.cut = 8, .twice = 1},
	    {.list = true, .list_cut = 1},
	    {.list = true, .list_cut = 8},
	    {.list = true, .list_cut = 12},
	    {.list = true, .list_cut = 8, .twice = 1},
	    {.offset = 1},
	    {.offset = 15},
	    {.offset = 16}, /* a blank line */
	    {.offset = 17},
	    {.offset = 18},
	    {.offset = 5000},
	    {.offset = UINT64_MAX},
	    {.offset = INT64_MAX},
	    {.list = true, .offset = 1},
	};

	w->user = "alice";
	put_file(w, "users", "alice cn:Alice#\n\n");
	/* (17 bytes; cn:Alice# is another name) */
	forge(w, &good[0]);
	assert_int_equal(decide(w, x, NULL), CA_R_UNMAPPED);
	assert_true(by_index(w));
	put_file(w, "users", "alice  cn:Alice\n\n");
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		forge(w, &good[i]);
		assert_int_equal(decide(w, x, NULL), CA_R_OK);
		if (!by_index(w))
			fail_msg("good %zu: %s", i, w->logged);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		forge(w, &bad[i]);
		assert_int_equal(decide(w, x, NULL), CA_R_OK);
		if (by_index(w))
			fail_msg("bad %zu is used", i);
		assert_non_null(strstr(w->logged, "users.cdb is not used"));
	}
	X509_free(x);
}

/* The end of a line is another rule: a line begins behind a line's end. */
static void
the_middle_of_a_line(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	static const char line[] = "not-alice cn:Alice\n";

	w->user = "alice";
	put_file(w, "users", line);
	for (uint64_t at = 0; at < sizeof line; at++)
		for (int list = 0; list < 2; list++) {
			struct forgery f = {.offset = at, .list = list != 0};

			forge(w, &f);
			assert_int_equal(decide(w, x, NULL), CA_R_OTHER_USER);
			assert_int_equal(by_index(w), at == 0);
		}
	X509_free(x);
}

static enum ca_err
count(void *ctx, const struct ca_rule *rule, const struct ca_users_line *line)
{
	size_t *n = ctx;

	(void)rule;
	(void)line;
	++*n;
	return CA_OK;
}

static enum ca_err
says(void *ctx, const struct ca_rule *rule, const struct ca_users_line *line)
{
	(void)rule;
	(void)line;
	return *(enum ca_err *)ctx;
}

static void
each_line_once(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	struct ca_ident *id = malloc(sizeof *id);
	struct forgery f = {.twice = 4};
	char path[128];
	size_t n = 0;

	path_of(w, "users", path);
	assert_int_equal(ca_ident_of(w->crypto, x, id), CA_OK);
	put_file(w, "users", "alice cn:Alice\n");
	forge(w, &f);
	assert_int_equal(
	    ca_users_index_visit(w->crypto, path, id, &w->log, count, &n),
	    CA_OK);
	assert_int_equal(n, 1);
	/* what a visitor says is never taken for the index's fault */
	static const enum ca_err codes[] = {CA_ERR_FORMAT, CA_ERR_STALE};
	for (size_t i = 0; i < 2; i++) {
		enum ca_err code = codes[i];

		assert_int_equal(ca_users_index_visit(
				     w->crypto, path, id, &w->log, says, &code),
		    CA_ERR_CONFIG);
	}
	ca_ident_free(id);
	free(id);
	X509_free(x);
}

/* Over 64 MiB, by its length; the file has a hole of that size. */
static void
a_record_without_end(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	char path[128];
	uint32_t h = (5381 * 33) ^ 'M', data = CA_USERS_INDEX_RECORD_MAX;

	w->user = "alice";
	put_file(w, "users", "alice cn:Alice\n");
	path_of(w, "users.cdb", path);
	for (uint32_t more = 0; more < 2; more++, data++) {
		uint32_t head[512], record[2] = {1, data};
		uint32_t end = 2048 + 8 + 1 + data, slot[2] = {h, 2048};

		for (int i = 0; i < 512; i += 2) {
			head[i] = (unsigned)i / 2 <= (h & 255) ? end : end + 8;
			head[i + 1] = (unsigned)i / 2 == (h & 255);
		}
		int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, head, sizeof head), 2048);
		assert_int_equal(write(fd, record, 8), 8);
		assert_int_equal(write(fd, "M", 1), 1);
		assert_int_equal(pwrite(fd, slot, 8, end), 8);
		close(fd);
		assert_int_equal(decide(w, x, NULL), CA_R_OK);
		assert_non_null(strstr(w->logged, "users.cdb is not used"));
	}
	X509_free(x);
}

/* 100,000 lines to try always: the file is as quick. */
static void
too_many_lines_to_try(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	char path[128];

	w->user = "alice";
	path_of(w, "users", path);
	for (int more = 0; more < 2; more++) {
		FILE *f = fopen(path, "w");
		size_t lines = 0;

		for (int i = 0; i < 99999 + more; i++)
			fprintf(f, "* uid:x*\n");
		fprintf(f, "alice cn:alice ignorecase\n");
		assert_int_equal(fclose(f), 0);
		assert_int_equal(chmod(path, 0644), 0);
		w->logged[0] = '\0';
		assert_int_equal(
		    ca_map_compile(w->crypto, path, &w->log, &lines), CA_OK);
		assert_int_equal(lines, 100000 + more);
		assert_int_equal(decide(w, x, NULL), CA_R_OK);
		assert_int_equal(by_index(w), more == 0);
	}
	X509_free(x);
}

/* The longest line, wherever it stands, by the index as without it. */
static void
longest_lines(void **state)
{
	struct world *w = *state;
	char *text = calloc(1, 20000), *cn = calloc(1, 5000);
	struct made m = {.subject = {UTF8("CN", cn), {0}},
	    .issuer = {UTF8("CN", "CA"), {0}}};

	w->user = "alice";
	for (int n = 4095; n <= 4096; n++)
		for (int form = 0; form < 4; form++) {
			memset(cn, 'n', 5000 - 1);
			cn[n - 9] = '\0';
			sprintf(text, "%salice cn:%s%s",
			    form & 1 ? "# x\n" : "", cn,
			    form & 2 ? "\n# y\n" : "");
			put_file(w, "users", text);
			char path[128];
			path_of(w, "users", path);
			assert_int_equal(
			    ca_map_compile(w->crypto, path, &w->log, NULL),
			    CA_OK);
			X509 *x = make_cert(&m);
			assert_int_equal(decide(w, x, NULL), CA_R_OK);
			assert_true(by_index(w));
			X509_free(x);
		}
	free(text);
	free(cn);
}

/* ---- ca_users_index_check ---- */

static enum ca_err
check(struct world *w)
{
	char path[128];

	path_of(w, "users", path);
	w->logged[0] = '\0';
	return ca_users_index_check(w->crypto, path, &w->log);
}

static void
how_it_stands(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	char path[128], index[128];

	w->user = "alice";
	path_of(w, "users", path);
	path_of(w, "users.cdb", index);
	put_file(w, "users", "alice cn:Alice\n");
	assert_int_equal(check(w), CA_ERR_NOT_FOUND);
	assert_int_equal(ca_map_compile(w->crypto, path, &w->log, NULL), CA_OK);
	assert_int_equal(check(w), CA_OK);
	put_file(w, "users", "alice cn:Alice\n#\n");
	assert_int_equal(check(w), CA_ERR_STALE);
	/* of this file by its state, of another one by its content */
	forge(w, &(struct forgery){.cut = 0});
	assert_int_equal(check(w), CA_ERR_STALE);
	forge(w, &(struct forgery){.sum = true});
	assert_int_equal(check(w), CA_ERR_FORMAT);
	assert_int_equal(truncate(index, 100), 0);
	assert_int_equal(check(w), CA_ERR_FORMAT);
	/* who may write it, and whether it can be read: said once, and the
	 * file decides */
	assert_int_equal(chmod(index, 0666), 0);
	assert_int_equal(check(w), CA_ERR_UNTRUSTED);
	assert_non_null(strstr(w->logged, "users.cdb is writable by"));
	assert_int_equal(decide(w, x, NULL), CA_R_OK);
	assert_non_null(strstr(w->logged, "users.cdb is writable by"));
	assert_int_equal(unlink(index), 0);
	assert_int_equal(symlink("users.cdb", index), 0);
	assert_int_equal(check(w), CA_ERR_IO);
	assert_non_null(strstr(w->logged, "cannot read"));
	assert_int_equal(decide(w, x, NULL), CA_R_OK);
	assert_non_null(strstr(w->logged, "cannot read"));
	assert_non_null(strstr(w->logged, "users.cdb is not used"));
	X509_free(x);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(wrong_and_whole),
	    T(the_middle_of_a_line),
	    T(each_line_once),
	    T(a_record_without_end),
	    T(too_many_lines_to_try),
	    T(longest_lines),
	    T(how_it_stands),
	};

	return cmocka_run_group_tests_name("map_forged", tests, NULL, NULL);
}
