/* What the system may answer: accounts of every kind, homes, directories,
 * files that change or cannot be read.  The C library's functions are this
 * program's own here, so that each answer comes when a test wants it.  If it is
 * fortified, its headers define some of them. */
#undef _FORTIFY_SOURCE
#include "mapcert.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <pwd.h>
#include <sys/syscall.h>

#include "map/account.h"

#define HERE __attribute__((visibility("hidden")))

/* ---- accounts ---- */

struct fake {
	const char *asked, *name, *home; /* name NULL: no entry */
	uid_t uid;
	int rc;
	size_t need; /* bytes that the entry takes */
};

static const struct fake *fakes; /* ends with asked NULL; NULL: the system's */
static size_t asked;             /* how often */

HERE int
getpwnam_r(const char *name, struct passwd *pw, char *p, size_t size,
    struct passwd **out)
{
	*out = NULL;
	asked++;
	memset(p, '#', size);
	for (const struct fake *f = fakes; f != NULL && f->asked != NULL; f++) {
		if (strcmp(f->asked, name) != 0)
			continue;
		if (size < f->need)
			return ERANGE;
		if (f->name == NULL)
			return f->rc;
		char *end = p + size - strlen(f->home) - 1;
		strcpy(end, f->home);
		strcpy(p, f->name);
		*pw = (struct passwd){
		    .pw_name = p, .pw_dir = end, .pw_uid = f->uid};
		*out = pw;
		return 0;
	}
	return 0;
}

static enum ca_err
find(const struct fake *f, struct ca_account *a)
{
	const struct fake list[2] = {*f, {0}};

	fakes = list;
	errno = 0;
	enum ca_err rc = ca_account_find("alice", a);
	fakes = NULL;
	return rc;
}

static void
lengths_of_an_entry(void **state)
{
	struct ca_account a = {0};
	static const size_t need[] = {0, 1023, 1024, 1025, 4095, 4096, 4097,
	    65536, 65537, 1000000, 1048576};

	(void)state;
	for (size_t i = 0; i < sizeof need / sizeof need[0]; i++) {
		assert_int_equal(find(&(struct fake){.asked = "alice",
					  .name = "alice",
					  .home = "/home/alice",
					  .uid = 4711,
					  .need = need[i]},
				     &a),
		    CA_OK);
		assert_int_equal(a.uid, 4711);
		assert_string_equal(a.home, "/home/alice");
		ca_account_free(&a);
		assert_null(a.home);
	}
	assert_int_equal(find(&(struct fake){.asked = "alice",
				  .name = "alice",
				  .home = "/",
				  .need = 1048577},
			     &a),
	    CA_ERR_IO);
	assert_int_equal(errno, ERANGE);
	assert_null(a.home);
}

static void
answers_of_a_name_service(void **state)
{
	struct ca_account a = {0};
	/* getpwnam(3): what "no such account" may look like */
	static const int absent[] = {0, ENOENT, ESRCH, EBADF, EPERM};
	static const int failed[] = {EIO, EINTR, EMFILE, ENFILE, ENOMEM, EACCES,
	    ETIMEDOUT, ECONNREFUSED, EAGAIN, -1};
	static const char *const names[] = {
	    "Alice", "alice@corp", "CORP\\alice", "alic", "alice ", ""};

	(void)state;
	for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
		assert_int_equal(
		    find(&(struct fake){.asked = "alice", .rc = absent[i]}, &a),
		    CA_ERR_NOT_FOUND);
	for (size_t i = 0; i < sizeof failed / sizeof failed[0]; i++) {
		assert_int_equal(
		    find(&(struct fake){.asked = "alice", .rc = failed[i]}, &a),
		    CA_ERR_IO);
		assert_int_equal(errno, failed[i]);
	}
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_int_equal(find(&(struct fake){.asked = "alice",
					  .name = names[i],
					  .home = "/"},
				     &a),
		    CA_ERR_NOT_FOUND);
}

/* ---- patterns ---- */

static X509 *
staff(const char *name)
{
	char cn[400];
	struct made m = {.subject = {UTF8("CN", cn), {0}},
	    .issuer = {UTF8("CN", "CA"), {0}}};

	sprintf(cn, "Staff %s", name);
	return make_cert(&m);
}

static void
accounts_that_no_pattern_makes(void **state)
{
	struct world *w = *state;
	static const char line[] = "* cn:\"Staff *\"\n";
	/* all of them accounts here */
	static const struct fake list[] = {{"root", "root", "/", 5000, 0, 0},
	    {"toor", "toor", "/", 0, 0, 0}, {"1000", "1000", "/", 5000, 0, 0},
	    {"a b", "a b", "/", 5000, 0, 0}, {"-x", "-x", "/", 5000, 0, 0},
	    {".x", ".x", "/", 5000, 0, 0}, {"a+b", "a+b", "/", 5000, 0, 0},
	    {"r\xc3\xb6t", "r\xc3\xb6t", "/", 5000, 0, 0},
	    {"ALICE", "alice", "/", 5000, 0, 0}, {"low", "low", "/", 999, 0, 0},
	    {"good", "good", "/", 1000, 0, 0},
	    {"Good.x_-9", "Good.x_-9", "/", 70000, 0, 0}, {0}};

	for (int min = 0; min <= 1000; min += 1000) {
		w->cfg->min_uid = (unsigned)min;
		for (const struct fake *f = list; f->asked != NULL; f++) {
			bool good = strcasestr(f->asked, "good") != NULL ||
				    (min == 0 && f->uid == 999);
			X509 *x = staff(f->asked);

			fakes = list;
			w->user = f->asked;
			if (decide(w, x, line) !=
			    (good ? CA_R_OK : CA_R_LOGIN_INVALID))
				fail_msg("%s: %s", f->asked, w->detail);
			w->user = NULL;
			if (decide(w, x, line) !=
			    (good ? CA_R_OK : CA_R_LOGIN_INVALID))
				fail_msg("%s: %s", f->asked, w->detail);
			X509_free(x);
		}
	}
	fakes = NULL;
}

/* The uids that no pattern makes, at their ends, whatever min_uid says. */
static void
uids_that_no_pattern_makes(void **state)
{
	struct world *w = *state;
	static const char line[] = "* cn:\"Staff *\"\n";
	static const struct {
		uid_t uid, min, max;
		bool good;
		const char *why;
	} t[] = {
	    {999, 1000, UINT32_MAX, false, "below min_uid"},
	    {1000, 1000, UINT32_MAX, true, NULL},
	    {61183, 1000, UINT32_MAX, true, NULL},
	    {61184, 1000, UINT32_MAX, false, "reserved"},
	    {65519, 1, UINT32_MAX, false, "reserved"},
	    {65534, 1, UINT32_MAX, false, "gives the account nobody"},
	    {65535, 65535, UINT32_MAX, false, "reserved"},
	    {65536, 1000, UINT32_MAX, true, NULL},
	    {200000, 1000, UINT32_MAX, true, NULL},
	    {4294967293, 1000, UINT32_MAX, true, NULL},
	    {4294967294, 1000, UINT32_MAX, false, "reserved"},
	    {4294967295, 1000, UINT32_MAX, false, "reserved"},
	    {2000, 1000, 1999, false, "above max_uid"},
	    {1999, 1000, 1999, true, NULL},
	    {0, 1, UINT32_MAX, false, "below min_uid"},
	};
	X509 *x = staff("person");

	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		const struct fake list[] = {
		    {"person", "person", "/", t[i].uid, 0, 0}, {0}};

		fakes = list;
		w->cfg->min_uid = t[i].min;
		w->cfg->max_uid = t[i].max;
		for (int named = 0; named < 2; named++) {
			w->user = named ? "person" : NULL;
			if (decide(w, x, line) !=
				(t[i].good ? CA_R_OK : CA_R_LOGIN_INVALID) ||
			    (!t[i].good && strstr(w->detail, t[i].why) == NULL))
				fail_msg("%u: %s", t[i].uid, w->detail);
			/* who is named in a line is root's choice */
			assert_int_equal(
			    decide(w, x, "person cn:\"Staff person\"\n"),
			    CA_R_OK);
		}
	}
	/* the name service knows it under another spelling */
	const struct fake list[] = {{"person", "Person", "/", 5000, 0, 0}, {0}};
	fakes = list;
	w->user = "person";
	assert_int_equal(decide(w, x, line), CA_R_LOGIN_INVALID);
	assert_non_null(strstr(w->detail, "another spelling"));
	X509_free(x);
	fakes = NULL;
}

/* Nine logins are too many to be told apart, and to be named. */
static void
several_accounts(void **state)
{
	struct world *w = *state;
	X509 *x = staff("x");
	struct fake list[10] = {{0}};
	char name[9][8], lines[512] = "";

	fakes = list;
	w->user = NULL;
	for (int i = 0; i < 9; i++) {
		sprintf(name[i], "user%d", i);
		list[i] = (struct fake){name[i], name[i], "/", 5000, 0, 0};
		sprintf(lines + strlen(lines), "user%d cn:\"Staff x\"\n", i);
		assert_int_equal(
		    decide(w, x, lines), i == 0 ? CA_R_OK : CA_R_AMBIGUOUS);
		if (i == 0)
			continue;
		assert_non_null(strstr(w->detail, "logins: user0, user1"));
		assert_int_equal(strstr(w->detail, ", ...") != NULL, i == 8);
	}
	assert_null(strstr(w->detail, "user8"));
	/* one of them that is no account does not count */
	list[0].name = NULL;
	assert_int_equal(
	    decide(w, x, "user0 cn:\"Staff x\"\nuser1 cn:\"Staff x\"\n"),
	    CA_R_OK);
	assert_string_equal(w->login, "user1");
	fakes = NULL;
	X509_free(x);
}

/* A name service that does not answer denies; it does not say "no account". */
static void
no_answer(void **state)
{
	struct world *w = *state;
	static const struct fake list[] = {{.asked = "alice", .rc = EIO}, {0}};
	X509 *x = staff("alice");
	static const char *const lines[] = {"* cn:\"Staff *\"\n",
	    "* cn:\"Staff *\"\nbob cn:\"Staff alice\"\n",
	    "alice cn:\"Staff alice\"\n"};

	fakes = list;
	for (size_t i = 0; i < 3; i++) {
		w->user = NULL;
		assert_int_equal(decide(w, x, lines[i]), CA_R_USERS_FILE);
		assert_int_equal(w->err, CA_ERR_IO);
		assert_non_null(
		    strstr(w->logged, "cannot look up the account alice: "));
	}
	w->user = "alice";
	assert_int_equal(decide(w, x, lines[0]), CA_R_USERS_FILE);
	/* named by a line, and by who logs in */
	assert_int_equal(decide(w, x, lines[2]), CA_R_OK);
	/* but its home is not found */
	w->cfg->user_certificates = true;
	assert_int_equal(decide(w, x, lines[2]), CA_R_USERS_FILE);
	assert_non_null(strstr(w->logged, "cannot look up the account"));
	fakes = &list[1];
	assert_int_equal(decide(w, x, lines[2]), CA_R_OK);
	fakes = NULL;
	X509_free(x);
}

/* By the index or without, each account is looked up once. */
static void
one_look(void **state)
{
	struct world *w = *state;
	static const struct fake list[] = {
	    {"alice", "alice", "/", 5000, 0, 0}, {0}};
	X509 *x = staff("alice");
	char path[128];

	snprintf(path, sizeof path, "%s/users", w->dir);
	put_file(w, "users", "* cn:\"Staff *\"\n");
	w->user = "alice";
	fakes = list;
	for (int index = 0; index < 2; index++) {
		asked = 0;
		assert_int_equal(decide(w, x, NULL), CA_R_OK);
		assert_int_equal(asked, 1);
		assert_int_equal(strstr(w->logged, "in full") == NULL, 1);
		assert_int_equal(
		    ca_map_compile(w->crypto, path, &w->log, NULL), CA_OK);
	}
	fakes = NULL;
	X509_free(x);
}

/* ---- files ---- */

/* When reads are counted: what happens at number `at`. */
static struct {
	size_t n, at;
	int err;              /* it fails so; once */
	void (*change)(void); /* or this is done before it */
} reads;

/* One more read; false: it is the one that fails. */
static bool
may_read(void)
{
	if (++reads.n != reads.at)
		return true;
	if (reads.err != 0) {
		errno = reads.err;
		return false;
	}
	if (reads.change != NULL)
		reads.change();
	return true;
}

HERE ssize_t
read(int fd, void *p, size_t n)
{
	return may_read() ? syscall(SYS_read, fd, p, n) : -1;
}

/* A file is hashed by pread, before it is read line by line. */
HERE ssize_t
pread(int fd, void *p, size_t n, off_t at)
{
	return may_read() ? syscall(SYS_pread64, fd, p, n, at) : -1;
}

/* What _FORTIFY_SOURCE makes of them, where the size of the buffer is known. */
ssize_t __read_chk(int fd, void *p, size_t n, size_t size);
ssize_t __pread_chk(int fd, void *p, size_t n, off_t at, size_t size);

HERE ssize_t
__read_chk(int fd, void *p, size_t n, size_t size)
{
	assert_true(n <= size);
	return read(fd, p, n);
}

HERE ssize_t
__pread_chk(int fd, void *p, size_t n, off_t at, size_t size)
{
	assert_true(n <= size);
	return pread(fd, p, n, at);
}

static void
read_number(size_t at, int err, void (*change)(void))
{
	reads.n = 0;
	reads.at = at;
	reads.err = err;
	reads.change = change;
}

/* Each read fails once: whoever is let in is let in by what the file says. */
static void
reads_that_fail(void **state)
{
	struct world *w = *state;
	X509 *x = staff("alice");
	char path[128];
	size_t all;

	w->user = "alice";
	snprintf(path, sizeof path, "%s/users", w->dir);
	put_file(w, "users", "bob cn:x\nalice cn:\"Staff alice\"\n");
	read_number(0, 0, NULL);
	assert_int_equal(decide(w, x, NULL), CA_R_OK);
	all = reads.n;
	assert_true(all >= 2);
	for (size_t i = 1; i <= all; i++) {
		read_number(i, EINTR, NULL);
		assert_int_equal(decide(w, x, NULL), CA_R_OK);
		assert_true(reads.n > all);
		read_number(i, EIO, NULL);
		assert_int_equal(decide(w, x, NULL), CA_R_USERS_FILE);
		assert_int_equal(w->err, CA_ERR_IO);
		assert_non_null(strstr(w->logged, "cannot read "));
	}
	/* and while an index is made */
	read_number(0, 0, NULL);
	assert_int_equal(ca_map_compile(w->crypto, path, &w->log, NULL), CA_OK);
	all = reads.n;
	snprintf(path, sizeof path, "%s/users.cdb", w->dir);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof path, "%s/users", w->dir);
	for (size_t i = 1; i <= all; i++) {
		w->logged[0] = '\0';
		read_number(i, EIO, NULL);
		assert_int_equal(
		    ca_map_compile(w->crypto, path, &w->log, NULL), CA_ERR_IO);
		assert_true(w->logged[0] != '\0');
		snprintf(path, sizeof path, "%s/users.cdb", w->dir);
		assert_int_not_equal(access(path, F_OK), 0);
		snprintf(path, sizeof path, "%s/users", w->dir);
	}
	read_number(0, 0, NULL);
	X509_free(x);
}

static const char *changing;

static void
grow(void)
{
	int fd = open(changing, O_WRONLY | O_APPEND);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "#\n", 2), 2);
	close(fd);
}

static void
vanish(void)
{
	assert_int_equal(unlink(changing), 0);
}

static void
replace(void)
{
	vanish();
	int fd = open(changing, O_WRONLY | O_CREAT, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "alice cn:x\n", 11), 11);
	close(fd);
}

static void
open_to_all(void)
{
	assert_int_equal(chmod(changing, 0666), 0);
}

/* How many things stand in the directory. */
static int
things(const char *dir)
{
	DIR *d = opendir(dir);
	int n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

static void
a_file_that_changes(void **state)
{
	struct world *w = *state;
	static const struct {
		void (*change)(void);
		enum ca_err result;
		const char *logged;
	} t[] = {
	    {grow, CA_ERR_STALE, "the file changed while its index was made"},
	    {replace, CA_ERR_STALE,
		"the file changed while its index was made"},
	    {vanish, CA_ERR_NOT_FOUND, "does not exist"},
	    {open_to_all, CA_ERR_UNTRUSTED, "is writable by"},
	};
	char path[128];
	size_t all;

	snprintf(path, sizeof path, "%s/users", w->dir);
	changing = path;
	put_file(w, "users", "alice cn:x\n");
	read_number(0, 0, NULL);
	assert_int_equal(ca_map_compile(w->crypto, path, &w->log, NULL), CA_OK);
	all = reads.n; /* the content and its end; the lines and their end */
	assert_int_equal(all, 4);
	vanish();
	snprintf(path, sizeof path, "%s/users.cdb", w->dir);
	vanish();
	snprintf(path, sizeof path, "%s/users", w->dir);
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		for (size_t at = 2; at <= 4; at++) {
			bool open = at > 2; /* the second time */

			/* by then it is open, and its state seen once more */
			if (open && t[i].change == open_to_all)
				continue;
			put_file(w, "users", "alice cn:x\n");
			w->logged[0] = '\0';
			read_number(at, 0, t[i].change);
			assert_int_equal(
			    ca_map_compile(w->crypto, path, &w->log, NULL),
			    open ? CA_ERR_STALE : t[i].result);
			assert_true(reads.n >= at);
			assert_non_null(strstr(w->logged, path));
			assert_non_null(strstr(w->logged,
			    open ? "the file changed while" : t[i].logged));
			assert_int_equal(
			    things(w->dir), 2 + (t[i].change != vanish));
		}
	read_number(0, 0, NULL);
}

static void
turn_link(void)
{
	vanish();
	assert_int_equal(symlink("other", changing), 0);
}

/* The path is a link, which leads to another file of this size meanwhile. */
static void
a_link_that_changes(void **state)
{
	struct world *w = *state;
	char path[128];

	snprintf(path, sizeof path, "%s/link", w->dir);
	changing = path;
	put_file(w, "users", "alice cn:x\n");
	put_file(w, "other", "alice cn:y\n");
	assert_int_equal(symlink("users", path), 0);
	read_number(2, 0, turn_link);
	assert_int_equal(
	    ca_map_compile(w->crypto, path, &w->log, NULL), CA_ERR_STALE);
	assert_int_equal(things(w->dir), 2 + 3);
	read_number(0, 0, NULL);
	assert_int_equal(ca_map_compile(w->crypto, path, &w->log, NULL), CA_OK);
	assert_int_equal(things(w->dir), 2 + 4);
}

static void
no_place_for_an_index(void **state)
{
	struct world *w = *state;
	char path[512], index[600];

	/* a directory stands where it belongs */
	put_file(w, "users", "alice cn:x\n");
	snprintf(path, sizeof path, "%s/users", w->dir);
	snprintf(index, sizeof index, "%s.cdb", path);
	assert_int_equal(mkdir(index, 0755), 0);
	int before = things(w->dir);
	assert_int_equal(
	    ca_map_compile(w->crypto, path, &w->log, NULL), CA_ERR_IO);
	assert_non_null(strstr(w->logged, "users.cdb: "));
	assert_non_null(strstr(w->logged, "cannot write "));
	assert_int_equal(things(w->dir), before);
	assert_int_equal(rmdir(index), 0);
	/* a name that leaves no place for the ending */
	char name[256];
	memset(name, 'u', 250);
	name[250] = '\0';
	put_file(w, name, "alice cn:x\n");
	snprintf(path, sizeof path, "%s/%s", w->dir, name);
	w->logged[0] = '\0';
	assert_int_equal(
	    ca_map_compile(w->crypto, path, &w->log, NULL), CA_ERR_IO);
	assert_non_null(strstr(w->logged, strerror(ENAMETOOLONG)));
	assert_int_equal(things(w->dir), before);
	/* no file */
	snprintf(path, sizeof path, "%s/other", w->dir);
	assert_int_equal(
	    ca_map_compile(w->crypto, path, &w->log, NULL), CA_ERR_NOT_FOUND);
	assert_int_equal(things(w->dir), before);
}

/* The index may be read by whom the file may be read, and written by none. */
static void
mode_of_an_index(void **state)
{
	struct world *w = *state;
	static const mode_t modes[] = {0600, 0640, 0644, 0400, 0755};
	char path[128], index[160];
	struct stat st;

	snprintf(path, sizeof path, "%s/users", w->dir);
	snprintf(index, sizeof index, "%s.cdb", path);
	put_file(w, "users", "alice cn:x\n");
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		assert_int_equal(
		    ca_map_compile(w->crypto, path, &w->log, NULL), CA_OK);
		assert_int_equal(stat(index, &st), 0);
		assert_int_equal(st.st_mode & 0777, modes[i] & 0644);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lengths_of_an_entry),
	    cmocka_unit_test(answers_of_a_name_service),
	    T(accounts_that_no_pattern_makes),
	    T(uids_that_no_pattern_makes),
	    T(several_accounts),
	    T(no_answer),
	    T(one_look),
	    T(reads_that_fail),
	    T(a_file_that_changes),
	    T(a_link_that_changes),
	    T(no_place_for_an_index),
	    T(mode_of_an_index),
	};

	return cmocka_run_group_tests_name("map_system", tests, NULL, NULL);
}
