#include "audit/logwriter.h"

#include <string.h>

/* a is b, or b and a dash and more. */
static bool
family(const char *a, const char *b)
{
	size_t len = strlen(b);

	return len > 0 && strncmp(a, b, len) == 0 &&
	       (a[len] == '\0' || a[len] == '-');
}

bool
ca_logwriter_fits(const char *program, const char *service)
{
	/* since 9.8, sshd-session answers each connection; since 10.0,
	 * sshd-auth runs before the login */
	if (strcmp(service, "sshd") == 0)
		return strcmp(program, "sshd") == 0 ||
		       strcmp(program, "sshd-session") == 0 ||
		       strcmp(program, "sshd-auth") == 0;
	/* su-l is a service of su, sudo-i of sudo, cockpit's program is
	 * cockpit-session */
	return family(program, service) || family(service, program);
}

bool
ca_logwriter_imitates(const char *program, const char *service, bool session)
{
	static const char *const known[] = {
	    "sshd", "su", "su-l", "sudo", "sudo-i", "login", NULL};

	if (session)
		return strcmp(program, "certauth") != 0;
	for (size_t i = 0; known[i] != NULL; i++)
		if (strcmp(service, known[i]) == 0)
			return !ca_logwriter_fits(program, service);
	return false;
}
