/* The index of the users file: the same answers as the file, or the file. */
#include "mapcert.h"

#include <cdb.h>
#include <fcntl.h>

#include "map/dn.h"
#include "map/ascii.h"
#include "map/users_index.h"
#include "map/match.h"

static const struct made plain = {
    .subject = {UTF8("O", "Corp"), UTF8("CN", "Alice"), {0}},
    .issuer = {UTF8("CN", "CA"), {0}},
    .serial = "77",
    .san = {{GEN_EMAIL, NULL, 0, "daemon@Corp.Example", -1}},
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
	    {"alice email:daemon@CORP.example\n", "alice", CA_R_OK},
	    {"alice email:DAEMON@CORP.example\n", "alice", CA_R_UNMAPPED},
	    {"alice email:DAEMON@CORP.example ignorecase\n", "alice", CA_R_OK},
	    {"bob cn:alice ignorecase\n", "alice", CA_R_OTHER_USER},
	    {"alice cn:alice ignorecase service=x\n", "alice", CA_R_UNMAPPED},
	    {"alice subject:CN=ALICE,o=corp ignorecase\n", "alice", CA_R_OK},
	    {"alice subject:CN=ALICE,o=corp\n", "alice", CA_R_UNMAPPED},
	    {"alice issuer-subject:\"CN=ca;CN=ALICE,o=corp\" ignorecase\n",
		"alice", CA_R_OK},
	    {"alice issuer-serial:CN=ca;77 ignorecase\n", "alice", CA_R_OK},
	    {"alice issuer-serial:CN=ca;77\n", "alice", CA_R_UNMAPPED},
	    {"* email:*@corp.example\n", "daemon", CA_R_OK},
	    {"alice issuer-serial:CN=CA;77\n", "alice", CA_R_OK},
	    {"alice subject:\"CN=Alice, O=Corp\"\n", "alice", CA_R_OK},
	    {"root cn:Alice\ndaemon email:daemon@corp.example\n", NULL,
		CA_R_AMBIGUOUS},
	};

	w->cfg->min_uid = 1;
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

/* ---- ignorecase ---- */

static const struct ca_match_where anywhere;

static enum ca_err
count(void *ctx, const struct ca_rule *rule, const struct ca_users_line *at)
{
	size_t *n = ctx;

	(void)rule;
	(void)at;
	(*n)++;
	return CA_OK;
}

/* Rules that do not match, with ignorecase and without, and one that does. */
static void
put_rules(struct world *w, int n)
{
	char path[128];
	FILE *f;

	path_of(w, "users", path, sizeof path);
	assert_non_null(f = fopen(path, "w"));
	for (int i = 0; i < n; i++)
		fprintf(f, "u%d email:p%d@corp.example ignorecase\n", i, i);
	fprintf(f, "alice email:NAME7@corp.example ignorecase\n");
	fclose(f);
	assert_int_equal(chmod(path, 0644), 0);
}

/* 120 addresses, which is nearly all that a certificate may have. */
static X509 *
many_names(void)
{
	static char text[120][32];
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	X509 *x = make_cert(&(struct made){.subject = {UTF8("CN", "x"), {0}},
	    .issuer = {UTF8("CN", "CA"), {0}}});

	for (int i = 0; i < 120; i++) {
		GENERAL_NAME *n = GENERAL_NAME_new();
		ASN1_IA5STRING *s = ASN1_IA5STRING_new();

		sprintf(text[i], "Name%d@corp.example", i);
		assert_int_equal(ASN1_STRING_set(s, text[i], -1), 1);
		GENERAL_NAME_set0_value(n, GEN_EMAIL, s);
		sk_GENERAL_NAME_push(names, n);
	}
	assert_int_equal(
	    X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, 0), 1);
	GENERAL_NAMES_free(names);
	return x;
}

/* A login with an index looks at as many lines, whether there are 10 with
 * ignorecase or 10,000. */
static void
ignorecase_by_index(void **state)
{
	struct world *w = *state;
	X509 *x = many_names();
	char path[128];

	w->user = "alice";
	path_of(w, "users", path, sizeof path);
	for (int rules = 10; rules <= 10000; rules *= 10) {
		struct ca_ident *id = malloc(sizeof *id);
		size_t visited = 0;

		put_rules(w, rules);
		assert_int_equal(compile(w), rules + 1);
		assert_int_equal(ca_ident_of(w->crypto, x, id), CA_OK);
		assert_int_equal(ca_users_index_visit(w->crypto, path, id,
				     &w->log, count, &visited),
		    CA_OK);
		assert_int_equal(visited, 1);
		assert_int_equal(id->folds, 1);
		ca_ident_free(id);
		free(id);
		assert_int_equal(decide(w, x, NULL), CA_R_OK);
		assert_true(by_index(w));
	}
	X509_free(x);
}

/* Without one, the values are folded once, whatever the number of rules; and
 * not at all where no rule asks for it. */
static void
folded_once(void **state)
{
	struct world *w = *state;
	X509 *x = many_names();
	struct ca_ident *id = malloc(sizeof *id);
	struct ca_rule *rule = malloc(sizeof *rule);
	struct ca_buf made = CA_BUF_INIT(4096);
	char line[128];

	ca_rule_init(rule);
	assert_int_equal(ca_ident_of(w->crypto, x, id), CA_OK);
	assert_int_equal(id->folds, 0);
	for (int i = 0; i < 2000; i++) {
		size_t next = 0;

		sprintf(line, "u email:name%d@corp.example%s", i,
		    i < 1000 ? "" : " ignorecase");
		assert_int_equal(
		    ca_rule_parse(rule, line, strlen(line)), CA_OK);
		assert_int_equal(
		    ca_match(rule, id, &anywhere, &next, &made, NULL),
		    CA_DENIED);
		assert_int_equal(id->folds, i >= 1000);
	}
	/* each value stands where it stood */
	for (size_t i = 0; i < id->n; i++)
		for (size_t k = 0; k < id->v[i].len; k++) {
			uint8_t c = id->bytes.p[id->v[i].at + k];

			if (ca_selector_is_text(id->v[i].sel))
				ca_ascii_lower(&c, 1);
			if (ca_selector_is_text(id->v[i].sel) ||
			    id->v[i].sel == CA_SEL_SHA256)
				assert_int_equal(
				    id->folded.p[id->v[i].at + k], c);
		}
	ca_rule_free(rule);
	free(rule);
	ca_ident_free(id);
	free(id);
	ca_buf_free(&made);
	X509_free(x);
}

/* What another version made is told so, and is no harm. */
static void
of_another_version(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	char path[128], index[128];
	uint8_t all[16384];

	w->user = "alice";
	path_of(w, "users", path, sizeof path);
	path_of(w, "users.cdb", index, sizeof index);
	put_file(w, "users", "alice cn:Alice\n");
	compile(w);
	int fd = open(index, O_RDWR);
	ssize_t n = read(fd, all, sizeof all);
	const char *magic = ca_users_index_kind.magic;
	uint8_t *m = memmem(all, (size_t)n, magic, strlen(magic));
	assert_non_null(m);
	m[strlen(magic) - 2] = '1';
	assert_int_equal(pwrite(fd, all, (size_t)n, 0), n);
	close(fd);
	assert_int_equal(
	    ca_users_index_check(w->crypto, path, &w->log), CA_ERR_UNSUPPORTED);
	assert_int_equal(decide(w, x, NULL), CA_R_OK);
	assert_non_null(strstr(w->logged, "is not used (it was made by another "
					  "version of certauth)"));
	assert_non_null(strstr(w->logged, "certauth users compile"));
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
	    T(ignorecase_by_index),
	    T(folded_once),
	    T(of_another_version),
	};

	return cmocka_run_group_tests_name("map_index", tests, NULL, NULL);
}
