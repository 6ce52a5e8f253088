/*
 * Find the user at this machine, with whose rights the helper may run.
 */
#ifndef CA_CHANNEL_CALLER_H
#define CA_CHANNEL_CALLER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/log.h"
#include "channel/channel.h"
#include "channel/helper.h"

#define CA_CALLER_CERTS_MAX CA_HELPER_CERTS_MAX

struct ca_caller;

/* Does the value of getpwnam_r or getpwuid_r, without an entry, mean that there is no
 * such account?  Some name services report that by an error code. */
bool ca_caller_is_absent(int e);

/* Can there be a caller?  Not for a user at another machine. */
bool ca_caller_possible(const char *rhost);

/*
 * Find the user.  If the process runs setuid root (sudo, su), it is the user of
 * the real uid; if it runs as root (login, a display manager), it is pam_user;
 * if it runs as an ordinary user (a screen locker), it is that user.
 *
 * pam_user and rhost may be NULL.  *out is to be freed with ca_caller_free.
 * CA_ERR_NOT_FOUND: the process runs as root, and pam_user is missing; or the
 * account does not exist; or the process runs as root and rhost is not empty:
 * the user is at another machine, and a helper at this one would sign for
 * anybody who connects from there.  CA_ERR_MEMORY, CA_ERR_IO.
 */
CA_MUST_CHECK enum ca_err ca_caller_new(const char *pam_user, const char *rhost,
    const struct ca_log *log, struct ca_caller **out);
void ca_caller_free(struct ca_caller *caller); /* NULL is allowed */

/* Add the DER of a certificate that is registered for the user; it is copied.
 * CA_ERR_LIMIT: there are CA_CALLER_CERTS_MAX already, or len is 0;
 * CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_caller_add_cert(
    struct ca_caller *caller, const void *der, size_t len);

/* Borrow the user, until a certificate is added or caller is freed. */
const struct ca_channel_user *ca_caller_get0_user(
    const struct ca_caller *caller);

#endif
