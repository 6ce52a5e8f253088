/*
 * In place of src/module/paths.c, for the module of the tests: the verifier is in
 * /run, which is the tests' own in their namespace.
 */
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "channel/channel.h"
#include "module/verifier.h"

#define DIR "/run/certauth-test/"

extern unsigned ca_verifier_patience_of_test;

const char ca_verifier_program[] = DIR "certauth-verifier";
const char ca_channel_confiner[] = DIR "certauth-confine";
const char ca_verifier_socket[] = "/run/certauth/verifier.1.sock";

/* the module reads it by the name of a constant */
unsigned ca_verifier_patience_of_test __asm__("ca_verifier_patience") = 1;

/* valgrind makes a verifier fifty times as slow */
__attribute__((constructor)) static void
look_at_it(void)
{
	if (access(DIR "slow", F_OK) == 0)
		ca_verifier_patience_of_test = 60;
}

/* A sanitizer's shadow of the memory is larger than what a program that the module
 * starts may have. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
int
setrlimit(__rlimit_resource_t what, const struct rlimit *limit)
{
	if (what == RLIMIT_DATA)
		return 0;
	return (int)syscall(SYS_prlimit64, 0, what, limit, NULL);
}
#endif
