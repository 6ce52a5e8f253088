/*
 * Accounts of the system.
 */
#ifndef CA_MODULE_PASSWD_H
#define CA_MODULE_PASSWD_H

#include <pwd.h>

/* getpwnam_r with a buffer that grows: *text, to free().  *entry is NULL if there is
 * no such account.  0, or an error number. */
int ca_account_entry(
    const char *name, struct passwd *pw, char **text, struct passwd **entry);

#endif
