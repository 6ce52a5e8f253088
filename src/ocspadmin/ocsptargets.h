/*
 * The certificates whose responses this host keeps: registered certificates and CA
 * certificates that name an OCSP responder, and that a CA of this host issued.
 */
#ifndef CA_OCSPADMIN_OCSPTARGETS_H
#define CA_OCSPADMIN_OCSPTARGETS_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#include "ocspadmin/ocsprun.h"

#define CA_OCSPADMIN_TARGETS_MAX 20000

struct ca_ocspadmin_target {
	X509 *cert, *issuer; /* borrowed from the targets */
	char *label; /* "FILE: SUBJECT" or, of a CA, "SUBJECT"; escaped */
	char file[CA_OCSP_FILE_LEN]; /* in ocsp_dir */
};

struct ca_ocspadmin_targets {
	struct ca_ocspadmin_target *v;
	size_t n;
	/* a file could not be read, or there are too many: some may be missing */
	bool partial;
	STACK_OF(X509) *certs; /* all certificates that were looked at */
};

/*
 * Find them.  Only a certificate that is signed, through CAs of ca_dir and
 * intermediates_dir, is one: nobody else can name an address that this host asks.
 * An expired certificate, and one of which this is the second copy, is left out.
 * CA_ERR_MEMORY, CA_ERR_CRYPTO.  The caller clears out in every case.
 */
CA_MUST_CHECK enum ca_err ca_ocspadmin_targets_find(
    struct ca_ocspadmin_run *run, struct ca_ocspadmin_targets *out);
void ca_ocspadmin_targets_clear(struct ca_ocspadmin_targets *targets);

#endif
