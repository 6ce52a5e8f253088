/*
 * What ca_start needs of a program of ours: its file, and its standard input.
 */
#include "process/start.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int
ca_start_program(const char *name, char path[PATH_MAX])
{
	const size_t size = strlen(name) + 1;
	ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - size);
	char *slash;
	int fd = -1;

	if (len > 0) {
		path[len] = '\0';
		if ((slash = strrchr(path, '/')) != NULL) {
			memcpy(slash + 1, name, size);
			fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		}
	}
	if (fd < 0) {
		(void)snprintf(path, PATH_MAX, "%s/%s", CA_LIBEXECDIR, name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	return fd;
}

enum ca_err
ca_start_order(const char *name, const struct ca_buf *order, int *out)
{
	const uint8_t *p = order->p;
	size_t left = order->len;

	*out = memfd_create(name, MFD_CLOEXEC);
	while (*out >= 0 && left > 0) {
		ssize_t n = write(*out, p, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return CA_ERR_IO;
		p += n;
		left -= (size_t)n;
	}
	return *out >= 0 && lseek(*out, 0, SEEK_SET) == 0 ? CA_OK : CA_ERR_IO;
}
