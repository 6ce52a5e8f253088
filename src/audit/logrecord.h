/*
 * The entries of a log: a file of syslog in its two forms, or the journal's
 * export format.  They are read in constant memory, whatever their size.
 */
#ifndef CA_AUDIT_LOGRECORD_H
#define CA_AUDIT_LOGRECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"

/* One entry; all is borrowed for the call. */
struct ca_logrecord {
	time_t time;
	const char *host, *program; /* the syslog tag without the process id */
	long long uid; /* of the process that wrote it; -1: unknown */
	const char *message;
	size_t len;
};

/* Anything but CA_OK ends the reading. */
typedef enum ca_err ca_logrecord_visit(
    void *ctx, const struct ca_logrecord *record);

#define CA_LOGRECORD_CURSOR 255 /* characters of a cursor of the journal */

/* What was read beside the entries that were visited. */
struct ca_logrecord_state {
	size_t damaged; /* entries about pam_certauth that have another form */
	/*
	 * For a caller that reads on later.  follow, set by the caller: a last
	 * line or entry whose end is missing is not visited, since its end may
	 * still be written.  used: bytes up to the end of the last complete one.
	 */
	bool follow;
	uint64_t used;
	/* The export format: after, set by the caller, is the cursor of an entry
	 * that is not visited (NULL: none), and passed says that it was there.
	 * cursor is that of the last complete entry; "": there was none. */
	const char *after;
	bool passed;
	char cursor[CA_LOGRECORD_CURSOR + 1];
};

/*
 * Visit the entries of fd whose message has "pam_certauth(": the export format
 * if the file begins as it, else lines of syslog: `Nov 28 08:00:00 HOST
 * TAG[PID]: MESSAGE', or with a time of RFC 3339.  The first form has no year: it
 * is the latest with which the time is not after `before'.  A line or field of more
 * than 64 KiB is skipped.  CA_ERR_IO: errno; CA_ERR_MEMORY; or what visit returned.
 */
CA_MUST_CHECK enum ca_err ca_logrecord_read(int fd, time_t before,
    ca_logrecord_visit *visit, void *ctx, struct ca_logrecord_state *state);

#endif
