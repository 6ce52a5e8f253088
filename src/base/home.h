/*
 * Open what a user put into the own home, in a process that may run as root.
 */
#ifndef CA_BASE_HOME_H
#define CA_BASE_HOME_H

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"

/*
 * Open the folder .certauth in home, so that a process of root reads only what the
 * user with that uid could have put there: from / down, no symbolic link, and every
 * directory is owned by root or the user and not writable by others.  The user id of
 * the process is not changed, because this would change its other threads too.  path
 * is the real path of the folder; it is set unless the result is CA_ERR_NOT_FOUND.
 * The caller closes *fd.  CA_ERR_NOT_FOUND: there is no such folder, or no such home;
 * CA_ERR_UNTRUSTED, CA_ERR_IO (errno), CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_home_open(
    const char *home, uid_t uid, char path[PATH_MAX], int *fd);

/*
 * Can only root or the user replace an entry of the directory, or write the file?
 * In a sticky directory of root's, others can create entries, but not replace those
 * of root or the user; the caller checks the next entry's owner.
 */
bool ca_home_theirs(const struct stat *st, uid_t uid);

#endif
