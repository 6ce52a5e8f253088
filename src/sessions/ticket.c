/*
 * The timestamps of sudo: /run/sudo/ts/NAME, and from sudo 1.9.15 on /run/sudo/ts/UID.
 */
#include "sessions/sessionsint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/passwd.h"

#define FOLDER "/run/sudo/ts"

/* One path component that is no folder of its own. */
static bool
is_file_name(const char *name)
{
	return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL;
}

static void
take_away(const struct ca_log *log, int folder, const char *name)
{
	if (is_file_name(name) && unlinkat(folder, name, 0) != 0 &&
	    errno != ENOENT)
		ca_log_err(log, "%s/%s: %m; remove it", FOLDER, name);
}

void
ca_sessions_ticket(const struct ca_log *log, const struct ca_sessions_one *one)
{
	int folder =
	    open(FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct ca_passwd account = {0};
	struct stat st;
	char uid[24];

	if (folder < 0)
		return;
	if (fstat(folder, &st) == 0 && st.st_uid == 0) {
		take_away(log, folder, one->s.user);
		if (ca_passwd_find(one->s.user, 0, &account) == CA_OK) {
			(void)snprintf(uid, sizeof uid, "%lu",
			    (unsigned long)account.pw.pw_uid);
			take_away(log, folder, uid);
		}
		free(account.text);
	}
	(void)close(folder);
}
