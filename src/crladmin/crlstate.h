/*
 * What `certauth crl update` remembers of each address: the file it goes to,
 * and how to ask for news only.
 */
#ifndef CA_CRLADMIN_CRLSTATE_H
#define CA_CRLADMIN_CRLSTATE_H

#include <stdbool.h>
#include <stddef.h>

#include "crladmin/crlrun.h"

struct ca_crladmin_state {
	char *url;
	char file[256];         /* in crl_dir; made from the address */
	char etag[256];         /* "": none */
	char last_modified[64]; /* "": none */
	bool wanted;            /* in this run */
};

struct ca_crladmin_states {
	struct ca_crladmin_state *v;
	size_t n;
};

/* Read crl_dir's state file.  One that is not there or cannot be understood
 * is empty: the price is to fetch once more.  CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_crladmin_states_read(
    struct ca_crladmin_run *run, struct ca_crladmin_states *out);

/* Write it, whole or not at all; addresses not wanted are dropped.  The lock is
 * held: what killed runs have left of theirs is removed. */
CA_MUST_CHECK enum ca_err ca_crladmin_states_write(
    struct ca_crladmin_run *run, const struct ca_crladmin_states *states);

/* An address is wanted: find it or add it. */
CA_MUST_CHECK enum ca_err ca_crladmin_state_want(
    struct ca_crladmin_states *states, const char *url);

void ca_crladmin_states_clear(struct ca_crladmin_states *states);

#endif
