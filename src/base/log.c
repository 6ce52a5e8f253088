#include "base/log.h"
#include "base/format.h"

#include <errno.h>
#include <stdarg.h>

static void __attribute__((format(printf, 5, 0)))
write_line(const struct ca_log *log, enum ca_log_level level, ca_log_line *to,
    ca_log_text *text, const char *fmt, va_list ap)
{
	char line[CA_LOG_LINE_MAX];

	ca_vformat(line, sizeof line, text, fmt, ap);
	to(log->ctx, level, line);
}

void
ca_log(const struct ca_log *log, enum ca_log_level level, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	if (log == NULL)
		return;
	if (level == CA_LOG_DEBUG && !log->debug)
		return;
	if (log->emit != NULL) {
		va_start(ap, fmt);
		write_line(log, level, log->emit, NULL, fmt, ap);
		va_end(ap);
	}
	errno = saved;
	if (log->tell != NULL) {
		va_start(ap, fmt);
		write_line(log, level, log->tell, log->text, fmt, ap);
		va_end(ap);
	}
	errno = saved;
}

void
ca_log_pass(const struct ca_log *log, enum ca_log_level level, const char *line)
{
	if (log->emit != NULL)
		log->emit(log->ctx, level, line);
	if (log->tell != NULL)
		log->tell(log->ctx, level, line);
}
