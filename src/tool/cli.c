#include "tool/cli.h"
#include "base/buf.h"
#include "base/tr.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static void
tell(void *ctx, enum ca_log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	(void)fprintf(stderr, "certauth: %s\n", line);
}

struct ca_log
ca_cli_log(bool debug)
{
	return (struct ca_log){.debug = debug, .tell = tell, .text = ca_tr};
}

bool
ca_cli_draws(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) == 1 && (term == NULL || strcmp(term, "dumb") != 0);
}

void
ca_cli_keep_memory(void)
{
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void
ca_cli_help(const struct ca_command *cmd, FILE *out)
{
	(void)fputs(_(cmd->help), out);
}

static void __attribute__((format(printf, 2, 0)))
complain(const char *who, const char *fmt, va_list ap)
{
	char raw[4096];
	struct ca_buf line = CA_BUF_INIT(20000);

	/* the callers have called va_start; clang 14 does not see that here
	 * NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	if (vsnprintf(raw, sizeof raw, _(fmt), ap) < 0)
		raw[0] = '\0';
	ca_buf_printable(&line, raw, strlen(raw));
	const char *text = ca_buf_text(&line);
	(void)fprintf(stderr, "certauth%s%s: %s\n", who != NULL ? " " : "",
	    who != NULL ? who : "", text != NULL ? text : _("out of memory"));
	ca_buf_free(&line);
}

int
ca_cli_usage(const struct ca_command *cmd, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(cmd->name, fmt, ap);
	va_end(ap);
	(void)fprintf(stderr, _("Try `certauth %s --help`.\n"), cmd->name);
	return CA_EXIT_USAGE;
}

int
ca_cli_bad_option(const struct ca_command *cmd, char *const *argv)
{
	const char *word = argv[optind - 1];

	/* several short options in one word */
	if (strncmp(word, "--", 2) != 0)
		return optopt > 0 && optopt < 128
			   ? ca_cli_usage(cmd,
				 "-%c: unknown option, or its value is missing",
				 optopt)
			   : ca_cli_usage(cmd,
				 "%s: unknown option, or its value is missing",
				 word);
	/* getopt_long sets optopt if it knows the option */
	if (optopt == 0)
		return ca_cli_usage(cmd, "%s: unknown option", word);
	if (strchr(word, '=') != NULL)
		return ca_cli_usage(
		    cmd, "%s: this option takes no value", word);
	return ca_cli_usage(
	    cmd, "%s: the value of this option is missing", word);
}

int
ca_cli_options(const struct ca_command *cmd, int argc, char **argv,
    const struct option *options,
    int (*one)(void *ctx, const struct option *option), void *ctx)
{
	int c, at = 0, status = CA_EXIT_OK;

	opterr = 0;
	while (status == CA_EXIT_OK &&
	       (c = getopt_long(argc, argv, "", options, &at)) != -1)
		status = c == '?' || c == ':' ? ca_cli_bad_option(cmd, argv)
					      : one(ctx, &options[at]);
	return status;
}

int
ca_cli_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(NULL, fmt, ap);
	va_end(ap);
	return CA_EXIT_USAGE;
}

/* Exactly n digits at *s as a number, or -1. */
static int
digits(const char **s, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if ((*s)[i] < '0' || (*s)[i] > '9')
			return -1;
		v = v * 10 + ((*s)[i] - '0');
	}
	*s += n;
	return v;
}

/* RFC 3339 section 5.6; a day that does not exist is found by timegm's result. */
enum ca_err
ca_cli_time(const char *text, long long *out)
{
	const char *s = text;
	struct tm tm = {0}, back;
	long long offset = 0;

	tm.tm_year = digits(&s, 4) - 1900;
	if (tm.tm_year < -1900 || *s++ != '-')
		return CA_ERR_FORMAT;
	tm.tm_mon = digits(&s, 2) - 1;
	if (tm.tm_mon < 0 || *s++ != '-')
		return CA_ERR_FORMAT;
	tm.tm_mday = digits(&s, 2);
	if (tm.tm_mday < 1 || (*s != 'T' && *s != 't' && *s != ' '))
		return CA_ERR_FORMAT;
	s++;
	tm.tm_hour = digits(&s, 2);
	if (tm.tm_hour < 0 || *s++ != ':')
		return CA_ERR_FORMAT;
	tm.tm_min = digits(&s, 2);
	if (tm.tm_min < 0 || *s++ != ':')
		return CA_ERR_FORMAT;
	tm.tm_sec = digits(&s, 2);
	if (tm.tm_sec < 0)
		return CA_ERR_FORMAT;
	if (*s == '.') {
		s++;
		if (digits(&s, 1) < 0)
			return CA_ERR_FORMAT;
		s += strspn(s, "0123456789");
	}
	if (*s == 'Z' || *s == 'z') {
		s++;
	} else if (*s == '+' || *s == '-') {
		int sign = *s++ == '-' ? -1 : 1;
		int hours = digits(&s, 2);
		if (hours < 0 || hours > 23 || *s++ != ':')
			return CA_ERR_FORMAT;
		int minutes = digits(&s, 2);
		if (minutes < 0 || minutes > 59)
			return CA_ERR_FORMAT;
		offset = sign * (hours * 3600LL + minutes * 60LL);
	} else {
		return CA_ERR_FORMAT;
	}
	if (*s != '\0')
		return CA_ERR_FORMAT;
	back = tm;
	time_t t = timegm(&back);
	/* timegm turns 31 April into 1 May; a leap second may change the day */
	if (tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60 ||
	    (tm.tm_sec < 60 &&
		(back.tm_mday != tm.tm_mday || back.tm_mon != tm.tm_mon)))
		return CA_ERR_FORMAT;
	*out = (long long)t - offset;
	return CA_OK;
}
