/*
 * doctor: the OCSP response about each certificate of this host, and the other files
 * of ocsp_dir.
 */
#include "doctor/doctor.h"
#include "doctor/doctor_view.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "ocspadmin/ocspprune.h"
#include "ocspadmin/ocsptargets.h"
#include "verify/revocation.h"

/* A host may have 20,000 certificates: so many of a kind are named. */
#define NAMED_MAX 8

enum kind {
	MISSING,
	UNUSABLE,
	STRAY,
	REVOKED,
	REVOKED_CA,
	NO_RESPONDER,
	SKIPPED,
	KINDS
};

/* The mend is before, the command of `certauth' if there is one, and after. */
static const struct {
	enum ca_finding_code code;
	const char *before, *command, *after;
} kinds[KINDS] = {
    [MISSING] = {CA_F_OCSP_MISSING, "", "ocsp update", ""},
    [UNUSABLE] = {CA_F_OCSP_UNUSABLE, "", "ocsp update",
	"; if its message says that there is no answer, ask the administrator "
	"of the responder"},
    [STRAY] = {CA_F_OCSP_UNUSABLE, "remove the file", NULL, ""},
    [REVOKED] = {CA_F_OCSP_REVOKED,
	"remove the certificate, and register a new one of the user", NULL, ""},
    [REVOKED_CA] = {CA_F_OCSP_REVOKED,
	"ask the CA for its new certificate, and replace this one", NULL, ""},
    [NO_RESPONDER] = {CA_F_OCSP_NO_RESPONDER,
	"get a certificate with id-ad-ocsp (authorityInfoAccess) from the CA, "
	"or set `revocation = any' and install CRLs",
	NULL, ""},
    [SKIPPED] = {CA_F_OCSP_SKIPPED, "remove the file, or name it as `",
	"ocsp list", "' shows"},
};

struct look {
	struct ca_doctor *d;
	struct ca_ocspadmin_run run;
	struct ca_ocspadmin_targets targets;
	size_t told[KINDS];
};

static void
tell(struct look *l, enum kind kind, enum ca_level level, const char *what,
    const char *why)
{
	const char *command = kinds[kind].command;

	if (l->told[kind]++ >= NAMED_MAX)
		return;
	ca_doctor_find(l->d, kinds[kind].code, level, "%s: %s", what, why);
	ca_doctor_mend(l->d, "%s%s%s", kinds[kind].before,
	    command != NULL ? ca_doctor_config_command(l->d, command) : "",
	    kinds[kind].after);
}

static void
tell_others(struct look *l)
{
	for (size_t i = 0; i < KINDS; i++) {
		if (l->told[i] <= NAMED_MAX)
			continue;
		ca_doctor_find(l->d, kinds[i].code, CA_LEVEL_NOTE,
		    "the same holds for %zu others in %s and users_dir",
		    l->told[i] - NAMED_MAX, l->d->cfg->ocsp_dir);
		ca_doctor_mend(
		    l->d, "%s", ca_doctor_config_command(l->d, "ocsp list"));
	}
}

/* ---- what a login finds ---- */

/* Is the file one that other users could write?  A login is refused then. */
static bool
is_untrusted(struct look *l, const char *name)
{
	struct ca_buf path = CA_BUF_INIT(8192);
	struct stat st;
	bool yes = fstatat(l->run.base.dir, name, &st, 0) == 0 &&
		   ca_file_distrust(&st) != NULL;

	ca_buf_fmt(&path, "%s/%s", l->d->cfg->ocsp_dir, name);
	if (yes && ca_buf_text(&path) != NULL)
		ca_doctor_path(l->d, ca_buf_text(&path));
	ca_buf_free(&path);
	return yes;
}

/* Does no login look for responses about it? */
static bool
is_unchecked(const struct look *l, bool registered)
{
	return !registered && l->d->cfg->crl_check == CA_CRL_LEAF;
}

/* Does a login need no response about the certificate? */
static bool
is_waived(const struct look *l, X509 *cert, X509 *issuer, bool registered)
{
	const struct ca_config *cfg = l->d->cfg;

	return is_unchecked(l, registered) ||
	       ca_revocation_is_exempt(
		   l->d->crypto, &cfg->crl_exempt, issuer) ||
	       ca_revocation_is_short_lived(cert, cfg->crl_short_lived);
}

/* Are logins refused without a response that the client sends? */
static enum ca_level
level_of_absence(const struct look *l)
{
	const struct ca_config *cfg = l->d->cfg;

	return cfg->revocation == CA_SOURCES_OCSP && cfg->crl == CA_CRL_REQUIRE
		   ? CA_LEVEL_WARNING
		   : CA_LEVEL_NOTE;
}

static bool
is_there(const struct look *l, const char *name)
{
	return l->run.base.dir >= 0 &&
	       faccessat(l->run.base.dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void
check_stored(struct look *l, const struct ca_ocspadmin_target *t, bool waived)
{
	struct ca_ocsp_answer answer;
	struct ca_buf text = CA_BUF_INIT(4096);
	enum ca_err rc =
	    ca_ocspadmin_stored(&l->run, t->file, t->cert, t->issuer, &answer);
	const char *says;

	if (rc == CA_ERR_MEMORY)
		abort(); /* an incomplete report would mislead */
	if (rc != CA_OK) {
		answer.status = CA_OCSP_NO_ANSWER;
		(void)snprintf(answer.why, sizeof answer.why,
		    "could not be judged: %s", ca_err_text(rc));
	}
	ca_ocspadmin_describe(&answer, &text);
	ca_buf_fmt(&text, " (%s)", t->file);
	says = ca_buf_text(&text) != NULL ? ca_buf_text(&text) : "?";
	if (answer.status == CA_OCSP_REVOKED)
		tell(l, t->registered ? REVOKED : REVOKED_CA, CA_LEVEL_WARNING,
		    t->label, says);
	else if (answer.status != CA_OCSP_GOOD && !waived)
		tell(l, UNUSABLE, CA_LEVEL_WARNING, t->label, says);
	ca_ocsp_answer_clear(&answer);
	ca_buf_free(&text);
}

static void
check_target(struct look *l, const struct ca_ocspadmin_target *t)
{
	bool waived = is_waived(l, t->cert, t->issuer, t->registered);

	if (is_unchecked(l, t->registered))
		return;
	if (is_there(l, t->file)) {
		if (!is_untrusted(l, t->file))
			check_stored(l, t, waived);
	} else if (!waived) {
		tell(l, MISSING, level_of_absence(l), t->label,
		    "there is no OCSP response about the certificate");
	}
}

/* With revocation = any, a CRL is enough, and the check of CRLs says what lacks. */
static void
check_left(struct look *l, const struct ca_ocspadmin_left *left)
{
	if (left->why == CA_OCSPADMIN_NO_RESPONDER &&
	    l->d->cfg->revocation == CA_SOURCES_OCSP &&
	    !is_waived(l, left->cert, left->issuer, left->registered))
		tell(l, NO_RESPONDER, level_of_absence(l), left->label,
		    "the certificate names no OCSP responder");
}

static void
check_certificates(struct look *l)
{
	const struct ca_ocspadmin_targets *t = &l->targets;

	for (size_t i = 0; i < t->n; i++)
		check_target(l, &t->v[i]);
	for (size_t i = 0; i < t->nleft; i++)
		check_left(l, &t->left[i]);
	if (!t->partial)
		return;
	ca_doctor_find(l->d, CA_F_OCSP_MISSING, CA_LEVEL_WARNING,
	    "some registered certificates could not be read, and their OCSP "
	    "responses were not checked");
	ca_doctor_mend(l->d, "%s", ca_doctor_config_command(l->d, "ocsp list"));
}

/* ---- the other files ---- */

static bool
is_target(const struct look *l, const char *name)
{
	for (size_t i = 0; i < l->targets.n; i++)
		if (strcmp(l->targets.v[i].file, name) == 0)
			return true;
	return false;
}

/* One about a certificate that only clients have, or that is gone: `certauth ocsp
 * update` removes it when it is too old. */
static void
check_file(struct look *l, const char *name)
{
	struct ca_buf der = CA_BUF_INIT(CA_OCSP_MAX);
	char why[CA_OCSP_WHY] = "cannot be read";

	if (!ca_ocspadmin_is_response(name))
		tell(l, SKIPPED, CA_LEVEL_WARNING, name,
		    "the name is not the SHA-256 of a certificate in "
		    "lower-case digits, with .ocsp");
	else if (!is_untrusted(l, name) &&
		 (ca_file_read(l->run.base.dir, name, CA_OCSP_MAX, &der) !=
			 CA_OK ||
		     !ca_ocsp_is_response(
			 &(struct ca_bytes){der.p, der.len}, why)))
		tell(l, STRAY, CA_LEVEL_WARNING, name, why);
	ca_buf_free(&der);
}

static void
check_entries(struct look *l)
{
	DIR *dir = opendir(l->d->cfg->ocsp_dir);
	const struct dirent *e;

	/* those of `certauth ocsp update` itself begin with a dot */
	while (dir != NULL && (e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.' && !is_target(l, e->d_name))
			check_file(l, e->d_name);
	if (dir != NULL)
		(void)closedir(dir);
}

/* ---- the check ---- */

/* The CAs as `certauth ocsp` has them: trust anchors first. */
static void
put_cas(struct look *l)
{
	struct ca_crladmin_run *r = &l->run.base;

	if ((r->cas = sk_X509_new_null()) == NULL)
		abort();
	for (int anchors = 1; anchors >= 0; anchors--) {
		for (size_t i = 0; i < l->d->ncas; i++)
			if (l->d->ca[i].anchor == (anchors == 1) &&
			    sk_X509_push(r->cas, l->d->ca[i].cert) <= 0)
				abort();
		if (anchors == 1)
			r->nanchors = sk_X509_num(r->cas);
	}
}

void
ca_doctor_ocsp_set(struct ca_doctor *d)
{
	struct look l = {.d = d,
	    .run = {.base = {.cfg = d->cfg,
			.crypto = d->crypto,
			.dir = -1,
			.lock = -1,
			.quiet = true},
		.now = d->now}};

	/* a directory that is not trusted is another finding */
	l.run.base.dir =
	    open(d->cfg->ocsp_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put_cas(&l);
	if (ca_ocspadmin_targets_find(&l.run, &l.targets) != CA_OK)
		abort(); /* an incomplete report would mislead */
	check_certificates(&l);
	check_entries(&l);
	tell_others(&l);
	ca_ocspadmin_targets_clear(&l.targets);
	ca_revocation_free(l.run.rev);
	sk_X509_free(l.run.base.cas); /* the certificates are borrowed */
	if (l.run.base.dir >= 0)
		(void)close(l.run.base.dir);
}
