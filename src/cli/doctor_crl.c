/*
 * doctor: the CRLs of crl_dir, and what fetches them.
 */
#include "cli/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/x509v3.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/crl.h"
#include "verify/crldir.h"
#include "verify/crlidx.h"

#define MANY_ENTRIES 10000
#define TIMER "certauth-crl-update.timer"

extern char **environ;

struct look {
	struct ca_doctor *d;
	struct ca_crl_run run;
	bool *has; /* for each CA: a CRL that counts today */
	const char *path;
};

/* ---- one CRL ---- */

static void
mark(struct look *l, struct ca_crl *crl)
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

static void
look_at_times(struct look *l, struct ca_crl *crl, const char *name)
{
	struct ca_doctor *d = l->d;
	const X509_CRL *x = ca_crl_get0_x509(crl);
	time_t last = ca_doctor_seconds(X509_CRL_get0_lastUpdate(x));
	time_t next = ca_doctor_seconds(X509_CRL_get0_nextUpdate(x));
	char when[48];

	if (last > d->now) {
		ca_doctor_when(last, d->now, when);
		ca_doctor_find(d, CA_F_CRL_FUTURE, CA_LEVEL_WARNING,
		    "%s/%s: its thisUpdate is %s", l->path, name, when);
		ca_doctor_mend(d, "look at the clock (`timedatectl')");
		return;
	}
	ca_doctor_when(next, d->now, when);
	if (next != 0 && next <= d->now) {
		bool grace = (uint64_t)(d->now - next) < d->cfg->crl_grace;

		ca_doctor_find(d, CA_F_CRL_STALE,
		    grace ? CA_LEVEL_WARNING : CA_LEVEL_ERROR,
		    "%s/%s: its nextUpdate was %s%s", l->path, name, when,
		    grace ? " (within crl_grace)" : "");
		ca_doctor_mend(d, "certauth crl update");
		if (grace)
			mark(l, crl);
		return;
	}
	mark(l, crl);
	if (next == 0 || next - d->now >= (next - last) / 8)
		return;
	ca_doctor_find(d, CA_F_CRL_EXPIRING, CA_LEVEL_WARNING,
	    "%s/%s: its nextUpdate is %s", l->path, name, when);
	ca_doctor_mend(d, "certauth crl update");
}

static void
look_at_index(struct look *l, struct ca_crl *crl, const char *name)
{
	struct ca_crlidx *idx = NULL;
	struct stat st;
	uint32_t n;
	enum ca_err rc;

	if (l->d->cfg->crl_engine != CA_CRL_AUTO ||
	    fstatat(l->run.dir, name, &st, 0) != 0)
		return;
	rc = ca_crlidx_open(l->d->crypto, l->run.dir, name, &st, &idx, &n);
	ca_crlidx_free(idx);
	if (rc == CA_OK)
		return;
	if (rc != CA_ERR_NOT_FOUND) {
		ca_doctor_find(l->d, CA_F_CRL_INDEX_STALE, CA_LEVEL_WARNING,
		    "%s/%s: its index is %s", l->path, name,
		    rc == CA_ERR_STALE ? "that of an older file"
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
look_at_crl(struct look *l, struct ca_crl *crl, STACK_OF(X509) * cas)
{
	const char *name = ca_crl_get0_name(crl);
	struct ca_doctor *d = l->d;

	if (ca_crl_trouble(crl) != CA_R_OK) {
		ca_doctor_find(d, CA_F_CRL_MALFORMED, CA_LEVEL_WARNING,
		    "%s/%s: %s", l->path, name,
		    ca_reason_text(ca_crl_trouble(crl)));
		ca_doctor_mend(
		    d, "rm %s/%s; certauth crl update", l->path, name);
		return;
	}
	if (ca_crl_signer(crl, cas) == NULL) {
		char *issuer =
		    ca_doctor_name(X509_CRL_get_issuer(ca_crl_get0_x509(crl)));

		/* of a CA whose certificate only its clients have, perhaps */
		ca_doctor_find(d, CA_F_CRL_UNSIGNED, CA_LEVEL_NOTE,
		    "%s/%s, of %s, is signed by no CA of ca_dir or "
		    "intermediates_dir",
		    l->path, name, issuer != NULL ? issuer : "?");
		free(issuer);
		for (size_t i = 0; i < d->ncas; i++)
			if (X509_NAME_cmp(X509_get_subject_name(d->ca[i].cert),
				X509_CRL_get_issuer(ca_crl_get0_x509(crl))) ==
			    0) {
				/* a CA of that name is here: it is forged,
				 * or by a key that was not told of */
				d->v[d->n - 1].level = CA_LEVEL_WARNING;
				ca_doctor_mend(d,
				    "rm %s/%s; certauth crl "
				    "update",
				    l->path, name);
				break;
			}
		return;
	}
	look_at_times(l, crl, name);
	look_at_index(l, crl, name);
}

static void
look_at_file(struct look *l, const char *name, STACK_OF(X509) * cas)
{
	struct ca_crls crls = {NULL, 0};
	enum ca_err rc = ca_crl_read_file(&l->run, name, &crls);
	char path[4096];

	(void)snprintf(path, sizeof path, "%s/%s", l->path, name);
	if (rc == CA_ERR_UNTRUSTED) {
		ca_doctor_path(l->d, path);
	} else if (rc != CA_OK && crls.n == 0) {
		ca_doctor_find(l->d, CA_F_CRL_MALFORMED, CA_LEVEL_WARNING,
		    "%s: %s", path,
		    rc == CA_ERR_IO ? strerror(errno) : ca_err_text(rc));
		ca_doctor_mend(l->d, "rm %s; certauth crl update", path);
	}
	for (size_t i = 0; i < crls.n; i++)
		look_at_crl(l, crls.v[i], cas);
	ca_crls_clear(&crls);
}

/* ---- all of them ---- */

static void
look_for_missing(struct look *l)
{
	struct ca_doctor *d = l->d;

	for (size_t i = 0; i < d->ncas; i++) {
		X509 *ca = d->ca[i].cert;
		bool again = false;

		for (size_t k = 0; k < i; k++)
			again = again || X509_cmp(d->ca[k].cert, ca) == 0;
		if (l->has[i] || again || X509_check_ca(ca) == 0 ||
		    ca_doctor_seconds(X509_get0_notAfter(ca)) < d->now)
			continue;
		char *name = ca_doctor_name(X509_get_subject_name(ca));
		ca_doctor_find(d, CA_F_CRL_MISSING,
		    d->cfg->crl == CA_CRL_REQUIRE ? CA_LEVEL_ERROR
						  : CA_LEVEL_WARNING,
		    "no current CRL of %s in %s", name != NULL ? name : "?",
		    l->path);
		ca_doctor_mend(d, "certauth crl update%s",
		    X509_get_ext_by_NID(ca, NID_crl_distribution_points, -1) <
				0 &&
			    d->cfg->crl_url.n == 0
			? " --url ADDRESS, and crl_url = in "
			  "the configuration"
			: "");
		free(name);
	}
}

static void
look_for_names(struct look *l, const struct ca_list *names)
{
	size_t without = 0;

	for (size_t i = 0; i < names->n; i++) {
		struct ca_crls crls = {NULL, 0};
		enum ca_err rc = ca_crl_read_file(&l->run, names->v[i], &crls);
		int ok = 0;

		if (rc == CA_OK && crls.n > 0 &&
		    !ca_crldir_is_hashed(names->v[i])) {
			unsigned long h = X509_NAME_hash_ex(
			    X509_CRL_get_issuer(ca_crl_get0_x509(crls.v[0])),
			    ca_crypto_get0_libctx(l->d->crypto), NULL, &ok);
			char link[32];
			(void)snprintf(link, sizeof link, "%08lx.r0", h);
			without +=
			    ok && faccessat(l->run.dir, link, F_OK, 0) != 0;
		}
		ca_crls_clear(&crls);
	}
	if (without == 0)
		return;
	ca_doctor_find(l->d, CA_F_CRL_NOT_HASHED, CA_LEVEL_WARNING,
	    "%zu CRL%s of %s %s no hashed name", without,
	    without == 1 ? "" : "s", l->path, without == 1 ? "has" : "have");
	ca_doctor_mend(l->d, "certauth crl compile");
}

void
ca_doctor_crls(struct ca_doctor *d)
{
	struct look l = {.d = d,
	    .run = {.cfg = d->cfg,
		.log = d->log,
		.crypto = d->crypto,
		.dir = -1},
	    .path = d->cfg->crl_dir};
	STACK_OF(X509) *cas = sk_X509_new_null();
	struct ca_list names = {NULL, 0};
	enum ca_err rc;

	if (d->cfg->crl == CA_CRL_OFF)
		goto out;
	l.has = calloc(d->ncas + 1, sizeof *l.has);
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
	if (rc != CA_OK || l.has == NULL) {
		ca_doctor_find(d, CA_F_CRL_DIR, CA_LEVEL_ERROR, "%s: %s",
		    l.path,
		    rc == CA_ERR_NOT_FOUND ? "does not exist"
					   : strerror(errno));
		ca_doctor_mend(
		    d, "mkdir -m 755 %s; certauth crl update", l.path);
		goto out;
	}
	for (size_t i = 0; i < names.n; i++)
		look_at_file(&l, names.v[i], cas);
	look_for_missing(&l);
	look_for_names(&l, &names);
out:
	ca_crl_names_free(&names);
	if (l.run.dir >= 0)
		(void)close(l.run.dir);
	sk_X509_free(cas);
	free(l.has);
}

/* ---- the timer ---- */

static bool
has_address(const struct ca_doctor *d)
{
	for (size_t i = 0; i < d->ncas; i++)
		if (X509_get_ext_by_NID(
			d->ca[i].cert, NID_crl_distribution_points, -1) >= 0)
			return true;
	return d->cfg->crl_url.n > 0;
}

void
ca_doctor_timer(struct ca_doctor *d)
{
	static const char *const argv[] = {
	    "systemctl", "is-active", "--quiet", TIMER, NULL};
	posix_spawn_file_actions_t quiet;
	int status = 0;
	pid_t pid;

	if (d->cfg->crl == CA_CRL_OFF || !has_address(d) ||
	    access("/run/systemd/system", F_OK) != 0 ||
	    posix_spawn_file_actions_init(&quiet) != 0)
		return;
	(void)posix_spawn_file_actions_addopen(
	    &quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	(void)posix_spawn_file_actions_adddup2(
	    &quiet, STDOUT_FILENO, STDERR_FILENO);
	int rc = posix_spawnp(&pid, argv[0], &quiet, NULL,
	    (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawn_file_actions_destroy(&quiet);
	if (rc != 0 || waitpid(pid, &status, 0) != pid ||
	    (WIFEXITED(status) && WEXITSTATUS(status) == 0))
		return;
	ca_doctor_find(d, CA_F_CRL_TIMER, CA_LEVEL_WARNING,
	    "the CAs name addresses of CRLs, and " TIMER " is not active");
	ca_doctor_mend(d, "systemctl enable --now " TIMER);
}
