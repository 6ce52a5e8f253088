/*
 * Which certificates need no CRL, because the configuration says so: the leaf, if
 * it is valid for a short time only (crl_short_lived), and what certain CAs issue
 * (crl_exempt).  The rule of revocation_rule.c is applied before this one, so a
 * CRL that lists the certificate still revokes it.
 *
 * RFC 9608 section 4 skips the check of revocation for a certificate with
 * noRevAvail.  Here, that extension alone exempts no certificate: whether a
 * certificate can be blocked is a decision of the host, and not of the CA.
 */
#include "verify/revocationint.h"
#include "verify/verify.h"

#include <string.h>

bool
ca_revocation_is_exempt(
    struct ca_crypto *crypto, const struct ca_list *prints, X509 *issuer)
{
	struct ca_buf text = CA_BUF_INIT(128);
	uint8_t hash[32], *der = NULL;
	const char *hex = NULL;
	bool is = false;
	int len;

	if (prints->n == 0)
		return false;
	len = i2d_X509(issuer, &der);
	if (len > 0 &&
	    ca_crypto_sha256(crypto, der, (size_t)len, hash) == CA_OK) {
		ca_buf_hex(&text, hash, sizeof hash);
		hex = ca_buf_text(&text);
	}
	for (size_t i = 0; hex != NULL && !is && i < prints->n; i++)
		is = strcmp(prints->v[i], hex) == 0;
	ca_buf_free(&text);
	OPENSSL_free(der);
	return is;
}

/*
 * The difference of the two times counts: a certificate of 24 hours, as a CA
 * makes it for `24h', has it, although both of its seconds are valid (RFC 5280
 * section 4.1.2.5).  Times that cannot be read, and an end before the beginning,
 * are not short.
 */
bool
ca_revocation_is_short_lived(X509 *cert, uint64_t seconds)
{
	time_t from, to;

	if (seconds == 0 || (X509_get_extension_flags(cert) & EXFLAG_CA) != 0)
		return false;
	if (!ca_crypto_seconds(X509_get0_notBefore(cert), &from) ||
	    !ca_crypto_seconds(X509_get0_notAfter(cert), &to) || to < from)
		return false;
	/* no overflow: the years are 0 to 9999 */
	return (uint64_t)((int64_t)to - (int64_t)from) <= seconds;
}

static bool
is_short_lived(const struct ca_revocation *rev, const struct place *at)
{
	return at->i == 0 && at->chain == rev->chain &&
	       ca_revocation_is_short_lived(place_cert(at), rev->short_lived);
}

/* Remember the first waiver of its kind for the report, and the waiver of each
 * certificate for the trace. */
static void
waive(struct ca_revocation *rev, const struct place *at, struct finding *f,
    enum ca_reason reason, const char *text)
{
	if (f->reason == CA_R_OK)
		ca_rev_find(f, reason, place_cert(at), "%s", text);
	if (at->chain == rev->chain && at->i < CA_REVOCATION_PATH)
		rev->waiver[at->i] = reason;
}

bool
ca_rev_is_exempt(struct ca_revocation *rev, const struct place *at)
{
	/* it is not known which CRLs are in a directory that cannot be read */
	if (place_is_unread(rev, at))
		return false;
	if (is_short_lived(rev, at)) {
		waive(rev, at, &rev->brief, CA_R_CRL_SHORT_LIVED,
		    "valid for no longer than crl_short_lived, so it needs no "
		    "CRL");
		return true;
	}
	if (!place_is_anchor(at) &&
	    ca_revocation_is_exempt(rev->crypto, rev->exempt,
		sk_X509_value(at->chain, at->i + 1))) {
		waive(rev, at, &rev->exempted, CA_R_CRL_EXEMPT,
		    "its issuer is in crl_exempt, so it needs no CRL");
		return true;
	}
	return false;
}
