#include "base/passwd.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define ENTRY_MAX ((size_t)1 << 20) /* bytes of a passwd entry */

/* Some name services report by an error code that there is no such account. */
static bool
is_absent(int e)
{
	return e == 0 || e == ENOENT || e == ESRCH || e == EBADF || e == EPERM;
}

enum ca_err
ca_passwd_find(const char *name, uid_t uid, struct ca_passwd *out)
{
	struct passwd *found = NULL;
	int e = ERANGE;

	for (size_t n = 1024; e == ERANGE && n <= ENTRY_MAX; n *= 4) {
		char *p = realloc(out->text, n);

		if (p == NULL)
			return CA_ERR_MEMORY;
		out->text = p;
		if (name != NULL)
			e = getpwnam_r(name, &out->pw, p, n, &found);
		else
			e = getpwuid_r(uid, &out->pw, p, n, &found);
	}
	if (found != NULL)
		return CA_OK;
	errno = e;
	return is_absent(e) ? CA_ERR_NOT_FOUND : CA_ERR_IO;
}
