/*
 * A hostile helper: what the module starts instead of certauth-sign, here with a
 * PKCS#11 module in it that attacks the machine.  It tries everything in the table
 * below, on the directory ~/victim and on its parent, and says to the module for
 * each, as a message to the user, whether that was done.  ~/port has the number of
 * a TCP port of this machine that accepts.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <pthread.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static char *
home_file(const char *name)
{
	static char path[2][4096];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof path[turn], "%s/%s", getenv("HOME"), name);
	return path[turn];
}

/* Each function returns 0 if it did what it is named after. */

static int
opens(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int
do_append(void)
{
	return opens(home_file("victim/file"), O_WRONLY | O_APPEND);
}
static int
do_rdwr(void)
{
	return opens(home_file("victim/file"), O_RDWR);
}
static int
do_passwd(void)
{
	return opens("/etc/passwd", O_WRONLY | O_APPEND);
}
static int
do_create(void)
{
	return opens(home_file("victim/new"), O_CREAT | O_WRONLY);
}
static int
do_create_tmp(void)
{
	return opens(home_file("new"), O_CREAT | O_WRONLY);
}
static int
do_tmpfile(void)
{
	return opens(home_file("victim"), O_TMPFILE | O_RDWR);
}
static int
do_truncate(void)
{
	return truncate(home_file("victim/file"), 1);
}
static int
do_unlink(void)
{
	return unlink(home_file("victim/gone"));
}
static int
do_rename(void)
{
	return rename(home_file("victim/from"), home_file("victim/to"));
}
static int
do_link(void)
{
	return link(home_file("victim/file"), home_file("victim/link"));
}
static int
do_symlink(void)
{
	return symlink("/etc/passwd", home_file("victim/symlink"));
}
static int
do_mkdir(void)
{
	return mkdir(home_file("victim/dir"), 0700);
}
static int
do_fifo(void)
{
	return mkfifo(home_file("victim/fifo"), 0600);
}
static int
do_rmdir(void)
{
	return rmdir(home_file("victim/empty"));
}
static int
do_chmod(void)
{
	return chmod(home_file("victim/file"), 0666);
}
static int
do_chmod_passwd(void)
{
	return chmod("/etc/passwd", 0644);
}
static int
do_chown(void)
{
	return chown(home_file("victim/file"), 0, 0);
}
static int
do_xattr(void)
{
	return setxattr(home_file("victim/file"), "user.x", "y", 1, 0);
}
static int
do_utime(void)
{
	return utimensat(AT_FDCWD, home_file("victim/file"), NULL, 0);
}
static int
do_sysctl(void)
{
	return opens("/proc/sys/kernel/core_pattern", O_WRONLY);
}
static int
do_self_mem(void)
{
	return opens("/proc/self/mem", O_RDWR);
}

static int
finishes(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static int
executes(long nr, long a, long b, long c, long d, long e, long f)
{
	pid_t pid = fork();

	if (pid == 0) {
		syscall(nr, a, b, c, d, e, f);
		_exit(99);
	}
	return finishes(pid);
}

static char *program_argv[] = {(char *)"true", NULL};
#define PROGRAM_ARGV ((long)(void *)program_argv)
#define TRUE ((long)(const void *)"/bin/true")

static int
do_exec(void)
{
	return executes(SYS_execve, TRUE, PROGRAM_ARGV, 0, 0, 0, 0);
}
static int
do_execveat(void)
{
	return executes(SYS_execveat, AT_FDCWD, TRUE, PROGRAM_ARGV, 0, 0, 0);
}
static int
do_exec_key(void)
{
	return executes(SYS_execve, TRUE, PROGRAM_ARGV, 0, 0, 0, -1);
}

/* The way by which the module's own child executed this program. */
static int
do_exec_fd(void)
{
	int fd = open("/bin/true", O_PATH | O_CLOEXEC);

	return fd < 0 ? -1
		      : executes(SYS_execveat, fd, (long)(const void *)"",
			    PROGRAM_ARGV, 0, AT_EMPTY_PATH, 0);
}

static int
do_exec_memory(void)
{
	int fd = memfd_create("x", 0), from = open("/bin/true", O_RDONLY);
	char block[4096];
	ssize_t n;

	while (fd >= 0 && (n = read(from, block, sizeof block)) > 0)
		if (write(fd, block, (size_t)n) != n)
			return -1;
	return executes(SYS_execveat, fd, (long)(const void *)"", PROGRAM_ARGV,
	    0, AT_EMPTY_PATH, 0);
}

static int
do_ptrace(void)
{
	pid_t pid = fork();
	int done = -1;

	if (pid == 0) {
		for (;;)
			pause();
	}
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0)
		done = 0;
	kill(pid, SIGKILL);
	return done;
}

static int
do_traceme(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : 1);
	return finishes(pid);
}

static int
do_kill(void)
{
	return kill(getppid(), 0);
}
static int
do_tgkill(void)
{
	return (int)syscall(SYS_tgkill, getppid(), getppid(), 0);
}
static int
do_tkill(void)
{
	return (int)syscall(SYS_tkill, getppid(), 0);
}

static int
do_queue(void)
{
	siginfo_t info = {.si_code = SI_QUEUE};

	return (int)syscall(SYS_rt_sigqueueinfo, getppid(), 0, &info);
}

static int
do_pidfd(void)
{
	return syscall(SYS_pidfd_open, getppid(), 0) >= 0 ? 0 : -1;
}

static int
do_parents_limit(void)
{
	struct rlimit lim;

	return prlimit(getppid(), RLIMIT_NOFILE, NULL, &lim);
}

static int
inet(int domain, int type)
{
	struct sockaddr_in to = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	FILE *f = fopen(home_file("port"), "r");
	int port = 0, fd = socket(domain, type, 0);

	if (f == NULL || fscanf(f, "%d", &port) != 1 || fd < 0)
		return -1;
	to.sin_port = htons((uint16_t)port);
	return domain == AF_INET6
		   ? 0
		   : connect(fd, (struct sockaddr *)&to, sizeof to);
}

static int
do_tcp(void)
{
	return inet(AF_INET, SOCK_STREAM);
}
static int
do_udp(void)
{
	return inet(AF_INET, SOCK_DGRAM);
}
static int
do_inet6(void)
{
	return inet(AF_INET6, SOCK_STREAM);
}

static int
do_mount(void)
{
	return mount("none", "/mnt", "tmpfs", 0, NULL);
}
static int
do_unshare(void)
{
	return unshare(CLONE_NEWUSER);
}

static int
do_clone_user(void)
{
	pid_t pid = (pid_t)syscall(
	    SYS_clone, (unsigned long)CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return finishes(pid);
}

static int
do_setns(void)
{
	return setns(open("/proc/self/ns/net", O_RDONLY), CLONE_NEWNET);
}

static int
do_setuid(void)
{
	return setresuid(0, 0, 0);
}
static int
do_setgroups(void)
{
	return setgroups(0, NULL);
}
static int
do_chroot(void)
{
	return chroot("/");
}
static int
do_module(void)
{
	return (int)syscall(SYS_init_module, "", 0, "");
}
static int
do_keyctl(void)
{
	return syscall(SYS_keyctl, 0, -3, 1) >= 0 ? 0 : -1;
}

static int
do_io_uring(void)
{
	struct io_uring_params p = {0};

	return syscall(SYS_io_uring_setup, 1, &p) >= 0 ? 0 : -1;
}

static int
do_bpf(void)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY,
	    .key_size = 4,
	    .value_size = 4,
	    .max_entries = 1};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr) >= 0 ? 0
									 : -1;
}

static int
do_type(void)
{
	int fd = open("/dev/ptmx", O_RDONLY | O_NOCTTY);

	/* not of this session: the kernel says EIO or EPERM, the filter EPERM */
	return ioctl(fd, TIOCSTI, "x");
}

/* ---- what a PKCS#11 module needs ---- */

static int
need_read(void)
{
	return opens("/etc/passwd", O_RDONLY);
}
static int
need_null(void)
{
	return opens("/dev/null", O_RDWR);
}

static int
need_unix(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(to.sun_path, sizeof to.sun_path, "%s", home_file("sock"));
	return connect(fd, (struct sockaddr *)&to, sizeof to);
}

static void *
body(void *arg)
{
	return arg;
}

static int
need_thread(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, body, NULL) != 0)
		return -1;
	return pthread_join(t, NULL);
}

static int
need_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return finishes(pid);
}

static int
need_dlopen(void)
{
	return dlopen("libcrypto.so.3", RTLD_NOW) != NULL ? 0 : -1;
}

static int
need_signal(void)
{
	return kill(getpid(), 0);
}

static int
need_limit(void)
{
	struct rlimit lim;

	return getrlimit(RLIMIT_NOFILE, &lim);
}

static int
need_store(void)
{
	return opens(home_file("store/file"), O_RDWR);
}

static int
need_new_store(void)
{
	if (opens(home_file("store/new"), O_CREAT | O_RDWR) != 0 ||
	    rename(home_file("store/new"), home_file("store/newer")) != 0 ||
	    truncate(home_file("store/newer"), 5) != 0)
		return -1;
	return unlink(home_file("store/newer"));
}

#define TRY(f)                                                                 \
	{                                                                      \
#f, f                                                          \
	}
static const struct {
	const char *name;
	int (*f)(void);
} tries[] = {TRY(do_append), TRY(do_rdwr), TRY(do_passwd), TRY(do_create),
    TRY(do_create_tmp), TRY(do_tmpfile), TRY(do_truncate), TRY(do_unlink),
    TRY(do_rename), TRY(do_link), TRY(do_symlink), TRY(do_mkdir), TRY(do_fifo),
    TRY(do_rmdir), TRY(do_chmod), TRY(do_chmod_passwd), TRY(do_chown),
    TRY(do_xattr), TRY(do_utime), TRY(do_sysctl), TRY(do_self_mem),
    TRY(do_exec), TRY(do_execveat), TRY(do_exec_key), TRY(do_exec_fd),
    TRY(do_exec_memory), TRY(do_ptrace), TRY(do_traceme), TRY(do_kill),
    TRY(do_tgkill), TRY(do_tkill), TRY(do_queue), TRY(do_pidfd),
    TRY(do_parents_limit), TRY(do_tcp), TRY(do_udp), TRY(do_inet6),
    TRY(do_mount), TRY(do_clone_user), TRY(do_setns), TRY(do_setuid),
    TRY(do_setgroups), TRY(do_chroot), TRY(do_module), TRY(do_keyctl),
    TRY(do_io_uring), TRY(do_bpf), TRY(do_type), TRY(need_read), TRY(need_null),
    TRY(need_unix), TRY(need_thread), TRY(need_fork), TRY(need_dlopen),
    TRY(need_signal), TRY(need_limit), TRY(need_store), TRY(need_new_store),
    TRY(do_unshare)};

int
main(void)
{
	char line[4096];
	size_t n = 0;

	/* the module's lines, up to go */
	while (read(0, line + n, 1) == 1) {
		if (line[n] != '\n') {
			n += n < sizeof line - 1;
			continue;
		}
		if (n == 2 && memcmp(line, "go", 2) == 0)
			break;
		n = 0;
	}
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		int rc = tries[i].f();

		dprintf(1, "info %s %s\n", tries[i].name,
		    rc == 0 ? "done" : strerror(errno));
	}
	dprintf(1, "none no more to try\n");
	return 0;
}
