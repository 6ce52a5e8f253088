/*
 * doctor: inside the check of CAs.  doctor_ca.c reads a directory,
 * doctor_cacert.c checks its certificates, doctor_camend.c says how to correct
 * its files.  Private to them.
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
	/* certificates that are not in d->ca because of the type of their key */
	size_t unsupported;
};

/* Check the certificates of a directory: d->ca from dir->first on. */
void ca_doctor_ca_certs(struct ca_doctor *d, const struct ca_doctor_dir *dir);

/*
 * Check what depends on both directories, which were read: anchors that are
 * intermediates, and intermediates without an issuer.
 */
void ca_doctor_ca_paths(struct ca_doctor *d);

/* The number of certificates in a file. */
size_t ca_doctor_ca_in_file(const struct ca_doctor *d, const char *file);

/* The command that writes each certificate of the file to a PEM file of its own.
 * What is a trust anchor stays one.  Valid until the next call of a command. */
const char *ca_doctor_ca_split(
    struct ca_doctor *d, const struct ca_doctor_ca *ca);

/* Mend the last finding: remove this certificate, and no other one of its file;
 * or move it to the directory to.  first and otherwise are put before and
 * after the command. */
void ca_doctor_ca_mend_remove(struct ca_doctor *d,
    const struct ca_doctor_ca *ca, const char *dir, const char *first,
    const char *otherwise);
void ca_doctor_ca_mend_move(struct ca_doctor *d, const struct ca_doctor_ca *ca,
    const char *from, const char *to, const char *otherwise);

#endif
