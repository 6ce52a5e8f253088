/* The PAM module; until its rooms stand, every entry point refuses. */
#include <security/pam_modules.h>

#define PAM_EXPORT __attribute__((visibility("default")))

PAM_EXPORT int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SERVICE_ERR;
}
