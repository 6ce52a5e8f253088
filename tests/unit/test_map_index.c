/* The index of the users file: the same answers as the file, or the file. */
#include "mapcert.h"

#include <cdb.h>
#include <fcntl.h>

static const struct made plain = {
    .subject = {UTF8("O", "Corp"), UTF8("CN", "Alice"), {0}},
    .issuer = {UTF8("CN", "CA"), {0}},
    .serial = "77",
    .san = {{GEN_EMAIL, NULL, 0, "nobody@Corp.Example", -1}},
};

static void
path_of(const struct world *w, const char *name, char *out, size_t n)
{
	snprintf(out, n, "%s/%s", w->dir, name);
}

static size_t
compile(struct world *w)
{
	char path[128];
	size_t lines = 0;

	path_of(w, "users", path, sizeof path);
	w->logged[0] = '\0';
	enum ca_err rc = ca_map_compile(w->crypto, path, &w->log, &lines);
	if (rc != CA_OK)
		fail_msg("%d: %s", rc, w->logged);
	return lines;
}

static bool
by_index(const struct world *w)
{
	return strstr(w->logged, "read in full") == NULL &&
	       strstr(w->logged, "is not used") == NULL;
}

static void
same_answers(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	static const struct {
		const char *lines, *user;
		enum ca_reason reason;
	} t[] = {
	    {"", "alice", CA_R_UNMAPPED},
	    {"# only\n", "alice", CA_R_UNMAPPED},
	    {"alice cn:Alice", "alice", CA_R_OK},
	    {"bob cn:Bob\nalice cn:Alice\ncarol cn:C\n", "alice", CA_R_OK},
	    {"bob cn:Alice\n", "alice", CA_R_OTHER_USER},
	    {"alice cn:alice\n", "alice", CA_R_UNMAPPED},
	    {"alice cn:alice ignorecase\n", "alice", CA_R_OK},
	    {"alice cn:Alice from=10.0.0.0/8\n", "alice", CA_R_UNMAPPED},
	    {"alice email:nobody@CORP.example\n", "alice", CA_R_OK},
	    {"* email:*@corp.example\n", "nobody", CA_R_OK},
	    {"alice issuer-serial:CN=CA;77\n", "alice", CA_R_OK},
	    {"alice subject:\"CN=Alice, O=Corp\"\n", "alice", CA_R_OK},
	    {"root cn:Alice\ndaemon email:nobody@corp.example\n", NULL,
		CA_R_AMBIGUOUS},
	};

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		w->user = t[i].user;
		put_file(w, "users", t[i].lines);
		compile(w);
		assert_int_equal(decide(w, x, NULL), t[i].reason);
		if (!by_index(w))
			fail_msg("%s: %s", t[i].lines, w->logged);
	}
	X509_free(x);
}

static void
mistakes_are_found_when_it_is_made(void **state)
{
	struct world *w = *state;
	char path[128], index[128];

	path_of(w, "users", path, sizeof path);
	path_of(w, "users.cdb", index, sizeof index);
	put_file(w, "users", "alice cn:Alice\nalice foo:x\nbob\n");
	assert_int_equal(
	    ca_map_compile(w->crypto, path, &w->log, NULL), CA_ERR_CONFIG);
	assert_non_null(strstr(w->logged, "users:2: "));
	assert_non_null(strstr(w->logged, "users:3: "));
	assert_int_not_equal(access(index, F_OK), 0);
}

static void
a_changed_file_is_read(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	char path[128], index[128];

	w->user = "alice";
	path_of(w, "users", path, sizeof path);
	path_of(w, "users.cdb", index, sizeof index);
	put_file(w, "users", "bob cn:Alice\n");
	compile(w);
	/* in its place, and as long as it was */
	assert_int_equal(decide(w, x, "alice cn:Alic"), CA_R_UNMAPPED);
	assert_non_null(strstr(w->logged, "read in full"));
	assert_int_equal(decide(w, x, "alice cn:Alice\n"), CA_R_OK);
	assert_non_null(strstr(w->logged, "read in full"));
	/* a mistake that came later still denies */
	compile(w);
	assert_int_equal(
	    decide(w, x, "alice cn:Alice\nfoo\n"), CA_R_USERS_FILE);
	/* an index that others could write is none */
	put_file(w, "users", "alice cn:Alice\n");
	compile(w);
	assert_int_equal(chmod(index, 0666), 0);
	assert_int_equal(decide(w, x, NULL), CA_R_OK);
	assert_non_null(strstr(w->logged, "is not used"));
	/* and the users file itself is still judged */
	assert_int_equal(chmod(index, 0644), 0);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(decide(w, x, NULL), CA_R_USERS_FILE);
	X509_free(x);
}

/* Every byte of the index, and every length: the right answer, by the index
 * or by the file. */
static void
damage(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	char index[128];
	uint8_t all[16384];

	w->user = "alice";
	w->log.debug = true;
	path_of(w, "users.cdb", index, sizeof index);
	put_file(w, "users",
	    "bob cn:Alice\nalice cn:Alice\n"
	    "* uid:x*\ncarol cn:Carol\n");
	compile(w);
	int fd = open(index, O_RDWR);
	assert_true(fd >= 0);
	ssize_t n = read(fd, all, sizeof all);
	assert_true(n > 2048 && n < (ssize_t)sizeof all);
	/* of the header, only the tables that are used decide anything */
	for (ssize_t i = 0; i < n; i++) {
		if (i < 2048 && i % 97 != 0)
			continue;
		for (int m = 0; m < 3; m++) {
			uint8_t c = all[i] ^ (uint8_t[]) { 1, 0x80, 0xff }[m];

			assert_int_equal(pwrite(fd, &c, 1, i), 1);
			assert_int_equal(decide(w, x, NULL), CA_R_OK);
			assert_string_equal(w->login, "alice");
		}
		assert_int_equal(pwrite(fd, &all[i], 1, i), 1);
	}
	assert_int_equal(decide(w, x, NULL), CA_R_OK);
	assert_true(by_index(w));
	for (ssize_t len = n - 1; len >= 0; len -= 7) {
		assert_int_equal(ftruncate(fd, len), 0);
		assert_int_equal(decide(w, x, NULL), CA_R_OK);
		assert_false(by_index(w));
	}
	close(fd);
	X509_free(x);
}

static void
many_lines(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	char path[128];
	FILE *f;

	w->user = "alice";
	path_of(w, "users", path, sizeof path);
	assert_non_null(f = fopen(path, "w"));
	for (int i = 0; i < 50000; i++) {
		fprintf(f, "u%d cn:\"Person %d\"\n", i, i);
		if (i == 30000)
			fprintf(f, "alice cn:Alice # here\n");
	}
	fclose(f);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(decide(w, x, NULL), CA_R_OK);
	assert_int_equal(compile(w), 50001);
	assert_int_equal(decide(w, x, NULL), CA_R_OK);
	assert_true(by_index(w));
	assert_non_null(strstr(w->detail, "users:30002 cn:Alice"));
	for (int i = 0; i < 50000; i += 777) {
		char cn[64], login[32];
		struct made m = {.subject = {UTF8("CN", cn), {0}},
		    .issuer = {UTF8("CN", "CA"), {0}}};

		sprintf(cn, "Person %d", i);
		sprintf(login, "u%d", i);
		X509 *y = make_cert(&m);
		w->user = login;
		assert_int_equal(decide(w, y, NULL), CA_R_OK);
		assert_true(by_index(w));
		X509_free(y);
	}
	X509_free(x);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(same_answers),
	    T(mistakes_are_found_when_it_is_made),
	    T(a_changed_file_is_read),
	    T(damage),
	    T(many_lines),
	};

	return cmocka_run_group_tests_name("map_index", tests, NULL, NULL);
}
