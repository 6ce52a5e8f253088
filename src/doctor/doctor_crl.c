/*
 * doctor: each file of crl_dir.
 */
#include "doctor/doctor_crl.h"
#include "doctor/doctor_view.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "confine/confine.h"
#include "crl/crldir.h"
#include "crl/index_read.h"

#define MANY_ENTRIES 10000
#define ENTRIES_MS 25000 /* read in a millisecond: measured 39 ms a million */

/* How to replace a CRL that is of no use: the file may hold others. */
static void
mend_replace(struct ca_doctor_look *l, const char *name)
{
	const char *update = ca_doctor_crl_command(l->d, "crl update");

	if (l->in_file > 1)
		ca_doctor_mend(l->d,
		    "remove this CRL from %s/%s, which has others, then run "
		    "`%s'",
		    l->path, name, update);
	else
		ca_doctor_mend(l->d, "rm %s; %s",
		    ca_doctor_word("%s/%s", l->path, name), update);
}

/* ---- one CRL ---- */

/* Note that the CA of this CRL has a current CRL. */
static void
mark(struct ca_doctor_look *l, struct ca_crl *crl)
{
	const X509_NAME *name = X509_CRL_get_issuer(ca_crl_get0_x509(crl));

	for (size_t i = 0; i < l->d->ncas; i++) {
		X509 *ca = l->d->ca[i].cert;

		if (X509_NAME_cmp(X509_get_subject_name(ca), name) == 0 &&
		    (X509_get_key_usage(ca) & KU_CRL_SIGN) != 0 &&
		    ca_crl_verify(crl, ca) == CA_OK)
			l->has[i] = true;
	}
}

/* Set current or end of about, which has the signer. */
static void
check_times(
    struct ca_doctor_look *l, struct ca_crl *crl, struct ca_doctor_crl *about)
{
	struct ca_doctor *d = l->d;
	const char *name = ca_crl_get0_name(crl);
	const X509_CRL *x = ca_crl_get0_x509(crl);
	time_t last, end;
	const char *which = X509_CRL_get0_nextUpdate(x) != NULL
				? "its nextUpdate"
				: "it has no nextUpdate, and the end of its "
				  "crl_no_next_update";
	char when[48];

	if (!ca_crypto_seconds(X509_CRL_get0_lastUpdate(x), &last) ||
	    !ca_crladmin_end(x, d->cfg, &end))
		return; /* never: ca_crl_trouble has reported such a time */
	if (last > d->now) {
		ca_doctor_when(last, d->now, when);
		ca_doctor_find(d, CA_F_CRL_FUTURE, CA_LEVEL_WARNING,
		    "%s/%s is not yet valid: its thisUpdate is %s", l->path,
		    name, when);
		ca_doctor_mend(d, "check the clock with `timedatectl'; if the "
				  "clock is right, wait until then");
		return;
	}
	ca_doctor_when(end, d->now, when);
	if (end <= d->now) {
		about->end = end;
		if ((uint64_t)(d->now - end) < d->cfg->crl_grace)
			mark(l, crl);
		return;
	}
	about->current = true;
	mark(l, crl);
	if (end - d->now < (end - last) / 8) {
		ca_doctor_find(d, CA_F_CRL_EXPIRING, CA_LEVEL_WARNING,
		    "%s/%s expires soon: %s is %s", l->path, name, which, when);
		ca_doctor_crl_renew(l, about->signer);
	}
}

static void
check_index(struct ca_doctor_look *l, struct ca_crl *crl, const char *name)
{
	struct ca_crl_index *idx = NULL;
	struct stat st;
	uint32_t n;
	enum ca_err rc;

	if (l->d->cfg->crl_engine != CA_CRL_AUTO ||
	    fstatat(l->run.dir, name, &st, 0) != 0)
		return;
	rc = ca_crl_index_open(l->d->crypto, l->run.dir, name, &st, &idx, &n);
	ca_crl_index_free(idx);
	if (rc == CA_OK)
		return;
	if (rc != CA_ERR_NOT_FOUND) {
		ca_doctor_find(l->d, CA_F_CRL_INDEX_STALE, CA_LEVEL_WARNING,
		    "the index of %s/%s is not used: %s", l->path, name,
		    rc == CA_ERR_STALE ? "it was made from an older file"
		    : rc == CA_ERR_UNSUPPORTED
			? "it was made by another version of certauth"
			: ca_err_text(rc));
		ca_doctor_mend(
		    l->d, "%s", ca_doctor_crl_command(l->d, "crl compile"));
	} else if (ca_crl_entries(crl) > MANY_ENTRIES) {
		ca_doctor_find(l->d, CA_F_CRL_UNINDEXED, CA_LEVEL_WARNING,
		    "%s/%s has %" PRIu64 " entries and no index: to read it "
		    "takes about %" PRIu64 " ms of the %d s of CPU time that "
		    "certauth-verifier has for a verdict",
		    l->path, name, ca_crl_entries(crl),
		    ca_crl_entries(crl) / ENTRIES_MS + 1, CA_CONFINE_CPU);
		ca_doctor_mend(
		    l->d, "%s", ca_doctor_crl_command(l->d, "crl compile"));
	}
}

static void
mark_refused(
    struct ca_doctor_look *l, const struct ca_crl *crl, const char *finding)
{
	const X509_NAME *name = X509_CRL_get_issuer(ca_crl_get0_x509(crl));

	for (size_t i = 0; i < l->d->ncas; i++)
		if (X509_NAME_cmp(
			X509_get_subject_name(l->d->ca[i].cert), name) == 0)
			l->refused[i] = finding;
}

/* Fetching a CRL again helps only if the CA would serve another one. */
static void
say_trouble(struct ca_doctor_look *l, const struct ca_crl *crl)
{
	struct ca_doctor *d = l->d;
	const char *name = ca_crl_get0_name(crl);
	enum ca_reason reason = ca_crl_trouble(crl);

	ca_doctor_find(d,
	    reason == CA_R_CHAIN_WEAK    ? CA_F_CRL_WEAK
	    : reason == CA_R_UNSUPPORTED ? CA_F_CRL_UNSUPPORTED
					 : CA_F_CRL_MALFORMED,
	    CA_LEVEL_WARNING, "%s/%s %s", l->path, name,
	    ca_crl_get0_trouble_text(crl));
	if (reason == CA_R_CHAIN_WEAK) {
		mark_refused(l, crl, "crl-weak");
		ca_doctor_mend(d,
		    "ask the CA to sign its CRLs with SHA-256 or better; until "
		    "then `crl = off' in the section of a service (or `crl = "
		    "prefer', with the file moved away) lets the users of this "
		    "CA in, also those whose certificate is revoked");
	} else if (reason == CA_R_UNSUPPORTED) {
		mark_refused(l, crl, "crl-unsupported");
		ca_doctor_mend(d,
		    "if the message asks for another OpenSSL, upgrade this "
		    "host; otherwise ask the CA to sign its CRLs with RSA, "
		    "ECDSA, EdDSA or ML-DSA");
	} else if (reason == CA_R_CRL_EXTENSION) {
		ca_doctor_mend(d,
		    "ask the CA to issue its CRLs without that extension, or "
		    "with the extension not critical");
	} else {
		mend_replace(l, name);
	}
}

/* No CA that is here has signed the CRL.  known: a CA of its issuer's name is. */
static void
say_unknown(
    struct ca_doctor_look *l, const char *file, const char *issuer, bool known)
{
	struct ca_doctor *d = l->d;
	const char *setup = ca_doctor_setup_command(d, "--ca", "ISSUER.pem");
	bool in = d->cfg->intermediates_dir != NULL;

	/* The CA may be an intermediate whose certificate only the clients
	 * have.  If a CA of that name is here, the CRL is forged or signed by
	 * an unknown key. */
	ca_doctor_find(d, CA_F_CRL_UNSIGNED,
	    known ? CA_LEVEL_WARNING : CA_LEVEL_NOTE,
	    "%s/%s, of %s, is not signed by any CA of ca_dir or "
	    "intermediates_dir%s",
	    l->path, file, issuer,
	    known ? "; a CA of that name is there, with another key" : "");
	ca_doctor_mend(d,
	    "put the certificate of the CA that signs it into %s "
	    "(intermediates_dir%s), or into %s (ca_dir) if it is to be a trust "
	    "anchor%s%s%s%s",
	    in ? d->cfg->intermediates_dir : "a directory",
	    in ? "" : ", which must be set in the configuration",
	    d->cfg->ca_dir, setup != NULL && in ? ": `" : "",
	    setup != NULL && in ? setup : "", setup != NULL && in ? "'" : "",
	    known ? "; otherwise move the CRL out of crl_dir" : "");
}

/* No CA that may sign CRLs has signed this one.  Say which CA it names. */
static void
say_unsigned(struct ca_doctor_look *l, struct ca_crl *crl)
{
	const X509_NAME *name = X509_CRL_get_issuer(ca_crl_get0_x509(crl));
	struct ca_doctor *d = l->d;
	char *issuer = ca_doctor_name(name);
	const char *file = ca_crl_get0_name(crl), *by = NULL;
	bool known = false;

	for (size_t i = 0; i < d->ncas && by == NULL; i++) {
		X509 *ca = d->ca[i].cert;

		if (X509_NAME_cmp(X509_get_subject_name(ca), name) != 0)
			continue;
		known = true;
		if (ca_crl_verify(crl, ca) == CA_OK)
			by = d->ca[i].file;
	}
	if (by != NULL) {
		ca_doctor_find(d, CA_F_CRL_NO_SIGN, CA_LEVEL_WARNING,
		    "%s/%s, of %s, is signed by the key of %s, whose key usage "
		    "has no cRLSign",
		    l->path, file, issuer != NULL ? issuer : "?", by);
		ca_doctor_mend(d,
		    "get a new certificate of the CA with the key usage "
		    "cRLSign; until then `crl = prefer' or `crl = off' lets "
		    "the users of this CA in, also those whose certificate "
		    "is revoked");
	} else {
		say_unknown(l, file, issuer != NULL ? issuer : "?", known);
	}
	free(issuer);
}

static void
check_crl(struct ca_doctor_look *l, struct ca_crl *crl, STACK_OF(X509) *cas)
{
	struct ca_doctor_crl about = {0};

	if (ca_crl_trouble(crl) != CA_R_OK) {
		say_trouble(l, crl);
		return;
	}
	if ((about.signer = ca_crl_signer(crl, cas)) == NULL) {
		say_unsigned(l, crl);
		return;
	}
	check_times(l, crl, &about);
	check_index(l, crl, ca_crl_get0_name(crl));
	if (!ca_doctor_crl_keep(l, crl, &about))
		abort();
}

static void
check_file(struct ca_doctor_look *l, const char *name, STACK_OF(X509) *cas)
{
	struct ca_crls crls = {0};
	struct stat st = {0};
	char buf[256];
	enum ca_err rc = ca_crladmin_read(&l->run, name, &crls);

	/* ca_doctor_crl_odd reports the other errors */
	if (rc == CA_ERR_LIMIT || (rc == CA_ERR_FORMAT && crls.n == 0)) {
		ca_doctor_find(l->d, CA_F_CRL_MALFORMED, CA_LEVEL_WARNING,
		    "%s/%s %s", l->path, name, ca_crldir_why(rc, &st, buf));
		l->in_file = 1;
		mend_replace(l, name);
	}
	l->in_file = crls.n;
	for (size_t i = 0; i < crls.n; i++)
		check_crl(l, crls.v[i], cas);
	ca_crls_clear(&crls);
}

/* ---- all of them ---- */

/* Open crl_dir and list its names, also if others can write to it. */
static enum ca_err
list_dir(struct ca_doctor_look *l, struct ca_list *names, struct ca_list *odd)
{
	enum ca_err rc = ca_file_opendir(AT_FDCWD, l->path, &l->run.dir, NULL);

	if (rc == CA_ERR_UNTRUSTED) { /* the check of files reports it */
		l->run.dir = open(l->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = l->run.dir >= 0 ? CA_OK : CA_ERR_IO;
	}
	if (rc == CA_OK)
		rc = ca_crladmin_names(l->run.dir, names);
	if (rc == CA_OK)
		rc = ca_crladmin_names_odd(l->run.dir, odd);
	return rc;
}

static void
say_no_dir(struct ca_doctor_look *l, enum ca_err rc)
{
	bool absent = rc == CA_ERR_NOT_FOUND;

	ca_doctor_find(l->d, CA_F_CRL_DIR, CA_LEVEL_ERROR, "%s %s%s", l->path,
	    absent ? "does not exist" : "cannot be read: ",
	    absent            ? ""
	    : rc == CA_ERR_IO ? strerror(errno)
			      : ca_err_text(rc));
	if (absent)
		ca_doctor_mend(l->d, "mkdir -m 755 %s; %s", l->path,
		    ca_doctor_crl_command(l->d, "crl update"));
	else
		ca_doctor_mend(l->d,
		    "check the permissions of %s, and run `certauth doctor' as "
		    "root",
		    l->path);
}

void
ca_doctor_crls(struct ca_doctor *d)
{
	struct ca_doctor_look l = {.d = d,
	    .run = {.cfg = d->cfg,
		.log = d->log,
		.crypto = d->crypto,
		.dir = -1},
	    .path = d->cfg->crl_dir};
	struct ca_list names = {0}, odd = {0};
	char *again = NULL;
	enum ca_err rc;

	/* with OCSP alone, CRLs are for responders */
	if (d->cfg->crl == CA_CRL_OFF ||
	    (d->cfg->revocation == CA_SOURCES_OCSP &&
		access(l.path, F_OK) != 0))
		goto out;
	l.has = calloc(d->ncas + 1, sizeof *l.has);
	l.refused = calloc(d->ncas + 1, sizeof *l.refused);
	if ((rc = list_dir(&l, &names, &odd)) != CA_OK || l.has == NULL ||
	    l.refused == NULL) {
		say_no_dir(&l, rc);
		goto out;
	}
	l.run.again = again = ca_doctor_crl_options(d);
	if (strcmp(d->view->file, CA_SYSCONFDIR "/certauth.conf") != 0)
		l.run.config = d->view->file;
	ca_doctor_crl_plan(&l);
	for (size_t i = 0; i < odd.n; i++)
		ca_doctor_crl_odd(&l, odd.v[i]);
	for (size_t i = 0; i < names.n; i++)
		check_file(&l, names.v[i], l.run.cas);
	ca_doctor_crl_stale(&l);
	ca_doctor_crl_pairs(&l);
	ca_doctor_crl_deltas(&l);
	ca_doctor_crl_listings(&l);
	ca_doctor_crl_missing(&l);
	ca_doctor_crl_unhashed(&l, &names);
out:
	ca_doctor_crls_clear(&l);
	ca_crladmin_names_free(&names);
	ca_crladmin_names_free(&odd);
	if (l.run.dir >= 0)
		(void)close(l.run.dir);
	sk_X509_free(l.run.cas);
	ca_crladmin_plan_clear(&l.plan);
	free(l.has);
	free(l.refused);
	free(again);
}
