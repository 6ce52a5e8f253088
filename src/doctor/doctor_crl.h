/*
 * doctor: inside the check of CRLs.  doctor_crl.c checks each file of crl_dir,
 * doctor_crlodd.c each entry that is not a file, doctor_crlset.c compares the
 * CRLs, doctor_crlmissing.c finds what crl_dir lacks.  Private to them.
 */
#ifndef CA_DOCTOR_DOCTOR_CRL_H
#define CA_DOCTOR_DOCTOR_CRL_H

#include "crladmin/crlabout.h"
#include "crladmin/crljudge.h"
#include "crladmin/crlset.h"
#include "doctor/doctor.h"

/* A CRL with a valid signature. */
struct ca_doctor_crl {
	char *file;
	X509_CRL *x;
	X509 *signer; /* a CA of struct ca_doctor */
	bool current;
};

struct ca_doctor_look {
	struct ca_doctor *d;
	struct ca_crladmin_run run;
	bool *has;  /* for each CA: there is a current CRL */
	bool *weak; /* for each CA: a CRL of its name is signed with a
		     * refused algorithm */
	const char *path;
	size_t in_file; /* CRLs in the file that is checked */
	struct ca_doctor_crl *v;
	size_t n;
};

/* Keep a CRL to compare it with the others.  False: out of memory. */
bool ca_doctor_crl_keep(struct ca_doctor_look *l, const struct ca_crl *crl,
    X509 *signer, bool current);
void ca_doctor_crls_clear(struct ca_doctor_look *l);

/* Find pairs whose number and date disagree, and deltas without a base. */
void ca_doctor_crl_pairs(struct ca_doctor_look *l);
void ca_doctor_crl_deltas(struct ca_doctor_look *l);

/* Find certificates of this host that are on a CRL of another scope. */
void ca_doctor_crl_listings(struct ca_doctor_look *l);

/* Check an entry that is not a file, or a file that cannot be read. */
void ca_doctor_crl_odd(struct ca_doctor_look *l, const char *name);

/* Find CAs without a current CRL, and files without a hashed name. */
void ca_doctor_crl_missing(struct ca_doctor_look *l);
void ca_doctor_crl_unhashed(
    struct ca_doctor_look *l, const struct ca_list *names);

#endif
