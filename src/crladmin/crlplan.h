/*
 * Which CRLs there are to fetch: the CAs, the addresses of their CRLs, and which
 * CA lacks one.  `certauth crl update' and `certauth doctor' share it.
 */
#ifndef CA_CRLADMIN_CRLPLAN_H
#define CA_CRLADMIN_CRLPLAN_H

#include "crladmin/crlbook.h"
#include "crladmin/crlcas.h"
#include "crladmin/crlstate.h"

struct ca_crladmin_plan {
	struct ca_crladmin_cas cas;
	struct ca_crladmin_book book;
	struct ca_crladmin_states states;
	bool failed; /* a file of --from gave no address */
};

/*
 * Find the CAs and all addresses (--url, crl_url, remembered, the CAs'
 * certificates, users_dir, the files of --from), mark those to fetch as wanted
 * in states, and set url, other and indirect of each CA.  CA_ERR_CONFIG: an
 * address of --url cannot be fetched, and a message was printed; CA_ERR_LIMIT:
 * too many addresses; CA_ERR_UNTRUSTED, CA_ERR_IO: crl_dir's files;
 * CA_ERR_MEMORY, CA_ERR_CRYPTO.
 */
CA_MUST_CHECK enum ca_err ca_crladmin_plan_make(
    struct ca_crladmin_run *run, struct ca_crladmin_plan *plan);
void ca_crladmin_plan_clear(struct ca_crladmin_plan *plan);

/* Does a CA that needs CRLs lack a known address, and a file from one? */
bool ca_crladmin_no_address(const struct ca_crladmin_ca *ca);

/* The remembered address url, or NULL. */
const struct ca_crladmin_address *ca_crladmin_plan_learnt(
    const struct ca_crladmin_plan *plan, const char *url);

#endif
