#include "verifier/letgo.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <unistd.h>

void
ca_letgo(int fd)
{
	int unread = 0, word[2];
	char byte;

	if (ioctl(fd, SIOCINQ, &unread) != 0 || unread == 0 ||
	    pipe2(word, O_CLOEXEC) != 0) {
		(void)close(fd);
		return;
	}
	pid_t pid = fork(); /* ca_crew_reap collects it */
	if (pid == 0) {
		(void)close(word[1]);
		(void)!read(
		    word[0], &byte, 1); /* until the parent has closed */
		_exit(0);
	}
	(void)close(fd);
	(void)close(word[0]);
	(void)close(word[1]);
}
