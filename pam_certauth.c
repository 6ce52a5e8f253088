/*
 * The PAM module: pam_sm_*, the prompt and log sink, and the one map from our
 * errors to PAM's.  pam_certauth(8) says what each entry point returns.
 *
 * The host application may be threaded, setuid, or run by an ordinary user;
 * nothing here outlives a transaction but what pam_set_data holds.
 */
#include <openssl/err.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "auth/auth.h"
#include "auth/pamcode.h"
#include "base/format.h"
#include "base/text.h"
#include "channel/caller.h"
#include "channel/channel.h"
#include "map/map.h"
#include "verify/path.h"

#define PAM_EXPORT __attribute__((visibility("default")))
#define LOGIN_DATA "certauth_login"

/* One call of an entry point. */
struct call {
	pam_handle_t *pamh;
	const char *phase; /* "auth", "account" */
	bool silent;       /* PAM_SILENT */
	struct ca_log log;
	struct ca_config *cfg;
	struct ca_crypto *crypto;
	struct ca_report *report;
	struct ca_auth_peer peer;
};

/* ---- errors ---- */

/* denied: what this entry point says when the checks said no.  The table is
 * in auth/pamcode.h, so that `certauth explain` tells the same. */
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

/*
 * An application may say PAM_SUCCESS and give no array, no answer in it, or a
 * very long one; after any other code the array is not ours to look at.
 */
static enum ca_err
converse(pam_handle_t *pamh, int style, const char *text, char **answer)
{
	const void *item = NULL;
	struct pam_message msg = {style, text};
	const struct pam_message *msgs = &msg;
	struct pam_response *resp = NULL;

	*answer = NULL;
	if (pam_get_item(pamh, PAM_CONV, &item) != PAM_SUCCESS || item == NULL)
		return CA_ERR_CONV;
	const struct pam_conv *conv = item;
	if (conv->conv == NULL)
		return CA_ERR_CONV;
	if (conv->conv(1, &msgs, &resp, conv->appdata_ptr) != PAM_SUCCESS)
		return CA_ERR_CONV;
	if (resp != NULL)
		*answer = resp->resp; /* transferred */
	free(resp);
	return CA_OK;
}

static enum ca_err
ask(void *ctx, const char *prompt, bool echo, struct ca_secret **answer)
{
	const struct call *c = ctx;
	char *text;
	enum ca_err rc = converse(c->pamh,
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
	    converse(c->pamh, error ? PAM_ERROR_MSG : PAM_TEXT_INFO, text,
		&answer) == CA_OK)
		ca_secret_wipe_text(answer);
}

/* ---- setting up ---- */

/* An item that is not set is NULL, and that means something: without PAM_USER
 * the certificate decides.  So not being told is an error of its own. */
static bool
item_text(pam_handle_t *pamh, int type, const char **text)
{
	const void *item = NULL;
	bool told = pam_get_item(pamh, type, &item) == PAM_SUCCESS;

	*text = told ? item : NULL;
	return told;
}

/*
 * Borrow the items that a login is about.  Done anew after each conversation:
 * the application may have set one meanwhile, and what was borrowed is gone.
 */
static enum ca_err
look_at_items(struct call *c)
{
	if (!item_text(c->pamh, PAM_SERVICE, &c->peer.service) ||
	    !item_text(c->pamh, PAM_USER, &c->peer.user) ||
	    !item_text(c->pamh, PAM_RHOST, &c->peer.rhost)) {
		ca_log_err(&c->log,
		    "outcome=denied reason=%-s: libpam did not return the "
		    "service, user or remote host",
		    ca_reason_code(CA_R_INTERNAL));
		return CA_ERR_USAGE;
	}
	if (c->peer.service == NULL)
		c->peer.service = "";
	return CA_OK;
}

static void
call_end(struct call *c)
{
	ca_report_free(c->report);
	ca_crypto_free(c->crypto);
	ca_config_free(c->cfg);
	ERR_pop_to_mark();
}

/* call_end is due whatever comes of it. */
static enum ca_err
call_begin(
    struct call *c, pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	enum ca_err rc;

	c->pamh = pamh;
	c->silent = (flags & PAM_SILENT) != 0;
	c->log = (struct ca_log){emit, c, false};
	ERR_set_mark(); /* the queue is the application's too */
	if ((rc = look_at_items(c)) != CA_OK)
		return rc;
	rc = ca_config_load(argc, argv, c->peer.service, &c->log, &c->cfg);
	if (rc != CA_OK) {
		/* whatever was wrong, it was not the user */
		ca_log_err(&c->log,
		    "outcome=denied reason=%-s user=%s service=%s "
		    "detail=\"the line before names the file; run: certauth "
		    "doctor\"",
		    ca_reason_code(CA_R_CONFIG),
		    c->peer.user != NULL ? c->peer.user : "", c->peer.service);
		return rc == CA_ERR_MEMORY ? rc : CA_ERR_CONFIG;
	}
	c->log.debug = c->cfg->debug;
	c->report = ca_report_new();
	rc = c->report != NULL ? ca_crypto_new(&c->crypto) : CA_ERR_MEMORY;
	if (rc != CA_OK) {
		ca_log_err(&c->log, "outcome=denied reason=%-s: %-s",
		    ca_reason_code(CA_R_INTERNAL), ca_err_text(rc));
		return rc;
	}
	ca_auth_facts(&c->peer, c->report);
	return CA_OK;
}

/* ---- getting a response ---- */

static enum ca_err
by_command(struct call *c, const struct ca_request *req,
    const struct ca_channel *channel, struct ca_buf *out,
    enum ca_reason *reason)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_caller *caller = NULL;
	struct ca_map_budget budget = {CA_CALLER_CERTS_MAX, CA_PATH_COST_MAX};
	STACK_OF(X509) *certs = NULL;

	rc = ca_caller_new(c->peer.user, c->peer.rhost, &c->log, &caller);
	if (rc != CA_OK) {
		*reason =
		    rc == CA_ERR_NOT_FOUND ? CA_R_NO_CREDENTIAL : CA_R_INTERNAL;
		ret = rc;
		goto out;
	}
	if (c->peer.user != NULL && c->peer.user[0] != '\0') {
		const struct ca_context ctx = {
		    c->crypto, c->cfg, &c->log, time(NULL)};
		rc = ca_map_registered(&ctx, c->peer.user, &budget, &certs);
		if (rc != CA_OK) {
			*reason = CA_R_USERS_FILE;
			ret = rc;
			goto out;
		}
	}
	for (int i = 0; certs != NULL && i < sk_X509_num(certs); i++) {
		unsigned char *der = NULL;
		int len = i2d_X509(sk_X509_value(certs, i), &der);

		rc = len > 0 ? ca_caller_add_cert(caller, der, (size_t)len)
			     : CA_ERR_CRYPTO;
		OPENSSL_free(der);
		if (rc != CA_OK) {
			*reason = CA_R_INTERNAL;
			ret = rc;
			goto out;
		}
	}
	rc = ca_channel_command(
	    channel, req, ca_caller_get0_user(caller), out, reason);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	sk_X509_pop_free(certs, X509_free);
	ca_caller_free(caller);
	return ret;
}

static void
abort_login(struct call *c, enum ca_reason reason)
{
	const char *text = ca_auth_abort_text(reason);

	if (text != NULL)
		ca_report_abort(c->report, reason, "%s", text);
	else
		ca_report_abort(c->report, reason, NULL);
}

/* One channel after the other, until one has something to say. */
static enum ca_err
get_response(struct call *c, const struct ca_request *req, struct ca_buf *out)
{
	const struct ca_prompter prompter = {ask, info, c};
	const struct ca_channel channel = {c->cfg, &c->log, &prompter};
	enum ca_reason reason = CA_R_NO_CREDENTIAL;
	enum ca_err rc = CA_ERR_NOT_FOUND;

	for (size_t i = 0; i < 2 && c->cfg->proof[i] != 0; i++) {
		if (c->cfg->proof[i] == CA_PROOF_COMMAND)
			rc = by_command(c, req, &channel, out, &reason);
		else
			rc = ca_channel_conversation(
			    &channel, req, out, &reason);
		if (rc == CA_OK)
			return CA_OK;
		if (reason != CA_R_NO_CREDENTIAL)
			break;
	}
	abort_login(c, reason);
	if (reason == CA_R_ANSWER_CUT)
		info(c,
		    "The answer was truncated on its way to this host: its "
		    "end is missing.",
		    true);
	else if (reason == CA_R_ANSWER_MALFORMED)
		info(c,
		    "The answer is malformed: it differs from what certauth "
		    "printed.",
		    true);
	return rc;
}

/* ---- a login ---- */

static void
login_free(pam_handle_t *pamh, void *data, int status)
{
	(void)pamh;
	(void)status;
	ca_auth_login_free(data);
}

/* Whatever an earlier attempt of this transaction left: its session may be
 * opened in the end by another way, a password perhaps. */
static void
forget_login(pam_handle_t *pamh)
{
	const char *name;

	(void)pam_set_data(pamh, LOGIN_DATA, NULL, NULL);
	for (size_t i = 0; (name = ca_auth_env_name(i)) != NULL; i++) {
		if (pam_getenv(pamh, name) != NULL)
			(void)pam_putenv(pamh, name);
	}
}

/* For acct_mgmt, later in this transaction. */
static enum ca_err
keep_login(struct call *c, const struct ca_auth_result *result)
{
	struct ca_auth_login *login;
	enum ca_err rc = ca_auth_login_new(result, &login);

	if (rc != CA_OK)
		return rc;
	if (pam_set_data(c->pamh, LOGIN_DATA, login, login_free) !=
	    PAM_SUCCESS) {
		ca_auth_login_free(login);
		return CA_ERR_MEMORY;
	}
	return CA_OK;
}

/* For scripts of the session. */
static enum ca_err
put_environment(struct call *c)
{
	struct ca_buf b = CA_BUF_INIT((size_t)1 << 16);
	enum ca_err rc = CA_OK;

	for (size_t i = 0; rc == CA_OK && ca_auth_env(c->report, i, &b); i++) {
		if (ca_buf_text(&b) == NULL ||
		    pam_putenv(c->pamh, ca_buf_text(&b)) != PAM_SUCCESS)
			rc = CA_ERR_MEMORY;
		ca_buf_reset(&b);
	}
	ca_buf_free(&b);
	return rc;
}

static void
warn_expiry(struct call *c, X509 *leaf, time_t now)
{
	struct ca_buf b = CA_BUF_INIT((size_t)1 << 16);

	if (ca_auth_expires_soon(c->cfg, c->report, leaf, now, &b) &&
	    ca_buf_text(&b) != NULL)
		info(c, ca_buf_text(&b), false);
	ca_buf_free(&b);
}

/* What a granted login does to the transaction: all of it or nothing. */
static enum ca_err
take_effect(struct call *c, const struct ca_auth_result *result, time_t now)
{
	enum ca_err ret = CA_ERR_UNSET, rc;

	if ((rc = keep_login(c, result)) != CA_OK ||
	    (rc = put_environment(c)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if ((c->peer.user == NULL || c->peer.user[0] == '\0') &&
	    pam_set_item(c->pamh, PAM_USER, result->login) != PAM_SUCCESS) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	warn_expiry(c, result->leaf, now);
	ret = CA_OK;
out:
	/* a later account check must not take this for a login */
	if (ret != CA_OK)
		forget_login(c->pamh);
	return ret;
}

/* The context of a step that is judged by the time of now. */
static struct ca_context
context(const struct call *c)
{
	return (struct ca_context){c->crypto, c->cfg, &c->log, time(NULL)};
}

static enum ca_err
authenticate(struct call *c)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf response = CA_BUF_INIT(CA_RESPONSE_MAX);
	struct ca_auth_result result = {NULL, NULL, NULL};
	struct ca_request *req = NULL;
	enum ca_reason reason = CA_R_INTERNAL;
	struct ca_context ctx;

	ctx = context(c);
	rc = ca_auth_request(
	    &ctx, &c->peer, ca_channel_host_sign, &req, &reason);
	if (rc != CA_OK) {
		abort_login(c, reason);
		ret = rc;
		goto out;
	}
	if ((rc = get_response(c, req, &response)) != CA_OK) {
		ret = rc;
		goto out;
	}
	/* an answer about another user, service or host than now is refused */
	if ((rc = look_at_items(c)) != CA_OK) {
		ca_report_abort(c->report, CA_R_INTERNAL, NULL);
		ret = rc;
		goto out;
	}
	ctx = context(c);
	rc = ca_auth_check(&ctx, &c->peer, req,
	    &(struct ca_bytes){response.p, response.len}, c->report, &result);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	/* a trial of the configuration must not leave traces of a login */
	if (c->cfg->mode == CA_MODE_ENFORCE &&
	    (rc = take_effect(c, &result, ctx.now)) != CA_OK) {
		ca_report_abort(
		    c->report, CA_R_INTERNAL, "%s", ca_err_text(rc));
		ret = rc;
		goto out;
	}
	ca_auth_warn_site(c->cfg, &c->log, &result, ctx.now);
	ret = CA_OK;
out:
	ca_auth_log(c->cfg, &c->log, c->report, CA_REPORT_ALL, "login");
	ca_auth_result_clear(&result);
	ca_request_free(req);
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
	if ((rc = call_begin(&c, pamh, flags, argc, argv)) != CA_OK) {
		ret = pam_code(rc, PAM_AUTH_ERR);
		goto out;
	}
	rc = authenticate(&c);
	if (c.cfg->mode == CA_MODE_AUDIT) {
		ret = PAM_IGNORE;
		goto out;
	}
	ret = pam_code(rc, PAM_AUTH_ERR);
out:
	call_end(&c);
	return ret;
}

PAM_EXPORT int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}

/* ---- account ---- */

/* The same certificate, by today's CRLs. */
static enum ca_err
recheck(struct call *c, const struct ca_auth_login *login)
{
	const struct ca_context ctx = context(c);
	enum ca_err rc = ca_auth_recheck(&ctx, &c->peer, login, c->report);

	ca_auth_log(c->cfg, &c->log, c->report, CA_REPORT_CERT, "account");
	return rc;
}

PAM_EXPORT int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	int ret = PAM_SERVICE_ERR, kept;
	const void *data = NULL;
	struct call c = {.phase = "account"};
	enum ca_err rc;

	if ((rc = call_begin(&c, pamh, flags, argc, argv)) != CA_OK) {
		ret = pam_code(rc, PAM_PERM_DENIED);
		goto out;
	}
	if (c.cfg->mode == CA_MODE_AUDIT) {
		ret = PAM_IGNORE;
		goto out;
	}
	kept = pam_get_data(pamh, LOGIN_DATA, &data);
	if (kept != PAM_SUCCESS && kept != PAM_NO_MODULE_DATA) {
		ca_log_err(&c.log,
		    "event=account outcome=denied reason=%-s: libpam did not "
		    "return the data of the login",
		    ca_reason_code(CA_R_INTERNAL));
		goto out;
	}
	if (kept == PAM_NO_MODULE_DATA || data == NULL) {
		if (c.cfg->require_account)
			ca_log(&c.log, CA_LOG_NOTICE,
			    "event=account outcome=denied reason=no-credential: the "
			    "user did not log in by certificate, and require_account "
			    "= yes requires it");
		ret = c.cfg->require_account ? PAM_PERM_DENIED : PAM_IGNORE;
		goto out;
	}
	ret = pam_code(recheck(&c, data), PAM_PERM_DENIED);
out:
	call_end(&c);
	return ret;
}

/* ---- what this module has nothing to say about ---- */

PAM_EXPORT int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_IGNORE;
}

PAM_EXPORT int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_IGNORE;
}

/* A certificate is not changed by a password change. */
PAM_EXPORT int
pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)flags;
	(void)argc;
	(void)argv;
	pam_syslog(pamh, LOG_AUTHPRIV | LOG_ERR,
	    "a certificate has no password to change: remove "
	    "pam_certauth.so from the password lines");
	return PAM_SERVICE_ERR;
}
