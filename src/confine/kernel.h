/*
 * Private to src/confine: what this kernel and this architecture have.
 */
#ifndef CA_CONFINE_KERNEL_H
#define CA_CONFINE_KERNEL_H

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The architecture, as a filter of system calls sees it; 0: its calls are not known
 * here. */
#if defined(__x86_64__) && !defined(__ILP32__)
#define CA_SECCOMP_ARCH AUDIT_ARCH_X86_64
#define CA_SECCOMP_FOREIGN 0x40000000 /* the bit of calls of x32 */
#elif defined(__i386__)
#define CA_SECCOMP_ARCH AUDIT_ARCH_I386
#elif defined(__aarch64__) && !defined(__ILP32__) && !defined(__AARCH64EB__)
#define CA_SECCOMP_ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__) && defined(__ARM_EABI__) && !defined(__ARMEB__)
#define CA_SECCOMP_ARCH AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define CA_SECCOMP_ARCH AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define CA_SECCOMP_ARCH AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
#define CA_SECCOMP_ARCH AUDIT_ARCH_S390X
#else
#define CA_SECCOMP_ARCH 0
#endif

/* Offsets in what a filter sees: the architecture, the number of the call, and the
 * halves of 64 bits of its nth argument.  An int is the low one. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define CA_SECCOMP_LOW 4
#else
#define CA_SECCOMP_LOW 0
#endif
#define CA_SECCOMP_ARG_AT(nth, half)                                           \
	((uint32_t)(offsetof(struct seccomp_data, args) +                      \
		    sizeof(uint64_t) * (nth) + (half)))
#define CA_SECCOMP_ARG(nth) CA_SECCOMP_ARG_AT(nth, CA_SECCOMP_LOW)
#define CA_SECCOMP_HIGH(nth) CA_SECCOMP_ARG_AT(nth, 4 - CA_SECCOMP_LOW)
#define CA_SECCOMP_NUMBER ((uint32_t)offsetof(struct seccomp_data, nr))
#define CA_SECCOMP_ARCH_AT ((uint32_t)offsetof(struct seccomp_data, arch))

/* The kernel, and every sandbox around this process, takes filters of system calls.
 * Nothing changes.  Async-signal-safe. */
bool ca_confine_kernel_filters(void);

/* The version of Landlock; 0: there is none here.  Async-signal-safe. */
long ca_confine_kernel_landlock(void);

#endif
