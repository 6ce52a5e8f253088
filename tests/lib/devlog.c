/*
 * devlog SOCKET FILE: what syslog(3) sends to the datagram socket SOCKET is
 * appended to FILE, a line each, as it came: "<PRIORITY>DATE NAME: TEXT".
 *
 * For tests and the demo, in a private mount namespace where SOCKET is
 * /dev/log: the machine's own log stays as it is, and parallel tests do not
 * see each other's lines.  FILE exists as soon as SOCKET can be written to.
 * Ends when killed, or with the process that started it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char line[65536 + 1];

static int
die(const char *what)
{
	perror(what);
	return 1;
}

int
main(int argc, char **argv)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	ssize_t n;
	int in, out;

	if (argc != 3 || strlen(argv[1]) >= sizeof(sun.sun_path)) {
		fprintf(stderr, "usage: devlog SOCKET FILE\n");
		return 2;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	strcpy(sun.sun_path, argv[1]);
	in = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (in < 0)
		return die("socket");
	if (bind(in, (struct sockaddr *)&sun, sizeof(sun)) < 0)
		return die(argv[1]);
	if (chmod(argv[1], 0666) < 0)
		return die(argv[1]);
	out = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (out < 0)
		return die(argv[2]);
	for (;;) {
		n = recv(in, line, sizeof(line) - 1, 0);
		if (n < 0)
			return die("recv");
		/* a sender may count its NUL or end the line itself */
		while (n > 0 && (line[n - 1] == '\0' || line[n - 1] == '\n'))
			n--;
		line[n++] = '\n';
		if (write(out, line, (size_t)n) != n)
			return die(argv[2]);
	}
}
