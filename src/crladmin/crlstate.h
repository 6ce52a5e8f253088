/*
 * What `certauth crl update` remembers of each address: the file for its CRL,
 * and the values for a conditional request (If-None-Match, If-Modified-Since).
 */
#ifndef CA_CRLADMIN_CRLSTATE_H
#define CA_CRLADMIN_CRLSTATE_H

#include <stdbool.h>
#include <stddef.h>

#include "crladmin/crlrun.h"

struct ca_crladmin_state {
	char *url;
	char file[256];         /* name in crl_dir, made from the address */
	char etag[256];         /* "": none */
	char last_modified[64]; /* "": none */
	bool wanted;            /* in this run */
	bool counts;            /* if it fails, the run has failed */
};

struct ca_crladmin_states {
	struct ca_crladmin_state *v;
	size_t n;
};

/* Read the state file of crl_dir.  A file that is absent or damaged counts as
 * empty: the CRLs are then fetched once more.  CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_crladmin_states_read(
    struct ca_crladmin_run *run, struct ca_crladmin_states *out);

/* Replace the state file in one step; addresses that are not wanted are
 * dropped. The caller holds the lock, so temporary files that killed runs have
 * left are removed.  CA_ERR_IO, CA_ERR_LIMIT, CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_crladmin_states_write(
    struct ca_crladmin_run *run, const struct ca_crladmin_states *states);

/* Mark an address as wanted; add it if it is new.  CA_ERR_LIMIT, CA_ERR_MEMORY,
 * CA_ERR_CRYPTO. */
CA_MUST_CHECK enum ca_err ca_crladmin_state_want(
    struct ca_crladmin_states *states, const char *url, bool counts);

/* Is name the file for the CRL of a wanted address, or one beside it
 * (crljudge.h)? */
bool ca_crladmin_states_has_file(
    const struct ca_crladmin_states *states, const char *name);

void ca_crladmin_states_clear(struct ca_crladmin_states *states);

/*
 * A file of crl_dir whose mtime is the time of the last run that fetched every CRL;
 * 0: there was none.  It is made before the files are linked, since crl_dir must not
 * change after that; its time is set at the end of a good run.
 */
#define CA_CRLADMIN_UPDATED ".certauth-crl.updated"

/* CA_ERR_IO. */
CA_MUST_CHECK enum ca_err ca_crladmin_updated_make(
    const struct ca_crladmin_run *run);
/* An exit status, after a message. */
int ca_crladmin_updated_note(const struct ca_crladmin_run *run);

#endif
