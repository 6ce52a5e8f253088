/*
 * doctor: inside the check of CRLs.  doctor_crl.c checks each file of crl_dir,
 * doctor_crlodd.c each entry that is not a file, doctor_crlset.c compares the
 * CRLs, doctor_crlmissing.c finds what crl_dir lacks.  Private to them.
 */
#ifndef CA_DOCTOR_DOCTOR_CRL_H
#define CA_DOCTOR_DOCTOR_CRL_H

#include "crladmin/crlabout.h"
#include "crladmin/crljudge.h"
#include "crladmin/crlmissing.h"
#include "crladmin/crlset.h"
#include "doctor/doctor.h"

/* A CRL with a valid signature. */
struct ca_doctor_crl {
	char *file;
	X509_CRL *x;
	X509 *signer; /* a CA of struct ca_doctor */
	bool current;
	time_t end; /* it has expired then; 0: it has not */
};

struct ca_doctor_look {
	struct ca_doctor *d;
	struct ca_crladmin_run run;
	bool *has; /* for each CA: there is a current CRL */
	/* for each CA: the finding that a CRL of its name is signed with a
	 * refused algorithm, or NULL; static */
	const char **refused;
	const char *path;
	size_t in_file; /* CRLs in the file that is checked */
	struct ca_doctor_crl *v;
	size_t n;
	struct ca_crladmin_plan plan; /* the addresses of CRLs */
	bool planned;                 /* plan is filled */
};

/* Keep a CRL to compare it with the others; file and x are set from crl.  False:
 * out of memory. */
bool ca_doctor_crl_keep(struct ca_doctor_look *l, const struct ca_crl *crl,
    const struct ca_doctor_crl *about);
void ca_doctor_crls_clear(struct ca_doctor_look *l);

/* Find CRLs that have expired, with or without a newer one. */
void ca_doctor_crl_stale(struct ca_doctor_look *l);

/* Find pairs whose number and date disagree, and deltas without a base. */
void ca_doctor_crl_pairs(struct ca_doctor_look *l);
void ca_doctor_crl_deltas(struct ca_doctor_look *l);

/* Find certificates of this host that are on a CRL of another scope. */
void ca_doctor_crl_listings(struct ca_doctor_look *l);

/* Check an entry that is not a file, or a file that cannot be read. */
void ca_doctor_crl_odd(struct ca_doctor_look *l, const char *name);

/* Set run.cas and plan: the addresses of the CAs' CRLs. */
void ca_doctor_crl_plan(struct ca_doctor_look *l);

/* The CA of the plan with the name and key of ca, or NULL. */
const struct ca_crladmin_ca *ca_doctor_crl_planned(
    const struct ca_doctor_look *l, X509 *ca);

/* Mend the last finding by a new CRL of ca. */
void ca_doctor_crl_renew(struct ca_doctor_look *l, X509 *ca);

/* Find CAs without a current CRL or without its address, and files without a
 * hashed name. */
void ca_doctor_crl_missing(struct ca_doctor_look *l);
void ca_doctor_crl_unhashed(
    struct ca_doctor_look *l, const struct ca_list *names);

#endif
