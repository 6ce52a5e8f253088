/*
 * One run of `certauth crl`: its settings, the CAs, crl_dir and its lock.
 */
#ifndef CA_CRLADMIN_CRLRUN_H
#define CA_CRLADMIN_CRLRUN_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"
#include "crypto/crypto.h"

struct ca_crladmin_run {
	struct ca_config *cfg;
	struct ca_log log;
	struct ca_crypto *crypto;
	STACK_OF(X509) *cas; /* of ca_dir and intermediates_dir */
	int dir;             /* crl_dir */
	int lock;            /* -1: not held */
	bool quiet, dry_run, force;
	unsigned timeout; /* seconds for one transfer */
	/* --url: more addresses */
	const char *const *url;
	size_t nurls;
};

/* Open crl_dir, read the CAs.  What fails is said; an exit status. */
int ca_crladmin_open(struct ca_crladmin_run *run);
void ca_crladmin_close(struct ca_crladmin_run *run);

/* Hold crl_dir for ourselves, so that two runs do not tangle; waits. */
CA_MUST_CHECK enum ca_err ca_crladmin_lock(struct ca_crladmin_run *run);

/* Say why path cannot be used; the exit status. */
int ca_crladmin_said(const char *path, enum ca_err rc);

#endif
