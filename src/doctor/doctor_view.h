/*
 * doctor: the configurations that logins use.
 *
 * A view is what a login of one service reads: [default] of a file, its section
 * of the service, and the arguments of a line of PAM's configuration.  The first
 * view is [default] of certauth.conf.  Each other view has a view above it, from
 * which it has the values that it does not set, and which stands before it in
 * the list.
 */
#ifndef CA_DOCTOR_DOCTOR_VIEW_H
#define CA_DOCTOR_DOCTOR_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "doctor/doctor.h"
#include "tool/pamfile.h"

struct ca_doctor_view {
	struct ca_config *cfg;
	const struct ca_doctor_view *above; /* NULL: [default] */
	char *where;   /* "[sshd] of FILE", "FILE:LINE"; NULL: the first view */
	char *file;    /* the configuration that it reads */
	char *service; /* NULL: [default] */
	char *at;      /* of a line: "FILE:LINE" alone; else NULL */
	bool line;     /* it is a line of PAM's configuration */
};

/* Add the views of the configuration file path: [default], unless it is there,
 * and every section.  False: [default] has a mistake, which was recorded. */
bool ca_doctor_view_file(struct ca_doctor *d, const char *path);

/* Add the view of a line of the PAM service with these arguments.  A mistake is
 * recorded. */
void ca_doctor_view_line(
    struct ca_doctor *d, const char *service, const struct ca_pam_line *line);

/* The view of that line; NULL: it has a mistake. */
const struct ca_doctor_view *ca_doctor_view_of(const struct ca_doctor *d,
    const char *service, const struct ca_pam_line *line);

void ca_doctor_views_clear(struct ca_doctor *d);

/* Is the value of each key that matches one of the patterns (separated by
 * blanks; a * at the end) the same in both? */
bool ca_doctor_view_same(const struct ca_doctor_view *a,
    const struct ca_doctor_view *b, const char *patterns);

/* The value of the key of d->view comes from there: "[default] of FILE", the
 * name of a section, or the line. */
const char *ca_doctor_origin(struct ca_doctor *d, const char *key);

/*
 * doctor_command.c: commands that correct the set-up which d->view reads: with --config and the
 * directories, where those of [default] of certauth.conf are others.  The text
 * is valid until the next call.
 */
const char *ca_doctor_crl_command(struct ca_doctor *d, const char *what);
/* With --config alone. */
const char *ca_doctor_config_command(struct ca_doctor *d, const char *what);
/* Only the options, with a blank before each.  The caller frees them. */
char *ca_doctor_crl_options(struct ca_doctor *d);
const char *ca_doctor_users_command(struct ca_doctor *d, const char *what);
/* `certauth setup OPTION FILE'; NULL: setup cannot change these
 * directories. */
const char *ca_doctor_setup_command(
    struct ca_doctor *d, const char *option, const char *file);

#endif
