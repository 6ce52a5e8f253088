/*
 * `certauth crl list|compile|update`: what its files share.
 */
#ifndef CA_CRLADMIN_CRLADMIN_H
#define CA_CRLADMIN_CRLADMIN_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <time.h>

#include "base/buf.h"
#include "tool/cli.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "crl/crl.h"

extern const struct ca_command ca_cmd_crl;

struct ca_crl_run {
	struct ca_config *cfg;
	struct ca_log log;
	struct ca_crypto *crypto;
	STACK_OF(X509) * cas; /* of ca_dir and intermediates_dir */
	int dir;              /* crl_dir */
	int lock;             /* -1: not held */
	bool quiet, dry_run, force;
	unsigned timeout; /* seconds for one transfer */
	/* --url: more addresses */
	const char *const *url;
	size_t nurls;
};

/* Open crl_dir, read the CAs.  What fails is said; an exit status. */
int ca_crl_run_open(struct ca_crl_run *run);
void ca_crl_run_close(struct ca_crl_run *run);

/* Hold crl_dir for ourselves, so that two runs do not tangle; waits. */
CA_MUST_CHECK enum ca_err ca_crl_run_lock(struct ca_crl_run *run);

/* The plain files of crl_dir (or: those that are wanted), sorted; for the
 * caller to free with ca_crl_names_free.  Directories, FIFOs, sockets and
 * devices are none, behind a link or not; a link to nothing is one. */
CA_MUST_CHECK enum ca_err ca_crl_names(int dir, struct ca_list *out);
CA_MUST_CHECK enum ca_err ca_crl_names_where(
    int dir, bool (*want)(const char *), struct ca_list *out);
void ca_crl_names_free(struct ca_list *names);

/*
 * Give every CRL of crl_dir's files a hashed name as `openssl rehash` would,
 * so that a login opens those it needs alone, and drop links that lead
 * nowhere.  Links are added before any is dropped.  Then leave the stamp of
 * crl/crldir.h: nothing may change crl_dir in this run after it.
 */
CA_MUST_CHECK enum ca_err ca_crl_link(struct ca_crl_run *run);

/* Make the index of one file unless it is good already; prints a line.
 * CA_OK also where nothing was to do. */
CA_MUST_CHECK enum ca_err ca_crl_compile_one(
    struct ca_crl_run *run, const char *name);

/* Read the CRLs of a file of crl_dir by streaming; CA_ERR_FORMAT if one of
 * them is none; else as ca_crldir_open. */
CA_MUST_CHECK enum ca_err ca_crl_read_file(
    struct ca_crl_run *run, const char *name, struct ca_crls *out);

/* The same for a caller who will ask for those serial numbers. */
CA_MUST_CHECK enum ca_err ca_crl_read_wanted(struct ca_crl_run *run,
    const char *name, const struct ca_crl_wanted *wanted, struct ca_crls *out);

/* Names of crl_dir, hashed or plain, under which no file can be opened:
 * directories and their like, links to nothing, and what others may write. */
CA_MUST_CHECK enum ca_err ca_crl_names_odd(int dir, struct ca_list *out);

/* Seconds since 1970; 0: it cannot be told. */
time_t ca_crl_seconds(const ASN1_TIME *t);

/* Until when it is current: its nextUpdate, or crl_no_next_update after its
 * thisUpdate. */
time_t ca_crl_end(const X509_CRL *x, const struct ca_config *cfg);

/* What tells it from other CRLs of its issuer: ", delta of base 3, number 4,
 * only CAs' certificates".  It may hold text of others, to be escaped. */
void ca_crl_about(X509_CRL *x, struct ca_buf *out);

/* Is that extension the same in both, byte by byte, or in neither? */
bool ca_crl_same_ext(const X509_CRL *a, const X509_CRL *b, int nid);
bool ca_crl_is_delta(const X509_CRL *x);

/* NULL: each CRL in it is one that a login would use; else why not, which may
 * be text of the CRL's own. */
const char *ca_crl_not_usable(
    struct ca_crl_run *run, const struct ca_crls *crls);

/* Nothing in fresh is of an issuer and scope that old has; false for an old
 * without CRLs.  Both must be usable. */
bool ca_crl_is_other(const struct ca_crls *fresh, const struct ca_crls *old);

/*
 * The name for a CRL of another issuer or scope than the one in file: made of
 * file and of its issuer and scope, so that its successors find it.  out: a
 * string of less than size bytes.
 */
CA_MUST_CHECK enum ca_err ca_crl_name_beside(
    const char *file, const struct ca_crls *fresh, char *out, size_t size);

/* NULL: what was fetched may take the old one's place: it is of the same
 * issuer and scope, and no older; else why not. */
const char *ca_crl_not_successor(
    const struct ca_crls *fresh, const struct ca_crls *old);

int ca_crl_list(struct ca_crl_run *run);
int ca_crl_compile(struct ca_crl_run *run, char **file, int nfiles);
int ca_crl_update(struct ca_crl_run *run);

#endif
