/*
 * The status of one certificate by all CRLs that may cover it (RFC 5280 section
 * 6.3.3): first whether one of these CRLs revokes the certificate, then whether
 * there are enough of them to say that it is not revoked.
 */
#include "verify/revocationint.h"
#include "verify/verify.h"

#include <stdio.h>
#include <string.h>

/* ---- are there enough CRLs ---- */

static bool
is_in_grace(const struct ca_revocation *rev, const struct crl_facts *f)
{
	return rev->grace > 0 &&
	       (uint64_t)(rev->now - f->next_update) < rev->grace;
}

static void
tell_expired(const struct ca_revocation *rev, struct voices *all,
    const struct crl_facts *f, X509 *cert)
{
	char date[32], why[CA_REVOCATION_WHY + 16384];

	(void)snprintf(why, sizeof why,
	    f->has_next
		? "has expired (nextUpdate %s); run `certauth crl update%s`, "
		  "or install a newer CRL"
		: "has no nextUpdate, and crl_no_next_update has passed "
		  "since %s; run `certauth crl update%s`, or install a newer "
		  "CRL",
	    ca_rev_time(f->next_update, date), rev->options);
	ca_rev_reject(rev, all, f, cert, CA_R_CRL_EXPIRED, why);
}

/* The reasons for which complete CRLs say that the certificate is not
 * revoked. */
static unsigned
count_reasons(
    struct ca_revocation *rev, const struct place *at, struct voices *all)
{
	unsigned fresh = 0, late = 0;
	const struct crl_facts *oldest = NULL;

	for (size_t i = 0; i < all->n; i++) {
		const struct voice *v = &all->v[i];

		bool current = ca_rev_is_current(rev, v->f);

		if (v->replaced || !v->sure)
			continue;
		/* a delta CRL does not speak of certificates that it does
		 * not list */
		if (!current && !is_in_grace(rev, v->f)) {
			tell_expired(rev, all, v->f, place_cert(at));
		} else if (v->f->base != NULL) {
			continue;
		} else if (current) {
			fresh |= v->reasons;
		} else {
			late |= v->reasons;
			oldest = v->f;
		}
	}
	if ((late & ~fresh) != 0 && (fresh | late) == REASONS_ALL &&
	    rev->stale.reason == CA_R_OK)
		ca_rev_find(&rev->stale, CA_R_CRL_STALE, place_cert(at),
		    "%s/%s; run `certauth crl update%s` before crl_grace ends",
		    rev->dir_path, ca_crl_get0_name(oldest->crl), rev->options);
	return fresh | late;
}

static void
tell_missing(struct ca_revocation *rev, X509 *cert, const struct voices *all,
    unsigned reasons, struct finding *f)
{
	struct ca_buf name = CA_BUF_INIT(8000);
	const char *text;

	if (rev->dir == NULL && rev->dir_rc != CA_ERR_NOT_FOUND) {
		ca_rev_find(f, CA_R_CRL_DIR, cert, "%s cannot be used: %s",
		    rev->dir_path,
		    rev->dir_rc == CA_ERR_IO ? strerror(rev->dir_errno)
					     : ca_err_text(rev->dir_rc));
		return;
	}
	ca_name_rfc4514(X509_get_issuer_name(cert), &name);
	text = ca_buf_text(&name);
	if (text == NULL)
		text = "its issuer";
	if (reasons != 0)
		ca_rev_find(f, CA_R_CRL_MISSING, cert,
		    "the CRLs of %s in %s do not cover all reasons for a "
		    "revocation (onlySomeReasons); install the CRL for the "
		    "other reasons too; `certauth crl list%s` shows the CRLs "
		    "that are there",
		    text, rev->dir_path, rev->options);
	else if (all->n > 0)
		ca_rev_find(f, CA_R_CRL_MISSING, cert,
		    "only a delta CRL of %s in %s, which needs its base CRL; "
		    "run `certauth crl update%s`",
		    text, rev->dir_path, rev->options);
	else
		ca_rev_find(f, CA_R_CRL_MISSING, cert,
		    "no CRL of %s in %s; run `certauth crl update%s`%s; "
		    "`certauth crl list%s` shows the CRLs that are there",
		    text, rev->dir_path, rev->options,
		    X509_get_ext_by_NID(
			cert, NID_crl_distribution_points, -1) >= 0
			? " or, if the address is not known, `certauth crl "
			  "update --from CERT` with this certificate"
			: ", or get the CRL from that CA (this certificate "
			  "names no address) and run `certauth setup --crl "
			  "FILE`",
		    rev->options);
	ca_buf_free(&name);
}

/* Does crl = prefer accept the certificate without enough CRLs? */
static bool
is_waived(struct ca_revocation *rev, X509 *cert, struct voices *all)
{
	const struct finding *t = &all->trouble;

	if (rev->mode != CA_CRL_PREFER || all->firm ||
	    (rev->dir == NULL && rev->dir_rc != CA_ERR_NOT_FOUND))
		return false;
	if (rev->absent.reason == CA_R_OK && t->reason == CA_R_OK)
		ca_rev_find(
		    &rev->absent, CA_R_CRL_ABSENT, cert, "no CRL was found");
	else if (rev->absent.reason == CA_R_OK)
		ca_rev_find(
		    &rev->absent, CA_R_CRL_ABSENT, NULL, "%s", t->detail);
	return true;
}

/* The trust anchor needs no CRL: it is trusted because it is in ca_dir. */
static bool
is_enough(struct ca_revocation *rev, const struct place *at, struct voices *all,
    struct finding *f)
{
	X509 *cert = place_cert(at);
	unsigned reasons;

	if (place_is_anchor(at))
		return true;
	reasons = count_reasons(rev, at, all);
	if (reasons == REASONS_ALL || ca_rev_is_exempt(rev, at) ||
	    is_waived(rev, cert, all))
		return true;
	if (all->trouble.reason != CA_R_OK)
		*f = all->trouble;
	else
		tell_missing(rev, cert, all, reasons, f);
	return false;
}

bool
ca_rev_status(
    struct ca_revocation *rev, const struct place *at, struct finding *f)
{
	struct voices all = {
	    .trouble.reason = CA_R_OK, .broken.reason = CA_R_OK};
	struct place here = *at;
	X509 *cert = place_cert(at);
	bool ok = false;

	if (place_is_anchor(at)) {
		/* the issuer of a cross certificate is not on the path, and
		 * its CRLs are not asked for */
		if (!ca_crl_same_name(X509_get_subject_name(cert),
			X509_get_issuer_name(cert)))
			return true;
		here.level = CA_REVOCATION_LEVELS;
	}
	if (rev->dir != NULL)
		ca_rev_hear(rev, &here, &all);
	if (ca_rev_revoked(rev, at, &all, f))
		goto out;
	if (all.broken.reason != CA_R_OK) {
		*f = all.broken;
		goto out;
	}
	ok = is_enough(rev, at, &all, f);
out:
	ca_rev_voices_clear(&all);
	return ok;
}
