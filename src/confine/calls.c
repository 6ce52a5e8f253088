/*
 * A filter of system calls (seccomp): confine.h.
 *
 * The filter looks calls up in a table of bits: one mask for each 32 numbers.  A
 * chain of comparisons is three times as long, and installing it costs three to
 * four times as much, mostly because the kernel compiles it; each process installs
 * one.  A call through the filter costs the same either way.
 */
#include "confine/calltable.h"
#include "confine/confine.h"
#include "confine/kernel.h"
#include "confine/refused.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/net.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LARGE_FILE 0100000 /* what libraries may add where O_LARGEFILE is 0 */
#define OPEN_ALLOWED                                                           \
	((uint32_t)(O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |             \
		    O_NOFOLLOW | O_DIRECTORY | O_LARGEFILE | LARGE_FILE))
#define OPEN_KILLS                                                             \
	((uint32_t)(O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND |                 \
		    (O_TMPFILE & ~O_DIRECTORY)))

#define BLOCKS 32 /* of 32 numbers: there are about 470 */

/* Targets of jumps beyond the 255 instructions that can be skipped: the three
 * endings, which are the last instructions. */
enum ending { ALLOW = 256, UNKNOWN, KILL };

struct maker {
	struct ca_confine_calls *out;
	int number[CA_CONFINE_TABLE_MAX]; /* of each row of the table, or -1 */
	size_t yes[CA_CONFINE_CODE], no[CA_CONFINE_CODE];
	const struct ca_confine_sockets *sockets;
	bool full;
};

static void
put(struct maker *m, unsigned code, uint32_t k, size_t yes, size_t no)
{
	unsigned short n = m->out->n;

	if (n == CA_CONFINE_CODE) {
		m->full = true;
		return;
	}
	m->out->code[n] = (struct sock_filter){.code = (uint16_t)code, .k = k};
	m->yes[n] = yes;
	m->no[n] = no;
	m->out->n++;
}

static void
put_load(struct maker *m, uint32_t offset)
{
	put(m, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

/* If A is k, go to yes, an ending or a number of instructions to skip; else to
 * no. */
static void
put_equal(struct maker *m, uint32_t k, size_t yes, size_t no)
{
	put(m, BPF_JMP | BPF_JEQ | BPF_K, k, yes, no);
}

/* The same, if A has one of the bits. */
static void
put_any(struct maker *m, uint32_t bits, size_t yes, size_t no)
{
	put(m, BPF_JMP | BPF_JSET | BPF_K, bits, yes, no);
}

/* How many instructions instruction `at' has to skip. */
static uint8_t
skip_of(struct maker *m, size_t at, size_t target)
{
	size_t skip = target;

	if (target >= ALLOW)
		skip = m->out->n - 3U + (target - ALLOW) - at - 1;
	if (skip > UINT8_MAX)
		m->full = true;
	return (uint8_t)skip;
}

/* Put the endings, and let the jumps reach them. */
static void
finish(struct maker *m, uint32_t unknown)
{
	put(m, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	put(m, BPF_RET | BPF_K, unknown, 0, 0);
	put(m, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	for (size_t i = 0; i < m->out->n; i++) {
		m->out->code[i].jt = skip_of(m, i, m->yes[i]);
		m->out->code[i].jf = skip_of(m, i, m->no[i]);
	}
}

/* Allow if the argument is one of the values. */
static void
put_values(struct maker *m, unsigned arg, const uint32_t *value, size_t n,
    enum ending otherwise)
{
	put_load(m, CA_SECCOMP_ARG(arg));
	for (size_t i = 0; i < n; i++)
		put_equal(m, value[i], ALLOW, i + 1 < n ? 0 : otherwise);
}

/* The kind of a row, for a process with those sockets. */
static enum ca_confine_kind
kind_of(const struct maker *m, size_t row)
{
	const struct ca_confine_call *call = &ca_confine_table[row];

	if (m->sockets->local && strcmp(call->name, "socket") == 0)
		return CA_CALL_FAMILY;
	if (m->sockets->local && strcmp(call->name, "connect") == 0)
		return CA_CALL_FREE;
	return call->kind;
}

static void
put_sockets(struct maker *m)
{
	uint32_t value[3] = {0};
	const size_t n = m->sockets->n;

	for (size_t i = 0; i < n && i < 3; i++)
		value[i] = (uint32_t)m->sockets->fd[i];
	if (m->sockets->local)
		put_any(m, 0, KILL, ALLOW); /* no bit: always */
	else
		put_values(m, 0, value, n, KILL);
}

static void
put_open(struct maker *m, unsigned arg)
{
	put_load(m, CA_SECCOMP_ARG(arg));
	put_any(m, OPEN_KILLS, KILL, 0);
	put_any(m, ~OPEN_ALLOWED, UNKNOWN, ALLOW);
}

/* What decides about a call of that kind.  A is lost. */
static void
put_check(struct maker *m, enum ca_confine_kind kind)
{
	/* the last ones with sockets of its own alone */
	static const uint32_t commands[] = {
	    F_GETFD, F_SETFD, F_GETFL, F_DUPFD, F_DUPFD_CLOEXEC, F_SETFL};
	static const uint32_t operations[] = {SYS_SEND, SYS_RECV, SYS_SENDTO,
	    SYS_RECVFROM, SYS_SENDMSG, SYS_RECVMSG, SYS_SOCKET, SYS_CONNECT};
	static const uint32_t families[] = {AF_UNIX};
	const bool local = m->sockets->local;

	switch (kind) {
	case CA_CALL_FREE:
	case CA_CALL_KILLS:
		break; /* bits */
	case CA_CALL_OPEN:
		put_open(m, 1);
		break;
	case CA_CALL_OPENAT:
		put_open(m, 2);
		break;
	case CA_CALL_MEMORY:
		put_load(m, CA_SECCOMP_ARG(2));
		put_any(m, PROT_EXEC, UNKNOWN, ALLOW);
		break;
	case CA_CALL_FCNTL:
		put_values(m, 1, commands,
		    sizeof commands / sizeof *commands - (local ? 0 : 1),
		    UNKNOWN);
		break;
	case CA_CALL_SOCKET:
		put_sockets(m);
		break;
	case CA_CALL_SOCKETCALL:
		put_values(m, 0, operations,
		    sizeof operations / sizeof *operations - (local ? 0 : 2),
		    KILL);
		break;
	case CA_CALL_FAMILY:
		put_values(m, 0, families, 1, KILL);
		break;
	}
}

/* Calls whose arguments are checked: A is the number, and is so afterwards if
 * the call is none of that kind. */
static void
put_kind(struct maker *m, enum ca_confine_kind kind)
{
	unsigned short first = m->out->n, check;

	for (size_t i = 0; i < ca_confine_table_size; i++) {
		if (kind_of(m, i) == kind && m->number[i] >= 0)
			put_equal(m, (uint32_t)m->number[i], 0, 0);
	}
	if ((check = m->out->n) == first)
		return;
	put_check(m, kind);
	for (unsigned short i = first; i < check; i++)
		m->yes[i] = check - 1U - i;
	m->no[check - 1] = m->out->n - (size_t)check;
}

/* Bits of the numbers of that kind. */
static void
masks(const struct maker *m, enum ca_confine_kind kind, uint32_t mask[BLOCKS])
{
	memset(mask, 0, BLOCKS * sizeof *mask);
	for (size_t i = 0; i < ca_confine_table_size; i++) {
		int nr = m->number[i];

		if (kind_of(m, i) == kind && nr >= 0 && nr < 32 * BLOCKS)
			mask[nr / 32] |= (uint32_t)1 << (nr % 32);
	}
}

/* The table of bits.  A is the number. */
static void
put_bits(struct maker *m)
{
	uint32_t allowed[BLOCKS], killing[BLOCKS];

	masks(m, CA_CALL_FREE, allowed);
	masks(m, CA_CALL_KILLS, killing);
	/* X: the bit of the number; A: its block */
	put(m, BPF_ALU | BPF_AND | BPF_K, 31, 0, 0);
	put(m, BPF_MISC | BPF_TAX, 0, 0, 0);
	put(m, BPF_LD | BPF_IMM, 1, 0, 0);
	put(m, BPF_ALU | BPF_LSH | BPF_X, 0, 0, 0);
	put(m, BPF_MISC | BPF_TAX, 0, 0, 0);
	put_load(m, CA_SECCOMP_NUMBER);
	put(m, BPF_ALU | BPF_RSH | BPF_K, 5, 0, 0);
	for (uint32_t i = 0; i < BLOCKS; i++) {
		size_t n = (allowed[i] != 0) + (size_t)(killing[i] != 0);

		if (n == 0)
			continue;
		put_equal(m, i, 0, 1 + n);
		put(m, BPF_MISC | BPF_TXA, 0, 0, 0);
		if (allowed[i] != 0)
			put_any(m, allowed[i], ALLOW, n == 2 ? 0 : UNKNOWN);
		if (killing[i] != 0)
			put_any(m, killing[i], KILL, UNKNOWN);
	}
	put(m, BPF_JMP | BPF_JA, 1, 0, 0); /* past ALLOW: UNKNOWN */
}

static uint32_t
action_of_unknown(enum ca_confine_mode mode)
{
	if (mode != CA_CONFINE_PRODUCTION)
		return SECCOMP_RET_KILL_PROCESS;
	return ca_confine_refused_works() ? SECCOMP_RET_TRAP
					  : SECCOMP_RET_ERRNO | ENOSYS;
}

enum ca_err
ca_confine_calls_make(enum ca_confine_mode mode,
    const struct ca_confine_sockets *sockets, struct ca_confine_calls *calls)
{
	enum ca_err ret = CA_ERR_UNSET;
	struct maker m = {.out = calls, .sockets = sockets};

	*calls = (struct ca_confine_calls){.mode = mode};
	if (CA_SECCOMP_ARCH == 0) {
		ret = CA_ERR_UNSUPPORTED;
		goto out;
	}
	for (size_t i = 0; i < ca_confine_table_size; i++)
		m.number[i] = ca_confine_number(&ca_confine_table[i]);
	put_load(&m, CA_SECCOMP_ARCH_AT);
	put_equal(&m, CA_SECCOMP_ARCH, 0, KILL);
	put_load(&m, CA_SECCOMP_NUMBER);
#ifdef CA_SECCOMP_FOREIGN
	put_any(&m, CA_SECCOMP_FOREIGN, KILL, 0);
#endif
	for (int kind = CA_CALL_OPEN; kind <= CA_CALL_FAMILY; kind++)
		put_kind(&m, (enum ca_confine_kind)kind);
	put_bits(&m);
	finish(&m, action_of_unknown(mode));
	if (m.full) {
		ret = CA_ERR_LIMIT;
		goto out;
	}
	ret = CA_OK;
out:
	return ret;
}

enum ca_err
ca_confine_calls_enter(const struct ca_confine_calls *calls, const char **step)
{
	enum ca_err ret = CA_ERR_UNSET;
	struct sock_filter code[CA_CONFINE_CODE];
	struct sock_fprog program = {calls->n, code};

	*step = "seccomp";
	if (calls->n == 0) { /* never made */
		errno = EINVAL;
		ret = CA_ERR_USAGE;
		goto out;
	}
	if (!ca_confine_kernel_filters()) {
		ret = CA_ERR_UNSUPPORTED;
		goto out;
	}
	memcpy(code, calls->code, sizeof code);
	*step = "SIGSYS";
	if (calls->mode == CA_CONFINE_PRODUCTION &&
	    ca_confine_refused_start() != 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	*step = "seccomp";
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0U, &program) != 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	ret = CA_OK;
out:
	return ret;
}
