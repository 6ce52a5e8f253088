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

struct maker {
	struct ca_confine_calls *out;
	uint32_t unknown; /* what happens to a call that is not in the table */
	uint32_t kills;
	bool full;
};

static void
put(struct maker *m, unsigned code, uint32_t k, size_t yes, size_t no)
{
	if (m->out->n == CA_CONFINE_CODE || yes > UINT8_MAX || no > UINT8_MAX) {
		m->full = true;
		return;
	}
	m->out->code[m->out->n++] =
	    (struct sock_filter){(uint16_t)code, (uint8_t)yes, (uint8_t)no, k};
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

/* If A is k, the next yes instructions are skipped; else the next no ones. */
static void
put_equal(struct maker *m, uint32_t k, size_t yes, size_t no)
{
	put(m, BPF_JMP | BPF_JEQ | BPF_K, k, yes, no);
}

/* If A has one of the bits, action; else go on. */
static void
put_if_any(struct maker *m, uint32_t bits, uint32_t action)
{
	put(m, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
	put_return(m, action);
}

/* Allow if the argument is one of the values. */
static void
put_values(struct maker *m, unsigned arg, const uint32_t *value, size_t n,
    uint32_t otherwise)
{
	put_load(m, CA_SECCOMP_ARG(arg));
	for (size_t i = 0; i < n; i++)
		put_equal(m, value[i], n - i, 0);
	put_return(m, otherwise);
	put_return(m, SECCOMP_RET_ALLOW);
}

static void
put_open(struct maker *m, unsigned arg)
{
	put_load(m, CA_SECCOMP_ARG(arg));
	put_if_any(m, OPEN_KILLS, m->kills);
	put_if_any(m, ~OPEN_ALLOWED, m->unknown);
	put_return(m, SECCOMP_RET_ALLOW);
}

/* What decides about a call of that kind.  A is lost. */
static void
put_check(struct maker *m, enum ca_confine_kind kind, uint32_t socket)
{
	static const uint32_t commands[] = {
	    F_GETFD, F_SETFD, F_GETFL, F_DUPFD, F_DUPFD_CLOEXEC};
	static const uint32_t operations[] = {SYS_SEND, SYS_RECV, SYS_SENDTO,
	    SYS_RECVFROM, SYS_SENDMSG, SYS_RECVMSG};

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
		put_if_any(m, PROT_EXEC, m->unknown);
		put_return(m, SECCOMP_RET_ALLOW);
		break;
	case CA_CALL_FCNTL:
		put_values(m, 1, commands, sizeof commands / sizeof *commands,
		    m->unknown);
		break;
	case CA_CALL_SOCKET:
		put_values(m, 0, &socket, 1, m->kills);
		break;
	case CA_CALL_SOCKETCALL:
		put_values(m, 0, operations,
		    sizeof operations / sizeof *operations, m->kills);
		break;
	}
}

/* Calls whose arguments are checked: A is the number, and is so afterwards if
 * the call is none of that kind. */
static void
put_kind(struct maker *m, enum ca_confine_kind kind, uint32_t socket)
{
	struct ca_confine_calls *out = m->out;
	unsigned short first = out->n, check;

	for (size_t i = 0; i < ca_confine_table_size; i++) {
		int nr = ca_confine_number(&ca_confine_table[i]);

		if (ca_confine_table[i].kind == kind && nr >= 0)
			put_equal(m, (uint32_t)nr, 0, 0);
	}
	if ((check = out->n) == first)
		return;
	put_check(m, kind, socket);
	if (out->n - check > UINT8_MAX || check - first > UINT8_MAX) {
		m->full = true;
		return;
	}
	for (unsigned short i = first; i < check; i++)
		out->code[i].jt = (uint8_t)(check - 1 - i);
	out->code[check - 1].jf = (uint8_t)(out->n - check);
}

/* Bits of the numbers of that kind. */
static void
masks(enum ca_confine_kind kind, uint32_t mask[BLOCKS])
{
	memset(mask, 0, BLOCKS * sizeof *mask);
	for (size_t i = 0; i < ca_confine_table_size; i++) {
		int nr = ca_confine_number(&ca_confine_table[i]);

		if (ca_confine_table[i].kind == kind && nr >= 0 &&
		    nr < 32 * BLOCKS)
			mask[nr / 32] |= (uint32_t)1 << (nr % 32);
	}
}

/* The table of bits.  A is the number. */
static void
put_bits(struct maker *m)
{
	uint32_t allowed[BLOCKS], killing[BLOCKS];

	masks(CA_CALL_FREE, allowed);
	masks(CA_CALL_KILLS, killing);
	if (m->kills == m->unknown)
		memset(killing, 0, sizeof killing);
	/* X: the bit of the number; A: its block */
	put(m, BPF_ALU | BPF_AND | BPF_K, 31, 0, 0);
	put(m, BPF_MISC | BPF_TAX, 0, 0, 0);
	put(m, BPF_LD | BPF_IMM, 1, 0, 0);
	put(m, BPF_ALU | BPF_LSH | BPF_X, 0, 0, 0);
	put(m, BPF_MISC | BPF_TAX, 0, 0, 0);
	put_load(m, CA_SECCOMP_NUMBER);
	put(m, BPF_ALU | BPF_RSH | BPF_K, 5, 0, 0);
	for (uint32_t i = 0; i < BLOCKS; i++) {
		size_t len = 2 + 2 * ((allowed[i] != 0) + (killing[i] != 0));

		if (len == 2)
			continue;
		put_equal(m, i, 0, len);
		put(m, BPF_MISC | BPF_TXA, 0, 0, 0);
		if (allowed[i] != 0)
			put_if_any(m, allowed[i], SECCOMP_RET_ALLOW);
		if (killing[i] != 0)
			put_if_any(m, killing[i], m->kills);
		put_return(m, m->unknown);
	}
	put_return(m, m->unknown);
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
ca_confine_calls_make(
    enum ca_confine_mode mode, int socket, struct ca_confine_calls *calls)
{
	enum ca_err ret = CA_ERR_UNSET;
	struct maker m = {.out = calls,
	    .unknown = action_of_unknown(mode),
	    .kills = SECCOMP_RET_KILL_PROCESS};

	*calls = (struct ca_confine_calls){.mode = mode};
	if (CA_SECCOMP_ARCH == 0) {
		ret = CA_ERR_UNSUPPORTED;
		goto out;
	}
	put_load(&m, CA_SECCOMP_ARCH_AT);
	put_equal(&m, CA_SECCOMP_ARCH, 1, 0);
	put_return(&m, m.kills);
	put_load(&m, CA_SECCOMP_NUMBER);
#ifdef CA_SECCOMP_FOREIGN
	put_if_any(&m, CA_SECCOMP_FOREIGN, m.kills);
#endif
	for (int kind = CA_CALL_OPEN; kind <= CA_CALL_SOCKETCALL; kind++)
		put_kind(&m, (enum ca_confine_kind)kind, (uint32_t)socket);
	put_bits(&m);
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
