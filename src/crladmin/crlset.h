/*
 * The files of crl_dir: their names, and the CRLs in one of them.
 */
#ifndef CA_CRLADMIN_CRLSET_H
#define CA_CRLADMIN_CRLSET_H

#include "crl/crl.h"
#include "crladmin/crlrun.h"

/* The names of the CRL files of crl_dir (or of the names that want accepts),
 * sorted.  The caller frees them with ca_crladmin_names_free.  Directories,
 * FIFOs, sockets and devices are left out, also behind a link; a dangling link
 * is kept.  CA_ERR_IO, CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_crladmin_names(int dir, struct ca_list *out);
CA_MUST_CHECK enum ca_err ca_crladmin_names_where(
    int dir, bool (*want)(const char *), struct ca_list *out);
void ca_crladmin_names_free(struct ca_list *names);

/* Read the CRLs of a file of crl_dir by streaming.  CA_ERR_FORMAT if one of
 * them is not a CRL; other errors as ca_crldir_open. */
CA_MUST_CHECK enum ca_err ca_crladmin_read(
    struct ca_crladmin_run *run, const char *name, struct ca_crls *out);

/* The same, for a caller that looks up the wanted serial numbers afterwards. */
CA_MUST_CHECK enum ca_err ca_crladmin_read_wanted(struct ca_crladmin_run *run,
    const char *name, const struct ca_crl_wanted *wanted, struct ca_crls *out);

/* Names of crl_dir, hashed or plain, that cannot be opened as a file:
 * directories and the like, dangling links, files that others can write. */
CA_MUST_CHECK enum ca_err ca_crladmin_names_odd(int dir, struct ca_list *out);

#endif
