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

/* One printable line without a line end, valid for the call. */
typedef void ca_log_line(void *ctx, enum ca_log_level level, const char *line);

/* The text in the language of the reader, or text itself; valid while the program
 * runs. */
typedef const char *ca_log_text(const char *text);

struct ca_log {
	ca_log_line *emit; /* in English; NULL: not */
	void *ctx;
	bool debug; /* let CA_LOG_DEBUG through */
	/* the same line for the user, in the language of text; both or none */
	ca_log_line *tell;
	ca_log_text *text;
};

/*
 * Log one line, formatted by ca_format, of at most 8,000 bytes.  Never fails,
 * and allocates nothing.  If log is NULL, or has neither emit nor tell, the line is
 * dropped.  errno is kept, and %m is expanded.
 */
void ca_log(const struct ca_log *log, enum ca_log_level level, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* Log a line that another process has formatted: one printable line. */
void ca_log_pass(
    const struct ca_log *log, enum ca_log_level level, const char *line);

#define ca_log_err(log, ...) ca_log(log, CA_LOG_ERR, __VA_ARGS__)
#define ca_log_warning(log, ...) ca_log(log, CA_LOG_WARNING, __VA_ARGS__)
#define ca_log_debug(log, ...) ca_log(log, CA_LOG_DEBUG, __VA_ARGS__)

#endif
