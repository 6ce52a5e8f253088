/*
 * doctor: who can write to a file that decides about logins, and to the
 * directories above it.
 */
#include "doctor/doctor.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

/* One finding for a directory above several files. */
static void
say_parent(
    struct ca_doctor *d, const char *dir, const char *path, const char *what)
{
	char mend[8300];

	const char *word = ca_doctor_word("%s", dir);

	(void)snprintf(
	    mend, sizeof mend, "chown root %s; chmod go-w %s", word, word);
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].code == CA_F_PARENT_UNTRUSTED &&
		    d->v[i].mend != NULL && strcmp(d->v[i].mend, mend) == 0)
			return;
	ca_doctor_find(d, CA_F_PARENT_UNTRUSTED, CA_LEVEL_ERROR,
	    "%s, above %s, %s", dir, path, what);
	ca_doctor_mend(d, "%s", mend);
}

static void
parents(struct ca_doctor *d, const char *path)
{
	char *full = realpath(path, NULL), *slash;
	struct stat st;

	while (full != NULL && (slash = strrchr(full, '/')) != NULL) {
		slash[slash == full ? 1 : 0] = '\0';
		if (stat(full, &st) != 0)
			break;
		const char *what = ca_file_distrust(&st);
		/* in a sticky directory of root others cannot replace the
		 * entry */
		if (what != NULL &&
		    !((st.st_mode & S_ISVTX) != 0 &&
			(st.st_uid == 0 || st.st_uid == geteuid()))) {
			say_parent(d, full, path, what);
		}
		if (full[1] == '\0')
			break;
	}
	free(full);
}

void
ca_doctor_path(struct ca_doctor *d, const char *path)
{
	struct stat st;

	if (path == NULL || stat(path, &st) != 0)
		return;
	const char *what = ca_file_distrust(&st);
	if (what != NULL) {
		ca_doctor_find(d, CA_F_FILE_UNTRUSTED, CA_LEVEL_ERROR, "%s %s",
		    path, what);
		ca_doctor_mend(d, "chown root %s; chmod go-w %s",
		    ca_doctor_word("%s", path), ca_doctor_word("%s", path));
	}
	parents(d, path);
}

bool
ca_doctor_closed(const char *path, char *full)
{
	char part[PATH_MAX];
	struct stat st;
	mode_t need = S_IROTH;

	if (realpath(path, full) == NULL)
		return false;
	for (char *p = full; p != NULL; p = strchr(p + 1, '/')) {
		(void)snprintf(part, sizeof part, "%.*s",
		    p == full ? 1 : (int)(p - full), full);
		if (stat(part, &st) == 0 && (st.st_mode & S_IXOTH) == 0) {
			memcpy(full, part, sizeof part);
			return true;
		}
	}
	if (stat(full, &st) == 0 && S_ISDIR(st.st_mode))
		need |= S_IXOTH;
	return (st.st_mode & need) != need;
}
