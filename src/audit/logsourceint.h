/*
 * Private to logsource.c, logjournal.c and logprogram.c.
 */
#ifndef CA_AUDIT_LOGSOURCEINT_H
#define CA_AUDIT_LOGSOURCEINT_H

#include "audit/logsource.h"

/* The journal of this host, by its files. */
enum ca_logjournal_state {
	CA_LOGJOURNAL_NONE,
	CA_LOGJOURNAL_DENIED, /* no permission to read it */
	CA_LOGJOURNAL_THERE
};

enum ca_logjournal_state ca_logjournal_look(void);

/* Each entry of pam_certauth's facility from there on; where: an option of
 * journalctl. */
int ca_logjournal_read(struct ca_logsource *s, const char *where);

/* Print that there is no permission to read the journal, or that this host has no
 * log that is known; return CA_EXIT_USAGE. */
int ca_logsource_denied(void);
int ca_logsource_none(void);

/* Print why path cannot be read (errno is read for CA_ERR_IO); return
 * CA_EXIT_USAGE. */
int ca_logsource_failed(const char *path, enum ca_err rc);

/* Does the file begin as one of gzip? */
bool ca_logsource_gzip(int fd);

#define CA_LOG_DIR "/var/log"

/*
 * Run the program at path with argv, without rights (process/start.h), and as
 * nobody if `nobody' is true and this process is root's; read its output as
 * ca_logrecord_read does.  in is its standard input, and stays the caller's.
 * CA_ERR_NOT_FOUND: there is no such program; CA_ERR_FORMAT: it reported an
 * error; others as ca_logrecord_read.
 */
CA_MUST_CHECK enum ca_err ca_logprogram_read(const char *path,
    char *const *argv, int in, bool nobody, time_t before,
    struct ca_logsource *s);

#endif
