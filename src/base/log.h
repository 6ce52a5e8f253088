/*
 * The log.  The sink of the module is pam_syslog, that of the tool is standard
 * error, that of a test is a buffer.
 *
 * Text of others in a log line (names of files and users, content of a
 * certificate, of a helper, a peer or the environment) must not look like ours:
 * `outcome=granted' in the name of a file is not an outcome.  Therefore %s
 * quotes its text; %-s does not, and is for our own text (base/format.h).
 * tests/logtext.bats checks every call.
 */
#ifndef CA_BASE_LOG_H
#define CA_BASE_LOG_H

#include <stdbool.h>

#define CA_LOG_LINE_MAX 8000 /* bytes, the NUL included */

enum ca_log_level {
	CA_LOG_ERR,     /* the administrator must act */
	CA_LOG_WARNING, /* the administrator should check */
	CA_LOG_NOTICE,  /* the outcome of an attempt */
	CA_LOG_INFO,
	CA_LOG_DEBUG, /* only with `debug` */
};

struct ca_log {
	/* line: one printable line without a line end, valid for the call */
	void (*emit)(void *ctx, enum ca_log_level level, const char *line);
	void *ctx;
	bool debug; /* let CA_LOG_DEBUG through */
};

/*
 * Log one line, formatted by ca_format, of at most 8,000 bytes.  Never fails,
 * and allocates nothing.  If log or emit is NULL, the line is dropped.  errno
 * is kept, and %m is expanded.
 */
void ca_log(const struct ca_log *log, enum ca_log_level level, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

#define ca_log_err(log, ...) ca_log(log, CA_LOG_ERR, __VA_ARGS__)
#define ca_log_warning(log, ...) ca_log(log, CA_LOG_WARNING, __VA_ARGS__)
#define ca_log_debug(log, ...) ca_log(log, CA_LOG_DEBUG, __VA_ARGS__)

#endif
