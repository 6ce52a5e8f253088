/*
 * The session after a login: what is in /run/certauth, which is this process's own.
 */
#include "app.h"

#include <dirent.h>
#include <fcntl.h>
#include <security/pam_modules.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "module/recorded.h"
#include "session/record.h"

#define VARIABLE "CERTAUTH_LOGIN_ID"
#define NOT_RECORDED "is not recorded"

static enum { NONE, OWN, FORKED } how;
static bool called, failed; /* ca_recorded_login: and something in it */

bool
session_begin(const char *value)
{
	if (strcmp(value, "own") == 0)
		how = OWN;
	else if (strcmp(value, "forked") == 0)
		how = FORKED;
	else
		return false;
	return geteuid() == 0;
}

bool
session_wanted(void)
{
	return how != NONE;
}

enum ca_err __real_ca_recorded_login(pam_handle_t *pamh,
    const struct ca_log *log, const char *service,
    const struct ca_op_texts *argv, const struct ca_op_answer *granted);
enum ca_err __wrap_ca_recorded_login(pam_handle_t *pamh,
    const struct ca_log *log, const char *service,
    const struct ca_op_texts *argv, const struct ca_op_answer *granted);

enum ca_err
__wrap_ca_recorded_login(pam_handle_t *pamh, const struct ca_log *log,
    const char *service, const struct ca_op_texts *argv,
    const struct ca_op_answer *granted)
{
	const bool before = fault_fired();

	enum ca_err rc =
	    __real_ca_recorded_login(pamh, log, service, argv, granted);
	called = true;
	/* limits of the process, and they alone, refuse the login */
	failed = !before && fault_fired() && rc != CA_ERR_LIMIT;
	return rc;
}

/* ---- what is there ---- */

/* How many records a folder has; -1: there is something else, or a part of one.  Of a
 * session, the record says which process it is. */
static int
count(const char *name, bool sessions)
{
	char path[64];
	const struct dirent *e;
	int n = 0;

	(void)snprintf(path, sizeof path, "%s/%s", CA_SESSION_DIR, name);
	DIR *d = opendir(path);
	while (d != NULL && (e = readdir(d)) != NULL) {
		struct ca_buf bytes = CA_BUF_INIT(CA_SESSION_MAX);
		struct ca_session s;

		if (e->d_name[0] == '.')
			continue;
		bool good =
		    ca_session_is_id(e->d_name) &&
		    ca_session_load(dirfd(d), e->d_name, &bytes, &s) == CA_OK &&
		    strcmp(s.service, "test") == 0 &&
		    strcmp(s.user, "alice") == 0 && s.kept.len > 0;
		if (good && sessions)
			good = s.process.pid == (uint64_t)getpid() &&
			       s.process.start > 0 &&
			       strlen(s.process.boot) == 36 &&
			       s.process.ns_ino > 0 &&
			       strcmp(s.account, "alice") == 0 && s.uid == 2001;
		n = good && n >= 0 ? n + 1 : -1;
		ca_buf_free(&bytes);
	}
	if (d != NULL)
		(void)closedir(d);
	return n;
}

static int
logins(void)
{
	return count(CA_SESSION_LOGINS, false);
}

static int
sessions(void)
{
	return count(CA_SESSION_SESSIONS, true);
}

static void
clear(void)
{
	static const char *const name[] = {
	    CA_SESSION_LOGINS, CA_SESSION_SESSIONS};

	for (size_t i = 0; i < 2; i++) {
		char path[sizeof CA_SESSION_DIR + 300];
		const struct dirent *e;

		(void)snprintf(
		    path, sizeof path, "%s/%s", CA_SESSION_DIR, name[i]);
		DIR *d = opendir(path);
		while (d != NULL && (e = readdir(d)) != NULL)
			if (e->d_name[0] != '.')
				(void)unlinkat(dirfd(d), e->d_name, 0);
		if (d != NULL)
			(void)closedir(d);
		/* the next login makes them again */
		(void)rmdir(path);
	}
	(void)rmdir(CA_SESSION_DIR);
}

/* ---- judge ---- */

static bool
known(int code)
{
	return code == PAM_SUCCESS || code == PAM_IGNORE ||
	       code == PAM_SESSION_ERR || code == PAM_BUF_ERR;
}

static const char *
judge_open(pam_handle_t *pamh, int code)
{
	const int n = sessions(), left = logins();

	if (!known(code))
		return "pam_sm_open_session returned a wrong code";
	if (n < 0 || left < 0)
		return "a record is not whole";
	if (n != (code == PAM_SUCCESS))
		return "pam_sm_open_session did not say what it did";
	/* without its data, the module knows of no login */
	if (code != PAM_SUCCESS && app_logged(NOT_RECORDED) == 0 &&
	    !fault_is("pam_get_data"))
		return "a session is not recorded, and that was not logged";
	/* what cannot be removed makes no session */
	if (left > 0 && code == PAM_SUCCESS)
		return "the record of a login was not used up";
	/* a variable that PAM does not remove stays */
	if (pam_getenv(pamh, VARIABLE) != NULL && !fault_is("pam_putenv"))
		return "the id of the login is in the environment";
	return NULL;
}

static const char *
judge_close(int code)
{
	const int n = sessions();

	if (!known(code))
		return "pam_sm_close_session returned a wrong code";
	if (n < 0)
		return "a record is not whole";
	/* without its data, the module knows of no session; and a record that is absent
	 * was cleared by a check, which nobody must hear of */
	if (n > 0 && app_logged("cannot be removed") == 0 &&
	    !fault_is("pam_get_data") && !fault_is_absence())
		return "a session is closed, and its record is left";
	return NULL;
}

const char *
session_refused(void)
{
	const char *what = NULL;

	if (failed)
		what = "a login was refused since it was not recorded";
	else if (logins() != 0)
		what = "a refused login has a record";
	called = failed = false;
	clear();
	return what;
}

const char *
session_run(pam_handle_t *pamh, int argc, const char **argv)
{
	const char *what = NULL;
	const int n = logins();
	int code;

	if (!called)
		what = "a login was not to be recorded";
	else if (n < 0)
		what = "a record is not whole";
	else if ((n == 0) != (app_logged("the login " NOT_RECORDED) > 0))
		what = "whether a login is recorded was not logged rightly";
	called = failed = false;
	/* the session is another process's, which has the environment alone, and
	 * begins with the credentials */
	if (how == FORKED)
		app_drop_data(pamh);
	fault_arm(true);
	if (how == FORKED && pam_sm_setcred(pamh, 0, argc, argv) != PAM_SUCCESS)
		abort();
	code = pam_sm_open_session(pamh, 0, argc, argv);
	fault_arm(false);
	if (what == NULL)
		what = judge_open(pamh, code);
	fault_arm(true);
	code = pam_sm_close_session(pamh, 0, argc, argv);
	fault_arm(false);
	if (what == NULL)
		what = judge_close(code);
	clear();
	return what;
}
