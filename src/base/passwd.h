/*
 * Accounts of the system, as this process sees them.  (A worker of the verifier asks
 * the module: base/sys.h.)
 */
#ifndef CA_BASE_PASSWD_H
#define CA_BASE_PASSWD_H

#include <pwd.h>

#include "base/err.h"

/* Begins as {0}. */
struct ca_passwd {
	struct passwd pw; /* borrows from text */
	char *text;       /* to be freed with free() in every case */
};

/*
 * Find the account of that name or, if name is NULL, of that uid.  out may have the
 * result of a call before.  CA_ERR_NOT_FOUND; CA_ERR_IO and CA_ERR_MEMORY, errno.
 */
CA_MUST_CHECK enum ca_err ca_passwd_find(
    const char *name, uid_t uid, struct ca_passwd *out);

#endif
