#include "verifier/peer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD 1024 /* of a status file; the uids are in the first 300 bytes */

/* The real uid of a process.  False: it ended, or /proc does not show it. */
static bool
real_uid(pid_t pid, uid_t *uid)
{
	static const char key[] = "\nUid:\t";
	char path[64], head[HEAD];

	(void)snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, head, sizeof head - 1);
	(void)close(fd);
	head[n > 0 ? n : 0] = '\0';
	/* the kernel escapes a line feed in the name of a program */
	const char *at = strstr(head, key);
	if (at == NULL)
		return false;
	*uid = (uid_t)strtoul(at + sizeof key - 1, NULL, 10);
	return true;
}

bool
ca_peer_counts_for(int fd, uid_t *uid)
{
	struct ucred peer = {0, (uid_t)-1, (gid_t)-1};
	socklen_t len = sizeof peer;

	*uid = (uid_t)-1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return false;
	if (peer.uid != 0 || !real_uid(peer.pid, uid))
		*uid = peer.uid;
	return true;
}
