#include "tool/pamfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEPTH_MAX 32
#define OURS "pam_certauth.so"
#define VENDOR "/usr/lib/pam.d"

struct walk {
	const char *dir;
	bool follow;
	bool conf;           /* the lines begin with a service */
	const char *service; /* of these lines, or NULL */
	ca_pam_visit *visit;
	void *ctx;
};

/* What is read now. */
struct place {
	const char *file, *only; /* only: a type of module, or NULL */
	unsigned depth, level;   /* of includes, of substacks */
};

const char *
ca_pamfile_module(const struct ca_pam_line *line)
{
	const char *slash = strrchr(line->module, '/');

	return slash != NULL ? slash + 1 : line->module;
}

bool
ca_pamfile_is_ours(const struct ca_pam_line *line)
{
	return !ca_pamfile_includes(line) &&
	       strcmp(ca_pamfile_module(line), OURS) == 0;
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
    const struct walk *w, const char *name, struct place at);

static void
follow(const struct walk *w, const struct ca_pam_line *line, struct place at)
{
	struct walk inner = *w;
	enum ca_err rc;

	inner.conf = false;
	if (strcmp(line->type, "@include") != 0)
		at.only = line->type;
	if (strcmp(line->control, "substack") == 0) {
		w->visit(w->ctx, line);
		at.level++;
	}
	if (at.depth++ < DEPTH_MAX) {
		rc = walk_file(&inner, line->module, at);
		(void)rc; /* ignored, see the header */
	}
}

static void
one_line(const struct walk *w, unsigned number, char *text, struct place at)
{
	struct ca_pam_line line = {.file = at.file,
	    .number = number,
	    .control = "",
	    .level = at.level};
	char *p = text, *arg;

	if (w->conf && ((line.service = word(&p, false)) == NULL ||
			   (w->service != NULL &&
			       strcasecmp(line.service, w->service) != 0)))
		return;
	if ((arg = word(&p, true)) == NULL)
		return;
	line.type = arg[0] == '-' ? arg + 1 : arg;
	bool whole = strcmp(line.type, "@include") == 0;
	if (!whole && at.only != NULL && strcasecmp(at.only, line.type) != 0)
		return;
	if (!whole && (line.control = word(&p, true)) == NULL)
		return;
	if ((line.module = word(&p, false)) == NULL)
		return;
	while (line.argc < CA_PAM_ARGS_MAX && (arg = word(&p, false)) != NULL)
		line.argv[line.argc++] = arg;
	if (w->follow && ca_pamfile_includes(&line))
		follow(w, &line, at);
	else
		w->visit(w->ctx, &line);
}

/* A backslash at the end of a line joins the next line; # begins a comment. */
static void
walk_stream(const struct walk *w, FILE *f, struct place at)
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
		one_line(w, start, all, at);
		free(all);
		all = NULL;
	}
	if (all != NULL)
		one_line(w, start, all, at);
	free(all);
	free(line);
}

/* The path of a file of this name; NULL: out of memory. */
static char *
path_of(const char *dir, const char *name)
{
	char *path = NULL;

	if (name[0] == '/')
		return strdup(name);
	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return NULL;
	if (access(path, F_OK) == 0 || errno != ENOENT)
		return path;
	char *other = NULL;
	if (asprintf(&other, VENDOR "/%s", name) < 0 ||
	    access(other, F_OK) != 0) {
		free(other);
		return path;
	}
	free(path);
	return other;
}

static enum ca_err
walk_file(const struct walk *w, const char *name, struct place at)
{
	char *path = w->conf ? strdup(name) : path_of(w->dir, name);
	FILE *f;

	if (path == NULL)
		return CA_ERR_MEMORY;
	if ((f = fopen(path, "re")) == NULL) {
		int saved = errno;
		free(path);
		errno = saved;
		return saved == ENOENT ? CA_ERR_NOT_FOUND : CA_ERR_IO;
	}
	at.file = path;
	walk_stream(w, f, at);
	(void)fclose(f);
	free(path);
	return CA_OK;
}

enum ca_err
ca_pamfile_walk(const char *dir, const char *service, bool follow,
    ca_pam_visit *visit, void *ctx)
{
	const struct walk w = {
	    .dir = dir, .follow = follow, .visit = visit, .ctx = ctx};

	return walk_file(&w, service, (struct place){0});
}

enum ca_err
ca_pamfile_walk_conf(const char *dir, const char *service, bool follow,
    ca_pam_visit *visit, void *ctx)
{
	const struct walk w = {.dir = dir,
	    .follow = follow,
	    .conf = true,
	    .service = service,
	    .visit = visit,
	    .ctx = ctx};
	size_t n = strlen(dir);
	char *path = NULL;

	while (n > 1 && dir[n - 1] == '/')
		n--;
	while (n > 0 && dir[n - 1] != '/')
		n--;
	if (asprintf(&path, "%.*spam.conf", (int)n, dir) < 0)
		return CA_ERR_MEMORY;
	enum ca_err rc = walk_file(&w, path, (struct place){0});
	int saved = errno;
	free(path);
	errno = saved;
	return rc;
}

bool
ca_pamfile_is_there(const char *dir, const struct ca_pam_line *line)
{
	char *path;
	bool there = true;

	if (ca_pamfile_includes(line) &&
	    (path = path_of(dir, line->module)) != NULL) {
		there = access(path, F_OK) == 0;
		free(path);
	}
	return there;
}
