/* directory = sss: what each answer of SSSD means, and of a broker.  SSSD's library, the
 * loader and the accounts are this program's own here. */
#include "mapcert.h"

#include <dlfcn.h>
#include <errno.h>
#include <pwd.h>
#include <sys/socket.h>

#include "map/sss.h"

#define HERE __attribute__((visibility("hidden")))

/* ---- SSSD ---- */

static struct {
	bool absent;
	const char *lacking;
	const char *names[12]; /* of the certificate; NULL ends */
	int types[12], list, account;
	int asked;
} lib;

/* The accounts of SSSD and of the host: by which name each is found. */
static const struct {
	const char *name, *own;
	uid_t sssd, host; /* 0: only as root's is there one */
	bool by_sssd, by_host;
} accounts[] = {
    {"erin@example.com", "erin", 3001, 3001, true, true},
    {"erin", "erin", 3001, 3001, true, true},
    {"ERIN", "erin", 3001, 3001, true, true},
    {"alice@example.com", "alice", 3004, 3004, true, true},
    {"alice", "alice", 3004, 2001, true, true}, /* a local one */
    {"frank@example.com", "frank", 3002, 3002, true, true},
    {"frank", "frank", 3002, 3002, true, true},
    {"toor@example.com", "toor", 0, 0, true, true},
    {"toor", "toor", 0, 0, true, true},
    {"low@example.com", "low", 999, 999, true, true},
    {"nobody@example.com", "nobody", 65534, 65534, true, true},
    {"split@example.com", "split", 3010, 3011, true, true},
    {"split", "split", 3010, 3011, true, true},
    {"hidden@example.com", "hidden", 3012, 0, true, false},
    {"bad@example.com", "-bad", 3013, 3013, true, true},
    {"-bad", "-bad", 3013, 3013, true, true},
};

static int
fake_list(const char *cert, unsigned timeout, char ***names, int **types)
{
	size_t n = 0;

	lib.asked++;
	assert_memory_equal(cert, "MII", 2);
	assert_int_equal(timeout, CA_SSS_LIST_MS);
	if (lib.list != 0)
		return lib.list;
	while (lib.names[n] != NULL)
		n++;
	*names = calloc(n + 1, sizeof **names);
	*types = calloc(n + 1, sizeof **types);
	for (size_t i = 0; i < n; i++) {
		(*names)[i] = strdup(lib.names[i]);
		(*types)[i] = lib.types[i] != 0 ? lib.types[i] : 1;
	}
	return 0;
}

static int
fake_account(const char *name, struct passwd *pw, char *buffer, size_t size,
    struct passwd **found, uint32_t flags, unsigned timeout)
{
	(void)buffer;
	assert_true(size >= 1024);
	assert_int_equal(flags, 0);
	assert_in_range(timeout, 1, CA_SSS_MS);
	*found = NULL;
	if (lib.account != 0)
		return lib.account;
	for (size_t i = 0; i < sizeof accounts / sizeof accounts[0]; i++)
		if (accounts[i].by_sssd &&
		    strcmp(accounts[i].name, name) == 0) {
			pw->pw_uid = accounts[i].sssd;
			*found = pw;
			return 0;
		}
	return ENOENT;
}

HERE void *
dlopen(const char *file, int flags)
{
	assert_string_equal(file, "libsss_nss_idmap.so.0");
	assert_int_equal(flags, RTLD_NOW | RTLD_LOCAL);
	return lib.absent ? NULL : &lib;
}

HERE void *
dlsym(void *handle, const char *name)
{
	void *p = NULL;

	assert_ptr_equal(handle, &lib);
	if (lib.lacking != NULL && strcmp(name, lib.lacking) == 0)
		return NULL;
	if (strcmp(name, "sss_nss_getlistbycert_timeout") == 0)
		*(int (**)(const char *, unsigned, char ***, int **)) & p =
		    fake_list;
	else if (strcmp(name, "sss_nss_getpwnam_timeout") == 0)
		*(int (**)(const char *, struct passwd *, char *, size_t,
		    struct passwd **, uint32_t, unsigned)) &
		    p = fake_account;
	return p;
}

/* ---- the host ---- */

HERE int
getpwnam_r(const char *name, struct passwd *pw, char *buffer, size_t size,
    struct passwd **found)
{
	(void)buffer;
	(void)size;
	*found = NULL;
	for (size_t i = 0; i < sizeof accounts / sizeof accounts[0]; i++)
		if (accounts[i].by_host &&
		    strcmp(accounts[i].name, name) == 0) {
			memset(pw, 0, sizeof *pw);
			pw->pw_name = (char *)(uintptr_t)accounts[i].own;
			pw->pw_dir = (char *)(uintptr_t) "/";
			pw->pw_uid = accounts[i].host;
			*found = pw;
		}
	return 0;
}

/* ---- the pipe of SSSD is there ---- */

static bool no_pipe;

HERE int
access(const char *path, int mode)
{
	if (strcmp(path, "/var/lib/sss/pipes/nss") == 0) {
		errno = ENOENT;
		return no_pipe ? -1 : 0;
	}
	return faccessat(-100, path, mode, 0);
}

static const struct made plain = {
    .subject = {UTF8("CN", "erin"), {0}}, .issuer = {UTF8("CN", "CA"), {0}}};

/* The reason for user, if SSSD has these accounts for the certificate. */
static enum ca_reason
said(struct world *w, const char *user, const char *one, const char *two)
{
	X509 *x = make_cert(&plain);

	lib.names[0] = one;
	lib.names[1] = one != NULL ? two : NULL;
	lib.names[2] = NULL;
	w->user = user;
	enum ca_reason r = decide(w, x, "# none\n");
	X509_free(x);
	return r;
}

static int
setup(void **state)
{
	memset(&lib, 0, sizeof lib);
	no_pipe = false;
	world_setup(state);
	struct world *w = *state;
	assert_int_equal(
	    ca_config_set(w->cfg, "directory", "sss", "t", NULL), CA_OK);
	return 0;
}

static void
who_may_log_in(void **state)
{
	struct world *w = *state;

	assert_int_equal(said(w, "erin", "erin@example.com", NULL), CA_R_OK);
	assert_non_null(strstr(w->detail, "sss erin@example.com"));
	assert_int_equal(said(w, "ERIN", "erin@example.com", NULL), CA_R_OK);
	assert_string_equal(w->login, "ERIN");
	assert_int_equal(
	    said(w, "frank", "erin@example.com", NULL), CA_R_OTHER_USER);
	assert_int_equal(
	    said(w, "frank", "erin@example.com", "frank@example.com"), CA_R_OK);
	assert_int_equal(
	    said(w, "stranger", "erin@example.com", NULL), CA_R_OTHER_USER);
	assert_int_equal(said(w, "erin", NULL, NULL), CA_R_UNMAPPED);
	/* what can be done about it is done where SSSD has its accounts */
	assert_non_null(strstr(w->detail, "SSSD has no account for it"));
	assert_non_null(strstr(w->detail, "sss_cache -E"));
	assert_null(strstr(w->detail, "users add"));
	/* another person's short name */
	assert_int_equal(
	    said(w, "alice", "alice@example.com", NULL), CA_R_OTHER_USER);
	assert_int_equal(
	    said(w, "alice@example.com", "alice@example.com", NULL), CA_R_OK);
	/* nobody asked */
	assert_int_equal(said(w, NULL, "erin@example.com", NULL), CA_R_OK);
	assert_string_equal(w->login, "erin");
	assert_int_equal(
	    said(w, NULL, "alice@example.com", NULL), CA_R_LOGIN_INVALID);
	assert_int_equal(
	    said(w, NULL, "bad@example.com", NULL), CA_R_LOGIN_INVALID);
	assert_int_equal(said(w, NULL, "erin@example.com", "frank@example.com"),
	    CA_R_AMBIGUOUS);
	assert_int_equal(said(w, NULL, NULL, NULL), CA_R_UNMAPPED);
}

static void
who_may_not(void **state)
{
	struct world *w = *state;
	static const char *const never[] = {
	    "toor", "low", "nobody", "split", "hidden"};
	char name[64];

	for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
		(void)snprintf(name, sizeof name, "%s@example.com", never[i]);
		assert_int_equal(said(w, NULL, name, NULL), CA_R_LOGIN_INVALID);
		assert_int_not_equal(said(w, name, name, NULL), CA_R_OK);
	}
	assert_int_equal(
	    said(w, "toor", "toor@example.com", NULL), CA_R_LOGIN_INVALID);
	assert_non_null(strstr(w->detail, "below min_uid"));
	/* SSSD has it, the name service has neither name */
	assert_int_equal(
	    said(w, "hidden", "hidden@example.com", NULL), CA_R_LOGIN_INVALID);
	assert_non_null(strstr(w->detail, "/etc/nsswitch.conf"));
	assert_int_equal(
	    said(w, "erin", "hidden@example.com", NULL), CA_R_OTHER_USER);
	/* a group is nobody; nor is what SSSD has forgotten */
	lib.types[0] = 2;
	assert_int_equal(
	    said(w, "erin", "erin@example.com", NULL), CA_R_UNMAPPED);
	lib.types[0] = 3;
	assert_int_equal(said(w, "erin", "erin@example.com", NULL), CA_R_OK);
	assert_int_equal(
	    said(w, "erin", "gone@example.com", NULL), CA_R_UNMAPPED);
}

static void
when_it_is_asked(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);

	lib.names[0] = "erin@example.com";
	w->user = "frank";
	assert_int_equal(decide(w, x, "frank cn:erin\n"), CA_R_OK);
	assert_int_equal(lib.asked, 0);
	w->user = "erin";
	assert_int_equal(decide(w, x, "! cn:erin\n"), CA_R_REFUSED);
	assert_int_equal(
	    decide(w, x, "erin cn:erin\n! cn:erin\n"), CA_R_REFUSED);
	assert_int_equal(
	    decide(w, x, "erin cn:erin service=other\n"), CA_R_UNMAPPED);
	assert_int_equal(
	    decide(w, x, "erin cn:erin until=2001-01-01\n"), CA_R_UNMAPPED);
	assert_int_equal(decide(w, x, "erin\n"), CA_R_USERS_FILE);
	assert_int_equal(lib.asked, 0);
	w->user = NULL;
	assert_int_equal(decide(w, x, "frank cn:erin\n"), CA_R_OK);
	assert_string_equal(w->login, "frank");
	assert_int_equal(lib.asked, 0);
	/* nor is it the name of an account that a certificate may choose */
	const struct ca_context ctx = {w->crypto, w->cfg, &w->log, w->now};
	put_file(w, "users", "! cn:erin\nerin cn:erin\n");
	assert_int_equal(ca_map_names(&ctx, "!"), CA_DENIED);
	assert_int_equal(ca_map_names(&ctx, "erin"), CA_OK);
	/* what says nothing of this login and certificate */
	w->user = "erin";
	assert_int_equal(decide(w, x, "frank cn:erin\n! cn:x\n"), CA_R_OK);
	assert_int_equal(decide(w, x, "! cn:erin until=2001-01-01\n"), CA_R_OK);
	assert_int_equal(lib.asked, 2);
	assert_int_equal(
	    ca_config_set(w->cfg, "directory", "none", "t", NULL), CA_OK);
	assert_int_equal(decide(w, x, "# none\n"), CA_R_UNMAPPED);
	assert_int_equal(lib.asked, 2);
	X509_free(x);
}

static void
when_it_cannot_say(void **state)
{
	struct world *w = *state;
	static const int errors[] = {ETIME, ECONNREFUSED, EFAULT, EIO, EPERM};

	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		lib.list = errors[i];
		assert_int_equal(said(w, "erin", NULL, NULL), CA_R_DIRECTORY);
		assert_int_equal(w->err, CA_ERR_IO);
		assert_non_null(
		    strstr(w->detail, errors[i] == ETIME || errors[i] == EFAULT
					  ? "no answer came in time"
					  : strerror(errors[i])));
		/* "not found" is an answer only if it answers otherwise */
		lib.list = ENOENT;
		assert_int_equal(said(w, "erin", NULL, NULL), CA_R_UNMAPPED);
		lib.account = errors[i];
		assert_int_equal(said(w, "erin", NULL, NULL), CA_R_DIRECTORY);
		assert_int_equal(said(w, NULL, NULL, NULL), CA_R_DIRECTORY);
		lib.list = 0;
		assert_int_equal(
		    said(w, "erin", "erin@example.com", NULL), CA_R_DIRECTORY);
		lib.account = 0;
	}
	lib.list = ENOENT;
	assert_int_equal(said(w, "stranger", NULL, NULL), CA_R_UNMAPPED);
	no_pipe = true;
	assert_int_equal(said(w, "stranger", NULL, NULL), CA_R_DIRECTORY);
}

static void
no_more_than_it_takes(void **state)
{
	static struct ca_sss_question q = {.len = 3, .der = {0x30, 0x82, 0}};
	static struct ca_sss_answer a;
	static uint8_t der[CA_SSS_CERT_MAX + 1] = {0x30, 0x82};
	char name[CA_SSS_NAME_MAX + 2];

	(void)state;
	assert_true(ca_sss_load());
	for (size_t i = 0; i < CA_SSS_ACCOUNTS; i++)
		lib.names[i] = "erin@example.com";
	ca_sss_ask(&q, &a);
	assert_int_equal(a.state, CA_SSS_ANSWERED);
	assert_int_equal(a.n, CA_SSS_ACCOUNTS);
	assert_int_equal(a.more, 0);
	lib.names[CA_SSS_ACCOUNTS] = "frank@example.com";
	ca_sss_ask(&q, &a);
	assert_int_equal(a.n, CA_SSS_ACCOUNTS);
	assert_int_equal(a.more, 1);
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	lib.names[1] = name;
	ca_sss_ask(&q, &a);
	assert_int_equal(a.n, 1);
	assert_int_equal(a.more, 1);
	lib.names[0] = NULL;
	assert_int_equal(ca_sss_look(der, sizeof der, NULL, &a), CA_ERR_LIMIT);
	assert_int_equal(a.state, CA_SSS_SILENT);
	assert_int_equal(ca_sss_look(der, sizeof der - 1, NULL, &a), CA_OK);
	assert_int_equal(a.state, CA_SSS_ANSWERED);
}

/* ---- the broker's answers ---- */

static int pair[2];

static enum ca_err
answered(const struct ca_sss_answer *a, struct ca_sss_answer *got)
{
	static const uint8_t der[] = {0x30, 0x82, 0};
	struct ca_sss_question q;

	assert_int_equal(send(pair[1], a, sizeof *a, 0), sizeof *a);
	enum ca_err rc = ca_sss_look(der, sizeof der, "erin", got);
	assert_int_equal(recv(pair[1], &q, sizeof q, MSG_WAITALL), sizeof q);
	assert_int_equal(q.len, sizeof der);
	assert_memory_equal(q.der, der, sizeof der);
	assert_string_equal(q.login, "erin");
	return rc;
}

static void
what_a_broker_says(void **state)
{
	static struct ca_sss_answer good = {.state = CA_SSS_ANSWERED,
					.n = CA_SSS_ACCOUNTS},
				    bad, got;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ca_sss_use(pair[0]);
	lib.asked = 0;
	assert_int_equal(answered(&good, &got), CA_OK);
	assert_memory_equal(&got, &good, sizeof got);
	bad = good;
	bad.state = CA_SSS_STATES;
	assert_int_equal(answered(&bad, &got), CA_ERR_IO);
	bad = good;
	bad.n = CA_SSS_ACCOUNTS + 1;
	assert_int_equal(answered(&bad, &got), CA_ERR_IO);
	bad = good;
	bad.more = 2;
	assert_int_equal(answered(&bad, &got), CA_ERR_IO);
	bad = good;
	memset(bad.account[CA_SSS_ACCOUNTS - 1].name, 'x',
	    sizeof bad.account[0].name);
	assert_int_equal(answered(&bad, &got), CA_ERR_IO);
	/* it ended */
	(void)close(pair[1]);
	assert_int_equal(
	    ca_sss_look((const uint8_t *)"x", 1, "erin", &got), CA_ERR_IO);
	assert_int_equal(got.state, CA_SSS_SILENT);
	/* there is none */
	ca_sss_use(-1);
	assert_int_equal(
	    ca_sss_look((const uint8_t *)"x", 1, "erin", &got), CA_ERR_IO);
	assert_int_equal(lib.asked, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)

/* First, since it stays loaded. */
static void
without_the_library(void **state)
{
	struct world *w = *state;
	static const char *const symbols[] = {
	    "sss_nss_getlistbycert_timeout", "sss_nss_getpwnam_timeout"};

	lib.absent = true;
	assert_int_equal(
	    said(w, "erin", "erin@example.com", NULL), CA_R_DIRECTORY);
	assert_non_null(strstr(w->detail, "libsss_nss_idmap.so.0"));
	lib.absent = false;
	for (size_t i = 0; i < 2; i++) {
		lib.lacking = symbols[i];
		assert_false(ca_sss_load());
		assert_int_equal(
		    said(w, "erin", "erin@example.com", NULL), CA_R_DIRECTORY);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(without_the_library),
	    T(who_may_log_in),
	    T(who_may_not),
	    T(when_it_is_asked),
	    T(when_it_cannot_say),
	    T(no_more_than_it_takes),
	    /* last: from then on there is a broker */
	    T(what_a_broker_says),
	};

	return cmocka_run_group_tests_name("map_sss", tests, NULL, NULL);
}
