#include "crladmin/crlmissing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crladmin/crlabout.h"
#include "crladmin/crljudge.h"
#include "crladmin/crlset.h"
#include "tool/cli.h"

/* ---- what is there ---- */

/* A current complete CRL of ca in the file called name. */
static void
note_current(struct ca_crladmin_ca *ca, const char *name, time_t begin,
    time_t end, time_t now)
{
	if (ca->current && end <= ca->end)
		return;
	ca->current = true;
	ca->end = end;
	ca->soon = end - now < (end - begin) / 8;
	(void)snprintf(ca->file, sizeof ca->file, "%s", name);
}

void
ca_crladmin_missing_note(struct ca_crladmin_run *r,
    struct ca_crladmin_plan *plan, struct ca_crl *crl, bool served)
{
	X509_CRL *x = ca_crl_get0_x509(crl);
	const char *name = ca_crl_get0_name(crl);
	time_t begin, end, now = time(NULL);
	X509 *signer;

	if (x == NULL || ca_crl_trouble(crl) != CA_R_OK ||
	    ca_crladmin_is_delta(x) ||
	    (signer = ca_crl_signer(crl, r->cas)) == NULL ||
	    !ca_crypto_seconds(X509_CRL_get0_lastUpdate(x), &begin) ||
	    !ca_crladmin_end(x, r->cfg, &end))
		return;
	for (size_t i = 0; i < plan->cas.n; i++) {
		struct ca_crladmin_ca *ca = &plan->cas.v[i];

		if (!ca_crl_same_name(X509_CRL_get_issuer(x),
			X509_get_subject_name(ca->cert)))
			continue;
		ca->any = true;
		/* the signer may be another certificate of the same key */
		if (EVP_PKEY_eq(X509_get0_pubkey(signer),
			X509_get0_pubkey(ca->cert)) != 1)
			continue;
		ca->served = ca->served || served;
		if (begin <= now && end > now)
			note_current(ca, name, begin, end, now);
	}
}

enum ca_err
ca_crladmin_missing_look(
    struct ca_crladmin_run *r, struct ca_crladmin_plan *plan)
{
	struct ca_list names = {0};
	enum ca_err rc = ca_crladmin_names(r->dir, &names);

	for (size_t i = 0; rc == CA_OK && i < names.n; i++) {
		struct ca_crls crls = {0};

		/* `crl list' and doctor name a file that cannot be read */
		if (ca_crladmin_read(r, names.v[i], &crls) == CA_ERR_MEMORY)
			rc = CA_ERR_MEMORY;
		for (size_t k = 0; k < crls.n; k++)
			ca_crladmin_missing_note(r, plan, crls.v[k],
			    ca_crladmin_states_has_file(
				&plan->states, names.v[i]));
		ca_crls_clear(&crls);
	}
	ca_crladmin_names_free(&names);
	return rc;
}

/* ---- what is not ---- */

void
ca_crladmin_missing_how(const struct ca_crladmin_run *r,
    const struct ca_crladmin_ca *ca, struct ca_buf *out)
{
	if (ca->other != NULL) {
		ca_buf_str(out, "ask the CA for an http address of its CRL and "
				"set crl_url, or install each new CRL with: ");
		ca_crladmin_setup_text(r, "--crl", out);
	} else {
		ca_buf_fmt(out,
		    "the address stands in the certificates that this CA "
		    "issued (cRLDistributionPoints); with one of them in the "
		    "file CERT, run: certauth crl update%s --from CERT",
		    r->again != NULL ? r->again : "");
	}
}

static void
say_no_address(const struct ca_crladmin_run *r, const struct ca_crladmin_ca *ca,
    const char *name)
{
	struct ca_buf how = CA_BUF_INIT(65536), what = CA_BUF_INIT(65536);
	const char *text;

	ca_crladmin_missing_how(r, ca, &how);
	if (ca->other != NULL)
		ca_buf_fmt(&what,
		    "the only known address of the CRL of %s is %s, which "
		    "cannot be fetched",
		    name, ca->other);
	else
		ca_buf_fmt(
		    &what, "the address of the CRL of %s is not known", name);
	if (ca->current) {
		char when[32] = "?";
		time_t end = (time_t)ca->end;
		struct tm tm;

		if (gmtime_r(&end, &tm) != NULL)
			(void)strftime(
			    when, sizeof when, "%Y-%m-%d %H:%M", &tm);
		ca_buf_fmt(&what,
		    "; %s/%s is current until %s UTC and is not renewed",
		    r->cfg->crl_dir, ca->file, when);
	}
	ca_buf_fmt(&what, "; ");
	text = ca_buf_text(&how);
	ca_buf_str(&what, text != NULL ? text : "");
	text = ca_buf_text(&what);
	(void)ca_cli_fail("%s", text != NULL ? text : "out of memory");
	ca_buf_free(&how);
	ca_buf_free(&what);
}

static bool
say_one(const struct ca_crladmin_run *r, const struct ca_crladmin_ca *ca,
    const char *name)
{
	if (!ca->needs)
		return true;
	if (!ca->may_sign && !ca->indirect) {
		(void)ca_cli_fail(
		    "the CRLs of %s are ignored, because the keyUsage of its "
		    "certificate lacks cRLSign; get a certificate of this CA "
		    "with cRLSign",
		    name);
		return false;
	}
	if (ca_crladmin_no_address(ca)) {
		/* with crl_short_lived, it may be a CA that publishes none, and
		 * with revocation = any OCSP may be enough */
		bool good =
		    ca->current
			? !ca->soon
			: !ca->any && (r->cfg->crl_short_lived > 0 ||
					  r->cfg->revocation == CA_SOURCES_ANY);

		/* what root installs by hand is named, and is no failure yet */
		if (!good || !r->quiet)
			say_no_address(r, ca, name);
		return good;
	}
	if (!ca->any && !ca->indirect) {
		(void)ca_cli_fail(
		    "%s contains no CRL of %s: its address gave none: %s",
		    r->cfg->crl_dir, name, ca->url != NULL ? ca->url : "?");
		return false;
	}
	return true;
}

bool
ca_crladmin_missing_say(
    struct ca_crladmin_run *r, const struct ca_crladmin_plan *plan)
{
	bool good = true;

	for (size_t i = 0; i < plan->cas.n; i++) {
		const struct ca_crladmin_ca *ca = &plan->cas.v[i];
		char *name =
		    ca_crladmin_name_text(X509_get_subject_name(ca->cert));

		good &= say_one(r, ca, name != NULL ? name : "?");
		free(name);
	}
	return good;
}
