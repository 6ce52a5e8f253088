/*
 * doctor: what crl_dir lacks.
 */
#include "doctor/doctor_crl.h"
#include "doctor/doctor_view.h"

#include <fcntl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crl/crldir.h"
#include "crladmin/crlplan.h"
#include "verify/revocation.h"

/* ---- the addresses ---- */

/* The CAs as `certauth crl update' has them: trust anchors first. */
static void
put_cas(struct ca_doctor_look *l)
{
	struct ca_doctor *d = l->d;

	if ((l->run.cas = sk_X509_new_null()) == NULL)
		abort();
	for (int anchors = 1; anchors >= 0; anchors--) {
		for (size_t i = 0; i < d->ncas; i++)
			if (d->ca[i].anchor == (anchors == 1) &&
			    sk_X509_push(l->run.cas, d->ca[i].cert) <= 0)
				abort();
		if (anchors == 1)
			l->run.nanchors = sk_X509_num(l->run.cas);
	}
}

void
ca_doctor_crl_plan(struct ca_doctor_look *l)
{
	char path[4096];

	put_cas(l);
	enum ca_err rc = ca_crladmin_plan_make(&l->run, &l->plan);
	if (rc == CA_OK)
		rc = ca_crladmin_missing_look(&l->run, &l->plan);
	l->planned = rc == CA_OK;
	(void)snprintf(path, sizeof path, "%s/" CA_CRLADMIN_BOOK_NAME, l->path);
	ca_doctor_path(l->d, path);
}

const struct ca_crladmin_ca *
ca_doctor_crl_planned(const struct ca_doctor_look *l, X509 *ca)
{
	for (size_t i = 0; l->planned && i < l->plan.cas.n; i++) {
		const struct ca_crladmin_ca *v = &l->plan.cas.v[i];

		if (X509_NAME_cmp(X509_get_subject_name(v->cert),
			X509_get_subject_name(ca)) == 0 &&
		    EVP_PKEY_eq(
			X509_get0_pubkey(v->cert), X509_get0_pubkey(ca)) == 1)
			return v;
	}
	return NULL;
}

void
ca_doctor_crl_renew(struct ca_doctor_look *l, X509 *ca)
{
	const struct ca_crladmin_ca *v = ca_doctor_crl_planned(l, ca);
	struct ca_buf how = CA_BUF_INIT(65536);
	const char *text;

	if (v != NULL && ca_crladmin_no_address(v))
		ca_crladmin_missing_how(&l->run, v, &how);
	else
		ca_buf_str(&how, ca_doctor_crl_command(l->d, "crl update"));
	text = ca_buf_text(&how);
	ca_doctor_mend(l->d, "%s", text != NULL ? text : "certauth crl update");
	ca_buf_free(&how);
}

/* ---- what is missing ---- */

/* Every CRL of such a CA is ignored. */
static void
say_no_sign(struct ca_doctor *d, X509 *ca, const char *file)
{
	char *name = ca_doctor_name(X509_get_subject_name(ca));

	ca_doctor_find(d, CA_F_CRL_NO_SIGN,
	    d->cfg->crl == CA_CRL_REQUIRE ? CA_LEVEL_ERROR : CA_LEVEL_WARNING,
	    "%s (%s) may not sign CRLs: its key usage has no cRLSign",
	    name != NULL ? name : "?", file);
	ca_doctor_mend(d,
	    "get a new certificate of the CA with the key usage cRLSign; until "
	    "then `crl = prefer' or `crl = off' lets the users of this CA in "
	    "without a revocation check");
	free(name);
}

static void
say_missing(struct ca_doctor_look *l, X509 *ca, const char *file)
{
	const struct ca_crladmin_ca *v = ca_doctor_crl_planned(l, ca);
	char *name = ca_doctor_name(X509_get_subject_name(ca));
	bool none = v != NULL && ca_crladmin_no_address(v);
	const char *other = none && v->other != NULL ? v->other : "";

	ca_doctor_find(l->d, CA_F_CRL_MISSING,
	    /* with crl_short_lived, it may be a CA that publishes none; with
	     * revocation = any, OCSP may be enough */
	    l->d->cfg->crl == CA_CRL_REQUIRE &&
		    l->d->cfg->crl_short_lived == 0 &&
		    l->d->cfg->revocation == CA_SOURCES_CRL
		? CA_LEVEL_ERROR
		: CA_LEVEL_WARNING,
	    "%s contains no current CRL of %s (%s)%s%s%s", l->path,
	    name != NULL ? name : "?", file,
	    !none           ? ""
	    : other[0] != 0 ? ", and the only known address of its CRL is "
			    : ", and the address of its CRL is not known",
	    other, other[0] != 0 ? ", which cannot be fetched" : "");
	free(name);
}

/* CAs whose CRL is current, and which nobody but the administrator renews. */
static void
say_by_hand(struct ca_doctor_look *l)
{
	for (size_t i = 0; l->planned && i < l->plan.cas.n; i++) {
		const struct ca_crladmin_ca *v = &l->plan.cas.v[i];

		if (!v->current || !ca_crladmin_no_address(v))
			continue;
		char *name = ca_doctor_name(X509_get_subject_name(v->cert));
		ca_doctor_find(l->d, CA_F_CRL_ADDRESS, CA_LEVEL_NOTE,
		    "%s/%s, the CRL of %s, is current, but %s%s%s", l->path,
		    v->file, name != NULL ? name : "?",
		    v->other != NULL ? "the only known address of this CRL is "
				     : "the address of this CRL is not known",
		    v->other != NULL ? v->other : "",
		    v->other != NULL ? ", which cannot be fetched" : "");
		ca_doctor_crl_renew(l, v->cert);
		free(name);
	}
}

void
ca_doctor_crl_missing(struct ca_doctor_look *l)
{
	struct ca_doctor *d = l->d;

	for (size_t i = 0; i < d->ncas; i++) {
		X509 *ca = d->ca[i].cert;
		bool again = false;
		time_t to;

		for (size_t k = 0; k < i; k++)
			again = again || X509_cmp(d->ca[k].cert, ca) == 0;
		if (l->has[i] || again || X509_check_ca(ca) == 0 ||
		    !ca_crladmin_needs_crl(d->crypto, d->cfg, ca) ||
		    !ca_crypto_seconds(X509_get0_notAfter(ca), &to) ||
		    to < d->now)
			continue;
		if ((X509_get_key_usage(ca) & KU_CRL_SIGN) == 0) {
			say_no_sign(d, ca, d->ca[i].file);
			continue;
		}
		say_missing(l, ca, d->ca[i].file);
		if (l->refused[i] != NULL)
			ca_doctor_mend(d, "see the finding %s", l->refused[i]);
		else
			ca_doctor_crl_renew(l, ca);
	}
	say_by_hand(l);
}

void
ca_doctor_crl_unhashed(struct ca_doctor_look *l, const struct ca_list *names)
{
	size_t without = 0;

	for (size_t i = 0; i < names->n; i++) {
		struct ca_crls crls = {0};
		enum ca_err rc = ca_crladmin_read(&l->run, names->v[i], &crls);
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
	ca_doctor_mend(l->d, "%s", ca_doctor_crl_command(l->d, "crl compile"));
}
