/*
 * Judge open sessions: certauth-verifier does, by the files of now.  This process
 * decodes no certificate.
 */
#include "sessions/sessionsint.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/passwd.h"
#include "module/verifier.h"
#include "op/op.h"

#define TRIES 3 /* operations without an answer, in a row */

/* ---- the configuration ---- */

static bool
same_service(const struct ca_session *a, const struct ca_session *b)
{
	if (strcmp(a->service, b->service) != 0 || a->argc != b->argc)
		return false;
	for (size_t i = 0; i < a->argc; i++)
		if (strcmp(a->argv[i], b->argv[i]) != 0)
			return false;
	return true;
}

const struct ca_config *
ca_sessions_config_of(struct ca_sessions *all, const struct ca_session *s)
{
	const char *argv[CA_SESSION_ARGS];
	struct ca_sessions_config *v;

	for (size_t i = 0; i < all->nconfigs; i++)
		if (same_service(all->config[i].of, s))
			return all->config[i].cfg;
	v = realloc(all->config, (all->nconfigs + 1) * sizeof *v);
	if (v == NULL)
		return NULL;
	all->config = v;
	v[all->nconfigs].of = s;
	memcpy(argv, s->argv, sizeof argv);
	if (ca_config_load((int)s->argc, argv, s->service, &all->log,
		&v[all->nconfigs].cfg) != CA_OK)
		v[all->nconfigs].cfg = NULL;
	return v[all->nconfigs++].cfg;
}

/* ---- what the verifier says ---- */

/* Warnings are for those who look after CRLs and CAs: `certauth doctor' has them. */
static void
say(void *ctx, enum ca_log_level level, const char *line)
{
	struct ca_sessions *all = ctx;

	if (level == CA_LOG_ERR && strcmp(line, all->said) == 0)
		return;
	if (level == CA_LOG_ERR)
		(void)snprintf(all->said, sizeof all->said, "%s", line);
	if (level == CA_LOG_ERR || all->log.debug)
		ca_log_pass(&all->log, level, line);
}

/* ---- the verdict ---- */

/* The same question has the same answer. */
static bool
same_question(const struct ca_session *a, const struct ca_session *b)
{
	return strcmp(a->sha256, b->sha256) == 0 && same_service(a, b) &&
	       strcmp(a->user, b->user) == 0 &&
	       strcmp(a->rhost, b->rhost) == 0 && a->kept.len == b->kept.len &&
	       memcmp(a->kept.p, b->kept.p, a->kept.len) == 0;
}

static char *
copy(const char *text)
{
	return text != NULL ? strdup(text) : NULL;
}

/* False: there was no answer. */
static bool
ask(struct ca_verifier *v, struct ca_sessions_one *one)
{
	const time_t now = time(NULL);
	const struct ca_op_body body = {.user = one->s.user,
	    .rhost = one->s.rhost,
	    .now = now > 0 ? (uint64_t)now : 0,
	    .kept = one->s.kept};
	struct ca_op_answer a;

	if (ca_verifier_ask(v, CA_OP_SESSION, &body, &a) != CA_OK)
		return false;
	one->verdict.detail = copy(a.notice);
	one->verdict.reason = a.reason < CA_REASON_COUNT
				  ? (enum ca_reason)a.reason
				  : CA_R_INTERNAL;
	/* an answer that contradicts itself is none */
	if ((a.err == CA_OK) != (one->verdict.reason == CA_R_OK) ||
	    one->verdict.reason == CA_R_NONE)
		one->verdict.reason = CA_R_INTERNAL;
	return true;
}

static bool
answered_before(struct ca_sessions *all, size_t i)
{
	struct ca_sessions_one *one = &all->v[i];

	for (size_t k = 0; k < i; k++) {
		if (!same_question(&all->v[k].s, &one->s))
			continue;
		one->verdict.reason = all->v[k].verdict.reason;
		one->verdict.detail = copy(all->v[k].verdict.detail);
		return true;
	}
	return false;
}

/* ---- doubt ---- */

/* Has the folder an entry? */
static bool
has_entries(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;
	bool found = false;

	while (d != NULL && !found && (e = readdir(d)) != NULL)
		found = e->d_name[0] != '.';
	if (d != NULL)
		(void)closedir(d);
	return found;
}

/* The rule of a registered certificate is the path of its file.  Where what holds all of
 * them is not there, as a file system that is not mounted, nothing was taken back. */
static bool
is_place_there(const struct ca_config *cfg, const char *rule)
{
	size_t len = cfg->users_dir != NULL ? strlen(cfg->users_dir) : 0;
	const char *slash = strrchr(rule, '/');
	char folder[PATH_MAX];

	if (slash == NULL || strchr(rule, ' ') != NULL)
		return true;
	if (len > 0 && strncmp(rule, cfg->users_dir, len) == 0 &&
	    (rule[len] == '/' || rule[len - 1] == '/'))
		return has_entries(cfg->users_dir);
	(void)snprintf(
	    folder, sizeof folder, "%.*s", (int)(slash - rule), rule);
	return access(folder, F_OK) == 0;
}

static void
set_doubt(struct ca_sessions_one *one, enum ca_reason reason, const char *why)
{
	free(one->verdict.detail);
	one->verdict.detail = strdup(why);
	one->verdict.reason = reason;
}

/* That no rule maps a certificate is a finding only if the account and the place of the
 * rule are there. */
static void
doubt(struct ca_sessions_one *one)
{
	struct ca_passwd account = {0};

	if (one->verdict.reason != CA_R_UNMAPPED &&
	    one->verdict.reason != CA_R_OTHER_USER)
		return;
	if (ca_passwd_find(one->s.user, 0, &account) != CA_OK)
		set_doubt(one, CA_R_LOGIN_INVALID,
		    "the account cannot be found, perhaps for now");
	else if (!is_place_there(one->verdict.cfg, one->s.rule))
		set_doubt(one, CA_R_USERS_FILE,
		    "the folder of the registered certificate is not there, "
		    "or empty: is a file system not mounted?");
	free(account.text);
}

/* Those of the service of session number first. */
static void
judge_service(struct ca_sessions *all, size_t first)
{
	const struct ca_session *s = &all->v[first].s;
	struct ca_verifier_args args = {.way = CA_VERIFIER_AUTO};
	const struct ca_log log = {say, all, all->log.debug};
	struct ca_verifier v;
	unsigned failed = 0;

	for (size_t i = 0; i < s->argc; i++)
		args.argv.v[args.argv.n++] = s->argv[i];
	ca_verifier_init(&v, &args, &log, s->service);
	for (size_t i = first; i < all->n; i++) {
		struct ca_sessions_one *one = &all->v[i];

		if (one->verdict.reason != CA_R_NONE ||
		    !same_service(&one->s, s))
			continue;
		one->verdict.cfg = all->v[first].verdict.cfg;
		one->verdict.reason = CA_R_INTERNAL;
		if (one->verdict.cfg == NULL)
			one->verdict.reason = CA_R_CONFIG;
		else if (!answered_before(all, i) && failed < TRIES)
			failed = ask(&v, one) ? 0 : failed + 1;
		if (one->verdict.cfg != NULL)
			doubt(one);
	}
	ca_verifier_clear(&v);
}

void
ca_sessions_judge(struct ca_sessions *all)
{
	_Static_assert(CA_OP_LIST_MAX >= CA_SESSION_ARGS, "all arguments fit");

	for (size_t i = 0; i < all->n; i++) {
		struct ca_sessions_one *one = &all->v[i];

		if (one->verdict.reason != CA_R_NONE)
			continue;
		one->verdict.cfg = ca_sessions_config_of(all, &one->s);
		judge_service(all, i);
	}
}
