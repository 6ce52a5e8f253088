/*
 * The log sink.  The module's sink is pam_syslog, the tool's is standard
 * error, a test's is a buffer.
 *
 * What is in a log line and not ours (names of files and users, what a
 * certificate, a helper, a peer or the environment says) must not look like
 * ours: `outcome=granted' in the name of a file is no outcome.  So a text among
 * the arguments is one of others unless its conversion says otherwise: %s
 * quotes, %-s does not (base/format.h).  tests/logtext.bats goes through every
 * call.
 */
#ifndef CA_BASE_LOG_H
#define CA_BASE_LOG_H

#include <stdbool.h>

#define CA_LOG_LINE_MAX 8000 /* bytes, the NUL included */

enum ca_log_level {
	CA_LOG_ERR,     /* the administrator must act */
	CA_LOG_WARNING, /* the administrator should look */
	CA_LOG_NOTICE,  /* outcome of an attempt */
	CA_LOG_INFO,
	CA_LOG_DEBUG, /* only with `debug` */
};

struct ca_log {
	/* line: one line without its end, printable, valid for the call only */
	void (*emit)(void *ctx, enum ca_log_level level, const char *line);
	void *ctx;
	bool debug; /* let CA_LOG_DEBUG through */
};

/*
 * Log one line, whose form ca_format makes.  Never fails, and needs no memory;
 * a line has at most 8,000 bytes.  A NULL log or emit is allowed and drops the
 * line.  errno is kept, and %m is expanded.
 */
void ca_log(const struct ca_log *log, enum ca_log_level level, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

#define ca_log_err(log, ...) ca_log(log, CA_LOG_ERR, __VA_ARGS__)
#define ca_log_warning(log, ...) ca_log(log, CA_LOG_WARNING, __VA_ARGS__)
#define ca_log_debug(log, ...) ca_log(log, CA_LOG_DEBUG, __VA_ARGS__)

#endif
