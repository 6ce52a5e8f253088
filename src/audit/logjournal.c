/*
 * The journal, by journalctl: it knows the formats of all versions, and which
 * files there are.
 */
#include "audit/logsourceint.h"
#include "tool/cli.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "/usr/bin/journalctl"

/* One directory with a subdirectory for each machine. */
static enum ca_logjournal_state
look_in(const char *path)
{
	enum ca_logjournal_state found = CA_LOGJOURNAL_NONE;
	struct dirent *e;
	char name[300];
	DIR *d = opendir(path);

	if (d == NULL)
		return errno == EACCES ? CA_LOGJOURNAL_DENIED
				       : CA_LOGJOURNAL_NONE;
	while (found != CA_LOGJOURNAL_THERE && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(
		    name, sizeof name, "%s/system.journal", e->d_name);
		if (faccessat(dirfd(d), name, R_OK, AT_EACCESS) == 0)
			found = CA_LOGJOURNAL_THERE;
		else if (errno == EACCES)
			found = CA_LOGJOURNAL_DENIED;
	}
	(void)closedir(d);
	return found;
}

enum ca_logjournal_state
ca_logjournal_look(void)
{
	enum ca_logjournal_state stored = look_in("/var/log/journal"),
				 volatile_one = look_in("/run/log/journal");

	return stored > volatile_one ? stored : volatile_one;
}

int
ca_logjournal_read(struct ca_logsource *s, const char *where)
{
	/* What libpam writes has the facility authpriv, and is sent to /dev/log.
	 * No --system: a program that a user starts, as su, writes into the
	 * journal of that user. */
	static char name[] = "journalctl", pager[] = "--no-pager",
		    quiet[] = "--quiet", output[] = "--output=export",
		    fields[] =
			"--output-fields=MESSAGE,SYSLOG_IDENTIFIER,_HOSTNAME,"
			"_UID,_TRANSPORT",
		    facility[] = "SYSLOG_FACILITY=10",
		    transport[] = "_TRANSPORT=syslog";
	char place[CA_LOGRECORD_CURSOR + 64];
	char *const argv[] = {name, pager, quiet, output, fields, place,
	    facility, transport, NULL};
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	enum ca_err rc;

	s->read = "the journal";
	if (in < 0)
		return ca_cli_fail("/dev/null: %s", strerror(errno));
	(void)snprintf(place, sizeof place, "%s", where);
	rc = ca_logprogram_read(PROGRAM, argv, in, false, 0, s);
	(void)close(in);
	if (rc == CA_ERR_NOT_FOUND)
		return ca_cli_fail("this host has a journal, but not " PROGRAM
				   "; name a file: certauth log --file FILE");
	if (rc == CA_ERR_FORMAT)
		return ca_cli_fail(
		    PROGRAM " reported an error; entries may be missing");
	if (rc != CA_OK)
		return ca_cli_fail("cannot run " PROGRAM ": %s",
		    rc == CA_ERR_IO ? strerror(errno) : ca_err_text(rc));
	return CA_EXIT_OK;
}
