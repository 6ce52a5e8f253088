/*
 * One process watches for a session and token: a desktop may start a second one.
 */
#include "watch/watchint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

/* FNV-1a, for a name: the user alone would gain or lose by two of one name. */
static uint64_t
hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325U;

	for (; *text != '\0'; text++)
		h = (h ^ (uint8_t)*text) * 0x100000001b3U;
	return h;
}

/* The id of the session, if it can stand in the name of a file. */
static const char *
session_id(void)
{
	static const char good[] =
	    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-";
	const char *id = getenv("XDG_SESSION_ID");

	return id != NULL && id[0] != '\0' && strlen(id) <= 64 &&
		       id[strspn(id, good)] == '\0'
		   ? id
		   : "none";
}

/* Another user's file may be locked by that user for good. */
static bool
is_own(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return false;
	errno = EPERM;
	return S_ISREG(st.st_mode) && st.st_uid == geteuid();
}

enum ca_err
ca_watch_only(const char *uri, int *fd)
{
	const char *folder = getenv("XDG_RUNTIME_DIR");
	struct ca_buf path = CA_BUF_INIT(4096);
	enum ca_err rc = CA_OK;

	*fd = -1;
	if (folder == NULL || folder[0] != '/')
		return CA_OK;
	ca_buf_fmt(&path, "%s/certauth-watch-%s-%016llx.lock", folder,
	    session_id(), (unsigned long long)hash(uri));
	const char *name = ca_buf_text(&path);
	errno = ENAMETOOLONG;
	if (name != NULL)
		*fd =
		    open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0 || !is_own(*fd))
		rc = CA_ERR_IO;
	else if (flock(*fd, LOCK_EX | LOCK_NB) != 0)
		rc = errno == EWOULDBLOCK ? CA_ERR_CANCELLED : CA_ERR_IO;
	ca_buf_free(&path);
	if (rc != CA_OK && *fd >= 0) {
		const int e = errno;

		(void)close(*fd);
		*fd = -1;
		errno = e;
	}
	return rc;
}
