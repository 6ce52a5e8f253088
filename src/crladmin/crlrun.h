/*
 * One run of `certauth crl`: settings, CAs, crl_dir and its lock.
 */
#ifndef CA_CRLADMIN_CRLRUN_H
#define CA_CRLADMIN_CRLRUN_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "crypto/crypto.h"

struct ca_crladmin_run {
	struct ca_config *cfg;
	struct ca_log log;
	struct ca_crypto *crypto;
	STACK_OF(X509) *cas; /* of ca_dir, then of intermediates_dir */
	int nanchors;        /* how many of them are of ca_dir */
	int dir;             /* crl_dir */
	int lock;            /* -1: not held */
	bool quiet, dry_run, force;
	unsigned timeout; /* seconds for one transfer */
	/* the addresses of --url */
	const char *const *url;
	size_t nurls;
	/* the files of --from */
	const char *const *from;
	size_t nfrom;
	const char *config; /* --config FILE; NULL: not given */
	/* " --config FILE" and the other options that choose files, for
	 * commands in messages; "" or NULL: none was given */
	const char *again;
};

/* Read the CAs into run->cas, without duplicates.  Prints what fails.  Returns an
 * exit status. */
int ca_crladmin_open_cas(struct ca_crladmin_run *run);

/* The same, and open crl_dir.  Prints what fails.  Returns an exit status;
 * in every case the caller calls ca_crladmin_close. */
int ca_crladmin_open(struct ca_crladmin_run *run);
void ca_crladmin_close(struct ca_crladmin_run *run);

/* Lock crl_dir, so that two runs do not write to it at the same time.  Waits
 * for the lock, which ca_crladmin_close releases.  CA_ERR_IO. */
CA_MUST_CHECK enum ca_err ca_crladmin_lock(struct ca_crladmin_run *run);

/* Append the command that imports FILE into ca_dir (option "--ca") or crl_dir
 * ("--crl") of this run's configuration. */
void ca_crladmin_setup_text(
    const struct ca_crladmin_run *run, const char *option, struct ca_buf *out);

/* Print why path cannot be used (errno is read for CA_ERR_IO).  Returns the
 * exit status. */
int ca_crladmin_said(const char *path, enum ca_err rc);

#endif
