/*
 * doctor: signed passwords.  doctor_password.c finds the services and checks their lines
 * of PAM, doctor_passwordkeys.c checks names and keys, doctor_passwordcache.c what the
 * services' own configuration does with a password.  Private to them.
 */
#ifndef CA_DOCTOR_DOCTOR_PASSWORD_H
#define CA_DOCTOR_DOCTOR_PASSWORD_H

#include "doctor/doctor.h"

/* What a service does with the one password that it takes. */
struct ca_password_carrier {
	const char *name;
	const char *services; /* of PAM; blanks between them */
	unsigned limit;       /* characters of the longest password */
	enum { CA_ANY_RHOST, CA_NO_RHOST, CA_LOCAL_RHOST } rhost;
	/* it sends the same password again */
	enum { CA_SENT_ONCE, CA_SENT_BY_CONNECTION, CA_SENT_BY_REQUEST } again;
};

/* A service of PAM whose auth line is the module's; d->view is that of the line. */
struct ca_password_user {
	const char *service;
	const struct ca_password_carrier *carrier; /* NULL: not known */
	char at[4200];     /* FILE:LINE of the module's line */
	char control[256]; /* of that line */
	bool spawn;        /* verifier=spawn */
	bool behind;       /* a module that takes a password stands behind */
	const struct ca_doctor_view *view;
};

/* Check the names of this host that signed passwords may be for. */
void ca_doctor_password_names(struct ca_doctor *d);

/* Which keys, and which registered certificates, fit what the service carries? */
void ca_doctor_password_keys(
    struct ca_doctor *d, const struct ca_password_user *u);

/* What the configuration of the service does with passwords: its cache, logins without
 * TLS.  It may be absent. */
void ca_doctor_password_cache(
    struct ca_doctor *d, const struct ca_password_user *u);
void ca_doctor_password_plain(
    struct ca_doctor *d, const struct ca_password_user *u);

#endif
