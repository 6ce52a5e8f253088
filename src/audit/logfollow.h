/*
 * Reading a log on: each call visits the entries that came since the last one, so
 * that each entry is visited once.
 */
#ifndef CA_AUDIT_LOGFOLLOW_H
#define CA_AUDIT_LOGFOLLOW_H

#include "audit/logsource.h"

#define CA_LOGFOLLOW_TAIL ((size_t)256) /* bytes */

/* Where the reading stopped; zeroed: nothing was read yet. */
struct ca_logfollow {
	/* Of the journal: the cursor of the last entry that was read; "-": the
	 * journal had none; "": the journal was not read yet. */
	char cursor[CA_LOGRECORD_CURSOR + 1];
	/* Of a file: the bytes that were read, and the last of these.  A rotated
	 * file is found again by them, and a new file with the old name is told
	 * apart.  Inodes are not compared: they are used again, and a copy has
	 * another one. */
	bool file;
	uint64_t offset;
	size_t taillen;
	uint8_t tail[CA_LOGFOLLOW_TAIL];
	/* set where entries may not have been visited: the place was not found
	 * again */
	bool lost;
};

/*
 * Visit the entries since `at', and move it.  If nothing was read yet, no entry is
 * visited, and the reading begins at the present end.  After an error, `at' is
 * behind what was visited.  Returns CA_EXIT_OK, or CA_EXIT_USAGE after a message.
 *
 * system: the journal or, if this host has none, /var/log/auth.log or
 * /var/log/secure.  file: that file of syslog; what was left in it when it was
 * rotated is read first, if the rotated file is beside it and not compressed.
 */
CA_MUST_CHECK int ca_logfollow_system(
    struct ca_logsource *s, struct ca_logfollow *at);
CA_MUST_CHECK int ca_logfollow_file(
    struct ca_logsource *s, const char *path, struct ca_logfollow *at);

#endif
