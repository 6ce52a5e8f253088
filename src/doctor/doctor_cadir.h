/*
 * doctor: names in a directory of CA certificates.  Private to doctor_ca.c.
 */
#ifndef CA_DOCTOR_DOCTOR_CADIR_H
#define CA_DOCTOR_DOCTOR_CADIR_H

#include <openssl/x509.h>

#include "doctor/doctor.h"

/* The name of the file path is a hash: does it fit a subject in certs? */
void ca_doctor_ca_hash(struct ca_doctor *d, const STACK_OF(X509) *certs,
    unsigned long hash, const char *path, bool link);

/* The file name in the directory dir is not read. */
void ca_doctor_ca_skipped(
    struct ca_doctor *d, const char *dir, const char *name);

/* Does `openssl rehash' make a link to a file of this name and content?  It
 * takes PEM with one certificate and nothing else. */
bool ca_doctor_is_rehashed(const char *name, const struct ca_buf *file);

/* Is each fingerprint of crl_exempt that of a CA of d? */
void ca_doctor_ca_exempt(struct ca_doctor *d);

#endif
