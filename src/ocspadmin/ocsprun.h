/*
 * One run of `certauth ocsp`: settings, CAs, ocsp_dir and its lock.
 */
#ifndef CA_OCSPADMIN_OCSPRUN_H
#define CA_OCSPADMIN_OCSPRUN_H

#include <stdbool.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "crladmin/crlrun.h"
#include "ocsp/ocsp.h"

struct ca_ocspadmin_run {
	struct ca_crladmin_run
	    base; /* cfg, log, crypto, cas; dir is ocsp_dir */
	time_t now;
	/* of the search for targets; borrowed */
	const STACK_OF(X509) *known;
	struct ca_revocation *rev; /* NULL: not needed yet */
};

/* Read the CAs and open ocsp_dir; with make, create it if it is absent, and lock
 * it.  Prints what fails.  Returns an exit status; in every case the caller calls
 * ca_ocspadmin_close. */
int ca_ocspadmin_open(struct ca_ocspadmin_run *run, bool make);
void ca_ocspadmin_close(struct ca_ocspadmin_run *run);

/*
 * Read a file of ocsp_dir and judge it as a login does: the answer about cert.
 * Without a file, or if a login would not read it, there is no answer, and why says
 * so.  out (may be NULL) gets the response.  The caller clears *answer.
 * CA_ERR_MEMORY, CA_ERR_CRYPTO.
 */
CA_MUST_CHECK enum ca_err ca_ocspadmin_stored(struct ca_ocspadmin_run *run,
    const char *file, X509 *cert, X509 *issuer, struct ca_ocsp_answer *answer);

/*
 * What is left of answer, which is about cert, if the status of a delegated responder
 * counts: a login asks the CRLs of crl_dir about one without id-pkix-ocsp-nocheck.
 * CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_ocspadmin_weigh(struct ca_ocspadmin_run *run,
    X509 *cert, X509 *issuer, struct ca_ocsp_answer *answer);

/* In ocsp_dir: its time is that of the last `certauth ocsp update` without a failure. */
#define CA_OCSPADMIN_UPDATED ".certauth-ocsp.updated"

/* For `certauth metrics`: the responses about the certificates of this host. */
struct ca_ocspadmin_summary {
	size_t n[CA_OCSP_REVOKED + 1]; /* by enum ca_ocsp_status */
	time_t until;   /* when the first good one ends; 0: there is none */
	time_t updated; /* the last update without a failure; 0: none */
};

/* run: as for ca_ocspadmin_open.  Returns an exit status; prints what fails. */
int ca_ocspadmin_summary(
    struct ca_ocspadmin_run *run, struct ca_ocspadmin_summary *out);

/* Append "good until 2027-01-01 00:00 UTC", "revoked since ... (keyCompromise)", or
 * why there is no answer. */
void ca_ocspadmin_describe(
    const struct ca_ocsp_answer *answer, struct ca_buf *out);

#endif
