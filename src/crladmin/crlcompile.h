/*
 * `certauth crl compile`.
 */
#ifndef CA_CRLADMIN_CRLCOMPILE_H
#define CA_CRLADMIN_CRLCOMPILE_H

#include "crladmin/crlrun.h"

/* Make the index of one file unless it is good already; prints a line.
 * CA_OK also where nothing was to do. */
CA_MUST_CHECK enum ca_err ca_crladmin_compile_one(
    struct ca_crladmin_run *run, const char *name);

int ca_crladmin_compile(struct ca_crladmin_run *run, char **file, int nfiles);

#endif
