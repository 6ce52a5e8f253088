#include "confine/program.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine/calltable.h"
#include "confine/confine.h"
#include "confine/kernel.h"

/* A program of the other word size would see other numbers: i386 starts those of
 * amd64, too. */
#if defined(__i386__)
#define ARCH 0
#else
#define ARCH CA_SECCOMP_ARCH
#endif
#if defined(__s390x__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

#define DENY (SECCOMP_RET_ERRNO | EPERM)
/* Of 32 bits a key could be guessed, so a guess ends the process there. */
#define WRONG_KEY (sizeof(long) == 8 ? DENY : SECCOMP_RET_KILL_PROCESS)
#define NAMESPACES                                                             \
	((uint32_t)(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |             \
		    CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |              \
		    CLONE_NEWNET))
/* Replaced by the number of the process in ca_confine_program_enter. */
#define OWN_PID 0x7fffffff
#define NO_PID                                                                 \
	UINT64_C(0x8000000080000000) /* neither half of a key is OWN_PID */

/*
 * Calls of the table that only an attack on the verifier makes, but which a PKCS#11
 * module may make: UNIX sockets, processes, and changes of files, which Landlock
 * refuses.
 */
static const char *const harmless[] = {"socketpair", "connect", "bind",
    "listen", "accept", "accept4", "fork", "vfork", "creat", "link", "linkat",
    "symlink", "symlinkat", "unlink", "unlinkat", "rename", "renameat",
    "renameat2", "mkdir", "mkdirat", "rmdir", "truncate", "truncate64",
    /* by their arguments */
    "execve", "execveat", "socket", "kill", "tgkill", "clone", "clone3"};

struct maker {
	struct ca_confine_program *out;
	bool full;
};

static void
put(struct maker *m, unsigned code, uint32_t k, uint8_t yes, uint8_t no)
{
	if (m->out->n == CA_CONFINE_PROGRAM_CODE) {
		m->full = true;
		return;
	}
	m->out->code[m->out->n++] =
	    (struct sock_filter){(uint16_t)code, yes, no, k};
}

static void
put_load(struct maker *m, uint32_t offset)
{
	put(m, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

static void
put_return(struct maker *m, uint32_t action)
{
	put(m, BPF_RET | BPF_K, action, 0, 0);
}

/* If A is k, go on; else skip so many instructions. */
static void
put_unless(struct maker *m, uint32_t k, uint8_t skip)
{
	put(m, BPF_JMP | BPF_JEQ | BPF_K, k, 0, skip);
}

static bool
is_harmless(const char *name)
{
	for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
		if (strcmp(harmless[i], name) == 0)
			return true;
	return false;
}

static void
put_denied(struct maker *m)
{
	for (size_t i = 0; i < ca_confine_table_size; i++) {
		const struct ca_confine_call *call = &ca_confine_table[i];
		int nr = ca_confine_number(call);

		if (call->kind != CA_CALL_KILLS || nr < 0 ||
		    is_harmless(call->name))
			continue;
		put_unless(m, (uint32_t)nr, 1);
		put_return(m, DENY);
	}
}

/* The call fails unless its nth argument is one of two values. */
static void
put_only(struct maker *m, long nr, unsigned nth, uint32_t one, uint32_t two)
{
	put_unless(m, (uint32_t)nr, 5);
	put_load(m, CA_SECCOMP_ARG(nth));
	put(m, BPF_JMP | BPF_JEQ | BPF_K, one, 1, 0);
	put_unless(m, two, 1);
	put_return(m, SECCOMP_RET_ALLOW);
	put_return(m, DENY);
}

/* The call fails if its nth argument is that value, or has one of these bits. */
static void
put_not(struct maker *m, long nr, unsigned nth, unsigned test, uint32_t value)
{
	put_unless(m, (uint32_t)nr, 4);
	put_load(m, CA_SECCOMP_ARG(nth));
	put(m, BPF_JMP | test | BPF_K, value, 0, 1);
	put_return(m, DENY);
	put_return(m, SECCOMP_RET_ALLOW);
}

/* The call fails unless its sixth argument, which it does not have, is the key. */
static void
put_exec(struct maker *m, long nr)
{
	uint8_t half = sizeof(long) == 8 ? 2 : 0;

	put_unless(m, (uint32_t)nr, (uint8_t)(4 + half));
	put_load(m, CA_SECCOMP_ARG(5));
	put_unless(m, (uint32_t)m->out->key, (uint8_t)(1 + half));
	if (half > 0) {
		put_load(m, CA_SECCOMP_HIGH(5));
		put_unless(m, (uint32_t)(m->out->key >> 32), 1);
	}
	put_return(m, SECCOMP_RET_ALLOW);
	put_return(m, WRONG_KEY);
}

static void
put_calls(struct maker *m)
{
	put_exec(m, SYS_execveat);
	put_exec(m, SYS_execve);
#ifdef SYS_socket
	if (!m->out->network)
		put_only(m, SYS_socket, 0, AF_UNIX, AF_NETLINK);
#endif
	put_only(m, SYS_kill, 0, OWN_PID, OWN_PID);
	put_only(m, SYS_tgkill, 0, OWN_PID, OWN_PID);
	put_only(m, SYS_prlimit64, 0, 0, OWN_PID);
	put_not(m, SYS_clone, CLONE_FLAGS, BPF_JSET, NAMESPACES);
#ifdef SYS_clone3 /* its flags are in memory; libraries use clone then */
	put_unless(m, SYS_clone3, 1);
	put_return(m, SECCOMP_RET_ERRNO | ENOSYS);
#endif
	/* typing into a terminal, or a console */
	put_not(m, SYS_ioctl, 1, BPF_JEQ, TIOCSTI);
	put_denied(m);
	put_return(m, SECCOMP_RET_ALLOW);
}

enum ca_err
ca_confine_program_make(struct ca_confine_program *program)
{
	struct maker m = {.out = program};

	program->n = 0;
	if (getrandom(&program->key, sizeof program->key, 0) !=
	    (ssize_t)sizeof program->key)
		return CA_ERR_IO;
	program->key |= NO_PID;
	if (ARCH == 0)
		return CA_OK;
	put_load(&m, CA_SECCOMP_ARCH_AT);
	put(&m, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)ARCH, 1, 0);
	put_return(&m, SECCOMP_RET_KILL_PROCESS);
	put_load(&m, CA_SECCOMP_NUMBER);
#ifdef CA_SECCOMP_FOREIGN
	put(&m, BPF_JMP | BPF_JSET | BPF_K, CA_SECCOMP_FOREIGN, 0, 1);
	put_return(&m, SECCOMP_RET_KILL_PROCESS);
#endif
	put_calls(&m);
	return m.full ? CA_ERR_LIMIT : CA_OK;
}

/* ---- before exec ---- */

/* 0, CA_CONFINE_NO_LANDLOCK, or -1. */
static int
enter_files(const struct ca_confine_program *p)
{
	static const char *const devices[] = {"/dev/null", "/dev/zero",
	    "/dev/full",
	    /* a TPM, which may be the token */
	    "/dev/tpmrm0"};
	const size_t ndevices = sizeof devices / sizeof devices[0];
	const char *writable[CA_CONFINE_WRITABLE_MAX];
	const char *step;
	struct ca_confine_files files = {.reading = true,
	    .network = p->network,
	    .local = true,
	    .writable = writable};

	if (p->nwritable > CA_CONFINE_WRITABLE_MAX - ndevices) {
		errno = E2BIG;
		return -1;
	}
	for (size_t i = 0; i < ndevices; i++)
		writable[files.nwritable++] = devices[i];
	for (size_t i = 0; i < p->nwritable; i++)
		writable[files.nwritable++] = p->writable[i];
	enum ca_err rc = ca_confine_files(&files, &step);
	if (rc == CA_ERR_UNSUPPORTED)
		return CA_CONFINE_NO_LANDLOCK;
	return rc == CA_OK ? 0 : -1;
}

/* 0, CA_CONFINE_NO_SECCOMP, or -1. */
static int
enter_calls(const struct ca_confine_program *p)
{
	struct sock_filter code[CA_CONFINE_PROGRAM_CODE];
	struct sock_fprog program = {p->n, code};
	uint32_t pid = (uint32_t)syscall(SYS_getpid);

	if (p->n == 0 || !ca_confine_kernel_filters())
		return CA_CONFINE_NO_SECCOMP;
	for (size_t i = 0; i < p->n; i++) {
		code[i] = p->code[i];
		if (code[i].code == (BPF_JMP | BPF_JEQ | BPF_K) &&
		    code[i].k == OWN_PID)
			code[i].k = pid;
	}
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &program) == 0
		   ? 0
		   : -1;
}

int
ca_confine_program_enter(const struct ca_confine_program *p)
{
	int files, calls;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    (files = enter_files(p)) < 0 || (calls = enter_calls(p)) < 0)
		return -1;
	return files | calls;
}

int
ca_confine_program_lacks(void)
{
	int lacks = 0;

	if (ca_confine_kernel_landlock() == 0)
		lacks |= CA_CONFINE_NO_LANDLOCK;
	if (ARCH == 0 || !ca_confine_kernel_filters())
		lacks |= CA_CONFINE_NO_SECCOMP;
	return lacks;
}
