#include "doctor/servicefile.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define INCLUDES_MAX 16

struct walk {
	ca_service_visit *visit;
	void *ctx;
	const char *words, *base;
};

static bool read_all(const struct walk *w, const char *pattern, unsigned depth);

static bool
is_include(const struct walk *w, const char *key)
{
	size_t n;

	for (const char *p = w->words; *p != '\0'; p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		if (strlen(key) == n && strncasecmp(p, key, n) == 0)
			return true;
	}
	return false;
}

static void
include(
    const struct walk *w, const char *file, const char *name, unsigned depth)
{
	char full[4200];
	const char *slash = strrchr(file, '/');

	if (name[0] == '/' || slash == NULL)
		(void)snprintf(full, sizeof full, "%s", name);
	else if (w->base != NULL)
		(void)snprintf(full, sizeof full, "%s/%s", w->base, name);
	else
		(void)snprintf(full, sizeof full, "%.*s/%s",
		    (int)(slash - file), file, name);
	if (depth < INCLUDES_MAX)
		(void)read_all(w, full, depth + 1);
}

/* Without quotes, a comment and blanks at the end. */
static char *
trim(char *value)
{
	size_t n;

	value += strspn(value, " \t=");
	for (char *p = value; (p = strchr(p, '#')) != NULL; p++)
		if (p == value || p[-1] == ' ' || p[-1] == '\t')
			*p = '\0';
	for (n = strlen(value);
	     n > 0 && strchr(" \t\r\n", value[n - 1]) != NULL;)
		value[--n] = '\0';
	if (n > 1 && (value[0] == '"' || value[0] == '\'') &&
	    value[n - 1] == value[0]) {
		value[n - 1] = '\0';
		value++;
	}
	return value;
}

static void
read_one(const struct walk *w, const char *file, unsigned depth)
{
	FILE *f = fopen(file, "re");
	struct ca_service_line at = {.file = file};
	char *line = NULL;
	size_t size = 0;

	while (f != NULL && getline(&line, &size, f) >= 0) {
		char *key = line + strspn(line, " \t");
		char *end = key + strcspn(key, " \t=\r\n");

		at.number++;
		if (*key == '#' || *key == '\0' || *key == '\n')
			continue;
		char *value = *end == '\0' ? end : end + 1;
		*end = '\0';
		at.key = key;
		at.value = trim(value);
		if (is_include(w, key))
			include(w, file, at.value, depth);
		else
			w->visit(w->ctx, &at);
	}
	free(line);
	if (f != NULL)
		(void)fclose(f);
}

static bool
read_all(const struct walk *w, const char *pattern, unsigned depth)
{
	glob_t g;

	if (glob(pattern, 0, NULL, &g) != 0)
		return false;
	for (size_t i = 0; i < g.gl_pathc; i++)
		read_one(w, g.gl_pathv[i], depth);
	globfree(&g);
	return true;
}

bool
ca_servicefile_walk(const char *pattern, const char *words, const char *base,
    ca_service_visit *visit, void *ctx)
{
	const struct walk w = {visit, ctx, words, base};

	return read_all(&w, pattern, 0);
}

long long
ca_servicefile_seconds(const char *text)
{
	static const struct {
		char unit;
		long long seconds;
	} units[] = {{'\0', 1}, {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400},
	    {'w', 604800}};
	char *end;
	long long n = strtoll(text, &end, 10);

	end += strspn(end, " \t");
	for (size_t i = 0; end != text && i < sizeof units / sizeof *units; i++)
		if (*end == units[i].unit && n >= 0 && n < 1000000000)
			return n * units[i].seconds;
	return -1;
}
