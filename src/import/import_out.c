/*
 * The output of the importers: settings, lines of the users file, comments, gaps.
 */
#include "base/file.h"
#include "import/import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static void
put_where(const struct ca_import *im, unsigned line, struct ca_buf *out)
{
	if (line > 0) {
		ca_buf_escape(out, im->file, strlen(im->file));
		ca_buf_fmt(out, ":%u: ", line);
	}
}

/* Write "# FILE:LINE: text\n" on one line; line ends in text are escaped. */
static void __attribute__((format(printf, 4, 0)))
put_comment(const struct ca_import *im, unsigned line, struct ca_buf *out,
    const char *fmt, va_list ap)
{
	char text[2048];

	/* NOLINTNEXTLINE(clang-analyzer-valist.*): the caller starts ap */
	(void)vsnprintf(text, sizeof text, fmt, ap);
	ca_buf_str(out, "# ");
	put_where(im, line, out);
	ca_buf_printable(out, text, strlen(text));
	ca_buf_str(out, "\n");
}

void
ca_import_note(struct ca_import *im, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_comment(im, line, &im->conf, fmt, ap);
	va_end(ap);
}

void
ca_import_user_note(struct ca_import *im, unsigned line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_comment(im, line, &im->users, fmt, ap);
	va_end(ap);
}

void
ca_import_gap(struct ca_import *im, unsigned line, const char *name,
    const char *value, const char *why)
{
	struct ca_buf b = CA_BUF_INIT(65536);

	im->gaps++;
	put_where(im, line, &b);
	ca_buf_escape(&b, name, strlen(name));
	if (value != NULL && value[0] != '\0') {
		ca_buf_str(&b, " = ");
		ca_buf_escape(&b, value, strnlen(value, 1000));
	}
	ca_buf_fmt(&b, ": not carried over: %s", why);
	const char *text = ca_buf_text(&b);
	if (text != NULL) {
		ca_buf_fmt(&im->conf, "# %s\n", text);
		(void)fprintf(stderr, "%s\n", text);
	}
	ca_buf_free(&b);
}

void
ca_import_set(struct ca_import *im, unsigned line, const char *name,
    const char *key, const char *value)
{
	const struct ca_log quiet = {NULL, NULL, false};
	char word[64], *before;

	(void)snprintf(word, sizeof word, "\n%s\t", key);
	if ((before = strstr(im->set, word)) != NULL) {
		before += strlen(word);
		size_t len = strcspn(before, "\n");

		if (strlen(value) == len && memcmp(before, value, len) == 0)
			ca_import_note(im, line, "%s: repeats a setting", name);
		else
			ca_import_gap(im, line, name, value,
			    "another setting was translated to the same key");
		return;
	}
	if (strpbrk(value, "\n\r") != NULL ||
	    ca_config_set(im->scratch, key, value, im->file, &quiet) != CA_OK) {
		ca_import_gap(im, line, name, value,
		    "the corresponding key does not accept this value");
		return;
	}
	size_t used = strlen(im->set);
	(void)snprintf(
	    im->set + used, sizeof im->set - used, "%s%s\n", word, value);
	if (line > 0)
		ca_import_note(im, line, "%s", name);
	ca_buf_fmt(&im->conf, "%s = %s\n", key, value);
}

/* Append a value with the escapes of the users file. */
static void
put_literal(struct ca_buf *out, const char *value)
{
	for (const char *p = value; *p != '\0'; p++) {
		if (strchr("\\\"*", *p) != NULL)
			ca_buf_u8(out, '\\');
		ca_buf_u8(out, (uint8_t)*p);
	}
}

void
ca_import_user(
    struct ca_import *im, unsigned line, const struct ca_import_line *user)
{
	struct ca_buf b = CA_BUF_INIT(CA_RULE_LINE_MAX + 1);
	struct ca_buf why = CA_BUF_INIT(1024);
	enum ca_err rc = CA_ERR_FORMAT;

	ca_buf_fmt(&b, "%s \"%s:", user->login, user->selector);
	if (user->raw)
		ca_buf_str(&b, user->value);
	else
		put_literal(&b, user->value);
	ca_buf_str(&b, "\"");
	if (user->options != NULL && user->options[0] != '\0')
		ca_buf_fmt(&b, " %s", user->options);
	const char *text = ca_buf_text(&b);
	if (text != NULL && strpbrk(text, "\n\r") == NULL)
		rc = ca_rule_parse(&im->rule, text, strlen(text));
	if (rc == CA_OK) {
		ca_buf_fmt(&im->users, "%s\n", text);
	} else {
		ca_buf_fmt(&why,
		    "the line for the users file would be wrong: %s",
		    im->rule.why[0] != '\0' ? im->rule.why : ca_err_text(rc));
		ca_import_gap(im, line, user->login, user->value,
		    ca_buf_text(&why) != NULL ? ca_buf_text(&why) : "");
	}
	ca_buf_free(&why);
	ca_buf_free(&b);
}

/* The invoking user chooses the file, so its owner and mode are not checked. */
enum ca_err
ca_import_read(const char *path, size_t max, struct ca_buf *out)
{
	enum ca_err rc = CA_ERR_IO;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		rc = errno == ENOENT ? CA_ERR_NOT_FOUND : CA_ERR_IO;
	else
		rc = ca_file_read_fd(fd, max, out);
	if (fd >= 0)
		(void)close(fd);
	return rc;
}
