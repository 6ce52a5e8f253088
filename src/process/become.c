#include "process/become.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* 32-bit machines have an older, narrower call of the plain name. */
#ifdef SYS_setresuid32
#define NR_SETRESUID SYS_setresuid32
#define NR_SETRESGID SYS_setresgid32
#define NR_GETRESUID SYS_getresuid32
#define NR_GETRESGID SYS_getresgid32
#define NR_SETGROUPS SYS_setgroups32
#define NR_GETGROUPS SYS_getgroups32
#else
#define NR_SETRESUID SYS_setresuid
#define NR_SETRESGID SYS_setresgid
#define NR_GETRESUID SYS_getresuid
#define NR_GETRESGID SYS_getresgid
#define NR_SETGROUPS SYS_setgroups
#define NR_GETGROUPS SYS_getgroups
#endif

/* All of the ids are those of who. */
static bool
is_all(const struct ca_become *who)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	return syscall(NR_GETRESGID, &rg, &eg, &sg) == 0 &&
	       syscall(NR_GETRESUID, &r, &e, &s) == 0 && r == who->uid &&
	       e == who->uid && s == who->uid && rg == who->gid &&
	       eg == who->gid && sg == who->gid &&
	       syscall(NR_GETGROUPS, 0, NULL) == (long)who->ngroups;
}

/* Root's id, or its group, can be had again. */
static bool
can_return(const struct ca_become *who)
{
	if (who->uid == 0)
		return false; /* who is root has nowhere to return to */
	return syscall(NR_SETRESUID, -1, 0, -1) == 0 ||
	       (who->gid != 0 && syscall(NR_SETRESGID, -1, 0, -1) == 0);
}

int
ca_become(const struct ca_become *who)
{
	/* root that stays root must not get all capabilities back by its exec;
	 * if the kernel refuses this, the program has still only root's files */
	if (who->uid == 0)
		(void)prctl(PR_SET_SECUREBITS,
		    SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0);
	if (syscall(NR_SETGROUPS, who->ngroups, who->groups) != 0 ||
	    syscall(NR_SETRESGID, who->gid, who->gid, who->gid) != 0 ||
	    syscall(NR_SETRESUID, who->uid, who->uid, who->uid) != 0)
		return -1;
	if (!is_all(who) || can_return(who)) {
		errno = EPERM;
		return -1;
	}
	return 0;
}

int
ca_become_effective(void)
{
	const uid_t uid = geteuid();
	const gid_t gid = getegid();

	return syscall(NR_SETRESGID, gid, gid, gid) == 0 &&
		       syscall(NR_SETRESUID, uid, uid, uid) == 0
		   ? 0
		   : -1;
}

int
ca_become_powerless(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};

	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &head, none) == 0 &&
		       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
		   ? 0
		   : -1;
}

/* What getdents64(2) writes. */
struct dirent_head {
	uint64_t ino;
	int64_t off;
	uint16_t len;
	uint8_t type;
	char name[];
};

/* The number that a name of /proc/self/fd is; -1: none. */
static int
number(const char *name)
{
	int n = 0;

	for (; *name >= '0' && *name <= '9' && n < 100000000; name++)
		n = n * 10 + (*name - '0');
	return *name == '\0' ? n : -1;
}

/* Close what one read of the directory lists; how many were closed, or -1. */
static int
close_listed(int dir, unsigned first)
{
	_Alignas(struct dirent_head) char buf[4096];
	long n;
	int closed = 0;

	while ((n = syscall(SYS_getdents64, dir, buf, sizeof buf)) > 0) {
		for (long at = 0; at < n;) {
			const struct dirent_head *e =
			    (const struct dirent_head *)(void *)(buf + at);
			int fd = number(e->name);

			at += e->len;
			if (fd < 0 || (unsigned)fd < first || fd == dir)
				continue;
			(void)close(fd);
			closed++;
		}
	}
	return n < 0 ? -1 : closed;
}

/* For kernels without close_range(2), and sandboxes that forbid it. */
static int
close_by_list(unsigned first)
{
	int closed, dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);

	if (dir < 0)
		return -1;
	/* until nothing is left: to close changes the list that is read */
	do {
		closed = lseek(dir, 0, SEEK_SET) == 0 ? close_listed(dir, first)
						      : -1;
	} while (closed > 0);
	(void)close(dir);
	return closed;
}

int
ca_become_close(unsigned first)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, ~0U, 0U) == 0)
		return 0;
#endif
	return close_by_list(first);
}
