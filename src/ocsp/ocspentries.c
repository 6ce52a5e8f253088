/*
 * Which entries of a response are about a certificate, and what they say of it.
 */
#include "data/der.h"
#include "ocsp/ocspint.h"

#include <openssl/err.h>

#include "crl/crl.h"

/* ---- which entries are about the certificate ---- */

/* The digests that a CertID may be made with, by their OIDs. */
static const struct {
	const char *name;
	uint8_t oid[9];
	size_t len;
} digests[] = {
    {"SHA1", {0x2b, 0x0e, 0x03, 0x02, 0x1a}, 5},
    {"SHA256", {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01}, 9},
    {"SHA384", {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02}, 9},
    {"SHA512", {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03}, 9},
};

/* The CertID of a certificate (section 4.1.1). */
struct target {
	struct ca_crypto *crypto;
	uint8_t *name; /* DER of the issuer's name; owned by libcrypto */
	size_t name_len;
	const ASN1_BIT_STRING *key;
	uint8_t *serial; /* owned by libcrypto */
	size_t serial_len;
};

static void
target_clear(struct target *t)
{
	OPENSSL_free(t->name);
	OPENSSL_free(t->serial);
}

static enum ca_err
target_of(struct ca_crypto *crypto, X509 *cert, X509 *issuer, struct target *t)
{
	int len;

	*t = (struct target){.crypto = crypto};
	t->key = X509_get0_pubkey_bitstr(issuer);
	if ((len = i2d_X509_NAME(X509_get_issuer_name(cert), &t->name)) <= 0 ||
	    t->key == NULL)
		return CA_ERR_CRYPTO;
	t->name_len = (size_t)len;
	if ((len = ca_crl_serial(cert, &t->serial)) < 1)
		return CA_ERR_CRYPTO;
	t->serial_len = (size_t)len;
	return CA_OK;
}

/* Is hash the digest md of the len bytes at p? */
static enum ca_err
compare(const EVP_MD *md, const void *p, size_t len, struct ca_reader hash,
    bool *is)
{
	uint8_t out[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (md == NULL || EVP_Digest(p, len, out, &n, md, NULL) != 1)
		return CA_ERR_CRYPTO;
	*is = *is && ca_der_is(hash, out, n);
	return CA_OK;
}

/* The serial number is compared first: it is cheap, and rarely the same.  A lack
 * of memory must not look like another certificate: the entry may revoke. */
static enum ca_err
is_about(const struct target *t, const struct ca_ocsp_entry *e, bool *is)
{
	const char *name = NULL;
	const EVP_MD *md;
	enum ca_err rc;

	*is = false;
	if (!ca_der_is(e->serial, t->serial, t->serial_len))
		return CA_OK;
	for (size_t i = 0; i < sizeof digests / sizeof *digests; i++)
		if (ca_der_is(e->hash, digests[i].oid, digests[i].len))
			name = digests[i].name;
	if (name == NULL)
		return CA_OK;
	md = ca_crypto_get0_md(t->crypto, name);
	*is = true;
	rc = compare(md, t->name, t->name_len, e->name_hash, is);
	if (rc == CA_OK)
		rc = compare(md, ASN1_STRING_get0_data(t->key),
		    (size_t)ASN1_STRING_length(t->key), e->key_hash, is);
	return rc;
}

enum ca_err
ca_ocsp_is_about(struct ca_crypto *crypto, const struct ca_bytes *der,
    X509 *cert, X509 *issuer, bool *is)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_ocsp_response r;
	struct ca_ocsp_entry e;
	struct target t = {0};

	*is = false;
	if (ca_ocsp_parse(der, &r) != CA_OK || r.status != CA_OCSP_STATUS_OK)
		return CA_OK;
	ERR_set_mark();
	if ((rc = target_of(crypto, cert, issuer, &t)) != CA_OK) {
		ret = rc;
		goto out;
	}
	while (!*is && r.entries.left > 0)
		if ((rc = ca_ocsp_entry(&r.entries, &e)) != CA_OK ||
		    (rc = is_about(&t, &e, is)) != CA_OK) {
			ret = rc;
			goto out;
		}
	ret = CA_OK;
out:
	target_clear(&t);
	ERR_pop_to_mark();
	return ret;
}

/* ---- what they say ---- */

bool
ca_ocsp_says_revoked(const struct ca_bytes *der)
{
	struct ca_ocsp_response r;
	struct ca_ocsp_entry e;

	if (ca_ocsp_parse(der, &r) != CA_OK || r.status != CA_OCSP_STATUS_OK)
		return false;
	while (r.entries.left > 0 && ca_ocsp_entry(&r.entries, &e) == CA_OK)
		if (e.says == CA_OCSP_SAYS_REVOKED)
			return true;
	return false;
}

/* No overflow: the years are 0 to 9999, and max_age is at most ten years. */
static time_t
until(const struct ca_ocsp_entry *e, const struct ca_ocsp_question *q)
{
	int64_t end = e->this_update + (int64_t)q->max_age;

	return (
	    time_t)(e->has_next && e->next_update < end ? e->next_update : end);
}

/* Why an entry is not a good answer; CA_R_OK: it is one. */
static enum ca_reason
objection(const struct ca_ocsp_entry *e, const struct ca_ocsp_question *q,
    const char **why)
{
	if (e->this_update > (int64_t)q->now + CA_OCSP_SKEW) {
		*why = "is not yet valid: its thisUpdate is in the future; "
		       "check the clock of this host";
		return CA_R_OCSP_FUTURE;
	}
	if (e->says == CA_OCSP_SAYS_UNKNOWN) {
		*why = "says that the responder does not know the certificate "
		       "(unknown)";
		return CA_R_OCSP_UNKNOWN;
	}
	if (e->critical) {
		*why = "has an unknown critical extension";
		return CA_R_OCSP_EXTENSION;
	}
	if (until(e, q) <= q->now) {
		*why = e->has_next && e->next_update <= (int64_t)q->now
			   ? "has expired: its nextUpdate is past"
			   : "has expired: its thisUpdate is longer ago than "
			     "ocsp_max_age";
		return CA_R_OCSP_EXPIRED;
	}
	return CA_R_OK;
}

/* Add what one entry about the certificate says.  A revocation wins over all
 * others, and an objection over a good answer. */
static void
add(const struct ca_ocsp_entry *e, const struct ca_ocsp_question *q,
    struct ca_ocsp_answer *out)
{
	const char *why = NULL;
	enum ca_reason reason = objection(e, q, &why);
	bool revokes =
	    e->says == CA_OCSP_SAYS_REVOKED && reason != CA_R_OCSP_FUTURE;

	if (out->status == CA_OCSP_REVOKED)
		return;
	if (revokes) {
		out->status = CA_OCSP_REVOKED;
		out->reason = CA_R_OK;
		out->this_update = (time_t)e->this_update;
		out->revoked_at = (time_t)e->revoked_at;
		out->revoked_for = e->revoked_for;
		return;
	}
	if (reason != CA_R_OK) {
		ca_ocsp_no(out, reason, why);
		return;
	}
	if (out->reason == CA_R_OCSP_SCOPE) { /* the first one */
		out->status = CA_OCSP_GOOD;
		out->reason = CA_R_OK;
		out->this_update = (time_t)e->this_update;
		out->until = until(e, q);
	} else if (out->status == CA_OCSP_GOOD && until(e, q) < out->until) {
		out->until = until(e, q);
	}
}

enum ca_err
ca_ocsp_read_entries(struct ca_crypto *crypto, const struct ca_ocsp_response *r,
    const struct ca_ocsp_question *q, struct ca_ocsp_answer *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_reader list = r->entries;
	struct ca_ocsp_entry e;
	struct target t;
	bool is;

	ca_ocsp_no(out, CA_R_OCSP_SCOPE, "is not about this certificate");
	if ((rc = target_of(crypto, q->cert, q->issuer, &t)) != CA_OK) {
		ret = rc;
		goto out;
	}
	while (list.left > 0) {
		if ((rc = ca_ocsp_entry(&list, &e)) != CA_OK ||
		    (rc = is_about(&t, &e, &is)) != CA_OK) {
			ret = rc;
			goto out;
		}
		if (is)
			add(&e, q, out);
	}
	if (r->critical && out->status == CA_OCSP_GOOD)
		ca_ocsp_no(out, CA_R_OCSP_EXTENSION,
		    "has an unknown critical extension");
	ret = CA_OK;
out:
	target_clear(&t);
	return ret;
}
