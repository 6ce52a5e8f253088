/*
 * doctor: inside the check of CAs.  doctor_ca.c reads a directory,
 * doctor_cacert.c checks its certificates.  Private to them.
 */
#ifndef CA_DOCTOR_DOCTOR_CA_H
#define CA_DOCTOR_DOCTOR_CA_H

#include "doctor/doctor.h"

/* One directory, after it was read. */
struct ca_doctor_dir {
	const char *path;
	bool anchors;
	/* the certificates under hashed names */
	struct {
		unsigned long hash;
		X509 *cert;
	} * hashed;
	size_t nhashed;
	size_t first; /* index of its first certificate in d->ca */
};

/* Check the certificates of a directory: d->ca from dir->first on. */
void ca_doctor_ca_certs(struct ca_doctor *d, const struct ca_doctor_dir *dir);

/*
 * Check what depends on both directories, which were read: anchors that are
 * intermediates, and intermediates without an issuer.
 */
void ca_doctor_ca_paths(struct ca_doctor *d);

#endif
