/*
 * A PAM of our own around the module, whose client has a key.
 */
#ifndef CA_TESTS_FAULT_APP_H
#define CA_TESTS_FAULT_APP_H

#include <security/pam_modules.h>
#include <stdbool.h>

/* How a login ended. */
struct app_end {
	int code;            /* of pam_sm_authenticate */
	int account;         /* of pam_sm_acct_mgmt, if that was PAM_SUCCESS */
	const char *user;    /* PAM_USER afterwards */
	bool user_changed;   /* from what it was before */
	bool other_user;     /* it was set, and is another now */
	bool has_data;       /* the module remembers a login */
	bool errors;         /* libcrypto's queue is not what it was */
	const char *session; /* what was wrong with the session, or NULL */
};

bool app_option(int opt, const char *value);
bool app_begin(int argc, const char **argv); /* loads the client's key */
void app_finish(void);

/* A login, and what pam_end does after it is app_forget. */
void app_login(struct app_end *end);
void app_forget(void);

/* The transaction's data goes, as it does not reach another process. */
void app_drop_data(pam_handle_t *pamh);

/* How many lines of this login's log hold text. */
int app_logged(const char *text);
void app_print_log(void);

/*
 * With the login, a session is opened and closed.  how: "own", in the process of the
 * login; "forked", in one that has of it the environment alone, as that of sshd.  Each
 * returns what was wrong, or NULL.
 */
bool session_begin(const char *how);
bool session_wanted(void);
const char *session_refused(void); /* the login was refused */
const char *session_run(pam_handle_t *pamh, int argc, const char **argv);

/*
 * Instead of a login: the index of a users file (kind "users") or of a CRL
 * ("crl", signed by a certificate of ca_file) is made, first where there is
 * none, then over it.  Afterwards the index is complete or unchanged, and there
 * is no other file.  make_once: what is wrong, or NULL; *made: was the last
 * one made?
 */
bool make_begin(const char *kind, const char *file, const char *ca_file);
void make_finish(void);
const char *make_once(bool *made);

/*
 * The module of this process asks a resident verifier, in whose parent calls fail.
 * how: "own", the parent makes its socket; "passed", it has one of its supervisor's.
 */
bool listen_begin(const char *how);
void listen_start(void);
void listen_again(void); /* SIGHUP: it executes itself again */

/* Stop it, and wait for all its processes.  What was wrong, or NULL. */
const char *listen_stop(void);
void listen_print_log(void);

/* The parent that was executed again. */
_Noreturn void listen_parent(void);

/* fault.c: failures happen only while this is on. */
void fault_arm(bool on);
void fault_take_part(void); /* this process's calls are those that fail */
bool fault_is_libc(const char *name);
bool fault_fired(void);          /* something failed in this run */
bool fault_is(const char *name); /* what fails has that name */
bool fault_is_absence(void);     /* what fails says ENOENT */

#endif
