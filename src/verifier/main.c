/*
 * certauth-verifier: verifies responses for pam_certauth.so.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "verifier/parent.h"

static int
usage(void)
{
	(void)fputs(
	    "usage: certauth-verifier --stdio=N | --listen | --version\n"
	    "pam_certauth.so starts it with --stdio, systemd with "
	    "--listen; see certauth-verifier(8).\n",
	    stderr);
	return 2;
}

/* N of --stdio=N: a descriptor that is a stream socket of this host; else -1. */
static int
socket_of(const char *text)
{
	int domain = 0, type = 0;
	socklen_t len = sizeof domain;
	char *end = NULL;
	long n = strtol(text, &end, 10);

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || n > 1023)
		return -1;
	if (getsockopt((int)n, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0 ||
	    domain != AF_UNIX)
		return -1;
	len = sizeof type;
	if (getsockopt((int)n, SOL_SOCKET, SO_TYPE, &type, &len) != 0 ||
	    type != SOCK_STREAM)
		return -1;
	return (int)n;
}

int
main(int argc, char **argv)
{
	if (argc != 2)
		return usage();
	if (strcmp(argv[1], "--version") == 0) {
		(void)puts("certauth-verifier " CA_VERSION);
		return 0;
	}
	if (strcmp(argv[1], "--listen") == 0)
		return ca_parent_listen() == CA_OK ? 0 : 1;
	if (strncmp(argv[1], "--stdio=", 8) == 0) {
		int fd = socket_of(argv[1] + 8);

		if (fd < 0)
			return usage();
		return ca_parent_spawned(fd) == CA_OK ? 0 : 1;
	}
	return usage();
}
