#include "doctor/doctor_view.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "config/ini.h"
#include "tool/pamfile.h"

static const char standard[] = CA_SYSCONFDIR "/certauth.conf";

static char *__attribute__((format(printf, 1, 2))) text_of(const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.*): va_start is above */
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	return text;
}

static void
view_free(struct ca_doctor_view *v)
{
	if (v == NULL)
		return;
	ca_config_free(v->cfg);
	free(v->where);
	free(v->at);
	free(v->file);
	free(v->service);
	free(v);
}

void
ca_doctor_views_clear(struct ca_doctor *d)
{
	for (size_t i = 0; i < d->nviews; i++)
		view_free(d->views[i]);
	free(d->views);
	d->views = NULL;
	d->nviews = 0;
}

/* v becomes part of d. */
static void
add(struct ca_doctor *d, struct ca_doctor_view *v)
{
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers */
	const size_t size = (d->nviews + 1) * sizeof *d->views;
	struct ca_doctor_view **all = realloc(d->views, size);

	if (all == NULL)
		abort();
	d->views = all;
	all[d->nviews++] = v;
}

/* A view of file for service, without its configuration.  Takes where. */
static struct ca_doctor_view *
view_new(const char *file, const char *service, char *where)
{
	struct ca_doctor_view *v = calloc(1, sizeof *v);

	if (v == NULL || (v->file = strdup(file)) == NULL ||
	    (service != NULL && (v->service = strdup(service)) == NULL))
		abort();
	v->where = where;
	return v;
}

/* ---- files ---- */

static struct ca_doctor_view *
find(const struct ca_doctor *d, const char *file, const char *service)
{
	for (size_t i = 0; i < d->nviews; i++) {
		struct ca_doctor_view *v = d->views[i];

		if (!v->line && strcmp(v->file, file) == 0 &&
		    (v->service == NULL) == (service == NULL) &&
		    (service == NULL || strcmp(v->service, service) == 0))
			return v;
	}
	return NULL;
}

/* Read v->file as a login of v->service with the arguments of line (or NULL)
 * does. */
static enum ca_err
load(struct ca_doctor *d, struct ca_doctor_view *v,
    const struct ca_pam_line *line)
{
	const char *argv[CA_PAM_ARGS_MAX + 1];
	char *config = text_of("config=%s", v->file);
	int argc = 0;

	/* a line names its file itself, unless --config replaces it; the
	 * standard file may be absent */
	if (d->config != NULL ||
	    (line == NULL && strcmp(v->file, standard) != 0))
		argv[argc++] = config;
	for (int i = 0; line != NULL && i < line->argc; i++)
		if (d->config == NULL ||
		    strncmp(line->argv[i], "config=", 7) != 0)
			argv[argc++] = line->argv[i];
	ca_buf_reset(&d->heard);
	enum ca_err rc =
	    ca_config_load(argc, argv, v->service, &d->log, &v->cfg);
	free(config);
	return rc;
}

/* Record why a view cannot be read. */
static void
say_mistake(struct ca_doctor *d, const struct ca_doctor_view *v, enum ca_err rc)
{
	const char *said = ca_buf_text(&d->heard);
	bool untrusted = rc == CA_ERR_UNTRUSTED;
	char *mend =
	    untrusted
		? text_of("chown root %s; chmod go-w %s", v->file, v->file)
		: text_of("edit %s; certauth.conf(5) lists every key", v->file);
	char *where = v->where != NULL ? strdup(v->where)
				       : text_of("[default] of %s", v->file);
	const struct ca_doctor_view *now = d->view, at = {.where = where};

	/* a line of the file is named; keys that disagree have no line */
	if (said == NULL || strstr(said, v->file) == NULL)
		d->view = &at;
	ca_doctor_heard(d,
	    untrusted ? CA_F_FILE_UNTRUSTED : CA_F_CONFIG_MISTAKE,
	    CA_LEVEL_ERROR, v->file, mend);
	d->view = now;
	free(where);
	free(mend);
}

static void
add_section(struct ca_doctor *d, const char *path, const char *name)
{
	struct ca_doctor_view *v;
	enum ca_err rc;

	if (strcmp(name, "default") == 0 || find(d, path, name) != NULL)
		return;
	v = view_new(path, name, text_of("[%s] of %s", name, path));
	v->above = find(d, path, NULL);
	if ((rc = load(d, v, NULL)) == CA_OK) {
		add(d, v);
		return;
	}
	say_mistake(d, v, rc);
	view_free(v);
}

static void
add_sections(struct ca_doctor *d, const char *path)
{
	struct ca_buf text = CA_BUF_INIT(CA_INI_FILE_MAX + 1);
	struct ca_ini_item item = {.kind = CA_INI_END};
	struct ca_ini ini;

	if (ca_file_read(AT_FDCWD, path, CA_INI_FILE_MAX, &text) == CA_OK) {
		ca_ini_init(&ini, text.p, text.len, false);
		while (ca_ini_next(&ini, &item) == CA_OK &&
		       item.kind != CA_INI_END)
			if (item.kind == CA_INI_SECTION)
				add_section(d, path, item.name);
		ca_ini_free(&ini);
	}
	ca_buf_free(&text);
}

bool
ca_doctor_view_file(struct ca_doctor *d, const char *path)
{
	struct ca_doctor_view *v;
	enum ca_err rc;

	if (find(d, path, NULL) != NULL)
		return true;
	v = view_new(path, NULL,
	    d->nviews == 0 ? NULL : text_of("[default] of %s", path));
	if ((rc = load(d, v, NULL)) != CA_OK) {
		say_mistake(d, v, rc);
		view_free(v);
		return false;
	}
	add(d, v);
	add_sections(d, path);
	return true;
}

/* ---- lines of PAM ---- */

static const char *
config_of(const struct ca_doctor *d, const struct ca_pam_line *line)
{
	/* --config replaces the file that the line names */
	for (int i = 0; d->config == NULL && i < line->argc; i++)
		if (strncmp(line->argv[i], "config=/", 8) == 0)
			return line->argv[i] + 7;
	return d->views[0]->file;
}

/* The view above that of the line. */
static const struct ca_doctor_view *
above_line(const struct ca_doctor *d, const char *service,
    const struct ca_pam_line *line)
{
	const char *file = config_of(d, line);
	const struct ca_doctor_view *v = find(d, file, service);

	return v != NULL ? v : find(d, file, NULL);
}

/* The service matters only if it has a section. */
static char *
name_line(const struct ca_pam_line *line, const struct ca_doctor_view *above)
{
	return above != NULL && above->service != NULL
		   ? text_of("%s:%u with %s", line->file, line->number,
			 above->where)
		   : text_of("%s:%u", line->file, line->number);
}

const struct ca_doctor_view *
ca_doctor_view_of(const struct ca_doctor *d, const char *service,
    const struct ca_pam_line *line)
{
	const struct ca_doctor_view *found = NULL;

	if (d->nviews == 0)
		return NULL;
	const struct ca_doctor_view *above = above_line(d, service, line);
	char *where = name_line(line, above);
	for (size_t i = 0; found == NULL && i < d->nviews; i++)
		if (d->views[i]->line && d->views[i]->above == above &&
		    strcmp(d->views[i]->where, where) == 0)
			found = d->views[i];
	free(where);
	return found;
}

/* Is what was heard a mistake of the file, and recorded?  Then the line is right. */
static bool
is_known(struct ca_doctor *d)
{
	const char *said = ca_buf_text(&d->heard);

	for (size_t i = 0; said != NULL && i < d->n; i++)
		if (strcmp(d->v[i].id, "config-mistake") == 0 &&
		    strncmp(d->v[i].what, said, strlen(d->v[i].what)) == 0)
			return true;
	return false;
}

void
ca_doctor_view_line(
    struct ca_doctor *d, const char *service, const struct ca_pam_line *line)
{
	const char *file = config_of(d, line);
	struct ca_doctor_view *v;

	/* a mistake in the file is recorded there */
	if (!ca_doctor_view_file(d, file) ||
	    ca_doctor_view_of(d, service, line) != NULL)
		return;
	const struct ca_doctor_view *above = above_line(d, service, line);
	v = view_new(file, service, name_line(line, above));
	v->line = true;
	v->at = text_of("%s:%u", line->file, line->number);
	v->above = above;
	if (load(d, v, line) == CA_OK) {
		add(d, v);
		return;
	}
	if (is_known(d)) {
		view_free(v);
		return;
	}
	char *mend = text_of("edit line %u of %s; certauth.conf(5) lists every "
			     "key",
	    line->number, line->file);
	const struct ca_doctor_view *now = d->view;
	d->view = v;
	ca_doctor_heard(d, CA_F_PAM_ARGUMENT, CA_LEVEL_ERROR, line->file, mend);
	d->view = now;
	free(mend);
	view_free(v);
}

/* ---- values ---- */

static bool
matches(const char *name, const char *patterns)
{
	size_t n;

	for (const char *p = patterns; *p != '\0'; p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		if (p[n - 1] == '*'
			? strncmp(name, p, n - 1) == 0
			: strlen(name) == n && strncmp(name, p, n) == 0)
			return true;
	}
	return false;
}

bool
ca_doctor_view_same(const struct ca_doctor_view *a,
    const struct ca_doctor_view *b, const char *patterns)
{
	const char *name;
	bool same = true;

	for (size_t i = 0; same && (name = ca_config_key_name(i)) != NULL;
	     i++) {
		if (!matches(name, patterns))
			continue;
		char *x = ca_config_key_value(a->cfg, i);
		char *y = ca_config_key_value(b->cfg, i);
		same = x != NULL && y != NULL && strcmp(x, y) == 0;
		free(x);
		free(y);
	}
	return same;
}

const char *
ca_doctor_origin(struct ca_doctor *d, const char *key)
{
	const struct ca_doctor_view *v = d->view;

	while (v->above != NULL && ca_doctor_view_same(v, v->above, key))
		v = v->above;
	if (v->where != NULL)
		return v->at != NULL ? v->at : v->where;
	(void)snprintf(d->origin, sizeof d->origin, "[default] of %s", v->file);
	return d->origin;
}
