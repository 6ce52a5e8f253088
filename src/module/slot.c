#include "module/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module/rootpath.h"
#include "op/op.h"

#define FILE_NAME CA_OP_DIR "/spawned.lock"
#define WAIT_MS 5000
#define AGAIN_MS 10

/* Each lock is one byte.  The locks belong to the open file, not to the process:
 * threads have their own, and the kernel removes them with it. */
static bool
lock(int fd, short type, off_t first, off_t len)
{
	struct flock l = {.l_type = type,
	    .l_whence = SEEK_SET,
	    .l_start = first,
	    .l_len = len};

	return fcntl(fd, F_OFD_SETLK, &l) == 0;
}

/* -1: there is no limit. */
static int
open_file(void)
{
	struct stat st;

	if (geteuid() != 0 || ca_rootpath_distrust(FILE_NAME) != NULL)
		return -1;
	int fd = open(FILE_NAME,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	/* what others can open, others can lock */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0 &&
	    (st.st_mode & 077) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

/* CA_ERR_IO: this file system has no locks. */
static enum ca_err
take_any(int fd)
{
	/* behind root's 16 bytes, each uid has bytes of its own: no byte is
	 * written, so the file stays empty */
	off_t uid = (off_t)getuid();
	off_t first = uid == 0 ? 0 : CA_SLOTS + uid * CA_SLOTS_USER;
	off_t n = uid == 0 ? CA_SLOTS : CA_SLOTS_USER;

	for (off_t i = first; i < first + n; i++) {
		if (lock(fd, F_WRLCK, i, 1))
			return CA_OK;
		if (errno != EAGAIN && errno != EACCES)
			return CA_ERR_IO;
	}
	return CA_ERR_TIMEOUT;
}

enum ca_err
ca_slot_take(int *slot)
{
	long long deadline = ca_stream_clock() + WAIT_MS;
	enum ca_err rc;

	*slot = open_file();
	if (*slot < 0)
		return CA_OK;
	while ((rc = take_any(*slot)) == CA_ERR_TIMEOUT &&
	       ca_stream_clock() < deadline)
		(void)poll(NULL, 0, AGAIN_MS);
	if (rc != CA_OK)
		ca_slot_leave(slot);
	return rc == CA_ERR_TIMEOUT ? rc : CA_OK;
}

void
ca_slot_leave(int *slot)
{
	if (*slot < 0)
		return;
	/* a child that the application forked meanwhile has the file open too */
	(void)lock(*slot, F_UNLCK, 0, 0);
	(void)close(*slot);
	*slot = -1;
}
