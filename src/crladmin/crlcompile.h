/*
 * `certauth crl compile`: make the indexes beside the CRLs of crl_dir.
 */
#ifndef CA_CRLADMIN_CRLCOMPILE_H
#define CA_CRLADMIN_CRLCOMPILE_H

#include "crladmin/crlrun.h"

/* Make the index of one file, unless it has a good one, and print a line.
 * CA_OK also if there is nothing to do. */
CA_MUST_CHECK enum ca_err ca_crladmin_compile_one(
    struct ca_crladmin_run *run, const char *name);

/* Make the index of each FILE, or of every file of crl_dir, and the hashed
 * names. CA_EXIT_NO: a file could not be indexed. */
int ca_crladmin_compile(struct ca_crladmin_run *run, char **file, int nfiles);

#endif
