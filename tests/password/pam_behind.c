/*
 * A module that stands behind pam_certauth in a test's stack and writes down what it
 * finds, without a prompt: pam_exec with expose_authtok asks for a password where
 * PAM_AUTHTOK is not set, and would get from the service what we have removed.
 *
 *   auth optional pam_behind.so FILE      appends "SERVICE USER RHOST AUTHTOK" to FILE,
 *                                         with - for what is not set
 */
#include <stdio.h>

#include <security/pam_modules.h>

static const char *
item(const pam_handle_t *pamh, int type)
{
	const void *value = NULL;

	if (pam_get_item(pamh, type, &value) != PAM_SUCCESS || value == NULL)
		return "-";
	return value;
}

int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	FILE *f = argc == 1 ? fopen(argv[0], "ae") : NULL;

	(void)flags;
	if (f == NULL)
		return PAM_SYSTEM_ERR;
	if (fprintf(f, "%s %s %s %s\n", item(pamh, PAM_SERVICE),
		item(pamh, PAM_USER), item(pamh, PAM_RHOST),
		item(pamh, PAM_AUTHTOK)) < 0 ||
	    fclose(f) != 0)
		return PAM_SYSTEM_ERR;
	return PAM_IGNORE;
}

int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_IGNORE;
}
