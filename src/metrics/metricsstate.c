#include "metrics/metricsstate.h"
#include "base/file.h"
#include "tool/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAME "state"
#define HEAD "certauth-metrics 1"
#define FIELDS_MAX 6

/* ---- the text ---- */

static void
put_counters(const struct ca_metrics_logins *l, struct ca_buf *out)
{
	for (size_t s = 0; s <= CA_METRICS_SERVICES; s++)
		for (size_t m = 0; m < CA_METRICS_MODES; m++)
			for (size_t o = 0; o < CA_METRICS_OUTCOMES; o++)
				for (size_t r = 0; r <= CA_REASON_COUNT; r++)
					if (l->n[s][m][o][r] > 0)
						ca_buf_fmt(out,
						    "login %s %s %s %s %" PRIu64
						    "\n",
						    ca_metrics_service(l, s),
						    ca_metrics_mode(m),
						    ca_metrics_outcome(o),
						    ca_metrics_reason(r),
						    l->n[s][m][o][r]);
}

void
ca_metrics_state_put(const struct ca_metrics_logins *l, struct ca_buf *out)
{
	ca_buf_fmt(out, HEAD "\nsince %lld\n", l->since);
	if (l->at.cursor[0] != '\0')
		ca_buf_fmt(out, "cursor %s\n", l->at.cursor);
	if (l->at.file) {
		ca_buf_fmt(out, "file %" PRIu64 " .", l->at.offset);
		ca_buf_hex(out, l->at.tail, l->at.taillen);
		ca_buf_str(out, "\n");
	}
	ca_buf_fmt(out, "unproven %" PRIu64 " %" PRIu64 "\n", l->unproven[0],
	    l->unproven[1]);
	ca_buf_fmt(out, "ignored %" PRIu64 " %" PRIu64 "\n", l->imitations,
	    l->damaged);
	ca_buf_fmt(out, "gaps %" PRIu64 "\n", l->gaps);
	put_counters(l, out);
	/* a file that was cut is noticed */
	ca_buf_str(out, "end\n");
}

static bool
number(const char *text, uint64_t *out)
{
	size_t len = strlen(text);

	if (len == 0 || len > 18 || strspn(text, "0123456789") != len)
		return false;
	*out = strtoull(text, NULL, 10);
	return true;
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

/* The place in a file: the bytes before it, in hexadecimal behind a dot. */
static bool
parse_file(const char *offset, const char *tail, struct ca_logfollow *at)
{
	size_t len = strlen(tail);

	if (tail[0] != '.' || len % 2 != 1 || len / 2 > sizeof at->tail ||
	    !number(offset, &at->offset) || at->offset < len / 2)
		return false;
	for (size_t i = 0; i < len / 2; i++) {
		int high = hex_digit(tail[1 + 2 * i]);
		int low = hex_digit(tail[2 + 2 * i]);

		if (high < 0 || low < 0)
			return false;
		at->tail[i] = (uint8_t)(high << 4 | low);
	}
	at->taillen = len / 2;
	at->file = true;
	return true;
}

static bool
parse_cursor(const char *text, struct ca_logfollow *at)
{
	size_t len = strlen(text);

	/* it becomes an argument of journalctl */
	if (len == 0 || len > CA_LOGRECORD_CURSOR ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789=;-") != len)
		return false;
	memcpy(at->cursor, text, len + 1);
	return true;
}

static bool
parse_login(char *const f[FIELDS_MAX], struct ca_metrics_logins *l)
{
	struct ca_metrics_place at;
	uint64_t n;

	if (!ca_metrics_place(f[2], f[3], f[4], &at) || !number(f[5], &n))
		return false;
	at.service = ca_metrics_service_number(l, f[1]);
	l->n[at.service][at.mode][at.outcome][at.reason] += n;
	return true;
}

static bool
parse_line(char *const f[FIELDS_MAX], size_t n, struct ca_metrics_logins *l)
{
	uint64_t since;

	if (n == 2 && strcmp(f[0], "since") == 0) {
		if (!number(f[1], &since))
			return false;
		l->since = (long long)since;
		return true;
	}
	if (n == 2 && strcmp(f[0], "cursor") == 0)
		return parse_cursor(f[1], &l->at);
	if (n == 2 && strcmp(f[0], "gaps") == 0)
		return number(f[1], &l->gaps);
	if (n == 3 && strcmp(f[0], "file") == 0)
		return parse_file(f[1], f[2], &l->at);
	if (n == 3 && strcmp(f[0], "unproven") == 0)
		return number(f[1], &l->unproven[0]) &&
		       number(f[2], &l->unproven[1]);
	if (n == 3 && strcmp(f[0], "ignored") == 0)
		return number(f[1], &l->imitations) &&
		       number(f[2], &l->damaged);
	return n == 6 && strcmp(f[0], "login") == 0 && parse_login(f, l);
}

enum ca_err
ca_metrics_state_parse(char *text, struct ca_metrics_logins *l)
{
	char *line = strsep(&text, "\n");

	if (strcmp(line, HEAD) != 0)
		return CA_ERR_FORMAT;
	while ((line = strsep(&text, "\n")) != NULL) {
		char *f[FIELDS_MAX] = {NULL}, *field;
		size_t n = 0;

		if (strcmp(line, "end") == 0)
			return text != NULL && *text == '\0' ? CA_OK
							     : CA_ERR_FORMAT;
		while ((field = strsep(&line, " ")) != NULL) {
			if (n == FIELDS_MAX)
				return CA_ERR_FORMAT;
			f[n++] = field;
		}
		if (!parse_line(f, n, l))
			return CA_ERR_FORMAT;
	}
	return CA_ERR_FORMAT;
}

/* ---- the file ---- */

static bool
path_of(const char *dir, char *out, size_t size)
{
	return snprintf(out, size, "%s/" NAME, dir) < (int)size;
}

/* DIR, and the directory above it. */
static bool
make_dir(const char *dir)
{
	const char *slash = strrchr(dir, '/');
	char parent[4096];

	if (mkdir(dir, 0700) == 0 || errno == EEXIST)
		return true;
	if (errno != ENOENT || slash == NULL ||
	    snprintf(parent, sizeof parent, "%.*s", (int)(slash - dir), dir) >=
		(int)sizeof parent)
		return false;
	return mkdir(parent, 0755) == 0 && mkdir(dir, 0700) == 0;
}

static int
lock_dir(const char *dir, int *lock)
{
	const struct ca_log log = ca_cli_log(false);
	enum ca_err rc;

	if (!make_dir(dir))
		return ca_cli_fail(
		    "%s cannot be made: %s", dir, strerror(errno));
	if ((rc = ca_file_opendir(AT_FDCWD, dir, lock, NULL)) != CA_OK) {
		ca_file_log(&log, dir, rc);
		return CA_EXIT_USAGE;
	}
	while (flock(*lock, LOCK_EX) != 0)
		if (errno != EINTR)
			return ca_cli_fail(
			    "%s cannot be locked: %s", dir, strerror(errno));
	return CA_EXIT_OK;
}

static void
begin(struct ca_metrics_logins *l)
{
	memset(l, 0, sizeof *l);
	l->since = (long long)time(NULL);
}

int
ca_metrics_state_open(const char *dir, int *lock, struct ca_metrics_logins *l)
{
	struct ca_buf text = CA_BUF_INIT(CA_METRICS_STATE_MAX);
	const struct ca_log log = ca_cli_log(false);
	char path[4096];
	int status = lock_dir(dir, lock);
	enum ca_err rc;

	begin(l);
	if (status != CA_EXIT_OK)
		return status;
	if (!path_of(dir, path, sizeof path))
		return ca_cli_fail("%s: the path is too long", dir);
	rc = ca_file_read(AT_FDCWD, path, CA_METRICS_STATE_MAX, &text);
	if (rc == CA_OK && (ca_buf_text(&text) == NULL ||
			       strlen(ca_buf_text(&text)) != text.len))
		rc = CA_ERR_FORMAT;
	if (rc == CA_OK) {
		memset(l, 0, sizeof *l);
		rc = ca_metrics_state_parse((char *)text.p, l);
	}
	ca_buf_free(&text);
	if (rc == CA_OK || rc == CA_ERR_NOT_FOUND)
		return CA_EXIT_OK;
	if (rc == CA_ERR_FORMAT || rc == CA_ERR_LIMIT) {
		begin(l);
		(void)ca_cli_fail(
		    "%s is damaged: the counting of logins begins again", path);
		return CA_EXIT_OK;
	}
	ca_file_log(&log, path, rc);
	return CA_EXIT_USAGE;
}

int
ca_metrics_state_write(const char *dir, const struct ca_metrics_logins *l)
{
	struct ca_buf text = CA_BUF_INIT(CA_METRICS_STATE_MAX);
	char path[4096];
	enum ca_err rc;

	ca_metrics_state_put(l, &text);
	if (!path_of(dir, path, sizeof path))
		rc = CA_ERR_LIMIT;
	else if ((rc = ca_buf_err(&text)) == CA_OK)
		rc = ca_file_replace(path, text.p, text.len, 0600);
	ca_buf_free(&text);
	if (rc == CA_OK)
		return CA_EXIT_OK;
	return ca_cli_fail("%s cannot be written: %s", path,
	    rc == CA_ERR_IO ? strerror(errno) : ca_err_text(rc));
}
