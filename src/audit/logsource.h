/*
 * Where log entries come from: the journal, the files of syslog, a file.
 */
#ifndef CA_AUDIT_LOGSOURCE_H
#define CA_AUDIT_LOGSOURCE_H

#include "audit/logrecord.h"

struct ca_logsource {
	time_t since; /* 0: from the beginning */
	ca_logrecord_visit *visit;
	void *ctx;
	struct ca_logrecord_state state;
	const char *read; /* what was read, for people; set by each function */
};

/*
 * These return an exit status: CA_EXIT_OK, or CA_EXIT_USAGE after a message.
 * system: the journal or, if this host has none, the files of syslog in
 * /var/log.  file: that file, or standard input if path is "-".
 */
int ca_logsource_system(struct ca_logsource *s);
int ca_logsource_file(struct ca_logsource *s, const char *path);

#endif
