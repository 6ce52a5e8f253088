/*
 * The records of a granted login and of its session (session/record.h).
 */
#ifndef CA_MODULE_RECORDED_H
#define CA_MODULE_RECORDED_H

#include <security/pam_modules.h>

#include "base/err.h"
#include "base/log.h"
#include "op/op.h"

/*
 * Record a granted login of service, whose module has those arguments, in a process of
 * root's.  Where that fails, the login goes on: it was logged that its session cannot
 * be ended.  CA_ERR_LIMIT: limits of the process, which its user may have set, keep it
 * from being recorded; the login must not go on.
 */
CA_MUST_CHECK enum ca_err ca_recorded_login(pam_handle_t *pamh,
    const struct ca_log *log, const char *service,
    const struct ca_op_texts *argv, const struct ca_op_answer *granted);

/* The login did not take effect, or another attempt begins: remove its record. */
void ca_recorded_forget(pam_handle_t *pamh);

/* The process that will open the session begins: from now on the environment of PAM may
 * have what the user wrote.  Take the name of the login out of it. */
void ca_recorded_take(pam_handle_t *pamh);

typedef enum ca_err ca_recorded_change(
    pam_handle_t *pamh, const struct ca_log *log);

/*
 * A session is opened: make its record of that of the login.  The login is that of this
 * transaction; in an application whose session is opened by another process than its
 * authentication was, the environment named it, and service and user must be the same.
 * The login is used up, and the variable removed, in every case.  CA_ERR_NOT_FOUND: no
 * login by certificate is known, which was logged if one was named.  Other errors were
 * logged.
 */
CA_MUST_CHECK enum ca_err ca_recorded_open(
    pam_handle_t *pamh, const struct ca_log *log);

/* The session of this transaction is closed.  CA_ERR_NOT_FOUND: it has no record;
 * others were logged. */
CA_MUST_CHECK enum ca_err ca_recorded_close(
    pam_handle_t *pamh, const struct ca_log *log);

#endif
