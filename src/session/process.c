/*
 * Which process it is.
 */
#include "session/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define STAT_MAX 1024 /* bytes of /proc/PID/stat */
#define BOOT_ID "/proc/sys/kernel/random/boot_id"

/* The first bytes of a file of the kernel, as a text. */
static enum ca_err
read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? CA_ERR_NOT_FOUND : CA_ERR_IO;
	n = read(fd, text, size - 1);
	int e = errno;
	(void)close(fd);
	errno = e;
	if (n < 0)
		return e == ESRCH ? CA_ERR_NOT_FOUND : CA_ERR_IO;
	text[n] = '\0';
	/* without a boot id, the record would be taken for one of another boot */
	return n > 0 ? CA_OK : CA_ERR_FORMAT;
}

/* The fields after the name, which is in brackets and may have any text in it. */
enum field {
	FIELD_PARENT = 1,
	FIELD_SESSION = 3,
	FIELD_TTY = 4,
	FIELD_START = 19,
	FIELDS
};

static enum ca_err
parse_stat(const char *text, struct ca_session_stat *out)
{
	const char *p = strrchr(text, ')');
	long long value[FIELDS] = {0};
	char *end;

	if (p == NULL || p[1] != ' ' || p[2] == '\0')
		return CA_ERR_FORMAT;
	out->state = p[2];
	p += 3;
	for (int i = 1; i < FIELDS; i++) {
		errno = 0;
		value[i] = strtoll(p, &end, 10);
		if (end == p || errno != 0)
			return CA_ERR_FORMAT;
		p = end;
	}
	out->parent = (pid_t)value[FIELD_PARENT];
	out->session = (pid_t)value[FIELD_SESSION];
	out->tty = (int)value[FIELD_TTY];
	out->start = (uint64_t)value[FIELD_START];
	return CA_OK;
}

enum ca_err
ca_session_stat(pid_t pid, struct ca_session_stat *out)
{
	char path[64], text[STAT_MAX];
	enum ca_err rc;

	*out = (struct ca_session_stat){0};
	(void)snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
	rc = read_text(path, text, sizeof text);
	return rc == CA_OK ? parse_stat(text, out) : rc;
}

enum ca_err
ca_session_self(struct ca_session_process *out)
{
	struct ca_session_stat self;
	struct stat st;
	enum ca_err rc;

	*out = (struct ca_session_process){.pid = (uint64_t)getpid()};
	if ((rc = ca_session_stat(getpid(), &self)) != CA_OK ||
	    (rc = read_text(BOOT_ID, out->boot, sizeof out->boot)) != CA_OK)
		return rc;
	out->boot[strcspn(out->boot, "\n")] = '\0';
	if (stat("/proc/self/ns/pid", &st) != 0)
		return CA_ERR_IO;
	out->start = self.start;
	out->ns_dev = (uint64_t)st.st_dev;
	out->ns_ino = (uint64_t)st.st_ino;
	return CA_OK;
}

uint64_t
ca_session_uptime(void)
{
	struct timespec t;

	return clock_gettime(CLOCK_BOOTTIME, &t) == 0 ? (uint64_t)t.tv_sec : 0;
}
