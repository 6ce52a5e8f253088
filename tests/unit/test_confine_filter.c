/* The filter of system calls as a program: what it decides of any call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bpfrun.h"
#include "confinechild.h"
#include "confinefilter.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <sys/mman.h>

static const char *step;

/* ---- a kernel that answers otherwise ---- */

static struct {
	int error;       /* of seccomp(2); 0: the kernel's own answer */
	bool asked_only; /* only if it is to enter a filter */
} fake;

/* It takes six words, however many were passed, as the real one does. */
__attribute__((no_sanitize_address)) long
syscall(long number, ...)
{
	static long (*next)(long, ...);
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "syscall");
	if (number == SYS_seccomp && fake.error != 0 &&
	    !(fake.asked_only && a[2] == 0)) {
		errno = fake.error;
		return -1;
	}
	return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* ---- what it decides ---- */

static const enum ca_confine_mode modes[] = {
    CA_CONFINE_KILL, CA_CONFINE_PRODUCTION};

static uint32_t
native(void)
{
#if defined(__x86_64__)
	return AUDIT_ARCH_X86_64;
#elif defined(__i386__)
	return AUDIT_ARCH_I386;
#elif defined(__aarch64__)
	return AUDIT_ARCH_AARCH64;
#elif defined(__arm__)
	return AUDIT_ARCH_ARM;
#elif defined(__riscv)
	return AUDIT_ARCH_RISCV64;
#elif defined(__powerpc64__)
	return AUDIT_ARCH_PPC64LE;
#elif defined(__s390x__)
	return AUDIT_ARCH_S390X;
#else
	return 0; /* no filter can be made */
#endif
}

static uint32_t
judge(const struct ca_confine_calls *calls, long number, uint64_t arg0,
    uint64_t arg1, uint64_t arg2)
{
	const struct seccomp_data sd = {
	    .nr = (int)number, .arch = native(), .args = {arg0, arg1, arg2}};

	return bpf_run(calls->code, calls->n, &sd);
}

/* The table's numbers are those of the headers, and each has one row. */
static void
table(void **state)
{
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ca_confine_table_size; i++) {
		int nr = ca_confine_number(&ca_confine_table[i]);

		n += nr >= 0;
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(
			    ca_confine_table[i].name, ca_confine_table[j].name);
			assert_true(nr < 0 || nr != ca_confine_number(
							&ca_confine_table[j]));
		}
	}
	assert_true(n >= 120 && n <= 250);
	const struct ca_confine_call sum = {"x", CA_CALL_FREE, "(0x10 + 3)"};
	const struct ca_confine_call none = {"x", CA_CALL_FREE, "SYS_x32"};
	assert_int_equal(ca_confine_number(&sum), 19);
	assert_int_equal(ca_confine_number(&none), -1);
	assert_int_equal(kind_of(SYS_read), CA_CALL_FREE);
	assert_int_equal(kind_of(SYS_openat), CA_CALL_OPENAT);
	assert_int_equal(kind_of(SYS_mprotect), CA_CALL_MEMORY);
	assert_int_equal(kind_of(SYS_sendmsg), CA_CALL_SOCKET);
}

/* Calls that must kill, apart from the table: who edits it does not edit these. */
static const long deadly[] = {
    SYS_execve,
    SYS_execveat,
    SYS_socket,
    SYS_socketpair,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept4,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kill,
    SYS_tkill,
    SYS_tgkill,
    SYS_rt_sigqueueinfo,
    SYS_pidfd_open,
    SYS_pidfd_getfd,
    SYS_pidfd_send_signal,
    SYS_clone,
    SYS_clone3,
    SYS_setuid,
    SYS_setgid,
    SYS_setreuid,
    SYS_setregid,
    SYS_setresuid,
    SYS_setresgid,
    SYS_setgroups,
    SYS_setfsuid,
    SYS_setfsgid,
    SYS_capset,
    SYS_mount,
    SYS_umount2,
    SYS_chroot,
    SYS_pivot_root,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_userfaultfd,
    SYS_unshare,
    SYS_setns,
    SYS_unlinkat,
    SYS_renameat2,
    SYS_mkdirat,
    SYS_linkat,
    SYS_symlinkat,
    SYS_mknodat,
    SYS_fchmodat,
    SYS_fchownat,
    SYS_init_module,
    SYS_open_by_handle_at,
#ifdef SYS_fork
    SYS_fork,
    SYS_vfork,
    SYS_creat,
    SYS_unlink,
    SYS_rename,
#endif
};

static void
each_number(void **state)
{
	(void)state;
	for (size_t m = 0; m < 2; m++) {
		const struct ca_confine_calls c = made(modes[m]);

		for (long nr = -40; nr < 5000; nr++) {
			uint32_t is = judge(&c, nr, 77, ~0U, ~0U);
			int kind = kind_of(nr);

			if (kind == CA_CALL_FREE)
				assert_true(is == SECCOMP_RET_ALLOW);
			else if (kind == CA_CALL_KILLS)
				assert_true(is == SECCOMP_RET_KILL_PROCESS);
			else if (kind == UNKNOWN && nr >= 0)
				assert_true(is == unknown(modes[m]));
			else
				assert_true(is != SECCOMP_RET_ALLOW);
		}
		for (size_t i = 0; i < sizeof deadly / sizeof deadly[0]; i++)
			assert_true(judge(&c, deadly[i], 0, 0, 0) ==
				    SECCOMP_RET_KILL_PROCESS);
	}
}

/* Calls of another architecture, and those of x32, have other meanings. */
static void
foreign(void **state)
{
	static const uint32_t arch[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386,
	    AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM, AUDIT_ARCH_S390X, 0};
	struct seccomp_data sd = {.nr = SYS_read};

	(void)state;
	for (size_t m = 0; m < 2; m++) {
		const struct ca_confine_calls c = made(modes[m]);

		for (size_t i = 0; i < sizeof arch / sizeof arch[0]; i++) {
			sd.arch = arch[i];
			assert_true(
			    bpf_run(c.code, c.n, &sd) ==
			    (arch[i] == native() ? SECCOMP_RET_ALLOW
						 : SECCOMP_RET_KILL_PROCESS));
		}
#if defined(__x86_64__)
		for (int nr = 0; nr < 600; nr++)
			assert_true(judge(&c, nr | 0x40000000, 0, 0, 0) ==
				    SECCOMP_RET_KILL_PROCESS);
#endif
	}
}

/* Every pair of flags, known or not, with each way to open. */
static void
opening(void **state)
{
	const uint32_t harmless = O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
				  O_NOFOLLOW | O_DIRECTORY | O_LARGEFILE |
				  0100000;
	const uint32_t writing =
	    O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY);

	(void)state;
	for (size_t m = 0; m < 2; m++) {
		const struct ca_confine_calls c = made(modes[m]);

		for (unsigned i = 0; i < 32 * 32 * 4; i++) {
			uint32_t flags = (uint32_t)1 << (i % 32) |
					 (uint32_t)1 << (i / 32 % 32) |
					 i / (32 * 32);
			uint32_t is = judge(&c, SYS_openat, ~0U, 0, flags);

			if ((flags & O_ACCMODE) != 0 || (flags & writing) != 0)
				assert_true(is == SECCOMP_RET_KILL_PROCESS);
			else if ((flags & ~harmless) != 0)
				assert_true(is == unknown(modes[m]));
			else
				assert_true(is == SECCOMP_RET_ALLOW);
#ifdef SYS_open
			assert_true(is == judge(&c, SYS_open, 0, flags, 3));
#endif
		}
		assert_true(
		    judge(&c, SYS_openat, 0, 0, 0) == SECCOMP_RET_ALLOW);
		assert_true(
		    judge(&c, SYS_openat, 0, 0, O_PATH) == unknown(modes[m]));
	}
}

static void
arguments(void **state)
{
	static const uint32_t good[] = {
	    F_GETFD, F_SETFD, F_GETFL, F_DUPFD, F_DUPFD_CLOEXEC};
	static const long sockets[] = {
	    SYS_recvfrom, SYS_recvmsg, SYS_sendto, SYS_sendmsg};

	(void)state;
	for (size_t m = 0; m < 2; m++) {
		const struct ca_confine_calls c = made(modes[m]);

		for (uint32_t cmd = 0; cmd < 2000; cmd++) {
			bool ok = false;

			for (size_t i = 0; i < 5; i++)
				ok = ok || cmd == good[i];
			assert_true(
			    judge(&c, SYS_fcntl, SOCKET, cmd, 0) ==
			    (ok ? SECCOMP_RET_ALLOW : unknown(modes[m])));
		}
		for (uint32_t prot = 0; prot < 256; prot++)
			assert_true(judge(&c, SYS_mprotect, 0, 0, prot) ==
				    (prot & PROT_EXEC ? unknown(modes[m])
						      : SECCOMP_RET_ALLOW));
		for (size_t i = 0; i < 4; i++)
			for (uint64_t fd = 0; fd < 70; fd++)
				assert_true(
				    judge(&c, sockets[i], fd, 0, 0) ==
				    (fd == SOCKET ? SECCOMP_RET_ALLOW
						  : SECCOMP_RET_KILL_PROCESS));
	}
}

/* ---- no filter ---- */

static int
no_filter(void)
{
	static const int errors[] = {ENOSYS, EINVAL, EPERM};
	struct ca_confine_calls calls = {.mode = CA_CONFINE_PRODUCTION};

	if (ca_confine_calls_enter(&calls, &step) != CA_ERR_USAGE)
		return 1;
	calls = made(CA_CONFINE_KILL);
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		fake.error = errors[i];
		fake.asked_only = false;
		if (ca_confine_calls_enter(&calls, &step) !=
			CA_ERR_UNSUPPORTED ||
		    errno != errors[i])
			return 2;
	}
	return write(2, "", 0) == 0 ? 0 : 3;
}

/* A signal that no call caused changes no register. */
static int
sent_sigsys(void)
{
	const struct ca_confine_calls calls = made(CA_CONFINE_PRODUCTION);
	int number;

	/* the filter itself would forbid to send one */
	fake.error = ENOMEM;
	fake.asked_only = true;
	if (ca_confine_calls_enter(&calls, &step) != CA_ERR_IO)
		return 1;
	return raise(SIGSYS) == 0 && ca_confine_refused(&number, 1) == 0 ? 0
									 : 2;
}

/* The kernel has filters, and does not take this one. */
static int
filter_fails(void)
{
	static const int errors[] = {ENOSYS, EINVAL, EPERM, ENOMEM, EACCES};
	const struct ca_confine_calls calls = made(CA_CONFINE_KILL);

	fake.asked_only = true;
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
		fake.error = errors[i];
		if (ca_confine_calls_enter(&calls, &step) != CA_ERR_IO ||
		    errno != errors[i] || strcmp(step, "seccomp") != 0)
			return 1;
	}
	return 0;
}

static void
no_filters(void **state)
{
	(void)state;
	(void)made(CA_CONFINE_KILL);
	child_returns(no_filter, 0);
	needs_filters();
	child_returns(filter_fails, 0);
	child_returns(sent_sigsys, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(table),
	    cmocka_unit_test(each_number),
	    cmocka_unit_test(foreign),
	    cmocka_unit_test(opening),
	    cmocka_unit_test(arguments),
	    cmocka_unit_test(no_filters),
	};

	return cmocka_run_group_tests_name("confine_filter", tests, NULL, NULL);
}
