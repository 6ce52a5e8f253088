/* match: what is asked of libsss_certmap, and what each answer means.  The
 * library is this program's own here, and so is the loader. */
#include "mapcert.h"

#include "map/match.h"
#include "map/rule.h"

#ifdef HAVE_SSS_CERTMAP

#include <dlfcn.h>
#include <errno.h>

#define HERE __attribute__((visibility("hidden")))

static struct {
	bool absent;         /* no library */
	const char *lacking; /* a symbol that it has not */
	int init, add, match;
	int open;     /* how often it was loaded */
	int contexts; /* that are open */
	char rule[256];
	size_t len;
} lib;

struct sss_certmap_ctx {
	int n;
};

static int
fake_init(void *talloc, void *debug, void *priv, struct sss_certmap_ctx **ctx)
{
	static struct sss_certmap_ctx one;

	assert_null(talloc);
	assert_null(debug);
	assert_null(priv);
	*ctx = lib.init == 0 ? &one : NULL;
	lib.contexts += lib.init == 0;
	return lib.init;
}

static void
fake_free(struct sss_certmap_ctx *ctx)
{
	assert_non_null(ctx);
	lib.contexts--;
}

static int
fake_add(struct sss_certmap_ctx *ctx, uint32_t priority, const char *rule,
    const char *map, const char **domains)
{
	assert_non_null(ctx);
	assert_int_equal(priority, 1);
	assert_null(map);
	assert_null(domains);
	(void)snprintf(lib.rule, sizeof lib.rule, "%s", rule);
	return lib.add;
}

static int
fake_match(struct sss_certmap_ctx *ctx, const uint8_t *der, size_t len)
{
	assert_non_null(ctx);
	assert_int_equal(der[0], 0x30);
	lib.len = len;
	return lib.match;
}

HERE void *
dlopen(const char *file, int flags)
{
	assert_string_equal(file, "libsss_certmap.so.0");
	assert_int_equal(flags, RTLD_NOW | RTLD_LOCAL);
	if (lib.absent)
		return NULL;
	lib.open++;
	return &lib;
}

HERE void *
dlsym(void *handle, const char *name)
{
	void *p = NULL;

	assert_ptr_equal(handle, &lib);
	if (lib.lacking != NULL && strcmp(name, lib.lacking) == 0)
		return NULL;
	if (strcmp(name, "sss_certmap_init") == 0)
		*(int (**)(void *, void *, void *, struct sss_certmap_ctx **)) &
		    p = fake_init;
	else if (strcmp(name, "sss_certmap_free_ctx") == 0)
		*(void (**)(struct sss_certmap_ctx *)) & p = fake_free;
	else if (strcmp(name, "sss_certmap_add_rule") == 0)
		*(int (**)(struct sss_certmap_ctx *, uint32_t, const char *,
		    const char *, const char **)) &
		    p = fake_add;
	else if (strcmp(name, "sss_certmap_match_cert") == 0)
		*(int (**)(struct sss_certmap_ctx *, const uint8_t *, size_t)) &
		    p = fake_match;
	return p;
}

static const struct made plain = {
    .subject = {UTF8("CN", "alice"), {0}}, .issuer = {UTF8("CN", "CA"), {0}}};

/* The reason; no context is left. */
static enum ca_reason
decided(struct world *w, X509 *x, const char *line)
{
	w->user = "alice";
	enum ca_reason r = decide(w, x, line);
	assert_int_equal(lib.contexts, 0);
	return r;
}

static void
each_answer(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	static const char line[] = "bob cn:x\nalice match:<SUBJECT>a\n";
	static const char *const symbols[] = {"sss_certmap_init",
	    "sss_certmap_free_ctx", "sss_certmap_add_rule",
	    "sss_certmap_match_cert"};
	static const int errors[] = {EINVAL, EIO, ENOMEM, EPERM, -1};

	memset(&lib, 0, sizeof lib);
	lib.absent = true;
	assert_int_equal(decided(w, x, line), CA_R_USERS_FILE);
	assert_non_null(
	    strstr(w->logged, "users:2: libsss_certmap cannot be loaded"));
	assert_int_equal(decided(w, x, "alice cn:alice\n"), CA_R_OK);
	lib.absent = false;
	assert_int_equal(decided(w, x, line), CA_R_OK);
	assert_string_equal(lib.rule, "<SUBJECT>a");
	assert_int_equal(lib.len, i2d_X509(x, NULL));
	lib.match = ENOENT;
	assert_int_equal(decided(w, x, line), CA_R_UNMAPPED);
	/* anything else is no answer, and denies whatever else matches */
	char both[128];
	sprintf(both, "%salice cn:alice\n", line);
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		lib.match = errors[i];
		assert_int_equal(decided(w, x, both), CA_R_USERS_FILE);
		assert_non_null(strstr(w->logged,
		    "users:2: libsss_certmap rejects the matching rule"));
		lib.match = 0;
		lib.add = errors[i];
		assert_int_equal(decided(w, x, both), CA_R_USERS_FILE);
		assert_non_null(strstr(w->logged,
		    "users:2: libsss_certmap rejects the matching rule"));
		lib.add = 0;
		lib.init = errors[i];
		assert_int_equal(decided(w, x, both), CA_R_USERS_FILE);
		assert_non_null(strstr(
		    w->logged, "users:2: libsss_certmap cannot be loaded"));
		lib.init = 0;
	}
	for (size_t i = 0; i < 4; i++) {
		lib.lacking = symbols[i];
		assert_int_equal(decided(w, x, both), CA_R_USERS_FILE);
		assert_non_null(strstr(
		    w->logged, "users:2: libsss_certmap cannot be loaded"));
	}
	lib.lacking = NULL;
	assert_int_equal(lib.open, 1); /* it stays */
	X509_free(x);
}

/* Backslashes are the rule's own, but for those before a quote. */
static void
text_of_a_rule(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	static const struct {
		const char *line, *rule;
	} t[] = {
	    {"alice match:<SUBJECT>a\\.b", "<SUBJECT>a\\.b"},
	    {"alice \"match:<SUBJECT>a b\"", "<SUBJECT>a b"},
	    {"alice match:\"<SUBJECT>a \\\"b\\\"\"", "<SUBJECT>a \"b\""},
	    {"alice match:<SUBJECT>a\\\\", "<SUBJECT>a\\\\"},
	    {"alice match:<SUBJECT>a*\\*", "<SUBJECT>a*\\*"},
	};

	memset(&lib, 0, sizeof lib);
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		assert_int_equal(decided(w, x, t[i].line), CA_R_OK);
		assert_string_equal(lib.rule, t[i].rule);
	}
	X509_free(x);
}

static void
trace(void *ctx, const struct ca_map_trial *t)
{
	(void)snprintf(ctx, 256, "%s", t->why);
}

static void
why_it_does_not_match(void **state)
{
	struct world *w = *state;
	X509 *x = make_cert(&plain);
	struct ca_report *r = ca_report_new();
	struct ca_map_input in = {x, NULL, "alice", NULL, NULL};
	const struct ca_context ctx = {w->crypto, w->cfg, &w->log, w->now};
	char seen[256];

	memset(&lib, 0, sizeof lib);
	lib.match = ENOENT;
	put_file(w, "users", "alice match:<SUBJECT>a\n");
	assert_int_equal(
	    ca_map_explain(&ctx, &in, r, NULL, trace, seen), CA_OK);
	assert_string_equal(seen, "the matching rule does not match");
	ca_report_free(r);
	X509_free(x);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(each_answer),
	    T(text_of_a_rule),
	    T(why_it_does_not_match),
	};

	return cmocka_run_group_tests_name("map_certmap", tests, NULL, NULL);
}

#else

/* A build without the library: it says so, and never matches. */
static void
no_library(void **state)
{
	(void)state;
	assert_int_equal(
	    ca_certmap_match("<SUBJECT>a", "", 0), CA_ERR_UNSUPPORTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(no_library)};

	return cmocka_run_group_tests_name("map_certmap", tests, NULL, NULL);
}

#endif
