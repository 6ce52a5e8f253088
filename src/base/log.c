#include "base/log.h"
#include "base/format.h"

#include <errno.h>
#include <stdarg.h>

void
ca_log(const struct ca_log *log, enum ca_log_level level, const char *fmt, ...)
{
	int saved = errno;
	char line[CA_LOG_LINE_MAX];
	va_list ap;

	if (log == NULL || log->emit == NULL)
		return;
	if (level == CA_LOG_DEBUG && !log->debug)
		return;
	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.*): va_start is above */
	ca_vformat(line, sizeof line, fmt, ap);
	va_end(ap);
	log->emit(log->ctx, level, line);
	errno = saved;
}
