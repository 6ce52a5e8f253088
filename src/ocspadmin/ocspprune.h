/*
 * Files of ocsp_dir that no certificate needs any more.
 */
#ifndef CA_OCSPADMIN_OCSPPRUNE_H
#define CA_OCSPADMIN_OCSPPRUNE_H

#include "ocspadmin/ocsptargets.h"

/* Seconds that a response is kept that says revoked: a year. */
#define CA_OCSPADMIN_REVOKED_KEEP 31536000

/* Is it the name of a response (ca_ocsp_file)? */
bool ca_ocspadmin_is_response(const char *name);

/*
 * Remove the responses about certificates that are none of targets, if they were
 * stored more than ocsp_max_age ago: what they say of a good certificate is no
 * answer any more, and the certificate may have been sent by a client until then.
 * One that says revoked is kept for CA_OCSPADMIN_REVOKED_KEEP.
 */
void ca_ocspadmin_prune(
    struct ca_ocspadmin_run *run, const struct ca_ocspadmin_targets *targets);

#endif
