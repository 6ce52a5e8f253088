#include "confine/calltable.h"

#include <ctype.h>
#include <stdlib.h>
#include <sys/syscall.h>

#define TEXT(x) TEXT_(x)
#define TEXT_(x) #x
#define FREE(call)                                                             \
	{                                                                      \
#call, CA_CALL_FREE, TEXT(SYS_##call)                          \
	}
#define KILLS(call)                                                            \
	{                                                                      \
#call, CA_CALL_KILLS, TEXT(SYS_##call)                         \
	}
#define ONLY(call, kind)                                                       \
	{                                                                      \
#call, CA_CALL_##kind, TEXT(SYS_##call)                        \
	}

/*
 * The names are those of all architectures and versions.  Free are the calls that
 * change nothing outside of the process, and that glibc (2.36 and later), musl and
 * libcrypto make to read files, to allocate, to tell the time, and to draw random
 * numbers.  What is free can be reached by an attacker: a further call needs a
 * reason.
 */
const struct ca_confine_call ca_confine_table[] = {
    /* files and directories */
    FREE(read), FREE(pread64), FREE(readv), FREE(close), FREE(lseek),
    FREE(_llseek), FREE(fstat), FREE(fstat64), FREE(newfstatat),
    FREE(fstatat64), FREE(stat), FREE(stat64), FREE(lstat), FREE(lstat64),
    FREE(statx), FREE(fstatfs), FREE(fstatfs64), FREE(getdents64),
    FREE(readlink), FREE(readlinkat), FREE(access), FREE(faccessat),
    FREE(faccessat2),
    /* to wait for the socket */
    FREE(poll), FREE(ppoll), FREE(ppoll_time64),
    /* memory; a protection that is in memory (s390x) cannot be checked */
    FREE(brk), FREE(munmap), FREE(mremap), FREE(madvise),
#if defined(__s390x__)
    FREE(mmap),
#elif !defined(__i386__)
    ONLY(mmap, MEMORY),
#endif
    ONLY(mmap2, MEMORY), ONLY(mprotect, MEMORY),
    /* locks, random numbers, the time; qsort(3) of glibc 2.36 asks for the size of
     * the memory */
    FREE(futex), FREE(futex_time64), FREE(getrandom), FREE(sysinfo), FREE(time),
    FREE(gettimeofday), FREE(clock_gettime), FREE(clock_gettime64),
    /* signals: the end of a handler, a call that goes on after SIGCONT; getrandom(3)
     * of glibc 2.41 blocks signals for a moment.  SIGKILL cannot be blocked, and a
     * blocked SIGSYS kills. */
    FREE(rt_sigreturn), FREE(sigreturn), FREE(restart_syscall),
    FREE(rt_sigprocmask),
    /* who the process is */
    FREE(getpid), FREE(gettid), FREE(getuid), FREE(getuid32), FREE(geteuid),
    FREE(geteuid32), FREE(getgid), FREE(getgid32), FREE(getegid),
    FREE(getegid32),
    /* the host's name, for host_names by default */
    FREE(uname),

    FREE(exit_group),

    ONLY(open, OPEN), ONLY(openat, OPENAT), ONLY(fcntl, FCNTL),
    ONLY(fcntl64, FCNTL),
    /* of socketcall the arguments, and with them the socket, cannot be checked;
     * the process has no other and can get none */
    ONLY(recvfrom, SOCKET), ONLY(recvmsg, SOCKET), ONLY(sendto, SOCKET),
    ONLY(sendmsg, SOCKET), ONLY(recv, SOCKET), ONLY(send, SOCKET),
    ONLY(socketcall, SOCKETCALL),

    /* to become another program, to reach others */
    KILLS(execve), KILLS(execveat), KILLS(socket), KILLS(socketpair),
    KILLS(connect), KILLS(bind), KILLS(listen), KILLS(accept), KILLS(accept4),
    KILLS(ptrace), KILLS(process_vm_readv), KILLS(process_vm_writev),
    KILLS(process_madvise), KILLS(process_mrelease), KILLS(kcmp), KILLS(kill),
    KILLS(tkill), KILLS(tgkill), KILLS(rt_sigqueueinfo),
    KILLS(rt_tgsigqueueinfo), KILLS(pidfd_open), KILLS(pidfd_getfd),
    KILLS(pidfd_send_signal), KILLS(clone), KILLS(clone3), KILLS(fork),
    KILLS(vfork), KILLS(unshare), KILLS(setns),
    /* to change files */
    KILLS(creat), KILLS(open_by_handle_at), KILLS(link), KILLS(linkat),
    KILLS(symlink), KILLS(symlinkat), KILLS(unlink), KILLS(unlinkat),
    KILLS(rename), KILLS(renameat), KILLS(renameat2), KILLS(mkdir),
    KILLS(mkdirat), KILLS(rmdir), KILLS(mknod), KILLS(mknodat), KILLS(truncate),
    KILLS(truncate64), KILLS(chmod), KILLS(fchmod), KILLS(fchmodat),
    KILLS(fchmodat2), KILLS(chown), KILLS(chown32), KILLS(fchown),
    KILLS(fchown32), KILLS(lchown), KILLS(lchown32), KILLS(fchownat),
    KILLS(setxattr), KILLS(lsetxattr), KILLS(fsetxattr), KILLS(setxattrat),
    KILLS(removexattr), KILLS(lremovexattr), KILLS(fremovexattr),
    KILLS(removexattrat), KILLS(utime), KILLS(utimes), KILLS(futimesat),
    KILLS(utimensat), KILLS(utimensat_time64),
    /* to become another user */
    KILLS(setuid), KILLS(setuid32), KILLS(setgid), KILLS(setgid32),
    KILLS(setreuid), KILLS(setreuid32), KILLS(setregid), KILLS(setregid32),
    KILLS(setresuid), KILLS(setresuid32), KILLS(setresgid), KILLS(setresgid32),
    KILLS(setgroups), KILLS(setgroups32), KILLS(setfsuid), KILLS(setfsuid32),
    KILLS(setfsgid), KILLS(setfsgid32), KILLS(capset),
    /* to change the machine, to attack the kernel */
    KILLS(mount), KILLS(umount), KILLS(umount2), KILLS(move_mount),
    KILLS(fsopen), KILLS(fsconfig), KILLS(fsmount), KILLS(fspick),
    KILLS(open_tree), KILLS(open_tree_attr), KILLS(mount_setattr),
    KILLS(pivot_root), KILLS(chroot), KILLS(swapon), KILLS(swapoff), KILLS(bpf),
    KILLS(perf_event_open), KILLS(io_uring_setup), KILLS(io_uring_enter),
    KILLS(io_uring_register), KILLS(keyctl), KILLS(add_key), KILLS(request_key),
    KILLS(userfaultfd), KILLS(init_module), KILLS(finit_module),
    KILLS(delete_module), KILLS(kexec_load), KILLS(kexec_file_load),
    KILLS(reboot), KILLS(modify_ldt), KILLS(iopl), KILLS(ioperm)};

const size_t ca_confine_table_size =
    sizeof ca_confine_table / sizeof ca_confine_table[0];

_Static_assert(sizeof ca_confine_table / sizeof ca_confine_table[0] <=
		   CA_CONFINE_TABLE_MAX,
    "the table is longer than CA_CONFINE_TABLE_MAX");

int
ca_confine_number(const struct ca_confine_call *call)
{
	long sum = 0;

	if (call->number[0] != '(' && !isdigit((unsigned char)call->number[0]))
		return -1;
	for (const char *p = call->number; *p != '\0';) {
		char *end = NULL;

		if (isdigit((unsigned char)*p)) {
			sum += strtol(p, &end, 0);
			p = end;
		} else {
			p++;
		}
	}
	return (int)sum;
}
