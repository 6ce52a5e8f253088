/*
 * A line of a file of syslog: time, host, tag, message.
 */
#include "audit/logrecordint.h"
#include "base/text.h"
#include "tool/cli.h"

#include <string.h>

#define YEARS 8 /* to look back for a year that has a 29 February */

/* ---- time ---- */

static int
two_digits(const char *p)
{
	char first = p[0] == ' ' ? '0' : p[0];

	if (first < '0' || first > '9' || p[1] < '0' || p[1] > '9')
		return -1;
	return (first - '0') * 10 + (p[1] - '0');
}

/* `Nov 28 08:00:00', a local time without a year. */
static bool
classic_time(const char *p, time_t before, time_t *out)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm at = {0}, now;
	int month = 0;

	while (
	    month < 12 && memcmp(p, months + (size_t)3 * (size_t)month, 3) != 0)
		month++;
	at.tm_mon = month;
	at.tm_mday = two_digits(p + 4);
	at.tm_hour = two_digits(p + 7);
	at.tm_min = two_digits(p + 10);
	at.tm_sec = two_digits(p + 13);
	at.tm_isdst = -1;
	if (month == 12 || p[3] != ' ' || at.tm_mday < 1 || p[6] != ' ' ||
	    at.tm_hour < 0 || at.tm_hour > 23 || p[9] != ':' || at.tm_min < 0 ||
	    at.tm_min > 59 || p[12] != ':' || at.tm_sec < 0 || at.tm_sec > 60 ||
	    localtime_r(&before, &now) == NULL)
		return false;
	for (int year = now.tm_year; year > now.tm_year - YEARS; year--) {
		struct tm tm = at;

		tm.tm_year = year;
		*out = mktime(&tm);
		/* mktime turns 31 April into 1 May */
		if (*out != (time_t)-1 && tm.tm_mon == at.tm_mon &&
		    *out <= before)
			return true;
	}
	return false;
}

/* A time of RFC 3339, or with the offset as +0100, as journalctl writes it. */
static bool
exact_time(const char *p, size_t len, time_t *out)
{
	char text[64];
	long long seconds;

	if (len < 20 || len > 40)
		return false;
	memcpy(text, p, len);
	text[len] = '\0';
	if ((text[len - 5] == '+' || text[len - 5] == '-')) {
		memmove(text + len - 1, text + len - 2, 3);
		text[len - 2] = ':';
	}
	if (ca_cli_time(text, &seconds) != CA_OK)
		return false;
	*out = (time_t)seconds;
	return true;
}

/* ---- the line ---- */

/* End the word at p with a NUL, and return what is after it, or NULL. */
static char *
word(char *p, char *end)
{
	char *blank = memchr(p, ' ', (size_t)(end - p));

	if (blank == NULL || blank == p)
		return NULL;
	*blank = '\0';
	return blank + 1;
}

/* TAG[PID]: or TAG:, and one blank.  The tag loses its process id. */
static char *
tag(char *p, char *end)
{
	char *after = word(p, end), *colon = after != NULL ? after - 2 : NULL;

	if (colon == NULL || colon <= p || *colon != ':')
		return NULL;
	*colon = '\0';
	if (colon[-1] == ']') {
		char *open = strrchr(p, '[');
		size_t digits =
		    open != NULL ? strspn(open + 1, "0123456789") : 0;

		if (open == NULL || open == p || digits == 0 ||
		    open + 1 + digits != colon - 1)
			return NULL;
		*open = '\0';
	}
	return after;
}

enum ca_err
ca_logsyslog_parse(
    char *line, size_t len, time_t before, struct ca_logrecord *out)
{
	char *end = line + len, *p = line, *after;

	if (len > 16 && line[15] == ' ' &&
	    classic_time(line, before, &out->time)) {
		p += 16;
	} else {
		if ((after = word(p, end)) == NULL ||
		    !exact_time(p, (size_t)(after - 1 - p), &out->time))
			return CA_ERR_FORMAT;
		p = after;
	}
	out->host = p;
	if ((p = word(p, end)) == NULL)
		return CA_ERR_FORMAT;
	out->program = p;
	if ((p = tag(p, end)) == NULL)
		return CA_ERR_FORMAT;
	out->uid = -1;
	out->message = p;
	out->len = (size_t)(end - p);
	return CA_OK;
}
