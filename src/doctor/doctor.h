/*
 * `certauth doctor`: what is wrong with the set-up, why it matters, and how to
 * correct it.  doctor.c runs the table of checks and prints the findings;
 * doctor_*.c are the checks, and finding.c is what they write with.
 */
#ifndef CA_DOCTOR_DOCTOR_H
#define CA_DOCTOR_DOCTOR_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/buf.h"
#include "tool/cli.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "doctor/finding.h"

extern const struct ca_command ca_cmd_doctor;

struct ca_doctor_view; /* doctor_view.h */

/* A CA of ca_dir or intermediates_dir. */
struct ca_doctor_ca {
	X509 *cert;
	char *file; /* path */
	bool anchor;
	bool rehashed; /* `openssl rehash' makes a link to the file, or its
			* own name is hashed */
};

struct ca_doctor {
	const char *config, *pam_dir, *sshd_config;
	const char *check; /* the name of the running check */
	/* what the services read, and the one that is checked now: its
	 * configuration.  NULL: the configuration has a mistake */
	struct ca_doctor_view **views;
	size_t nviews;
	const struct ca_doctor_view *view;
	struct ca_config *cfg; /* borrowed from view */
	struct ca_crypto *crypto;
	struct ca_log log;   /* writes to heard */
	struct ca_buf heard; /* lines */
	time_t now;
	struct ca_doctor_ca *ca; /* of ca_doctor_cas */
	size_t ncas;
	struct ca_finding *v;
	size_t n;
	bool dropped;    /* the last finding was known */
	bool quiet;      /* findings are not recorded */
	bool names_hang; /* SSSD hangs, and the name service with it */
	bool no_pam;     /* PAM's configuration is not read */
	/* for doctor_view.c */
	char origin[4200], command[16384];
};

/* Check owner and mode of a file or directory that decides about logins, and of
 * every directory above it.  A path that does not exist is no finding. */
void ca_doctor_path(struct ca_doctor *d, const char *path);

/* Find the views: the configuration, its sections, and the lines of PAM. */
void ca_doctor_views(struct ca_doctor *d);
/* Add a view for each line of the module in PAM's configuration. */
void ca_doctor_pam_views(struct ca_doctor *d);
/* Does the PAM service have an auth line of the module? */
bool ca_doctor_pam_asks(struct ca_doctor *d, const char *service);
/* Free d->ca. */
void ca_doctor_cas_clear(struct ca_doctor *d);

/* The checks, in the order of the table. */
void ca_doctor_keys(struct ca_doctor *d);
/* doctor_helper.c: the program of proof = command, and of host_key on a token. */
void ca_doctor_helper(struct ca_doctor *d);
bool ca_doctor_by_command(const struct ca_config *cfg); /* proof has command */
void ca_doctor_language(struct ca_doctor *d);
void ca_doctor_files(struct ca_doctor *d);
void ca_doctor_host(struct ca_doctor *d);
void ca_doctor_cas(struct ca_doctor *d);
void ca_doctor_crls(struct ca_doctor *d);
void ca_doctor_timer(struct ca_doctor *d);
void ca_doctor_ocsp(struct ca_doctor *d);
/* The response about each certificate, and the other files, for ca_doctor_ocsp. */
void ca_doctor_ocsp_set(struct ca_doctor *d);
/* Is the timer active that fetches them?  For ca_doctor_ocsp, if there are some. */
void ca_doctor_ocsp_timer(struct ca_doctor *d);
void ca_doctor_ldap(struct ca_doctor *d);
void ca_doctor_users(struct ca_doctor *d);
void ca_doctor_directory(struct ca_doctor *d);
void ca_doctor_registered(struct ca_doctor *d);
void ca_doctor_pam(struct ca_doctor *d);
void ca_doctor_sessions(struct ca_doctor *d);
void ca_doctor_password(struct ca_doctor *d);
void ca_doctor_sshd(struct ca_doctor *d);
void ca_doctor_verifier(struct ca_doctor *d);
void ca_doctor_clock(struct ca_doctor *d);
void ca_doctor_libcrypto(struct ca_doctor *d);

/* Does systemd run here, and not this timer, or other unit? */
bool ca_doctor_timer_inactive(const char *timer);
/* Find the files at and below path that user _certauth cannot read. */
void ca_doctor_verifier_reads(struct ca_doctor *d, const char *path);
/* Does this line of a unit of the service keep the module from the verifier? */
void ca_doctor_verifier_unit(struct ca_doctor *d, const char *unit,
    const char *line, const char *service);
/* The first directory above path, or path itself, that is closed to others, in full
 * (PATH_MAX bytes).  False: there is none. */
bool ca_doctor_closed(const char *path, char *full);

#endif
