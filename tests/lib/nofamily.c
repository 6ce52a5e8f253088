/*
 * Run a program whose calls of socket(2) for UNIX sockets fail, as in a service of
 * systemd with RestrictAddressFamilies= that does not name AF_UNIX.
 *
 * usage: nofamily all|stream PROGRAM [ARG ...]
 *
 * all: each of them, also that of syslog(3).  stream: those of stream sockets alone, so
 * that what the program logs can be read.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SYS_socket
#define WORD(field) (unsigned)offsetof(struct seccomp_data, field)
#define LOW (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0)
/* the type of a socket, without SOCK_CLOEXEC and SOCK_NONBLOCK */
#define TYPE 0xf

static int
refuse_sockets(int all)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, WORD(nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 6),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, WORD(args[0]) + LOW),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 0, 4),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, WORD(args[1]) + LOW),
	    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, all ? 0 : TYPE),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, all ? 0 : SOCK_STREAM, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {sizeof code / sizeof code[0], code};

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}
#else
static int
refuse_sockets(int all)
{
	(void)all;
	errno = ENOSYS;
	return -1;
}
#endif

int
main(int argc, char **argv)
{
	if (argc < 3)
		return 125;
	if (refuse_sockets(strcmp(argv[1], "all") == 0) != 0) {
		perror("nofamily");
		return 125;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 125;
}
