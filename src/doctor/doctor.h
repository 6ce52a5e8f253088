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

/* A CA of ca_dir or intermediates_dir. */
struct ca_doctor_ca {
	X509 *cert;
	char *file; /* path */
	bool anchor;
};

struct ca_doctor {
	const char *config, *pam_dir, *sshd_config;
	const char *check;     /* the name of the running check */
	struct ca_config *cfg; /* NULL: the configuration has a mistake */
	struct ca_crypto *crypto;
	struct ca_log log;   /* writes to heard */
	struct ca_buf heard; /* lines */
	time_t now;
	struct ca_doctor_ca *ca; /* of ca_doctor_cas */
	size_t ncas;
	bool ssh; /* the PAM service sshd uses the module */
	struct ca_finding *v;
	size_t n;
};

/* Check owner and mode of a file or directory that decides about logins, and of
 * every directory above it.  A path that does not exist is no finding. */
void ca_doctor_path(struct ca_doctor *d, const char *path);

/* The checks, in the order of the table. */
void ca_doctor_config(struct ca_doctor *d);
void ca_doctor_files(struct ca_doctor *d);
void ca_doctor_host(struct ca_doctor *d);
void ca_doctor_cas(struct ca_doctor *d);
void ca_doctor_crls(struct ca_doctor *d);
void ca_doctor_timer(struct ca_doctor *d);
void ca_doctor_users(struct ca_doctor *d);
void ca_doctor_registered(struct ca_doctor *d);
void ca_doctor_pam(struct ca_doctor *d);
void ca_doctor_sshd(struct ca_doctor *d);
void ca_doctor_clock(struct ca_doctor *d);
void ca_doctor_libcrypto(struct ca_doctor *d);

#endif
