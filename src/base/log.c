#include "base/log.h"
#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
mask(char *s)
{
	for (; *s != '\0'; s++) {
		if (*s < ' ' || *s > '~')
			*s = '?';
	}
}

void
ca_log(const struct ca_log *log, enum ca_log_level level, const char *fmt, ...)
{
	int saved = errno;
	char raw[CA_LOG_LINE_MAX];
	struct ca_buf line = CA_BUF_INIT(4 * CA_LOG_LINE_MAX + 1);
	va_list ap;

	if (log == NULL || log->emit == NULL)
		return;
	if (level == CA_LOG_DEBUG && !log->debug)
		return;
	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.*): va_start is above */
	int n = vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	if (n < 0)
		(void)snprintf(raw, sizeof raw,
		    "(a log line that cannot be "
		    "formatted)");
	ca_buf_printable(&line, raw, strlen(raw));
	const char *text = ca_buf_text(&line);
	if (text == NULL) /* no memory: what is not plain is lost */
		mask(raw);
	log->emit(log->ctx, level, text != NULL ? text : raw);
	ca_buf_free(&line);
	errno = saved;
}
