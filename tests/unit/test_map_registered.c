/* Registered certificates: which directories, files and homes count, and what
 * is said of those that do not. */
#include "mapcert.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <pwd.h>
#include <sys/resource.h>

#include "map/users_index.h"
#include "map/registered.h"

/* ---- the one account that this program knows ---- */

static struct {
	char home[256];
	uid_t uid;
	bool absent;
} account;

__attribute__((visibility("hidden"))) int
getpwnam_r(const char *name, struct passwd *pw, char *p, size_t size,
    struct passwd **out)
{
	*out = NULL;
	if (account.absent || strcmp(name, "alice") != 0)
		return 0;
	(void)snprintf(p, size, "%s", name);
	*pw = (struct passwd){
	    .pw_name = p, .pw_dir = account.home, .pw_uid = account.uid};
	*out = pw;
	return 0;
}

/* A directory that cannot be read to its end: after so many entries. */
static int entries = -1;

__attribute__((visibility("hidden"))) struct dirent *
readdir(DIR *dir)
{
	struct dirent *(*next)(DIR *) = NULL;

	if (entries == 0) {
		errno = EIO;
		return NULL;
	}
	entries -= entries > 0;
	*(void **)&next = dlsym(RTLD_NEXT, "readdir");
	return next(dir);
}

/* ---- certificates and files ---- */

static X509 *
cert_of(const char *cn, bool ca)
{
	struct made m = {.subject = {UTF8("CN", cn), {0}},
	    .issuer = {UTF8("CN", "CA"), {0}}};
	X509 *x = make_cert(&m);

	if (!ca)
		return x;
	add_raw_extension(x, "2.5.29.19", "\x30\x03\x01\x01\xff", 5);
	assert_true(X509_sign(x, test_key(), EVP_sha256()) > 0);
	unsigned char *der = NULL;
	int len = i2d_X509(x, &der);
	const unsigned char *p = der;
	X509_free(x);
	assert_non_null(x = d2i_X509(NULL, &p, len));
	OPENSSL_free(der);
	return x;
}

static void
place(const struct world *w, char *out, const char *dir, const char *name)
{
	sprintf(
	    out, "%s/%s%s%s", w->dir, dir, name[0] != '\0' ? "/" : "", name);
}

/* The certificates (up to two), as DIR/NAME. */
static void
put_certs(struct world *w, const char *dir, const char *name, X509 *a, X509 *b)
{
	char path[600];

	place(w, path, dir, "");
	for (char *p = path + strlen(w->dir) + 1; p != NULL;) {
		char *slash = strchr(p, '/');

		if (slash != NULL)
			*slash = '\0';
		(void)mkdir(path, 0755);
		if (slash != NULL)
			*slash++ = '/';
		p = slash;
	}
	place(w, path, dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, a), 1);
	if (b != NULL)
		assert_int_equal(PEM_write_X509(f, b), 1);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

static int
setup(void **state)
{
	int rc = world_setup(state);
	struct world *w = *state;

	account.absent = false;
	account.uid = geteuid();
	(void)snprintf(account.home, sizeof account.home, "%s/home", w->dir);
	w->cfg->user_certificates = true;
	w->user = "alice";
	put_file(w, "users", "");
	return rc;
}

/* ---- users_dir ---- */

static size_t
registered(struct world *w, size_t max, bool chain, char *names)
{
	STACK_OF(X509) *got = NULL;
	const struct ca_context ctx = {w->crypto, w->cfg, &w->log, w->now};
	struct ca_map_budget budget = {max, 320};
	enum ca_err rc = (chain ? ca_map_registered_chain : ca_map_registered)(
	    &ctx, w->user, &budget, &got);

	if (rc != CA_OK)
		fail_msg("%d: %s", rc, w->logged);
	size_t n = (size_t)sk_X509_num(got);
	names[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		char cn[64];

		X509_NAME_get_text_by_NID(
		    X509_get_subject_name(sk_X509_value(got, (int)i)),
		    NID_commonName, cn, sizeof cn);
		strcat(names, cn);
		strcat(names, " ");
	}
	sk_X509_pop_free(got, X509_free);
	return n;
}

static void
order_and_number(void **state)
{
	struct world *w = *state;
	char names[4096], name[32], want[4096] = "", path[256];
	X509 *x;

	/* not in the order in which they are made, nor its reverse */
	for (int i = 0; i < 64; i++) {
		int k = i * 37 % 64;

		sprintf(name, "%02d", k);
		x = cert_of(name, false);
		strcat(name, ".pem");
		put_certs(w, "users.d/alice", name, x, NULL);
		X509_free(x);
	}
	for (int i = 0; i < 64; i++)
		sprintf(want + strlen(want), "%02d ", i);
	assert_int_equal(registered(w, 100, false, names), 64);
	assert_string_equal(names, want);
	assert_int_equal(registered(w, 3, false, names), 3);
	assert_string_equal(names, "00 01 02 ");
	/* names that do not count; then one too many */
	x = cert_of("x", false);
	put_certs(w, "users.d/alice", ".x.pem", x, NULL);
	put_certs(w, "users.d/alice", "x.pem~", x, NULL);
	put_certs(w, "users.d/alice", "x.crt", x, NULL);
	assert_int_equal(decide(w, x, NULL), CA_R_UNMAPPED);
	put_certs(w, "users.d/alice", "x.pem", x, NULL);
	assert_int_equal(decide(w, x, NULL), CA_R_USERS_FILE);
	assert_int_equal(w->err, CA_ERR_LIMIT);
	assert_non_null(strstr(w->logged, "users.d/alice: "));
	place(w, path, "users.d/alice", "00.pem");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(decide(w, x, NULL), CA_R_OK);
	X509_free(x);
}

static void
directories(void **state)
{
	struct world *w = *state;
	X509 *x = cert_of("a", false);
	char path[256];

	w->cfg->user_certificates = false;
	/* none is no error, and is not spoken of */
	assert_int_equal(decide(w, x, NULL), CA_R_UNMAPPED);
	assert_null(strstr(w->logged, "users.d"));
	put_certs(w, "users.d/bob", "1.pem", x, NULL);
	assert_int_equal(decide(w, x, NULL), CA_R_UNMAPPED);
	assert_null(strstr(w->logged, "users.d"));
	put_certs(w, "users.d/alice", "1.pem", x, NULL);
	assert_int_equal(decide(w, x, NULL), CA_R_OK);
	place(w, path, "users.d/alice", "");
	assert_int_equal(chmod(path, 0777), 0);
	assert_int_equal(decide(w, x, NULL), CA_R_USERS_FILE);
	assert_non_null(strstr(w->logged, "users.d/alice is writable by"));
	assert_int_equal(chmod(path, 0755), 0);
	/* a name under users_dir that is no login's: only where all are read */
	put_certs(w, "users.d/no:login", "1.pem", x, NULL);
	assert_int_equal(decide(w, x, NULL), CA_R_OK);
	w->user = NULL;
	assert_int_equal(decide(w, x, NULL), CA_R_USERS_FILE);
	assert_int_equal(w->err, CA_ERR_FORMAT);
	assert_non_null(strstr(w->logged,
	    "users.d/no:login: the name of the directory is not a login"));
	/* directories have names with blanks: one refuses nobody */
	put_certs(w, "users.d/no login", "1.pem", x, NULL);
	place(w, path, "users.d/no:login", "1.pem");
	assert_int_equal(unlink(path), 0);
	place(w, path, "users.d/no:login", "");
	assert_int_equal(rmdir(path), 0);
	/* bob is registered with the same certificate */
	assert_int_equal(decide(w, x, NULL), CA_R_AMBIGUOUS);
	assert_non_null(
	    strstr(w->logged, "users.d/no login\": the directory is ignored"));
	assert_non_null(strstr(w->detail, "alice, bob"));
	place(w, path, "users.d", "");
	assert_int_equal(chmod(path, 0775), 0);
	w->user = "alice";
	assert_int_equal(decide(w, x, NULL), CA_R_USERS_FILE);
	assert_non_null(strstr(w->logged, "users.d is writable by"));
	X509_free(x);
}

/* Where the directory cannot be read in full, what is missing in it may be
 * what decides. */
static void
cannot_be_listed(void **state)
{
	struct world *w = *state;
	X509 *x = cert_of("a", false);
	struct rlimit was, now;
	int refused = 0, free_one;

	w->cfg->user_certificates = false;
	for (int i = 0; i < 4; i++)
		put_certs(w, "users.d/alice",
		    (const char *[]){"1.pem", "2.pem", "3.pem", "4.pem"}[i], x,
		    NULL);
	for (int i = 0; i < 4; i++) {
		entries = i;
		assert_int_equal(decide(w, x, NULL), CA_R_USERS_FILE);
		assert_int_equal(w->err, CA_ERR_IO);
		assert_non_null(strstr(w->logged, "users.d/alice: "));
		w->user = NULL;
		entries = i;
		assert_int_equal(decide(w, x, NULL), CA_R_USERS_FILE);
		w->user = "alice";
	}
	entries = -1;
	assert_int_equal(decide(w, x, NULL), CA_R_OK);
	/* no descriptor for one file or directory after the other */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	free_one = dup(0);
	assert_true(free_one > 0);
	close(free_one);
	now = was;
	for (int i = 0; i < 8; i++) {
		now.rlim_cur = (rlim_t)(free_one + i);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
		enum ca_reason r = decide(w, x, NULL);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
		if (r == CA_R_OK)
			continue;
		assert_int_equal(r, CA_R_USERS_FILE);
		assert_int_equal(w->err, CA_ERR_IO);
		assert_non_null(strstr(w->logged, "cannot read "));
		refused++;
	}
	assert_true(refused >= 3 && refused <= 7);
	X509_free(x);
}

/* A CA behind the first certificate of a file is its chain, and nobody. */
static void
chains(void **state)
{
	struct world *w = *state;
	X509 *a = cert_of("a", false), *b = cert_of("b", false);
	X509 *ca = cert_of("ca", true);
	char names[256];

	w->cfg->user_certificates = false;
	put_certs(w, "users.d/alice", "1.pem", a, ca);
	assert_int_equal(decide(w, a, NULL), CA_R_OK);
	assert_int_equal(decide(w, ca, NULL), CA_R_UNMAPPED);
	assert_int_equal(registered(w, 8, false, names), 1);
	assert_string_equal(names, "a ");
	assert_int_equal(registered(w, 8, true, names), 1);
	assert_string_equal(names, "ca ");
	/* two that are none: both are registered, neither is a chain */
	put_certs(w, "users.d/alice", "1.pem", a, b);
	assert_int_equal(decide(w, b, NULL), CA_R_OK);
	assert_int_equal(registered(w, 8, false, names), 2);
	assert_int_equal(registered(w, 8, true, names), 0);
	/* a CA's in the first place is registered, and no chain */
	put_certs(w, "users.d/alice", "1.pem", ca, a);
	assert_int_equal(decide(w, ca, NULL), CA_R_OK);
	assert_int_equal(decide(w, a, NULL), CA_R_OK);
	assert_int_equal(registered(w, 8, false, names), 2);
	assert_int_equal(registered(w, 8, true, names), 0);
	/* nobody has none */
	w->user = "";
	assert_int_equal(registered(w, 8, false, names), 0);
	w->user = NULL;
	assert_int_equal(registered(w, 8, false, names), 0);
	X509_free(a);
	X509_free(b);
	X509_free(ca);
}

static void
forms_of_a_file(void **state)
{
	struct world *w = *state;
	X509 *x = cert_of("a", false);
	char *pem, *text = calloc(1, 100000);
	BIO *bio = BIO_new(BIO_s_mem());

	w->cfg->user_certificates = false;
	assert_int_equal(PEM_write_bio_X509(bio, x), 1);
	long len = BIO_get_mem_data(bio, &pem);
	put_certs(w, "users.d/alice", "1.pem", x, NULL);
	/* the label of old, and other things before and between */
	sprintf(text,
	    "text\n-----BEGIN X509 CERTIFICATE-----%.*s"
	    "-----END X509 CERTIFICATE-----\n",
	    (int)len - 27 - 26, pem + 27);
	put_file(w, "users.d/alice/1.pem", text);
	assert_int_equal(decide(w, x, NULL), CA_R_OK);
	sprintf(text,
	    "-----BEGIN TRUSTED CERTIFICATE-----%.*s"
	    "-----END TRUSTED CERTIFICATE-----\n",
	    (int)len - 27 - 26, pem + 27);
	put_file(w, "users.d/alice/1.pem", text);
	assert_int_equal(decide(w, x, NULL), CA_R_USERS_FILE);
	assert_non_null(strstr(w->logged, "1.pem"));
	put_file(w, "users.d/alice/1.pem", "");
	assert_int_equal(decide(w, x, NULL), CA_R_USERS_FILE);
	put_file(w, "users.d/alice/1.pem", "nothing\n");
	assert_int_equal(decide(w, x, NULL), CA_R_USERS_FILE);
	/* 64 KiB, and one byte more */
	memset(text, '\n', 65537);
	memcpy(text, pem, (size_t)len);
	text[65536] = '\0';
	put_file(w, "users.d/alice/1.pem", text);
	assert_int_equal(decide(w, x, NULL), CA_R_OK);
	text[65536] = '\n';
	put_file(w, "users.d/alice/1.pem", text);
	assert_int_equal(decide(w, x, NULL), CA_R_USERS_FILE);
	assert_int_equal(w->err, CA_ERR_LIMIT);
	BIO_free(bio);
	free(text);
	X509_free(x);
}

/* ---- homes ---- */

static const char own[] = "the user must own it";

/* The certificate in the home is taken; else said is in the warning, or, with
 * said NULL, nothing is said. */
static void
expect(struct world *w, X509 *x, bool taken, const char *said)
{
	enum ca_reason r = decide(w, x, NULL);

	if (r != (taken ? CA_R_OK : CA_R_UNMAPPED))
		fail_msg("%d: %s %s", r, w->detail, w->logged);
	if (said == NULL)
		assert_null(strstr(w->logged, "not used"));
	else if (strstr(w->logged, " is not used: ") == NULL ||
		 strstr(w->logged, said) == NULL)
		fail_msg("%s: %s", said, w->logged);
}

static void
homes(void **state)
{
	struct world *w = *state;
	X509 *x = cert_of("a", false);
	char path[256], other[256], cwd[256];

	/* no home, no directory in it, no file in that: all of it usual */
	expect(w, x, false, NULL);
	place(w, path, "home", "");
	assert_int_equal(mkdir(path, 0755), 0);
	expect(w, x, false, NULL);
	place(w, path, "home/.certauth", "");
	assert_int_equal(mkdir(path, 0755), 0);
	expect(w, x, false, NULL);
	put_certs(w, "home/.certauth", "1.pem", x, NULL);
	expect(w, x, true, NULL);
	/* only where the configuration says so */
	w->cfg->user_certificates = false;
	expect(w, x, false, NULL);
	w->cfg->user_certificates = true;
	/* an account that is none */
	account.absent = true;
	expect(w, x, false, NULL);
	account.absent = false;
	w->user = "bob";
	expect(w, x, false, NULL);
	w->user = "alice";
	/* another's directories: not those of everyone */
	static const char *const dirs[] = {"home", "home/.certauth"};
	for (size_t i = 0; i < 2; i++) {
		place(w, path, dirs[i], "");
		for (mode_t m = 0720; m <= 0722; m += 2) {
			assert_int_equal(chmod(path, m), 0);
			expect(w, x, false, own);
		}
		assert_int_equal(chmod(path, 0702), 0);
		expect(w, x, false, own);
		/* sticky helps only where it is root's */
		if (geteuid() == 0) {
			assert_int_equal(chmod(path, 01777), 0);
			expect(w, x, true, NULL);
			assert_int_equal(chown(path, 4712, (gid_t)-1), 0);
			expect(w, x, false, own);
			assert_int_equal(chmod(path, 0755), 0);
			expect(w, x, false, own);
			assert_int_equal(chown(path, 0, (gid_t)-1), 0);
		}
		assert_int_equal(chmod(path, 0755), 0);
		expect(w, x, true, NULL);
	}
	/* a home beside the root of the file system */
	strcpy(other, account.home);
	assert_non_null(getcwd(cwd, sizeof cwd));
	assert_int_equal(chdir(w->dir), 0);
	strcpy(account.home, "home");
	expect(w, x, false, NULL);
	account.home[0] = '\0';
	expect(w, x, false, NULL);
	assert_int_equal(chdir(cwd), 0);
	/* a link to it is common */
	place(w, path, "link", "");
	assert_int_equal(symlink("home", path), 0);
	strcpy(account.home, path);
	expect(w, x, true, NULL);
	/* but not to the directory in it */
	strcpy(account.home, other);
	place(w, path, "home/.certauth", "");
	place(w, other, "home/real", "");
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink("real", path), 0);
	expect(w, x, false, "home/.certauth is not used");
	assert_int_equal(unlink(path), 0);
	/* nor a file in its place */
	put_file(w, "home/.certauth", "");
	expect(w, x, false, "home/.certauth is not used");
	X509_free(x);
}

static void
files_of_a_home(void **state)
{
	struct world *w = *state;
	X509 *x = cert_of("a", false), *y = cert_of("b", false);
	char path[256], names[64];

	put_certs(w, "home/.certauth", "2.pem", x, NULL);
	place(w, path, "home/.certauth", "1.pem");
	/* what is wrong with one file is said, and the other counts */
	put_certs(w, "home/.certauth", "1.pem", y, NULL);
	expect(w, x, true, NULL);
	for (mode_t m = 0624; m <= 0646; m += 022 - 4) {
		assert_int_equal(chmod(path, m), 0);
		expect(w, x, true, own);
		expect(w, y, false, own);
	}
	assert_int_equal(chmod(path, 0644), 0);
	expect(w, y, true, NULL);
	put_file(w, "home/.certauth/1.pem", "");
	expect(w, x, true, "1.pem is not used");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	expect(w, x, true, own);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0644), 0);
	expect(w, x, true, own);
	assert_int_equal(unlink(path), 0);
	/* a link could lead to what only root may read */
	assert_int_equal(symlink("2.pem", path), 0);
	expect(w, x, true, ca_err_text(CA_ERR_IO));
	assert_int_equal(unlink(path), 0);
	/* root's file, in the home of somebody else; the directories are
	 * root's or the user's */
	if (geteuid() == 0) {
		account.uid = 4711;
		expect(w, x, false, own);
		place(w, path, "home/.certauth", "2.pem");
		assert_int_equal(chown(path, 4711, (gid_t)-1), 0);
		expect(w, x, true, NULL);
		assert_int_equal(registered(w, 8, false, names), 1);
	} else {
		account.uid = geteuid() + 1;
		expect(w, x, false, own);
	}
	X509_free(x);
	X509_free(y);
}

/* ---- no descriptor is left open ---- */

static int
descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static void
each_is_closed(void **state)
{
	struct world *w = *state;
	X509 *x = cert_of("a", false);
	char path[128], index[160], names[64];
	int n = 0;

	put_certs(w, "users.d/alice", "1.pem", x, NULL);
	put_certs(w, "home/.certauth", "2.pem", x, NULL);
	put_file(w, "users", "bob cn:a\n");
	snprintf(path, sizeof path, "%s/users", w->dir);
	snprintf(index, sizeof index, "%s.cdb", path);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(decide(w, x, NULL), CA_R_OK);
		assert_int_equal(
		    ca_map_compile(w->crypto, path, &w->log, NULL), CA_OK);
		assert_int_equal(decide(w, x, NULL), CA_R_OK);
		assert_int_equal(
		    ca_users_index_check(w->crypto, path, &w->log), CA_OK);
		w->user = NULL;
		assert_int_equal(decide(w, x, NULL), CA_R_OK);
		w->user = "alice";
		assert_int_equal(registered(w, 8, true, names), 0);
		assert_int_equal(truncate(index, 5), 0);
		assert_int_equal(decide(w, x, NULL), CA_R_OK);
		assert_int_equal(ca_users_index_check(w->crypto, path, &w->log),
		    CA_ERR_FORMAT);
		assert_int_equal(unlink(index), 0);
		assert_int_equal(mkdir(index, 0755), 0);
		assert_int_equal(
		    ca_map_compile(w->crypto, path, &w->log, NULL), CA_ERR_IO);
		assert_int_equal(rmdir(index), 0);
		assert_int_equal(decide(w, x, "foo\n"), CA_R_USERS_FILE);
		put_file(w, "users", "bob cn:a\n");
		assert_int_equal(chmod(account.home, 0777), 0);
		assert_int_equal(decide(w, x, NULL), CA_R_OK);
		assert_non_null(strstr(w->logged, own));
		assert_int_equal(chmod(account.home, 0755), 0);
		if (round == 0)
			n = descriptors();
	}
	assert_int_equal(descriptors(), n);
	X509_free(x);
}

/* ---- the budget ---- */

/* How many certificates cost units are enough for; *left: what is over. */
static int
afforded(struct world *w, size_t cost, size_t *left)
{
	const struct ca_context ctx = {w->crypto, w->cfg, &w->log, w->now};
	struct ca_map_budget budget = {100, cost};
	STACK_OF(X509) *got = NULL;

	w->logged[0] = '\0';
	assert_int_equal(
	    ca_map_registered(&ctx, w->user, &budget, &got), CA_OK);
	int n = sk_X509_num(got);
	sk_X509_pop_free(got, X509_free);
	*left = budget.cost;
	return n;
}

/* What is decoded counts, though it is not given out: a CA behind the first. */
static void
decodings_cost(void **state)
{
	struct world *w = *state;
	X509 *x = cert_of("a", false), *ca = cert_of("ca", true);
	char name[32];
	size_t left;

	for (int i = 0; i < 5; i++) {
		sprintf(name, "%d.pem", i);
		put_certs(w, "users.d/alice", name, x, ca);
	}
	assert_int_equal(afforded(w, 10, &left), 5);
	assert_int_equal(left, 0);
	assert_null(strstr(w->logged, "not used"));
	assert_int_equal(afforded(w, 12, &left), 5);
	assert_int_equal(left, 2);
	assert_int_equal(afforded(w, 5, &left), 3);
	assert_int_equal(left, 0);
	assert_non_null(strstr(
	    w->logged, "2.pem and the certificates after it are not used"));
	assert_int_equal(afforded(w, 0, &left), 0);
	X509_free(x);
	X509_free(ca);
}

/* Of a home so many bytes are read, of users_dir as many as there are. */
static void
bytes_of_a_home(void **state)
{
	static const char *const dirs[] = {"home/.certauth", "users.d/alice"};
	struct world *w = *state;
	X509 *x = cert_of("a", false);
	char path[256], name[32];
	size_t left;

	place(w, path, "home", "");
	assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
	for (size_t d = 0; d < 2; d++) {
		for (int i = 0; i < 8; i++) {
			sprintf(name, "%d.pem", i);
			put_certs(w, dirs[d], name, x, NULL);
			place(w, path, dirs[d], name);
			FILE *f = fopen(path, "a");
			assert_non_null(f);
			for (int n = 0; n < 50000; n++)
				fputc('\n', f);
			assert_int_equal(fclose(f), 0);
		}
		/* five of 51 KiB fit into 256 */
		assert_int_equal(afforded(w, 320, &left), d == 0 ? 5 : 13);
		assert_non_null(
		    strstr(w->logged, "and the files after it are not used"));
		/* it keeps nobody out */
		assert_int_equal(decide(w, x, NULL), CA_R_OK);
	}
	X509_free(x);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(order_and_number),
	    T(directories),
	    T(cannot_be_listed),
	    T(chains),
	    T(forms_of_a_file),
	    T(homes),
	    T(files_of_a_home),
	    T(each_is_closed),
	    T(decodings_cost),
	    T(bytes_of_a_home),
	};

	return cmocka_run_group_tests_name("map_registered", tests, NULL, NULL);
}
