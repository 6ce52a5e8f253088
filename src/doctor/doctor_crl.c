/*
 * doctor: the files of crl_dir.
 */
#include "doctor/doctor_crl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "crl/crldir.h"
#include "crl/index_read.h"

#define MANY_ENTRIES 10000

/* ---- one CRL ---- */

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

/* True: it is current. */
static bool
look_at_times(struct ca_doctor_look *l, struct ca_crl *crl, const char *name)
{
	struct ca_doctor *d = l->d;
	const X509_CRL *x = ca_crl_get0_x509(crl);
	time_t last = ca_doctor_seconds(X509_CRL_get0_lastUpdate(x));
	time_t end = ca_crl_end(x, d->cfg);
	const char *which = X509_CRL_get0_nextUpdate(x) != NULL
				? "its nextUpdate"
				: "it has no nextUpdate, and the end of its "
				  "crl_no_next_update";
	char when[48];

	if (last > d->now) {
		ca_doctor_when(last, d->now, when);
		ca_doctor_find(d, CA_F_CRL_FUTURE, CA_LEVEL_WARNING,
		    "%s/%s: its thisUpdate is %s", l->path, name, when);
		ca_doctor_mend(d, "look at the clock (`timedatectl')");
		return false;
	}
	ca_doctor_when(end, d->now, when);
	if (end <= d->now) {
		bool grace = (uint64_t)(d->now - end) < d->cfg->crl_grace;

		ca_doctor_find(d, CA_F_CRL_STALE,
		    grace ? CA_LEVEL_WARNING : CA_LEVEL_ERROR,
		    "%s/%s: %s was %s%s", l->path, name, which, when,
		    grace ? " (within crl_grace)" : "");
		ca_doctor_mend(d, "certauth crl update");
		if (grace)
			mark(l, crl);
		return false;
	}
	mark(l, crl);
	if (end - d->now < (end - last) / 8) {
		ca_doctor_find(d, CA_F_CRL_EXPIRING, CA_LEVEL_WARNING,
		    "%s/%s: %s is %s", l->path, name, which, when);
		ca_doctor_mend(d, "certauth crl update");
	}
	return true;
}

static void
look_at_index(struct ca_doctor_look *l, struct ca_crl *crl, const char *name)
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
		    "%s/%s: its index is %s", l->path, name,
		    rc == CA_ERR_STALE ? "that of an older file"
		    : rc == CA_ERR_UNSUPPORTED
			? "that of another version of certauth"
			: ca_err_text(rc));
		ca_doctor_mend(l->d, "certauth crl compile");
	} else if (ca_crl_entries(crl) > MANY_ENTRIES) {
		ca_doctor_find(l->d, CA_F_CRL_UNINDEXED, CA_LEVEL_WARNING,
		    "%s/%s has %" PRIu64 " entries and no index", l->path, name,
		    ca_crl_entries(crl));
		ca_doctor_mend(l->d, "certauth crl compile");
	}
}

static void
mark_weak(struct ca_doctor_look *l, const struct ca_crl *crl)
{
	const X509_NAME *name = X509_CRL_get_issuer(ca_crl_get0_x509(crl));

	for (size_t i = 0; i < l->d->ncas; i++)
		if (X509_NAME_cmp(
			X509_get_subject_name(l->d->ca[i].cert), name) == 0)
			l->weak[i] = true;
}

/* To fetch it once more helps only where the CA would give another one. */
static void
say_trouble(struct ca_doctor_look *l, const struct ca_crl *crl)
{
	struct ca_doctor *d = l->d;
	const char *name = ca_crl_get0_name(crl);
	enum ca_reason reason = ca_crl_trouble(crl);

	ca_doctor_find(d,
	    reason == CA_R_CHAIN_WEAK ? CA_F_CRL_WEAK : CA_F_CRL_MALFORMED,
	    CA_LEVEL_WARNING, "%s/%s %s", l->path, name,
	    ca_crl_get0_trouble_text(crl));
	if (reason == CA_R_CHAIN_WEAK) {
		mark_weak(l, crl);
		ca_doctor_mend(d,
		    "the CA must sign its CRLs with SHA-256 or better; until "
		    "it does, `crl = off' for those services that its users "
		    "need (or `crl = prefer', with the file moved away) lets "
		    "them in, and whom it has revoked too");
	} else if (reason == CA_R_CRL_EXTENSION) {
		ca_doctor_mend(d,
		    "the CA must issue its CRLs without that extension, or "
		    "not critical");
	} else {
		ca_doctor_mend(
		    d, "rm %s/%s; certauth crl update", l->path, name);
	}
}

/* No CA of ours may have signed it.  Which one would fit? */
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
		    "%s/%s, of %s, is signed by the key of %s, which has no "
		    "cRLSign",
		    l->path, file, issuer != NULL ? issuer : "?", by);
		ca_doctor_mend(d,
		    "the CA needs a certificate with keyUsage cRLSign; until "
		    "it has one, `crl = prefer' or `crl = off' for this site "
		    "lets its users in, and whom it has revoked too");
	} else {
		/* of a CA whose certificate only its clients have, perhaps;
		 * with a CA of that name here it is forged, or by a key that
		 * was not told of */
		ca_doctor_find(d, CA_F_CRL_UNSIGNED,
		    known ? CA_LEVEL_WARNING : CA_LEVEL_NOTE,
		    "%s/%s, of %s, is signed by no CA of ca_dir or "
		    "intermediates_dir",
		    l->path, file, issuer != NULL ? issuer : "?");
		if (known)
			ca_doctor_mend(
			    d, "rm %s/%s; certauth crl update", l->path, file);
	}
	free(issuer);
}

static void
look_at_crl(struct ca_doctor_look *l, struct ca_crl *crl, STACK_OF(X509) *cas)
{
	const char *name = ca_crl_get0_name(crl);
	X509 *signer;
	bool current;

	if (ca_crl_trouble(crl) != CA_R_OK) {
		say_trouble(l, crl);
		return;
	}
	if ((signer = ca_crl_signer(crl, cas)) == NULL) {
		say_unsigned(l, crl);
		return;
	}
	current = look_at_times(l, crl, name);
	look_at_index(l, crl, name);
	if (!ca_doctor_crl_keep(l, crl, signer, current))
		abort();
}

static void
look_at_file(struct ca_doctor_look *l, const char *name, STACK_OF(X509) *cas)
{
	struct ca_crls crls = {NULL, 0};
	struct stat st = {0};
	char buf[256];
	enum ca_err rc = ca_crl_read_file(&l->run, name, &crls);

	/* others are told of as odd names */
	if (rc == CA_ERR_LIMIT || (rc == CA_ERR_FORMAT && crls.n == 0)) {
		ca_doctor_find(l->d, CA_F_CRL_MALFORMED, CA_LEVEL_WARNING,
		    "%s/%s %s", l->path, name, ca_crldir_why(rc, &st, buf));
		ca_doctor_mend(
		    l->d, "rm %s/%s; certauth crl update", l->path, name);
	}
	for (size_t i = 0; i < crls.n; i++)
		look_at_crl(l, crls.v[i], cas);
	ca_crls_clear(&crls);
}

/* A name under which there is no file, or one that may not be read. */
static void
look_at_odd(struct ca_doctor_look *l, const char *name)
{
	struct ca_doctor *d = l->d;
	struct stat st = {0};
	char buf[256], path[4096];
	int fd;
	enum ca_err rc = ca_crldir_open(l->run.dir, name, &fd, &st);
	const char *why = rc == CA_OK ? "" : ca_crldir_why(rc, &st, buf);

	(void)snprintf(path, sizeof path, "%s/%s", l->path, name);
	switch (rc) {
	case CA_OK:
		(void)close(fd);
		return;
	case CA_ERR_NOT_FOUND:
		return;
	case CA_ERR_UNSUPPORTED:
		/* a disk of its own has a lost+found */
		ca_doctor_find(d, CA_F_CRL_SKIPPED,
		    strcmp(name, "lost+found") == 0 ? CA_LEVEL_NOTE
						    : CA_LEVEL_WARNING,
		    "%s %s", path, why);
		ca_doctor_mend(d,
		    "put the CRLs that it should lead to into %s itself",
		    l->path);
		return;
	case CA_ERR_UNTRUSTED:
		ca_doctor_path(d, path);
		return;
	default:
		ca_doctor_find(
		    d, CA_F_CRL_DIR, CA_LEVEL_ERROR, "%s %s", path, why);
		ca_doctor_mend(d,
		    "bring the file back, or rm %s; certauth crl "
		    "update; certauth crl compile",
		    path);
	}
}

/* ---- all of them ---- */

void
ca_doctor_crls(struct ca_doctor *d)
{
	struct ca_doctor_look l = {.d = d,
	    .run = {.cfg = d->cfg,
		.log = d->log,
		.crypto = d->crypto,
		.dir = -1},
	    .path = d->cfg->crl_dir};
	STACK_OF(X509) *cas = sk_X509_new_null();
	struct ca_list names = {NULL, 0}, odd = {NULL, 0};
	enum ca_err rc;

	if (d->cfg->crl == CA_CRL_OFF)
		goto out;
	l.has = calloc(d->ncas + 1, sizeof *l.has);
	l.weak = calloc(d->ncas + 1, sizeof *l.weak);
	for (size_t i = 0; cas != NULL && i < d->ncas; i++)
		if (sk_X509_push(cas, d->ca[i].cert) <= 0)
			abort();
	rc = ca_file_opendir(AT_FDCWD, l.path, &l.run.dir, NULL);
	if (rc == CA_ERR_UNTRUSTED) { /* told by the check of files */
		l.run.dir = open(l.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = l.run.dir >= 0 ? CA_OK : CA_ERR_IO;
	}
	if (rc == CA_OK)
		rc = ca_crl_names(l.run.dir, &names);
	if (rc == CA_OK)
		rc = ca_crl_names_odd(l.run.dir, &odd);
	if (rc != CA_OK || l.has == NULL || l.weak == NULL) {
		ca_doctor_find(d, CA_F_CRL_DIR, CA_LEVEL_ERROR, "%s: %s",
		    l.path,
		    rc == CA_ERR_NOT_FOUND ? "does not exist"
					   : strerror(errno));
		ca_doctor_mend(
		    d, "mkdir -m 755 %s; certauth crl update", l.path);
		goto out;
	}
	for (size_t i = 0; i < odd.n; i++)
		look_at_odd(&l, odd.v[i]);
	for (size_t i = 0; i < names.n; i++)
		look_at_file(&l, names.v[i], cas);
	ca_doctor_crl_pairs(&l);
	ca_doctor_crl_deltas(&l);
	ca_doctor_crl_listings(&l);
	ca_doctor_crl_missing(&l);
	ca_doctor_crl_unhashed(&l, &names);
out:
	ca_doctor_crls_clear(&l);
	ca_crl_names_free(&names);
	ca_crl_names_free(&odd);
	if (l.run.dir >= 0)
		(void)close(l.run.dir);
	sk_X509_free(cas);
	free(l.has);
	free(l.weak);
}
