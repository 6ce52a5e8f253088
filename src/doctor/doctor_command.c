/*
 * doctor: commands that correct a set-up.
 */
#include "doctor/doctor_view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char standard[] = CA_SYSCONFDIR "/certauth.conf";

const char *
ca_doctor_word(const char *fmt, ...)
{
	static char words[8][8600];
	static unsigned next;
	char *out = words[next++ % 8], text[8400];
	struct ca_buf word = CA_BUF_INIT(sizeof words[0] - 1);
	va_list ap;

	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.*): va_start is above */
	int n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n >= 0 && n < (int)sizeof text)
		ca_buf_shell(&word, text);
	const char *w = word.len > 0 ? ca_buf_text(&word) : NULL;
	(void)snprintf(out, sizeof words[0], "%s", w != NULL ? w : "FILE");
	ca_buf_free(&word);
	return out;
}

/* What a command reads with --config and no other option: [default]. */
static const struct ca_doctor_view *
base_of(const struct ca_doctor *d)
{
	const struct ca_doctor_view *v = d->view;

	while (v->above != NULL)
		v = v->above;
	return v;
}

static void
put(struct ca_doctor *d, const char *option, const char *value)
{
	size_t n = strlen(d->command);

	(void)snprintf(d->command + n, sizeof d->command - n, " %s %s", option,
	    ca_doctor_word("%s", value));
}

static void
begin(struct ca_doctor *d, const char *what)
{
	(void)snprintf(d->command, sizeof d->command, "certauth %s", what);
}

static void
put_config(struct ca_doctor *d)
{
	if (strcmp(d->view->file, standard) != 0)
		put(d, "--config", d->view->file);
}

const char *
ca_doctor_config_command(struct ca_doctor *d, const char *what)
{
	begin(d, what);
	put_config(d);
	return d->command;
}

static void
put_crl_options(struct ca_doctor *d)
{
	const struct ca_doctor_view *base = base_of(d);
	const struct ca_config *cfg = d->view->cfg;

	put_config(d);
	if (!ca_doctor_view_same(d->view, base, "ca_dir"))
		put(d, "--ca-dir", cfg->ca_dir);
	if (!ca_doctor_view_same(d->view, base, "intermediates_dir") &&
	    cfg->intermediates_dir != NULL)
		put(d, "--intermediates-dir", cfg->intermediates_dir);
	if (!ca_doctor_view_same(d->view, base, "crl_dir"))
		put(d, "--crl-dir", cfg->crl_dir);
}

const char *
ca_doctor_crl_command(struct ca_doctor *d, const char *what)
{
	begin(d, what);
	put_crl_options(d);
	return d->command;
}

char *
ca_doctor_crl_options(struct ca_doctor *d)
{
	d->command[0] = '\0';
	put_crl_options(d);
	return strdup(d->command);
}

const char *
ca_doctor_users_command(struct ca_doctor *d, const char *what)
{
	begin(d, what);
	if (ca_doctor_view_same(d->view, base_of(d), "users"))
		put_config(d);
	else
		put(d, "--file", d->view->cfg->users);
	return d->command;
}

const char *
ca_doctor_setup_command(
    struct ca_doctor *d, const char *option, const char *file)
{
	static const char name[] = "/certauth.conf";
	size_t n = strlen(d->view->file), k = sizeof name - 1;
	char dir[4096];

	if (n <= k || strcmp(d->view->file + n - k, name) != 0 ||
	    !ca_doctor_view_same(
		d->view, base_of(d), "ca_dir intermediates_dir"))
		return NULL;
	(void)snprintf(dir, sizeof dir, "%.*s", (int)(n - k), d->view->file);
	begin(d, "setup");
	put(d, option, file);
	if (strcmp(d->view->file, standard) != 0)
		put(d, "--confdir", dir);
	return d->command;
}
