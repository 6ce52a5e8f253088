/*
 * doctor: sshd_config(5), as far as it decides whether sshd asks PAM.
 */
#include "doctor/doctor.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define INCLUDES_MAX 16

/* The first value of a keyword is used. */
struct value {
	char text[512];
	char where[4200]; /* FILE:LINE; empty: not set */
};

struct sshd {
	struct ca_doctor *d;
	struct value pam, kbd, methods, service;
	char match[256]; /* the line of the Match block; empty: none */
	bool exception;  /* a Match block has KbdInteractiveAuthentication
			  * yes */
	int error;       /* errno of the file itself, or 0 */
};

struct at {
	const char *path;
	unsigned line, depth;
};

static void
set(struct value *v, const struct at *at, const char *value)
{
	if (v->where[0] != '\0')
		return;
	(void)snprintf(v->text, sizeof v->text, "%s", value);
	(void)snprintf(v->where, sizeof v->where, "%s:%u", at->path, at->line);
}

static bool
asks_pam(const char *methods)
{
	return strcasecmp(methods, "any") == 0 ||
	       strstr(methods, "keyboard-interactive") != NULL;
}

/* ---- the file ---- */

static void read_sshd(const char *path, struct sshd *s, unsigned depth);

static void
include(const struct at *at, const char *pattern, struct sshd *s)
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
		read_sshd(g.gl_pathv[i], s, at->depth + 1);
	globfree(&g);
}

static bool
is_kbd(const char *key)
{
	return strcasecmp(key, "KbdInteractiveAuthentication") == 0 ||
	       strcasecmp(key, "ChallengeResponseAuthentication") == 0;
}

/* A value for some connections only may be meant so. */
static void
in_match(
    struct sshd *s, const struct at *at, const char *key, const char *value)
{
	bool bad = is_kbd(key)
		       ? strcasecmp(value, "yes") != 0
		       : strcasecmp(key, "AuthenticationMethods") == 0 &&
			     !asks_pam(value);

	if (is_kbd(key) && strcasecmp(value, "yes") == 0)
		s->exception = true;
	if (!bad)
		return;
	ca_doctor_find(s->d, CA_F_SSHD_MATCH, CA_LEVEL_NOTE,
	    "%s:%u: %s is %s in the block `%s'", at->path, at->line, key, value,
	    s->match);
	ca_doctor_mend(s->d,
	    "nothing, if these users do not log in with a certificate; "
	    "otherwise remove line %u of %s, then run `systemctl reload ssh'",
	    at->line, at->path);
}

static void
keyword(struct sshd *s, const struct at *at, const char *key, char *value)
{
	char *word, *rest;

	if (strcasecmp(key, "Match") == 0) {
		s->match[0] = '\0';
		if (strcasecmp(value, "all") != 0)
			(void)snprintf(
			    s->match, sizeof s->match, "Match %s", value);
	} else if (strcasecmp(key, "Include") == 0) {
		for (rest = value; (word = strsep(&rest, " \t")) != NULL;)
			if (*word != '\0')
				include(at, word, s);
	} else if (s->match[0] != '\0') {
		in_match(s, at, key, value);
	} else if (strcasecmp(key, "UsePAM") == 0) {
		set(&s->pam, at, value);
	} else if (is_kbd(key)) {
		set(&s->kbd, at, value);
	} else if (strcasecmp(key, "AuthenticationMethods") == 0) {
		set(&s->methods, at, value);
	} else if (strcasecmp(key, "PAMServiceName") == 0) {
		set(&s->service, at, value);
	}
}

static void
sshd_line(const struct at *at, char *line, struct sshd *s)
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
	keyword(s, at, line, value);
}

static void
read_sshd(const char *path, struct sshd *s, unsigned depth)
{
	FILE *f = fopen(path, "re");
	struct at at = {path, 0, depth};
	char *line = NULL, outer[sizeof s->match];
	size_t size = 0;

	if (f == NULL) {
		if (depth == 0)
			s->error = errno;
		return;
	}
	memcpy(outer, s->match, sizeof outer);
	while (getline(&line, &size, f) >= 0) {
		at.line++;
		sshd_line(&at, line, s);
	}
	/* a Match block of an included file ends with the file */
	memcpy(s->match, outer, sizeof outer);
	free(line);
	(void)fclose(f);
}

/* ---- findings ---- */

static void
check_pam(struct ca_doctor *d, const struct sshd *s)
{
	bool set = s->pam.where[0] != '\0';

	if (strcasecmp(s->pam.text, "yes") == 0)
		return;
	ca_doctor_find(d, CA_F_SSHD_USEPAM, CA_LEVEL_ERROR,
	    "in %s UsePAM is %s", set ? s->pam.where : d->sshd_config,
	    set ? s->pam.text : "not set, and the default is no");
	ca_doctor_mend(d,
	    "set `UsePAM yes' in %s, then run `systemctl reload ssh'",
	    set ? s->pam.where : d->sshd_config);
}

static void
check_methods(struct ca_doctor *d, const struct sshd *s)
{
	if (s->kbd.where[0] != '\0' && strcasecmp(s->kbd.text, "yes") != 0) {
		ca_doctor_find(d, CA_F_SSHD_KBD,
		    s->exception ? CA_LEVEL_WARNING : CA_LEVEL_ERROR,
		    "in %s KbdInteractiveAuthentication is %s%s", s->kbd.where,
		    s->kbd.text,
		    s->exception ? ", except in a Match block" : "");
		ca_doctor_mend(d,
		    "set `KbdInteractiveAuthentication yes' in %s, then run "
		    "`systemctl reload ssh'",
		    s->kbd.where);
	}
	if (s->methods.where[0] != '\0' && !asks_pam(s->methods.text)) {
		ca_doctor_find(d, CA_F_SSHD_METHODS, CA_LEVEL_ERROR,
		    "in %s AuthenticationMethods has no "
		    "keyboard-interactive: %s",
		    s->methods.where, s->methods.text);
		ca_doctor_mend(d,
		    "add keyboard-interactive to AuthenticationMethods in %s, "
		    "then run `systemctl reload ssh'",
		    s->methods.where);
	}
}

void
ca_doctor_sshd(struct ca_doctor *d)
{
	struct sshd s = {.d = d};
	bool usual = ca_doctor_pam_asks(d, "sshd");

	d->quiet = true; /* until it is known which service sshd has */
	read_sshd(d->sshd_config, &s, 0);
	const char *service =
	    s.service.where[0] != '\0' ? s.service.text : "sshd";
	bool asks = ca_doctor_pam_asks(d, service);
	d->quiet = false;
	if (s.error != 0 && (usual || asks)) {
		ca_doctor_find(d, CA_F_SSHD_CONFIG, CA_LEVEL_WARNING,
		    "%s cannot be read: %s", d->sshd_config, strerror(s.error));
		ca_doctor_mend(d, "run `certauth doctor' as root, or name the "
				  "file with --sshd-config FILE");
	} else if (usual && !asks) {
		ca_doctor_find(d, CA_F_SSHD_SERVICE, CA_LEVEL_ERROR,
		    "in %s PAMServiceName is %s, and %s/%s has no auth line "
		    "of pam_certauth.so",
		    s.service.where, service, d->pam_dir, service);
		ca_doctor_mend(d,
		    "remove PAMServiceName in %s, or move the line to %s/%s",
		    s.service.where, d->pam_dir, service);
	} else if (asks) {
		check_pam(d, &s);
		check_methods(d, &s);
		s.match[0] = '\0';
		read_sshd(d->sshd_config, &s, 0); /* for the Match blocks */
	}
}
