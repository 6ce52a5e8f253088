/*
 * doctor: inside the check of CRLs.  doctor_crl.c looks at each file of
 * crl_dir, doctor_crlset.c at what they say together, doctor_crlmissing.c at
 * what is not there.  Private to them.
 */
#ifndef CA_DOCTOR_DOCTOR_CRL_H
#define CA_DOCTOR_DOCTOR_CRL_H

#include "crladmin/crlabout.h"
#include "crladmin/crljudge.h"
#include "crladmin/crlset.h"
#include "doctor/doctor.h"

/* A CRL that is rightly signed. */
struct ca_doctor_crl {
	char *file;
	X509_CRL *x;
	X509 *signer; /* a CA of the doctor's */
	bool current;
};

struct ca_doctor_look {
	struct ca_doctor *d;
	struct ca_crladmin_run run;
	bool *has;  /* for each CA: a CRL that counts today */
	bool *weak; /* for each CA: a CRL under its name by a refused
		     * algorithm */
	const char *path;
	struct ca_doctor_crl *v;
	size_t n;
};

/* Keep a CRL to compare it with the others.  False: no memory. */
bool ca_doctor_crl_keep(struct ca_doctor_look *l, const struct ca_crl *crl,
    X509 *signer, bool current);
void ca_doctor_crls_clear(struct ca_doctor_look *l);

/* Pairs whose number and date disagree; deltas without a base. */
void ca_doctor_crl_pairs(struct ca_doctor_look *l);
void ca_doctor_crl_deltas(struct ca_doctor_look *l);

/* Certificates of this host that a CRL lists without being for them. */
void ca_doctor_crl_listings(struct ca_doctor_look *l);

/* CAs without a CRL that counts; files without a hashed name. */
void ca_doctor_crl_missing(struct ca_doctor_look *l);
void ca_doctor_crl_unhashed(
    struct ca_doctor_look *l, const struct ca_list *names);

#endif
