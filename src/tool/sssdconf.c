#include "tool/sssdconf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 65536

void
ca_sssdconf_clear(struct ca_sssdconf *conf)
{
	for (size_t i = 0; i < conf->n; i++) {
		free(conf->v[i].section);
		free(conf->v[i].key);
		free(conf->v[i].value);
	}
	free(conf->v);
}

static char *
trimmed(const char *p, const char *end)
{
	while (p < end && strchr(" \t\r", *p) != NULL)
		p++;
	while (end > p && strchr(" \t\r", end[-1]) != NULL)
		end--;
	return strndup(p, (size_t)(end - p));
}

/* key = NULL: the section's head. */
static enum ca_err
add_entry(struct ca_sssdconf *conf, const char *section, char *key, char *value)
{
	if (conf->n == conf->max) {
		size_t max = conf->max == 0 ? 64 : conf->max * 2;
		struct ca_sssdconf_entry *v = realloc(conf->v, max * sizeof *v);

		if (v == NULL)
			return CA_ERR_MEMORY;
		conf->v = v;
		conf->max = max;
	}
	char *copy = strdup(section);
	if (copy == NULL)
		return CA_ERR_MEMORY;
	conf->v[conf->n++] =
	    (struct ca_sssdconf_entry){copy, key, value, conf->line};
	/* cppcheck-suppress memleak ; the entry holds it */
	return CA_OK;
}

/* A line that begins with a blank continues the value before it. */
static enum ca_err
continue_value(struct ca_sssdconf *conf, const char *p, const char *end)
{
	struct ca_sssdconf_entry *last =
	    conf->n > 0 ? &conf->v[conf->n - 1] : NULL;
	char *more = trimmed(p, end), *whole = NULL;

	if (last == NULL || last->value == NULL || more == NULL) {
		free(more);
		conf->why =
		    "the first line begins with a blank, so it continues no line";
		return CA_ERR_FORMAT;
	}
	if (asprintf(&whole, "%s %s", last->value, more) < 0) {
		whole = NULL;
	} else {
		free(last->value);
		last->value = whole;
	}
	free(more);
	return whole != NULL ? CA_OK : CA_ERR_MEMORY;
}

static enum ca_err
parse_line(
    struct ca_sssdconf *conf, char **section, const char *p, const char *end)
{
	const char *eq = memchr(p, '=', (size_t)(end - p));
	char *key, *value;
	enum ca_err rc;

	if (p == end || *p == '#' || *p == ';')
		return CA_OK;
	if (*p == ' ' || *p == '\t' || *p == '\r') {
		char *rest = trimmed(p, end);
		bool empty = rest == NULL || rest[0] == '\0' ||
			     rest[0] == '#' || rest[0] == ';';

		free(rest);
		return empty ? CA_OK : continue_value(conf, p, end);
	}
	if (*p == '[') {
		const char *close = memchr(p, ']', (size_t)(end - p));

		conf->why = "the name of a section has no `]'";
		if (close == NULL)
			return CA_ERR_FORMAT;
		free(*section);
		*section = trimmed(p + 1, close);
		return *section == NULL ? CA_ERR_MEMORY
					: add_entry(conf, *section, NULL, NULL);
	}
	conf->why = "the line is neither [section] nor key = value";
	if (eq == NULL || *section == NULL)
		return CA_ERR_FORMAT;
	key = trimmed(p, eq);
	value = trimmed(eq + 1, end);
	rc = key == NULL || value == NULL
		 ? CA_ERR_MEMORY
		 : add_entry(conf, *section, key, value);
	if (rc != CA_OK) {
		free(key);
		free(value);
	}
	return rc;
}

enum ca_err
ca_sssdconf_parse(struct ca_sssdconf *conf, const struct ca_buf *text)
{
	const char *p = (const char *)text->p;
	const char *end = p + text->len;
	char *section = NULL;
	enum ca_err rc = CA_OK;

	conf->line = 1;
	conf->why = "the file has a NUL byte";
	if (text->len > 0 && memchr(p, '\0', text->len) != NULL)
		rc = CA_ERR_FORMAT;
	while (rc == CA_OK && p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((lf != NULL ? lf : end) - p);

		conf->why = "a line is too long";
		rc = len > LINE_MAX_BYTES
			 ? CA_ERR_FORMAT
			 : parse_line(conf, &section, p, p + len);
		p += len + (lf != NULL);
		conf->line += rc == CA_OK;
	}
	free(section);
	return rc;
}

const struct ca_sssdconf_entry *
ca_sssdconf_find(
    const struct ca_sssdconf *conf, const char *section, const char *key)
{
	for (size_t i = conf->n; i-- > 0;) /* the last entry is used */
		if (conf->v[i].key != NULL &&
		    strcmp(conf->v[i].section, section) == 0 &&
		    strcmp(conf->v[i].key, key) == 0)
			return &conf->v[i];
	return NULL;
}
