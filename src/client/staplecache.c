#include "client/staplecache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "client/clientconf.h"
#include "ocsp/ocsp.h"

#define KEEP 2592000 /* seconds after a file is due: 30 days */
#define TMP_LEN (CA_OCSP_FILE_LEN + 32)

/* Only this user may read or write it: a reader would learn of logins. */
static bool private(const struct stat *st)
{
	return st->st_uid == geteuid() &&
	       (st->st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

/* ---- the directory ---- */

/* Open name in dir, and make it if it is absent.  -1: it is another user's, or
 * none. */
static int
open_private(int dir, const char *name)
{
	struct stat st;
	int fd;

	(void)mkdirat(dir, name, 0700);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0 && (fstat(fd, &st) != 0 || !private(&st))) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

/* Open the user's directory of caches (XDG base directories), and make it. */
static int
open_caches(void)
{
	const char *xdg = getenv("XDG_CACHE_HOME");
	struct ca_buf path = CA_BUF_INIT(8192);
	const char *name;
	int fd = -1;

	if (xdg != NULL && xdg[0] == '/')
		ca_buf_str(&path, xdg);
	else
		ca_buf_fmt(&path, "%s/.cache", ca_client_home());
	if ((name = ca_buf_text(&path)) != NULL) {
		(void)mkdir(name, 0700);
		fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	ca_buf_free(&path);
	return fd;
}

static bool
is_ours(const char *name)
{
	return strspn(name, "0123456789abcdef") == 64 &&
	       strncmp(name + 64, ".ocsp", 5) == 0;
}

/* Certificates that are renewed each day would fill it. */
static void
clean(int dir, time_t now)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;
	struct stat st;

	if (list == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	while ((e = readdir(list)) != NULL)
		if (is_ours(e->d_name) &&
		    fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_mtime < now - KEEP)
			(void)unlinkat(dir, e->d_name, 0);
	(void)closedir(list);
}

int
ca_staplecache_open(const struct ca_log *log, time_t now)
{
	int caches = open_caches(), own = -1, dir = -1;

	if (caches >= 0)
		own = open_private(caches, "certauth");
	if (own >= 0)
		dir = open_private(own, "ocsp");
	if (dir < 0)
		ca_log_warning(log,
		    "OCSP responses are not kept: certauth/ocsp in "
		    "XDG_CACHE_HOME or ~/.cache, and certauth above it, must be "
		    "directories that you own, with mode 0700");
	else
		clean(dir, now);
	if (caches >= 0)
		(void)close(caches);
	if (own >= 0)
		(void)close(own);
	return dir;
}

/* ---- the files ---- */

enum ca_err
ca_staplecache_load(struct ca_crypto *crypto, int dir, X509 *cert,
    struct ca_buf *out, time_t *due)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	char name[CA_OCSP_FILE_LEN];
	struct stat st;
	int fd = -1;

	if (dir < 0)
		return CA_ERR_NOT_FOUND;
	if ((rc = ca_ocsp_file(crypto, cert, name)) != CA_OK) {
		ret = rc;
		goto out;
	}
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    !private(&st)) {
		ret = CA_ERR_NOT_FOUND;
		goto out;
	}
	if ((rc = ca_file_read_fd(fd, CA_OCSP_MAX, out)) != CA_OK) {
		ret = rc;
		goto out;
	}
	*due = st.st_mtime;
	ret = CA_OK;
out:
	if (fd >= 0)
		(void)close(fd);
	return ret;
}

/* One write: the kernel cuts none of this length for a file. */
static bool
write_file(int dir, const char *name, const struct ca_buf *b, time_t due)
{
	const struct timespec when[2] = {{due, 0}, {due, 0}};
	int fd = openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool done;

	if (fd < 0)
		return false;
	done = (b->len == 0 || write(fd, b->p, b->len) == (ssize_t)b->len) &&
	       futimens(fd, when) == 0;
	return close(fd) == 0 && done;
}

void
ca_staplecache_save(struct ca_crypto *crypto, int dir, X509 *cert,
    const struct ca_buf *response, time_t due)
{
	char name[CA_OCSP_FILE_LEN], tmp[TMP_LEN];

	if (dir < 0 || ca_ocsp_file(crypto, cert, name) != CA_OK)
		return;
	(void)snprintf(tmp, sizeof tmp, "%s.%ld", name, (long)getpid());
	(void)unlinkat(dir, tmp, 0);
	if (!write_file(dir, tmp, response, due) ||
	    renameat(dir, tmp, dir, name) != 0)
		(void)unlinkat(dir, tmp, 0);
}

void
ca_staplecache_delay(struct ca_crypto *crypto, int dir, X509 *cert, time_t due)
{
	const struct timespec when[2] = {{due, 0}, {due, 0}};
	char name[CA_OCSP_FILE_LEN];

	if (dir >= 0 && ca_ocsp_file(crypto, cert, name) == CA_OK)
		(void)utimensat(dir, name, when, AT_SYMLINK_NOFOLLOW);
}

void
ca_staplecache_remove(struct ca_crypto *crypto, int dir, X509 *cert)
{
	char name[CA_OCSP_FILE_LEN];

	if (dir >= 0 && ca_ocsp_file(crypto, cert, name) == CA_OK)
		(void)unlinkat(dir, name, 0);
}
