/*
 * doctor's evaluation of an auth stack against libpam itself: random stacks, with
 * each outcome of their modules.  pam_debug.so, under the names of other modules,
 * returns what the outcome says.
 */
#include <fcntl.h>
#include <glob.h>
#include <security/pam_appl.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "doctor/doctor_stack.h"

#define STACKS 300

static char dir[256];
static unsigned seed;

static unsigned
pick(unsigned n)
{
	return (unsigned)rand_r(&seed) % n;
}

static int
nobody(int n, const struct pam_message **msg, struct pam_response **resp,
    void *ctx)
{
	(void)n, (void)msg, (void)resp, (void)ctx;
	return PAM_CONV_ERR;
}

static const char *const names[] = {"pam_certauth.so", "pam_unix.so",
    "pam_env.so", "pam_permit.so", "pam_deny.so", "pam_sometoken.so"};

static const char *const controls[] = {"required", "requisite", "sufficient",
    "optional", "[success=1 default=ignore]", "[success=2 default=die]",
    "[success=ok auth_err=ok default=die]",
    "[success=done ignore=ignore default=die]", "[success=ok]", "[default=bad]",
    "[success=done auth_err=reset default=bad]",
    "[success=1 auth_err=done default=ignore]"};

/* What pam_debug.so is to return for module m. */
static const char *
returns(size_t m, const struct ca_stack_world *w)
{
	switch (m) {
	case 0:
		return w->certificate ? "success" : "auth_err";
	case 1:
		return w->password ? "success" : "auth_err";
	case 2:
		return "ignore";
	case 3:
		return "success";
	case 4:
		return "auth_err";
	default:
		return w->other ? "success" : "auth_err";
	}
}

/* A random stack of one or two files. */
struct line {
	int file; /* 0: the service; 1: what it includes */
	size_t module, control;
};

struct plan {
	struct line v[12];
	size_t n, at; /* where the second file is included */
	int how;      /* 0: not, 1: include, 2: substack, 3: @include */
};

static struct plan
make_plan(void)
{
	struct plan p = {.n = 1 + pick(7)};

	for (size_t i = 0; i < p.n; i++) {
		p.v[i].module = pick(6);
		p.v[i].control = pick(12);
		p.v[i].file = 0;
	}
	p.how = (int)pick(4);
	p.at = pick((unsigned)p.n + 1);
	for (unsigned k = 1 + pick(3); p.how != 0 && k > 0; k--)
		p.v[p.n++] = (struct line){1, pick(6), pick(12)};
	return p;
}

static void
put_include(FILE *f, const struct plan *p)
{
	static const char *const how[] = {
	    "", "auth include", "auth substack", "@include"};

	/* libpam 1.5 looks in /etc/pam.d for a name without a path */
	if (p->how != 0)
		(void)fprintf(f, "%s %s/inner\n", how[p->how], dir);
}

static void
write_plan(const struct plan *p, const struct ca_stack_world *w)
{
	char path[512];

	for (int file = 0; file < 2; file++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir,
		    file == 0 ? "outer" : "inner");
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		for (size_t i = 0; i < p->n; i++) {
			if (file == 0 && i == p->at)
				put_include(f, p);
			if (p->v[i].file == file)
				(void)fprintf(f, "auth %s %s/%s auth=%s\n",
				    controls[p->v[i].control], dir,
				    names[p->v[i].module],
				    returns(p->v[i].module, w));
		}
		if (file == 0 && p->at >= p->n)
			put_include(f, p);
		assert_int_equal(fclose(f), 0);
	}
}

static bool
libpam_grants(void)
{
	struct pam_conv conv = {nobody, NULL};
	pam_handle_t *pamh = NULL;

	assert_int_equal(
	    pam_start_confdir("outer", "root", &conv, dir, &pamh), PAM_SUCCESS);
	int rc = pam_authenticate(pamh, PAM_SILENT);
	(void)pam_end(pamh, rc);
	return rc == PAM_SUCCESS;
}

static void
add(void *ctx, const struct ca_pam_line *line)
{
	ca_stack_add(ctx, line);
}

static void
show(const char *name)
{
	char path[512], text[4096];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	if ((f = fopen(path, "r")) == NULL)
		return;
	print_message("# %s\n", path);
	while (fgets(text, sizeof text, f) != NULL)
		print_message("%s", text);
	(void)fclose(f);
}

static void
compare(const struct plan *p, unsigned first)
{
	for (int i = 0; i < 8; i++) {
		struct ca_stack_world w = {i & 1, i >> 1 & 1, i >> 2};
		struct ca_stack s = {NULL, 0};

		write_plan(p, &w);
		assert_int_equal(
		    ca_pamfile_walk(dir, "outer", true, add, &s), CA_OK);
		bool ours = ca_stack_evaluate(&s, &w).granted;
		ca_stack_clear(&s);
		if (ours == libpam_grants())
			continue;
		show("outer");
		show("inner");
		fail_msg("CERTAUTH_SEED=%u: doctor says %d", first, ours);
	}
}

static void
as_libpam(void **state)
{
	const char *env = getenv("CERTAUTH_SEED");
	glob_t g;
	size_t granted = 0;

	(void)state;
	assert_int_equal(glob("/lib/*/security/pam_debug.so", 0, NULL, &g), 0);
	const char *tmp = getenv("TMPDIR");
	(void)snprintf(
	    dir, sizeof dir, "%s/pamstack.XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(dir));
	for (size_t m = 0; m < 6; m++) {
		char path[512];

		(void)snprintf(path, sizeof path, "%s/%s", dir, names[m]);
		assert_int_equal(symlink(g.gl_pathv[0], path), 0);
	}
	globfree(&g);
	/* libpam wants it */
	char other[512];
	(void)snprintf(other, sizeof other, "%s/other", dir);
	FILE *f = fopen(other, "w");
	assert_non_null(f);
	(void)fputs("auth required pam_deny.so\n", f);
	assert_int_equal(fclose(f), 0);
	for (unsigned i = 0; i < STACKS; i++) {
		unsigned first = env != NULL ? (unsigned)atoi(env)
					     : (unsigned)getpid() * 1000 + i;
		seed = first;
		struct plan p = make_plan();
		compare(&p, first);
		granted += libpam_grants();
	}
	/* the stacks are not all alike */
	assert_true(granted >= 10 && granted <= STACKS - 10);
	char command[512];
	(void)snprintf(command, sizeof command, "rm -r '%s'", dir);
	assert_int_equal(system(command), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(as_libpam)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
