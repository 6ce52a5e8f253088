/*
 * setup: the resident verifier.
 */
#include "cli/setup.h"

#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNIT "certauth-verifier.socket"

extern char **environ;

static bool
enable(void)
{
	static const char *const argv[] = {
	    "systemctl", "--quiet", "enable", "--now", UNIT, NULL};
	int status = 0;
	pid_t pid;

	return posix_spawnp(&pid, argv[0], NULL, NULL,
		   (char *const *)(uintptr_t)argv, environ) == 0 &&
	       waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

bool
ca_setup_socket(bool elsewhere)
{
	if (elsewhere || geteuid() != 0)
		return true;
	puts("Verifier:");
	if (access("/run/systemd/system", F_OK) != 0) {
		puts("  systemd does not run here: each login starts a "
		     "verifier of its own; see certauth-verifier(8) for a "
		     "resident one");
		return true;
	}
	(void)fflush(stdout);
	if (!enable()) {
		puts("  " UNIT " could not be enabled: each login starts a "
		     "verifier of its own; to see why, run: systemctl enable "
		     "--now " UNIT);
		return false;
	}
	puts("  " UNIT " is enabled");
	return true;
}
