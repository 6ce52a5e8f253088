#include "tool/pamfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32
#define OURS "pam_certauth.so"

struct walk {
	const char *dir;
	bool follow;
	ca_pam_visit *visit;
	void *ctx;
};

bool
ca_pamfile_is_ours(const struct ca_pam_line *line)
{
	const char *slash = strrchr(line->module, '/');

	return !ca_pamfile_includes(line) &&
	       strcmp(slash != NULL ? slash + 1 : line->module, OURS) == 0;
}

bool
ca_pamfile_includes(const struct ca_pam_line *line)
{
	return strcmp(line->type, "@include") == 0 ||
	       strcmp(line->control, "include") == 0 ||
	       strcmp(line->control, "substack") == 0;
}

/* Cut the next word out of *p.  A word in brackets may contain blanks, and \] for a
 * bracket; with keep, its brackets stay.  NULL: no word is left. */
static char *
word(char **p, bool keep)
{
	char *s = *p + strspn(*p, " \t"), *to, *start;

	if (*s == '\0')
		return NULL;
	if (*s != '[') {
		start = s;
		s += strcspn(s, " \t");
	} else {
		start = keep ? s : s + 1;
		to = s + 1;
		for (s++; *s != '\0' && *s != ']'; s++) {
			if (*s == '\\' && s[1] == ']')
				s++;
			*to++ = *s;
		}
		if (*s == ']')
			s++;
		*p = *s != '\0' ? s + 1 : s;
		if (keep)
			*to++ = ']';
		*to = '\0';
		return start;
	}
	*p = *s != '\0' ? s + 1 : s;
	*s = '\0';
	return start;
}

static enum ca_err walk_file(
    const struct walk *w, const char *name, const char *only, unsigned depth);

static void
one_line(const struct walk *w, const char *file, unsigned number, char *text,
    const char *only, unsigned depth)
{
	struct ca_pam_line line = {
	    .file = file, .number = number, .control = ""};
	char *p = text, *arg;
	enum ca_err rc;

	if ((arg = word(&p, true)) == NULL)
		return;
	line.type = arg[0] == '-' ? arg + 1 : arg;
	bool whole = strcmp(line.type, "@include") == 0;
	if (!whole && only != NULL && strcasecmp(only, line.type) != 0)
		return;
	if (!whole && (line.control = word(&p, true)) == NULL)
		return;
	if ((line.module = word(&p, false)) == NULL)
		return;
	while (line.argc < CA_PAM_ARGS_MAX && (arg = word(&p, false)) != NULL)
		line.argv[line.argc++] = arg;
	if (!w->follow || !ca_pamfile_includes(&line)) {
		w->visit(w->ctx, &line);
		return;
	}
	if (depth < DEPTH_MAX) {
		rc = walk_file(
		    w, line.module, whole ? only : line.type, depth + 1);
		(void)rc; /* ignored, see the header */
	}
}

/* A backslash at the end of a line joins the next line; # begins a comment. */
static void
walk_stream(const struct walk *w, const char *file, FILE *f, const char *only,
    unsigned depth)
{
	char *line = NULL, *all = NULL, *both;
	size_t size = 0;
	unsigned number = 0, start = 0;

	while (getline(&line, &size, f) >= 0) {
		number++;
		if (all == NULL)
			start = number;
		line[strcspn(line, "#\n")] = '\0';
		size_t n = strlen(line);
		bool more = n > 0 && line[n - 1] == '\\';
		if (more)
			line[n - 1] = ' ';
		if (asprintf(&both, "%s%s", all != NULL ? all : "", line) < 0)
			break;
		free(all);
		all = both;
		if (more)
			continue;
		one_line(w, file, start, all, only, depth);
		free(all);
		all = NULL;
	}
	if (all != NULL)
		one_line(w, file, start, all, only, depth);
	free(all);
	free(line);
}

static enum ca_err
walk_file(
    const struct walk *w, const char *name, const char *only, unsigned depth)
{
	char *path = NULL;
	FILE *f;

	if (name[0] == '/' ? (path = strdup(name)) == NULL
			   : asprintf(&path, "%s/%s", w->dir, name) < 0)
		return CA_ERR_MEMORY;
	if ((f = fopen(path, "re")) == NULL) {
		int saved = errno;
		free(path);
		errno = saved;
		return saved == ENOENT ? CA_ERR_NOT_FOUND : CA_ERR_IO;
	}
	walk_stream(w, path, f, only, depth);
	(void)fclose(f);
	free(path);
	return CA_OK;
}

enum ca_err
ca_pamfile_walk(const char *dir, const char *service, bool follow,
    ca_pam_visit *visit, void *ctx)
{
	const struct walk w = {dir, follow, visit, ctx};

	return walk_file(&w, service, NULL, 0);
}
