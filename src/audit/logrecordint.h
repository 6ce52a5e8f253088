/*
 * Private to logrecord.c, loglines.c, logsyslog.c and logexport.c.
 */
#ifndef CA_AUDIT_LOGRECORDINT_H
#define CA_AUDIT_LOGRECORDINT_H

#include "audit/logrecord.h"

#define CA_LOGLINES_BLOCK ((size_t)65536)

/* A file read line by line. */
struct ca_loglines {
	int fd;
	char *block; /* CA_LOGLINES_BLOCK bytes */
	size_t begin, end;
	bool eof;
	uint64_t got;   /* bytes that were read from fd */
	uint64_t ended; /* bytes up to the end of the last complete line */
};

/*
 * The next line without its end, valid until the next call.  CA_ERR_NOT_FOUND:
 * the end of the file; CA_ERR_LIMIT: a line was longer than the block, and is
 * skipped; CA_ERR_TRUNCATED: the file ends in this line; CA_ERR_IO.
 */
CA_MUST_CHECK enum ca_err ca_loglines_next(
    struct ca_loglines *l, char **line, size_t *len);

/* Read len bytes, of which the first max go to out.  CA_ERR_TRUNCATED: the file
 * has fewer; CA_ERR_IO. */
CA_MUST_CHECK enum ca_err ca_loglines_bytes(
    struct ca_loglines *l, uint64_t len, char *out, size_t max);

/* Return true if the file continues with text. */
bool ca_loglines_begins(struct ca_loglines *l, const char *text);

/* Return true if the message may be one of pam_certauth. */
bool ca_logrecord_ours(const char *p, size_t len);

/* Split a line of syslog; it is changed.  CA_ERR_FORMAT. */
CA_MUST_CHECK enum ca_err ca_logsyslog_parse(
    char *line, size_t len, time_t before, struct ca_logrecord *out);

/* As ca_logrecord_read, for the export format. */
CA_MUST_CHECK enum ca_err ca_logexport_read(struct ca_loglines *l,
    ca_logrecord_visit *visit, void *ctx, struct ca_logrecord_state *state);

#endif
