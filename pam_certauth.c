/*
 * The PAM module: pam_sm_*, the prompt and log sink, and the one map from our
 * errors to PAM's.  pam_certauth(8) says what each entry point returns.
 *
 * The host application may be threaded, setuid, or run by an ordinary user;
 * nothing here outlives a transaction but what pam_set_data holds.
 */
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "base/format.h"
#include "base/pamcode.h"
#include "base/reason.h"
#include "base/text.h"
#include "base/utf8.h"
#include "channel/caller.h"
#include "module/asked.h"
#include "module/authtok.h"
#include "module/confirm.h"
#include "module/login.h"
#include "module/outcome.h"
#include "module/pam.h"
#include "module/recorded.h"
#include "module/variables.h"
#include "module/verifier.h"

#define PAM_EXPORT __attribute__((visibility("default")))

/* One call of an entry point. */
struct call {
	pam_handle_t *pamh;
	const char *phase; /* "auth", "account", "session" */
	bool silent;       /* PAM_SILENT, unless silent = ignore */
	struct ca_log log;
	struct ca_verifier_args args;
	struct ca_verifier verifier;
	const char *service, *user, *rhost; /* borrowed from libpam */
	bool audit; /* mode = audit: nothing comes of the outcome */
};

/* ---- errors ---- */

/* denied: what this entry point says when the checks said no.  The table is
 * in base/pamcode.h, so that `certauth explain` tells the same. */
static int
pam_code(enum ca_err err, int denied)
{
	/* NOLINTBEGIN(bugprone-branch-clone): a row for each error, so that
	 * none is forgotten */
	switch (err) {
#define CA_PAM_CASE(e, code)                                                   \
	case e:                                                                \
		return code;
		CA_PAM_CODES(CA_PAM_CASE, denied)
#undef CA_PAM_CASE
	}
	/* NOLINTEND(bugprone-branch-clone) */
	return PAM_SERVICE_ERR;
}

/* ---- log ---- */

static void
emit(void *ctx, enum ca_log_level level, const char *line)
{
	static const int priority[] = {
	    [CA_LOG_ERR] = LOG_ERR,
	    [CA_LOG_WARNING] = LOG_WARNING,
	    [CA_LOG_NOTICE] = LOG_NOTICE,
	    [CA_LOG_INFO] = LOG_INFO,
	    [CA_LOG_DEBUG] = LOG_DEBUG,
	};

	const struct call *c = ctx;
	char name[256];
	const void *service = NULL;

	/* pam_syslog puts the service in front as it is; a name that is no
	 * plain word must not look like the end of that */
	if (pam_get_item(c->pamh, PAM_SERVICE, &service) == PAM_SUCCESS &&
	    service != NULL && !ca_text_plain(service, strlen(service))) {
		ca_format(name, sizeof name, "%s", (const char *)service);
		syslog(LOG_AUTHPRIV | priority[level],
		    "pam_certauth(%s:%s): %s", name, c->phase, line);
		return;
	}
	pam_syslog(c->pamh, LOG_AUTHPRIV | priority[level], "%s", line);
}

/* ---- conversation ---- */

static enum ca_err
ask(void *ctx, const char *prompt, bool echo, struct ca_secret **answer)
{
	const struct call *c = ctx;
	char *text;
	enum ca_err rc = ca_pam_converse(c->pamh,
	    echo ? PAM_PROMPT_ECHO_ON : PAM_PROMPT_ECHO_OFF, prompt, &text);

	*answer = NULL;
	if (rc != CA_OK)
		return rc;
	if (text == NULL)
		return CA_OK;
	*answer = ca_secret_take(text);
	return *answer != NULL ? CA_OK : CA_ERR_LIMIT;
}

static void
info(void *ctx, const char *text, bool error)
{
	const struct call *c = ctx;
	char *answer = NULL;

	/* what nobody sees changes no verdict */
	if (!c->silent &&
	    ca_pam_converse(c->pamh, error ? PAM_ERROR_MSG : PAM_TEXT_INFO,
		text, &answer) == CA_OK)
		ca_secret_wipe_text(answer);
}

/* ---- setting up ---- */

/*
 * Borrow the items that a login is about.  Done anew after each conversation:
 * the application may have set one meanwhile, and what was borrowed is gone.
 */
static enum ca_err
look_at_items(struct call *c)
{
	if (!ca_pam_item(c->pamh, PAM_SERVICE, &c->service) ||
	    !ca_pam_item(c->pamh, PAM_USER, &c->user) ||
	    !ca_pam_item(c->pamh, PAM_RHOST, &c->rhost)) {
		ca_log_err(&c->log,
		    "outcome=denied reason=%-s: libpam did not return the "
		    "service, user or remote host",
		    ca_reason_code(CA_R_INTERNAL));
		return CA_ERR_USAGE;
	}
	if (c->service == NULL)
		c->service = "";
	c->verifier.service = c->service;
	if (ca_op_fits(c->service) && ca_op_fits(c->user) &&
	    ca_op_fits(c->rhost))
		return CA_OK;
	ca_log_err(&c->log,
	    "outcome=denied reason=%-s user=%s service=%s detail=\"the name "
	    "of the user, the service or the remote host has more than %d "
	    "bytes\"",
	    ca_reason_code(CA_R_LOGIN_INVALID), c->user != NULL ? c->user : "",
	    c->service, CA_OP_TEXT_MAX - 1);
	return CA_ERR_LIMIT;
}

/* What no verifier was asked for, or gave no verdict on; the line before has why. */
static void
log_internal(struct call *c, const char *event, enum ca_reason reason)
{
	const struct ca_outcome about = {
	    .user = c->user, .service = c->service};
	bool config = c->verifier.said.err != 0;

	ca_outcome_none(&c->log, config ? "" : event,
	    config ? CA_R_CONFIG : reason, &about);
}

/* ca_verifier_clear is due whatever comes of it. */
static enum ca_err
call_begin(
    struct call *c, pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	enum ca_err rc, arguments;

	c->pamh = pamh;
	c->silent = (flags & PAM_SILENT) != 0;
	c->log = (struct ca_log){emit, c, false};
	ca_verifier_init(&c->verifier, &c->args, &c->log, "");
	arguments = ca_verifier_arguments(argc, argv, &c->log, &c->args);
	c->audit = c->args.audit;
	if ((rc = look_at_items(c)) != CA_OK)
		return rc;
	if (arguments != CA_OK)
		log_internal(c, "", CA_R_CONFIG);
	return arguments == CA_OK ? CA_OK : CA_ERR_CONFIG;
}

/* What every operation is about. */
static struct ca_op_body
body_of(const struct call *c)
{
	const time_t now = time(NULL);

	return (struct ca_op_body){.user = c->user,
	    .rhost = c->rhost,
	    .now = now > 0 ? (uint64_t)now : 0};
}

/* ---- a login ---- */

/* Whatever an earlier attempt of this transaction left: its session may be
 * opened in the end by another way, a password perhaps. */
static void
forget_login(pam_handle_t *pamh)
{
	ca_login_forget(pamh);
	ca_variables_remove(pamh);
	ca_recorded_forget(pamh);
}

/* What the verifier says to the user: of the certificate, or of the answers. */
static void
notify(struct call *c, const struct ca_op_answer *a)
{
	if (a->notice != NULL && ca_utf8_text(a->notice, strlen(a->notice)))
		info(c, a->notice, a->err != CA_OK);
}

/* What a granted login does to the transaction: all of it or nothing. */
static enum ca_err
take_effect(struct call *c, const struct ca_op_answer *a, struct ca_asked *how)
{
	enum ca_err ret = CA_ERR_UNSET, rc;

	if ((rc = ca_login_keep(c->pamh, a)) != CA_OK ||
	    (rc = ca_variables_set(c->pamh, &a->env, &how->token)) != CA_OK ||
	    (how->said.sessions != 0 &&
		(rc = ca_recorded_login(c->pamh, &c->log, c->service,
		     &c->args.argv, a)) != CA_OK)) {
		ret = rc;
		goto out;
	}
	if ((c->user == NULL || c->user[0] == '\0') &&
	    pam_set_item(c->pamh, PAM_USER, a->login) != PAM_SUCCESS) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	notify(c, a);
	ret = CA_OK;
out:
	/* a later phase must not take this for a login */
	if (ret != CA_OK)
		forget_login(c->pamh);
	return ret;
}

/* The login that was asked for, if one was. */
static bool
is_asked(const struct call *c, const char *login)
{
	if (login == NULL || login[0] == '\0')
		return false;
	return c->user == NULL || c->user[0] == '\0' ||
	       strcmp(c->user, login) == 0;
}

/* The request, and how to ask it. */
static enum ca_err
get_request(struct call *c, struct ca_asked *asked)
{
	struct ca_op_body body = body_of(c);
	const struct ca_op_answer *a = &asked->answer;
	enum ca_err rc;

	body.helper = ca_caller_possible(c->rhost);
	rc =
	    ca_verifier_ask(&c->verifier, CA_OP_REQUEST, &body, &asked->answer);
	c->audit = c->audit || c->verifier.said.audit != 0;
	c->log.debug = c->verifier.said.debug != 0;
	c->silent = c->silent && c->verifier.said.ignore_silent == 0;
	if (rc != CA_OK) {
		log_internal(c, "", CA_R_INTERNAL);
		return rc;
	}
	ca_outcome_log(&c->log, a);
	if (a->err != CA_OK) {
		if (a->line.n == 0)
			log_internal(c, "", CA_R_INTERNAL);
		return (enum ca_err)a->err;
	}
	if ((rc = ca_asked_take(&c->verifier, asked)) != CA_OK)
		log_internal(c, "", CA_R_INTERNAL);
	return rc;
}

/* What comes of a grant. */
static enum ca_err
grant(struct call *c, struct ca_asked *asked, const struct ca_op_body *body,
    const struct ca_op_answer *a)
{
	bool chosen = c->user == NULL || c->user[0] == '\0';
	enum ca_err rc = CA_OK;

	if (!is_asked(c, a->login))
		rc = CA_ERR_UNSET;
	else if (chosen)
		rc = ca_confirm_login(&c->verifier, asked, body, a->login);
	/* a trial of the configuration leaves no traces of a login */
	if (rc == CA_OK && !c->audit)
		rc = take_effect(c, a, asked);
	if (rc != CA_OK)
		ca_log_err(&c->log, "the login cannot take effect: %-s",
		    ca_err_text(rc));
	return rc;
}

/* The verdict on the response, or the log of why there is none. */
static enum ca_err
get_verdict(
    struct call *c, struct ca_asked *asked, const struct ca_op_body *body)
{
	struct ca_buf bytes = CA_BUF_INIT(0);
	struct ca_op_answer a;
	enum ca_err rc = ca_verifier_ask(&c->verifier, CA_OP_JUDGE, body, &a);

	if (rc == CA_OK && a.line.n == 0)
		rc = c->verifier.said.err != 0 ? CA_ERR_CONFIG : CA_ERR_UNSET;
	if (rc != CA_OK) {
		log_internal(c, "", CA_R_INTERNAL);
		return rc;
	}
	/* a further question must not take its bytes away */
	bytes = c->verifier.link.in; /* transferred */
	c->verifier.link.in = CA_BUF_INIT(CA_OP_FRAME_MAX);
	rc = (enum ca_err)a.err;
	if (rc == CA_OK &&
	    (body->reason != 0 || (rc = grant(c, asked, body, &a)) != CA_OK)) {
		log_internal(c, "", CA_R_INTERNAL);
		rc = rc == CA_OK ? CA_ERR_UNSET : rc;
	} else {
		ca_outcome_log(&c->log, &a);
		if (rc != CA_OK)
			notify(c, &a);
	}
	ca_buf_free(&bytes);
	return rc;
}

/* For ca_asked_response. */
static enum ca_err
items(void *ctx, const char **user, const char **rhost)
{
	struct call *c = ctx;
	enum ca_err rc = look_at_items(c);

	*user = rc == CA_OK ? c->user : NULL;
	*rhost = rc == CA_OK ? c->rhost : NULL;
	return rc;
}

/* PAM_AUTHINFO_UNAVAIL says that a password was not ours, and sends it on. */
static enum ca_err
of_ours(enum ca_err rc)
{
	return rc == CA_ERR_IO || rc == CA_ERR_UNTRUSTED ? CA_DENIED : rc;
}

static enum ca_err
authenticate(struct call *c)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf response = CA_BUF_INIT(CA_PASSWORD_TEXT_MAX);
	struct ca_asked asked = CA_ASKED_INIT;
	enum ca_reason reason = CA_R_INTERNAL;
	struct ca_op_body body;

	if ((rc = get_request(c, &asked)) != CA_OK) {
		ret = c->args.password ? of_ours(rc) : rc;
		goto out;
	}
	const struct ca_prompter prompter = {ask, info, c, c->silent};
	const struct ca_asker asker = {&prompter, &c->log, items, c, c->pamh};
	if (asked.said.proof1 == CA_OP_PASSWORD)
		rc = ca_password_get(
		    c->pamh, c->args.first_pass, &response, &reason);
	else
		rc = ca_asked_response(&asked, &asker, &response, &reason);
	if (rc != CA_OK) {
		ret = rc;
		/* the application may have set others; if libpam does not say,
		 * there is nobody to log about */
		if (reason == CA_R_NONE || look_at_items(c) != CA_OK)
			goto out;
		body = body_of(c);
		body.reason = (uint64_t)reason;
		body.err = (uint64_t)rc;
		/* logged; the result stays what it was */
		(void)!get_verdict(c, &asked, &body);
		goto out;
	}
	/* an answer about another user, service or host than now is refused */
	if ((rc = look_at_items(c)) != CA_OK) {
		ret = rc;
		goto out;
	}
	body = body_of(c);
	body.request = asked.request;
	body.response = (struct ca_bytes){response.p, response.len};
	if ((rc = get_verdict(c, &asked, &body)) != CA_OK) {
		ret = asked.said.proof1 == CA_OP_PASSWORD ? of_ours(rc) : rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_asked_clear(&asked);
	ca_buf_free(&response);
	return ret;
}

PAM_EXPORT int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	int ret = PAM_SERVICE_ERR;
	struct call c = {.phase = "auth"};
	enum ca_err rc;

	forget_login(pamh);
	if ((rc = call_begin(&c, pamh, flags, argc, argv)) == CA_OK)
		rc = authenticate(&c);
	ret = c.audit ? PAM_IGNORE : pam_code(rc, PAM_AUTH_ERR);
	ca_verifier_clear(&c.verifier);
	return ret;
}

PAM_EXPORT int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags, (void)argc, (void)argv;
	ca_recorded_take(pamh);
	return PAM_SUCCESS;
}

/* ---- account ---- */

/* The same certificate, by today's CRLs. */
static enum ca_err
recheck(struct call *c, const struct ca_login *login, struct ca_op_answer *a)
{
	struct ca_op_body body = body_of(c);
	enum ca_err rc;

	if (login != NULL)
		body.kept = (struct ca_bytes){login->kept, login->len};
	rc = ca_verifier_ask(&c->verifier, CA_OP_RECHECK, &body, a);
	c->audit = c->audit || c->verifier.said.audit != 0;
	if (rc != CA_OK)
		return rc;
	ca_outcome_log(&c->log, a);
	if (a->err == CA_OK && (login == NULL || !is_asked(c, login->user)))
		return CA_ERR_UNSET;
	return (enum ca_err)a->err;
}

/* Is it known whether a login by certificate is required?  The worker says so before
 * it sees anything of a client; without one, the module's arguments do. */
static bool
may_tell(const struct call *c)
{
	return c->verifier.ready ? c->verifier.said.err == 0
				 : c->args.account || c->args.no_account;
}

static bool
requires_login(const struct call *c)
{
	return c->verifier.ready ? c->verifier.said.account != 0
				 : c->args.account;
}

/* The transaction has no login by certificate. */
static int
without_login(struct call *c, bool required)
{
	if (required)
		ca_log(&c->log, CA_LOG_NOTICE,
		    "event=account outcome=denied reason=no-credential: the "
		    "user did not log in by certificate, and require_account "
		    "= yes requires it");
	return required ? PAM_PERM_DENIED : PAM_IGNORE;
}

static int
account(struct call *c)
{
	struct ca_op_answer a = {0};
	const struct ca_login *login;
	enum ca_err rc;

	if (ca_login_find(c->pamh, &login) != CA_OK) {
		ca_log_err(&c->log,
		    "event=account outcome=denied reason=%-s: libpam did not "
		    "return the data of the login",
		    ca_reason_code(CA_R_INTERNAL));
		return PAM_SERVICE_ERR;
	}
	rc = recheck(c, login, &a);
	if (c->audit)
		return PAM_IGNORE;
	if (login == NULL && may_tell(c))
		return without_login(c, requires_login(c));
	if (a.line.n == 0) {
		if (login == NULL && !c->verifier.ready)
			ca_log_err(&c->log,
			    "without a verifier, nobody can say whether "
			    "require_account is set: give the account line of "
			    "service %s the argument require_account=no to "
			    "admit logins that other modules made",
			    c->service);
		log_internal(c, "event=account ", CA_R_INTERNAL);
	}
	return pam_code(rc, PAM_PERM_DENIED);
}

PAM_EXPORT int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	int ret = PAM_SERVICE_ERR;
	struct call c = {.phase = "account"};
	enum ca_err rc;

	if ((rc = call_begin(&c, pamh, flags, argc, argv)) == CA_OK)
		ret = account(&c);
	else
		ret = c.audit ? PAM_IGNORE : pam_code(rc, PAM_PERM_DENIED);
	ca_verifier_clear(&c.verifier);
	return ret;
}

/* ---- session ---- */

static int
session(pam_handle_t *pamh, ca_recorded_change *change)
{
	struct call c = {.pamh = pamh, .phase = "session"};
	const struct ca_log log = {emit, &c, false};
	enum ca_err rc = change(pamh, &log);

	if (rc == CA_ERR_NOT_FOUND)
		return PAM_IGNORE;
	return rc == CA_OK ? PAM_SUCCESS : PAM_SESSION_ERR;
}

PAM_EXPORT int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags, (void)argc, (void)argv;
	return session(pamh, ca_recorded_open);
}

PAM_EXPORT int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags, (void)argc, (void)argv;
	return session(pamh, ca_recorded_close);
}

/* A certificate is not changed by a password change. */
PAM_EXPORT int
pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags, (void)argc, (void)argv;
	pam_syslog(pamh, LOG_AUTHPRIV | LOG_ERR,
	    "a certificate has no password to change: remove "
	    "pam_certauth.so from the password lines");
	return PAM_SERVICE_ERR;
}
