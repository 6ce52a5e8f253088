/*
 * What a confined process asks of another: opening a file, looking up an account.
 * Here each function is the system call or the function of libc.  certauth-verifier
 * links its own (src/verifier/sys.c), which ask the module for what the worker may
 * not do itself.
 */
#ifndef CA_BASE_SYS_H
#define CA_BASE_SYS_H

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* errno of ca_sys_openat: who opened the file did not accept its owner or mode. */
#define CA_SYS_UNTRUSTED EKEYREJECTED

/* As openat(2) for reading: flags has neither O_WRONLY, O_RDWR nor O_CREAT. */
int ca_sys_openat(int dirfd, const char *path, int flags);

/* Is there such a name in the directory?  With follow, a link to nothing is none.
 * Where the system does not say, there is one. */
bool ca_sys_exists(int dirfd, const char *name, bool follow);

/* As readlinkat(2), with a NUL after the target; false: it is no link, or its target
 * does not fit. */
bool ca_sys_link(int dirfd, const char *name, char target[PATH_MAX]);

/* Besides root's, files of this user are trusted. */
uid_t ca_sys_owner(void);

/* As getpwnam_r. */
int ca_sys_passwd(const char *name, struct passwd *pw, char *buffer,
    size_t size, struct passwd **found);

/*
 * Open the folder .certauth in the home of a user, as ca_home_open does.  name is
 * the user's account, home and uid are of its entry.
 */
CA_MUST_CHECK enum ca_err ca_sys_home(const char *name, const char *home,
    uid_t uid, char path[PATH_MAX], int *fd);

#endif
