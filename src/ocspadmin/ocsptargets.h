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
	bool registered;             /* else it is a CA's of this host */
};

/* A certificate about which nothing is fetched, and why. */
enum ca_ocspadmin_why {
	CA_OCSPADMIN_NO_RESPONDER,
	CA_OCSPADMIN_EXPIRED,
	CA_OCSPADMIN_NO_ISSUER,
	CA_OCSPADMIN_UNREADABLE, /* a registered one, which cannot be decoded */
};
struct ca_ocspadmin_left {
	X509 *cert, *issuer; /* borrowed from the targets; or NULL */
	char *label;         /* as above, or FILE */
	bool registered;     /* else it is of intermediates_dir */
	enum ca_ocspadmin_why why;
};

struct ca_ocspadmin_targets {
	struct ca_ocspadmin_target *v;
	size_t n;
	struct ca_ocspadmin_left *left;
	size_t nleft;
	/* a file could not be read, or there are too many: some may be missing */
	bool partial;
	STACK_OF(X509) *certs; /* all certificates that were looked at */
};

/*
 * Find them.  Only a certificate that is signed, through CAs of ca_dir and
 * intermediates_dir, is one: nobody else can name an address that this host asks.
 * A second copy is left out, and a trust anchor that is no target; any other
 * certificate that is none is in left.  CA_ERR_MEMORY, CA_ERR_CRYPTO.  The caller clears out in every case.
 */
CA_MUST_CHECK enum ca_err ca_ocspadmin_targets_find(
    struct ca_ocspadmin_run *run, struct ca_ocspadmin_targets *out);
/* Print those that are left out, at most max of them (0: all). */
void ca_ocspadmin_put_left(
    const struct ca_ocspadmin_targets *targets, size_t max);
void ca_ocspadmin_targets_clear(struct ca_ocspadmin_targets *targets);

#endif
