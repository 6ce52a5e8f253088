/*
 * The status of one certificate by all CRLs that may cover it (RFC 5280 section
 * 6.3.3), and by OCSP: first whether one of these sources revokes the certificate,
 * then whether there are enough of them to say that it is not revoked.
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
	if (oldest != NULL && (late & ~fresh) != 0 &&
	    (fresh | late) == REASONS_ALL && rev->stale.reason == CA_R_OK)
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

/* What is known of one certificate. */
struct known {
	struct voices crls;
	struct ocsp_says ocsp;
};

static void
tell_waived(struct ca_revocation *rev, X509 *cert, const struct known *k)
{
	const struct finding *t = &k->crls.trouble;

	if (rev->absent.reason != CA_R_OK)
		return;
	if (rev->sources == CA_SOURCES_OCSP)
		ca_rev_find(&rev->absent, CA_R_OCSP_ABSENT, cert,
		    "no usable OCSP response was found");
	else if (t->reason == CA_R_OK)
		ca_rev_find(
		    &rev->absent, CA_R_CRL_ABSENT, cert, "no CRL was found");
	else
		ca_rev_find(
		    &rev->absent, CA_R_CRL_ABSENT, NULL, "%s", t->detail);
}

/* Does crl = prefer accept the certificate without enough CRLs?  A client that
 * sends a bad response could have sent none, so that one is not firm. */
static bool
is_waived(
    struct ca_revocation *rev, const struct place *at, const struct known *k)
{
	if (rev->mode != CA_CRL_PREFER || at->strict || k->crls.firm ||
	    k->ocsp.firm || place_is_unread(rev, at))
		return false;
	tell_waived(rev, place_cert(at), k);
	return true;
}

/* Say why neither source is good.  The reason is that of the one that was found
 * to be wrong, rather than that of one that is absent. */
static void
tell_none(struct ca_revocation *rev, const struct place *at, struct known *k,
    unsigned reasons, struct finding *f)
{
	struct finding ocsp = k->ocsp.trouble, *crl = &k->crls.trouble;

	if (rev->sources != CA_SOURCES_CRL && place_is_on_path(rev, at) &&
	    ocsp.reason == CA_R_OK)
		ca_rev_ocsp_missing(rev, at, &ocsp);
	if (!place_needs_crls(rev, at)) {
		*f = ocsp;
		return;
	}
	if (crl->reason != CA_R_OK)
		*f = *crl;
	else
		tell_missing(rev, place_cert(at), &k->crls, reasons, f);
	if (rev->sources != CA_SOURCES_ANY || !place_is_on_path(rev, at) ||
	    place_is_unread(rev, at))
		return;
	if (crl->reason == CA_R_OK && k->ocsp.trouble.reason != CA_R_OK)
		ca_rev_join(&ocsp, f, f);
	else
		ca_rev_join(f, &ocsp, f);
}

/* The trust anchor needs no CRL: it is trusted because it is in ca_dir. */
static bool
is_enough(struct ca_revocation *rev, const struct place *at, struct known *k,
    struct finding *f)
{
	unsigned reasons = 0;

	if (place_is_anchor(at))
		return true;
	/* a CRL that cannot be read may revoke, whatever OCSP says */
	if (k->ocsp.good && rev->sources != CA_SOURCES_CRL &&
	    !place_is_unread(rev, at))
		return true;
	if (place_needs_crls(rev, at))
		reasons = count_reasons(rev, at, &k->crls);
	if (reasons == REASONS_ALL || ca_rev_is_exempt(rev, at) ||
	    is_waived(rev, at, k))
		return true;
	tell_none(rev, at, k, reasons, f);
	return false;
}

/* Does a source revoke the certificate, or is it not known whether it does? */
static bool
is_refused(struct ca_revocation *rev, const struct place *at, struct known *k,
    struct finding *f)
{
	enum { OTHERS = 3 };
	const struct finding *const other[OTHERS] = {
	    &k->ocsp.revoked, &k->crls.broken, &k->ocsp.broken};

	if (ca_rev_revoked(rev, at, &k->crls, f))
		return true;
	for (size_t i = 0; i < OTHERS; i++)
		if (other[i]->reason != CA_R_OK) {
			*f = *other[i];
			return true;
		}
	return false;
}

bool
ca_rev_status(
    struct ca_revocation *rev, const struct place *at, struct finding *f)
{
	struct known k = {.crls.trouble.reason = CA_R_OK,
	    .crls.broken.reason = CA_R_OK,
	    .ocsp.revoked.reason = CA_R_OK,
	    .ocsp.trouble.reason = CA_R_OK,
	    .ocsp.broken.reason = CA_R_OK};
	struct place here = *at;
	X509 *cert = place_cert(at);
	bool ok;

	if (place_is_anchor(at)) {
		/* the issuer of a cross certificate is not on the path, and
		 * its CRLs are not asked for */
		if (!ca_crl_same_name(X509_get_subject_name(cert),
			X509_get_issuer_name(cert)))
			return true;
		here.level = CA_REVOCATION_LEVELS;
	}
	if (rev->dir != NULL && place_needs_crls(rev, at))
		ca_rev_hear(rev, &here, &k.crls);
	ca_rev_ask_ocsp(rev, at, &k.ocsp);
	ok = !is_refused(rev, at, &k, f) && is_enough(rev, at, &k, f);
	ca_rev_voices_clear(&k.crls);
	return ok;
}
