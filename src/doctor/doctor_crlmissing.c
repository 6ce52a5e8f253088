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
#include "verify/revocation.h"

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
		    ca_revocation_is_exempt(
			d->crypto, &d->cfg->crl_exempt, ca) ||
		    !ca_crypto_seconds(X509_get0_notAfter(ca), &to) ||
		    to < d->now)
			continue;
		if ((X509_get_key_usage(ca) & KU_CRL_SIGN) == 0) {
			say_no_sign(d, ca, d->ca[i].file);
			continue;
		}
		char *name = ca_doctor_name(X509_get_subject_name(ca));
		/* with crl_short_lived, it may be a CA that publishes none */
		ca_doctor_find(d, CA_F_CRL_MISSING,
		    d->cfg->crl == CA_CRL_REQUIRE &&
			    d->cfg->crl_short_lived == 0
			? CA_LEVEL_ERROR
			: CA_LEVEL_WARNING,
		    "%s contains no current CRL of %s (%s)", l->path,
		    name != NULL ? name : "?", d->ca[i].file);
		if (l->weak[i])
			ca_doctor_mend(d, "see the finding crl-weak");
		else
			ca_doctor_mend(d, "%s%s",
			    ca_doctor_crl_command(d, "crl update"),
			    X509_get_ext_by_NID(
				ca, NID_crl_distribution_points, -1) < 0 &&
				    d->cfg->crl_url.n == 0
				? " --url ADDRESS; then set crl_url = "
				  "ADDRESS in the configuration"
				: "");
		free(name);
	}
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
