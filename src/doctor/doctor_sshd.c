/*
 * doctor: sshd_config(5), as far as it decides whether sshd asks PAM.
 */
#include "doctor/doctor.h"
#include "doctor/sshdfile.h"

#include <string.h>
#include <strings.h>

/* The first value of a keyword is used. */
struct value {
	char text[512];
	char where[4200]; /* FILE:LINE; empty: not set */
};

struct sshd {
	struct ca_doctor *d;
	struct value pam, kbd, methods, service;
	bool exception;  /* a Match block has KbdInteractiveAuthentication
			  * yes */
	bool match_asks; /* so does the service of a Match block */
};

static void
set(struct value *v, const struct ca_sshd_line *at)
{
	if (v->where[0] != '\0')
		return;
	(void)snprintf(v->text, sizeof v->text, "%s", at->value);
	(void)snprintf(
	    v->where, sizeof v->where, "%s:%u", at->file, at->number);
}

static bool
asks_pam(const char *methods)
{
	return strcasecmp(methods, "any") == 0 ||
	       strstr(methods, "keyboard-interactive") != NULL;
}

static bool
is_kbd(const char *key)
{
	return strcasecmp(key, "KbdInteractiveAuthentication") == 0 ||
	       strcasecmp(key, "ChallengeResponseAuthentication") == 0;
}

static bool
is_service(const char *key)
{
	return strcasecmp(key, "PAMServiceName") == 0;
}

/* A value for some connections only may be meant so. */
static void
in_match(struct sshd *s, const struct ca_sshd_line *at)
{
	const char *key = at->key, *value = at->value;
	bool asks = true;

	if (is_kbd(key)) {
		asks = strcasecmp(value, "yes") == 0;
		s->exception = s->exception || asks;
	} else if (strcasecmp(key, "AuthenticationMethods") == 0) {
		asks = asks_pam(value);
	} else if (is_service(key)) {
		asks = ca_doctor_pam_asks(s->d, value);
		s->match_asks = s->match_asks || asks;
	}
	if (asks)
		return;
	ca_doctor_find(s->d, CA_F_SSHD_MATCH, CA_LEVEL_NOTE,
	    "%s:%u: %s is %s in the block `%s'%s", at->file, at->number, key,
	    value, at->match,
	    is_service(key) ? ", and that service has no auth line of "
			      "pam_certauth.so"
			    : "");
	ca_doctor_mend(s->d,
	    "nothing, if these users do not log in with a certificate; "
	    "otherwise remove line %u of %s, then run `systemctl reload ssh'",
	    at->number, at->file);
}

static void
keyword(void *ctx, const struct ca_sshd_line *line)
{
	struct sshd *s = ctx;

	if (line->match[0] != '\0')
		in_match(s, line);
	else if (strcasecmp(line->key, "UsePAM") == 0)
		set(&s->pam, line);
	else if (is_kbd(line->key))
		set(&s->kbd, line);
	else if (strcasecmp(line->key, "AuthenticationMethods") == 0)
		set(&s->methods, line);
	else if (is_service(line->key))
		set(&s->service, line);
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
	int error = ca_sshdfile_walk(d->sshd_config, keyword, &s);
	const char *service =
	    s.service.where[0] != '\0' ? s.service.text : "sshd";
	bool asks = s.match_asks || ca_doctor_pam_asks(d, service);
	d->quiet = false;
	if (error != 0 && (usual || asks)) {
		ca_doctor_find(d, CA_F_SSHD_CONFIG, CA_LEVEL_WARNING,
		    "%s cannot be read: %s", d->sshd_config, strerror(error));
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
		/* for the Match blocks */
		(void)ca_sshdfile_walk(d->sshd_config, keyword, &s);
	}
}
