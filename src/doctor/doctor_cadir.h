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

/* The file name, in the directory path, which is open as fd, is not read. */
void ca_doctor_ca_skipped(
    struct ca_doctor *d, int fd, const char *path, const char *name);

/* Is each fingerprint of crl_exempt that of a CA of d? */
void ca_doctor_ca_exempt(struct ca_doctor *d);

#endif
