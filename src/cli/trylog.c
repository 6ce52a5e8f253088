/*
 * syslog(3) of this program: it passes each message to the C library's syslog and to
 * the listener, if there is one.  PAM modules give their reasons only to syslog;
 * without this file, the administrator would have to search the log for them.
 *
 * The linker exports these, because libpam refers to them; <syslog.h> is not
 * included, since with _FORTIFY_SOURCE it defines some of them itself.
 */
#include "cli/try.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define PUBLIC __attribute__((visibility("default")))

PUBLIC void syslog(int priority, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
PUBLIC void vsyslog(int priority, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
PUBLIC void __syslog_chk(int priority, int flag, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
PUBLIC void __vsyslog_chk(int priority, int flag, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

static struct {
	void (*sink)(void *ctx, const char *line);
	void *ctx;
} listener;

void
ca_trylog_begin(void (*sink)(void *ctx, const char *line), void *ctx)
{
	listener.ctx = ctx;
	listener.sink = sink;
}

void
ca_trylog_end(void)
{
	listener.sink = NULL;
}

void
vsyslog(int priority, const char *fmt, va_list ap)
{
	void (*real)(int, const char *, va_list);
	void *found = dlsym(RTLD_NEXT, "vsyslog");
	char *line = NULL;
	va_list copy;

	va_copy(copy, ap);
	/* NOLINTNEXTLINE(clang-analyzer-valist.*): va_copy is above */
	if (listener.sink != NULL && vasprintf(&line, fmt, copy) >= 0) {
		listener.sink(listener.ctx, line);
		free(line);
	}
	va_end(copy);
	memcpy(&real, &found, sizeof real);
	if (real != NULL)
		real(priority, fmt, ap);
}

void
syslog(int priority, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsyslog(priority, fmt, ap);
	va_end(ap);
}

void
__vsyslog_chk(int priority, int flag, const char *fmt, va_list ap)
{
	(void)flag;
	vsyslog(priority, fmt, ap);
}

void
__syslog_chk(int priority, int flag, const char *fmt, ...)
{
	va_list ap;

	(void)flag;
	va_start(ap, fmt);
	vsyslog(priority, fmt, ap);
	va_end(ap);
}
