/*
 * Who sits at this machine, and with whose rights the helper may run.
 */
#ifndef CA_CHANNEL_CALLER_H
#define CA_CHANNEL_CALLER_H

#include <stddef.h>

#include "base/err.h"
#include "base/log.h"
#include "channel/channel.h"
#include "channel/helper.h"

#define CA_CALLER_CERTS_MAX CA_HELPER_CERTS_MAX

struct ca_caller;

/*
 * Find out: where the process runs setuid root (sudo, su), the user of its
 * real uid; where it runs as root (login, a display manager), pam_user; where
 * it runs as an ordinary user (a screen locker), that user.
 *
 * CA_ERR_NOT_FOUND: nobody: no pam_user or no such account, or the user is at
 * another machine (rhost is not empty): a helper at this one would answer for
 * whoever called from there.  Both may be NULL.  CA_ERR_MEMORY, CA_ERR_IO.
 */
CA_MUST_CHECK enum ca_err ca_caller_new(const char *pam_user, const char *rhost,
    const struct ca_log *log, struct ca_caller **out);
void ca_caller_free(struct ca_caller *caller); /* NULL is allowed */

/* Register the DER of a certificate; copied.  CA_ERR_LIMIT: enough. */
CA_MUST_CHECK enum ca_err ca_caller_add_cert(
    struct ca_caller *caller, const void *der, size_t len);

/* Borrowed, as long as caller lives and nothing is added. */
const struct ca_channel_user *ca_caller_get0_user(
    const struct ca_caller *caller);

#endif
