/*
 * Find the user at this machine, with whose rights the helper may run.
 */
#ifndef CA_CHANNEL_CALLER_H
#define CA_CHANNEL_CALLER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"
#include "base/passwd.h"
#include "channel/channel.h"

/* Can there be a caller?  Not for a user at another machine. */
bool ca_caller_possible(const char *rhost);

/*
 * Find the user.  If the process runs setuid root (sudo, su), it is the user of
 * the real uid; if it runs as root (login, a display manager), it is pam_user;
 * if it runs as an ordinary user (a screen locker), it is that user.
 *
 * pam_user and rhost may be NULL.  user borrows from account and from the environment,
 * which the application may change in a conversation; it has no certificates.
 * CA_ERR_NOT_FOUND: the process runs as root, and pam_user is missing; or the
 * account does not exist; or the process runs as root and rhost is not empty:
 * the user is at another machine, and a helper at this one would sign for
 * anybody who connects from there.  CA_ERR_MEMORY, CA_ERR_IO.
 */
CA_MUST_CHECK enum ca_err ca_caller_user(const char *pam_user,
    const char *rhost, const struct ca_log *log, struct ca_passwd *account,
    struct ca_channel_user *user);

#endif
