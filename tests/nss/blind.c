/*
 * A name service that ignores case and a domain in front, as winbind and SSSD do:
 * Alice and CORP\alice are found as alice of /etc/passwd.  LAB\alice is another
 * account, of a domain, whose pw_name is alice too; its uid is 100 higher.  As
 * libnss_blind.so.2 in LD_LIBRARY_PATH, with `passwd: files blind'.
 */
#include <errno.h>
#include <nss.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum nss_status _nss_blind_getpwnam_r(
    const char *name, struct passwd *pw, char *buffer, size_t size, int *error);

enum nss_status
_nss_blind_getpwnam_r(
    const char *name, struct passwd *pw, char *buffer, size_t size, int *error)
{
	const char *slash = strchr(name, '\\');
	bool lab = strncmp(name, "LAB\\", 4) == 0;
	enum nss_status status = NSS_STATUS_NOTFOUND;
	struct passwd *found;
	FILE *f = fopen("/etc/passwd", "re");
	int rc;

	if (f == NULL) {
		*error = errno;
		return NSS_STATUS_UNAVAIL;
	}
	if (slash != NULL)
		name = slash + 1;
	while ((rc = fgetpwent_r(f, pw, buffer, size, &found)) == 0)
		if (strcasecmp(pw->pw_name, name) == 0) {
			status = NSS_STATUS_SUCCESS;
			pw->pw_uid += lab ? 100 : 0;
			break;
		}
	if (rc == ERANGE) {
		*error = ERANGE;
		status = NSS_STATUS_TRYAGAIN;
	}
	(void)fclose(f);
	return status;
}
