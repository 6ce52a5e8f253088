/*
 * certauth-sign: the module's helper, which signs a request as the user.  It links
 * libcrypto and p11-kit and nothing else, because a login waits for its start, and
 * it handles the user's PIN.
 *
 * The module starts it with the arguments that certauth takes, `sign --helper', so
 * that `helper' of certauth.conf may name either program.
 */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sign/signhelper.h"

#define EXIT_USAGE 2

int
main(int argc, char **argv)
{
	bool known = argc == 1 || (argc == 3 && strcmp(argv[1], "sign") == 0 &&
				      strcmp(argv[2], "--helper") == 0);

	if (!known || isatty(STDIN_FILENO) == 1) {
		(void)fputs("certauth-sign is started by pam_certauth.so and "
			    "cannot be run by hand; to sign a request, run: "
			    "certauth sign\n",
		    stderr);
		return EXIT_USAGE;
	}
	/* no core and no ptrace(2): a PIN goes through here */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return ca_sign_helper();
}
