/*
 * base/sys.h for a confined worker: what it may not open itself, the module opens.
 * This file takes the place of base/sys.c in certauth-verifier.
 */
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "verifier/calls.h"

#define DIRECTORIES 16 /* open at once */

/* A process has one thread and one operation. */
static struct ca_calls *calls;
static struct {
	int fd;
	char path[PATH_MAX];
} directory[DIRECTORIES];
static size_t next_directory;
static char home[PATH_MAX]; /* the folder that ca_sys_home opened */

void
ca_calls_use(struct ca_calls *use)
{
	calls = use;
}

/* The path of name in the directory dirfd.  False: it is not known. */
static bool
full_path(int dirfd, const char *name, char out[PATH_MAX])
{
	const char *parent = NULL;
	int n;

	if (name[0] == '/')
		n = snprintf(out, PATH_MAX, "%s", name);
	else {
		for (size_t i = 0; i < DIRECTORIES; i++) {
			if (directory[i].path[0] == '/' &&
			    directory[i].fd == dirfd)
				parent = directory[i].path;
		}
		if (parent == NULL)
			return false;
		if (strcmp(name, ".") == 0)
			n = snprintf(out, PATH_MAX, "%s", parent);
		else
			n = snprintf(out, PATH_MAX, "%s/%s", parent, name);
	}
	return n > 0 && n < PATH_MAX;
}

/* Remember which directory fd is.  The number may have been used before. */
static void
remember(int fd, const char *path)
{
	size_t at = DIRECTORIES;

	for (size_t i = 0; i < DIRECTORIES; i++) {
		if (directory[i].path[0] == '/' && directory[i].fd == fd)
			at = i;
	}
	if (at == DIRECTORIES)
		at = next_directory++ % DIRECTORIES;
	directory[at].fd = fd;
	(void)snprintf(directory[at].path, PATH_MAX, "%s", path);
}

/* ---- what a peer that is not root may have ---- */

/* May everybody search the directories above the file of that path? */
static bool
all_may_reach(const char *path, const struct stat *file)
{
	char real[PATH_MAX];
	struct stat st;

	if (realpath(path, real) == NULL || stat(real, &st) != 0 ||
	    st.st_dev != file->st_dev || st.st_ino != file->st_ino)
		return false;
	for (char *end; (end = strrchr(real, '/')) != NULL;) {
		*end = '\0';
		if (stat(real[0] != '\0' ? real : "/", &st) != 0 ||
		    (st.st_mode & S_IXOTH) == 0)
			return false;
	}
	return true;
}

/* A peer that is not root learns nothing of a file that not everybody may read:
 * this process may be in a group that it is not in.  path: NULL if it is not
 * known. */
static bool
may_use(int fd, const char *path)
{
	struct stat st;

	if (calls == NULL || !calls->others_only)
		return true;
	return path != NULL && fstat(fd, &st) == 0 &&
	       (st.st_mode & S_IROTH) != 0 && all_may_reach(path, &st);
}

/* Is it a file whose content the kernel makes, of the process that reads it or of its
 * host?  They are nobody's configuration, and tell more than their modes say. */
static bool
is_made_by_kernel(int fd)
{
	static const uint32_t type[] = {PROC_SUPER_MAGIC, SYSFS_MAGIC,
	    DEBUGFS_MAGIC, TRACEFS_MAGIC, SECURITYFS_MAGIC, SELINUX_MAGIC,
	    SMACK_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, BPF_FS_MAGIC,
	    PSTOREFS_MAGIC, EFIVARFS_MAGIC, DEVPTS_SUPER_MAGIC, NSFS_MAGIC};
	struct statfs fs;

	if (fstatfs(fd, &fs) != 0)
		return true;
	for (size_t i = 0; i < sizeof type / sizeof type[0]; i++) {
		if ((uint32_t)fs.f_type == type[i])
			return true;
	}
	return false;
}

/* fd, or -1. */
static int
unless_made_by_kernel(int fd)
{
	if (fd < 0 || calls == NULL || !calls->others_only ||
	    !is_made_by_kernel(fd))
		return fd;
	(void)close(fd);
	errno = EACCES;
	return -1;
}

/* ---- files ---- */

static bool
is_below(const char *path, const char *parent)
{
	size_t len = strlen(parent);

	return len > 0 && strncmp(path, parent, len) == 0 &&
	       (path[len] == '\0' || path[len] == '/');
}

/* Would the module open it?  What it must not be asked for denies the login. */
static bool
may_ask(const char *path)
{
	if (calls == NULL || !calls->ready)
		return calls != NULL;
	for (size_t i = 0; i < calls->grant.n; i++) {
		if (is_below(path, calls->grant.v[i]))
			return true;
	}
	return is_below(path, home);
}

int
ca_sys_openat(int dirfd, const char *path, int flags)
{
	char full[PATH_MAX];
	bool known = full_path(dirfd, path, full);
	int fd = openat(dirfd, path, flags | O_CLOEXEC);

	if (fd >= 0 && !may_use(fd, known ? full : NULL)) {
		(void)close(fd);
		fd = -1;
		errno = EACCES;
	}
	if (fd < 0 && errno != EACCES && errno != EPERM &&
	    (errno != ENOENT || path[0] != '/' || calls == NULL ||
		!calls->apart))
		return fd;
	if (!known)
		return fd;
	if (fd < 0 && may_ask(full))
		fd = ca_calls_open(
		    calls, full, (flags & O_DIRECTORY) != 0, NULL);
	fd = unless_made_by_kernel(fd);
	if (fd >= 0 && (flags & O_DIRECTORY) != 0)
		remember(fd, full);
	return fd;
}

/* Have the module look at a name in a directory that this process may not search.
 * errno says why it could not open it; target: of a link, else empty. */
static bool
ask_about(int dirfd, const char *name, char target[PATH_MAX])
{
	char full[PATH_MAX];
	int fd;

	target[0] = '\0';
	if (!full_path(dirfd, name, full) || !may_ask(full)) {
		errno = EACCES;
		return false;
	}
	fd = ca_calls_open(calls, full, false, target);
	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

bool
ca_sys_exists(int dirfd, const char *name, bool follow)
{
	char target[PATH_MAX];

	if (faccessat(dirfd, name, F_OK, follow ? 0 : AT_SYMLINK_NOFOLLOW) == 0)
		return true;
	if (errno != EACCES)
		return errno != ENOENT;
	return ask_about(dirfd, name, target) ||
	       (target[0] != '\0' && !follow) || errno != ENOENT;
}

bool
ca_sys_link(int dirfd, const char *name, char target[PATH_MAX])
{
	ssize_t n = readlinkat(dirfd, name, target, PATH_MAX - 1);

	target[n > 0 ? n : 0] = '\0';
	if (n < 0 && errno == EACCES)
		(void)ask_about(dirfd, name, target);
	return target[0] != '\0';
}

uid_t
ca_sys_owner(void)
{
	return calls != NULL ? calls->owner : geteuid();
}

/* Copy text to *at, whose room ends at end.  NULL: there is no room. */
static char *
copy(const char *text, char **at, const char *end)
{
	size_t len = strlen(text != NULL ? text : "") + 1;
	char *to = *at;

	if (len > (size_t)(end - to))
		return NULL;
	memcpy(to, text != NULL ? text : "", len);
	*at += len;
	return to;
}

int
ca_sys_passwd(const char *name, struct passwd *pw, char *buffer, size_t size,
    struct passwd **found)
{
	const struct ca_op_call call = {.name = name};
	struct ca_op_reply reply;
	char *at = buffer;

	*found = NULL;
	if (calls == NULL ||
	    ca_calls_ask(calls, CA_OP_ACCOUNT, &call, &reply, NULL) != CA_OK)
		return EIO;
	if (reply.err == CA_ERR_NOT_FOUND)
		return 0;
	if (reply.err != CA_OK)
		return reply.sys > 0 && reply.sys < 4096 ? (int)reply.sys : EIO;
	memset(pw, 0, sizeof *pw);
	pw->pw_uid = (uid_t)reply.uid;
	pw->pw_name = copy(reply.name, &at, buffer + size);
	pw->pw_dir =
	    pw->pw_name == NULL ? NULL : copy(reply.home, &at, buffer + size);
	if (pw->pw_dir == NULL)
		return ERANGE;
	*found = pw;
	return 0;
}

enum ca_err
ca_sys_home(
    const char *name, const char *from, uid_t uid, char path[PATH_MAX], int *fd)
{
	const struct ca_op_call call = {.name = name};
	struct ca_op_reply reply;
	enum ca_err rc;

	(void)from, (void)uid; /* the module looks for itself */
	path[0] = '\0';
	*fd = -1;
	if (calls == NULL)
		return CA_ERR_IO;
	rc = ca_calls_ask(calls, CA_OP_HOME, &call, &reply, fd);
	if (rc != CA_OK)
		return rc;
	if (reply.path != NULL)
		(void)snprintf(path, PATH_MAX, "%s", reply.path);
	if (reply.err == CA_OK && *fd >= 0 && path[0] == '/') {
		remember(*fd, path);
		(void)snprintf(home, sizeof home, "%s", path);
		return CA_OK;
	}
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = reply.sys > 0 && reply.sys < 4096 ? (int)reply.sys : EIO;
	return reply.err == CA_ERR_NOT_FOUND || reply.err == CA_ERR_UNTRUSTED
		   ? (enum ca_err)reply.err
		   : CA_ERR_IO;
}
