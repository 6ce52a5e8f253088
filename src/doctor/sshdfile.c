#include "doctor/sshdfile.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define INCLUDES_MAX 16

struct walk {
	ca_sshd_visit *visit;
	void *ctx;
	char match[256]; /* the line of the Match block; empty: none */
	int error;       /* errno of the file itself, or 0 */
};

struct at {
	const char *path;
	unsigned line, depth;
};

static void read_file(struct walk *w, const char *path, unsigned depth);

static void
include(struct walk *w, const struct at *at, const char *pattern)
{
	char full[4200];
	glob_t g;
	const char *slash = strrchr(at->path, '/');

	/* relative paths are in /etc/ssh: here, in the file's directory */
	(void)snprintf(full, sizeof full, "%.*s%s",
	    pattern[0] == '/' ? 0
	    : slash != NULL   ? (int)(slash - at->path) + 1
			      : 0,
	    at->path, pattern);
	if (at->depth >= INCLUDES_MAX || glob(full, 0, NULL, &g) != 0)
		return;
	for (size_t i = 0; i < g.gl_pathc; i++)
		read_file(w, g.gl_pathv[i], at->depth + 1);
	globfree(&g);
}

static void
keyword(struct walk *w, const struct at *at, const char *key, char *value)
{
	char *word, *rest;

	if (strcasecmp(key, "Match") == 0) {
		w->match[0] = '\0';
		if (strcasecmp(value, "all") != 0)
			(void)snprintf(
			    w->match, sizeof w->match, "Match %s", value);
	} else if (strcasecmp(key, "Include") == 0) {
		for (rest = value; (word = strsep(&rest, " \t")) != NULL;)
			if (*word != '\0')
				include(w, at, word);
	} else {
		const struct ca_sshd_line line = {
		    at->path, at->line, w->match, key, value};

		w->visit(w->ctx, &line);
	}
}

static void
one_line(struct walk *w, const struct at *at, char *line)
{
	char *value;

	line += strspn(line, " \t");
	line[strcspn(line, "#\r\n")] = '\0';
	value = line + strcspn(line, " \t=");
	if (*value == '\0')
		return;
	*value++ = '\0';
	value += strspn(value, " \t=");
	size_t n = strlen(value);
	while (n > 0 && strchr(" \t", value[n - 1]) != NULL)
		value[--n] = '\0';
	if (n > 1 && value[0] == '"' &&
	    strchr(value + 1, '"') == value + n - 1) {
		value[n - 1] = '\0';
		value++;
	}
	keyword(w, at, line, value);
}

static void
read_file(struct walk *w, const char *path, unsigned depth)
{
	FILE *f = fopen(path, "re");
	struct at at = {path, 0, depth};
	char *line = NULL, outer[sizeof w->match];
	size_t size = 0;

	if (f == NULL) {
		if (depth == 0)
			w->error = errno;
		return;
	}
	memcpy(outer, w->match, sizeof outer);
	while (getline(&line, &size, f) >= 0) {
		at.line++;
		one_line(w, &at, line);
	}
	/* a Match block of an included file ends with the file */
	memcpy(w->match, outer, sizeof outer);
	free(line);
	(void)fclose(f);
}

int
ca_sshdfile_walk(const char *path, ca_sshd_visit *visit, void *ctx)
{
	struct walk w = {.visit = visit, .ctx = ctx};

	read_file(&w, path, 0);
	return w.error;
}

struct serves {
	const char *service;
	bool found;
};

static void
note_service(void *ctx, const struct ca_sshd_line *line)
{
	struct serves *s = ctx;

	s->found = s->found || (strcasecmp(line->key, "PAMServiceName") == 0 &&
				   strcmp(line->value, s->service) == 0);
}

bool
ca_sshdfile_serves(const char *path, const char *service)
{
	struct serves s = {service, strcmp(service, "sshd") == 0};

	if (!s.found)
		(void)ca_sshdfile_walk(path, note_service, &s);
	return s.found;
}
