#include "client/starter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

/* Open /proc, if it is of the PID namespace of this process; else -1. */
static int
open_proc(void)
{
	struct statfs fs;
	char self[32];
	int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	ssize_t n = readlinkat(fd, "self", self, sizeof self - 1);
	self[n > 0 ? n : 0] = '\0';
	if (fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC &&
	    strtol(self, NULL, 10) == (long)getpid())
		return fd;
	(void)close(fd);
	errno = ENOENT;
	return -1;
}

static bool
read_comm(int dir, char name[CA_CALLER_NAME_MAX + 1])
{
	char text[CA_CALLER_NAME_MAX + 1]; /* the name and a line end */
	int fd = openat(dir, "comm", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof text);
	(void)close(fd);
	if (n < 1 || text[n - 1] != '\n')
		return false;
	memcpy(name, text, (size_t)n - 1);
	name[n - 1] = '\0';
	return true;
}

enum ca_err
ca_caller_find(const struct ca_log *log, struct ca_caller *caller)
{
	enum ca_err ret = CA_ERR_UNSET;
	pid_t parent = getppid();
	char number[32];
	struct stat st;
	int dir = -1;

	*caller = (struct ca_caller){.root = false};
	(void)snprintf(number, sizeof number, "%ld", (long)parent);
	errno = 0;
	int proc = open_proc();
	/* a descriptor stays with its process; a number may be used again */
	if (proc < 0 ||
	    (dir = openat(proc, number, O_PATH | O_DIRECTORY | O_CLOEXEC)) <
		0 ||
	    fstat(dir, &st) != 0 || !read_comm(dir, caller->name)) {
		ca_log_err(log,
		    "not signed: the name of the program that asks cannot be "
		    "read from /proc/%s/comm: %-s. If /proc is mounted with "
		    "hidepid, answer with `certauth sign --pieces'",
		    number, strerror(errno != 0 ? errno : EIO));
		ret = CA_DENIED;
		goto out;
	}
	if (getppid() != parent) {
		ca_log_err(
		    log, "not signed: the program that asked has exited");
		ret = CA_DENIED;
		goto out;
	}
	caller->root = st.st_uid == 0;
	ret = CA_OK;
out:
	if (dir >= 0)
		(void)close(dir);
	if (proc >= 0)
		(void)close(proc);
	return ret;
}
