#include "module/passwd.h"

#include <errno.h>
#include <stdlib.h>

#define ENTRY_MAX ((size_t)1 << 20) /* bytes of a passwd entry */

int
ca_account_entry(
    const char *name, struct passwd *pw, char **text, struct passwd **entry)
{
	*entry = NULL;
	for (size_t size = 1024; size <= ENTRY_MAX; size *= 4) {
		char *p = realloc(*text, size);

		if (p == NULL)
			return ENOMEM;
		*text = p;
		int e = getpwnam_r(name, pw, p, size, entry);
		if (e != ERANGE)
			return e;
	}
	return ERANGE;
}
