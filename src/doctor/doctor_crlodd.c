/*
 * doctor: entries of crl_dir that are not files, and files that cannot be read.
 */
#include "doctor/doctor_crl.h"
#include "doctor/doctor_view.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crl/crldir.h"

/* An entry that is a directory, FIFO, socket or device, or a link to one. */
static void
say_skipped(struct ca_doctor_look *l, const char *name, const char *path,
    const char *why)
{
	struct ca_doctor *d = l->d;
	struct stat st = {0};
	/* a file system that is mounted there has a lost+found */
	bool system = strcmp(name, "lost+found") == 0;

	ca_doctor_find(d, CA_F_CRL_SKIPPED,
	    system ? CA_LEVEL_NOTE : CA_LEVEL_WARNING, "%s %s", path, why);
	if (lstat(path, &st) != 0 || S_ISLNK(st.st_mode))
		ca_doctor_mend(d,
		    "rm %s (the link alone); put CRLs into %s as files",
		    ca_doctor_word("%s", path), l->path);
	else if (system)
		ca_doctor_mend(
		    d, "nothing: the file system of %s has it", l->path);
	else if (S_ISDIR(st.st_mode))
		ca_doctor_mend(d,
		    "move the CRLs of %s into %s, and the directory itself to "
		    "another place, then run `%s'",
		    path, l->path, ca_doctor_crl_command(d, "crl compile"));
	else
		ca_doctor_mend(d, "rm %s", ca_doctor_word("%s", path));
}

void
ca_doctor_crl_odd(struct ca_doctor_look *l, const char *name)
{
	struct ca_doctor *d = l->d;
	struct stat st = {0};
	char buf[256], path[4096];
	int fd;
	enum ca_err rc = ca_crldir_open(l->run.dir, name, &fd, &st);
	const char *why = rc == CA_OK ? "" : ca_crldir_why(rc, &st, buf);

	(void)snprintf(path, sizeof path, "%s/%s", l->path, name);
	switch (rc) {
	case CA_OK:
		(void)close(fd);
		return;
	case CA_ERR_NOT_FOUND:
		return;
	case CA_ERR_UNSUPPORTED:
		say_skipped(l, name, path, why);
		return;
	case CA_ERR_UNTRUSTED:
		ca_doctor_path(d, path);
		return;
	default:
		ca_doctor_find(
		    d, CA_F_CRL_DIR, CA_LEVEL_ERROR, "%s %s", path, why);
		ca_doctor_mend(d, "restore the file, or run `rm %s; %s'",
		    ca_doctor_word("%s", path),
		    ca_doctor_crl_command(d, "crl compile"));
	}
}
