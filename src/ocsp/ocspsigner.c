/*
 * Who signed a response, and whether he may: RFC 6960 section 4.2.2.2.
 *
 * Only two may: the issuer of the certificate, by its own key, and a responder
 * whose certificate that issuer signed with id-kp-OCSPSigning.  No responder is
 * configured, and none is trusted for what another CA issued.
 */
#include "ocsp/ocspint.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "crl/crlsig.h"
#include "crypto/certgate.h"
#include "crypto/cost.h"
#include "crypto/strength.h"

/* One response, and what is needed to verify it. */
struct signing {
	struct ca_crypto *crypto;
	const struct ca_ocsp_response *r;
	const struct ca_ocsp_question *q;
	struct ca_ocsp_answer *out;
	time_t when; /* the responder's certificate must be valid then */
	X509_ALGOR *algorithm; /* owned */
	X509_NAME *name;       /* of byName; owned; NULL: byKey */
};

static enum ca_err
spend(const struct ca_ocsp_question *q, size_t cost)
{
	return q->spend != NULL ? q->spend(q->ctx, cost) : CA_OK;
}

/* No answer, for a reason that stands before those recorded later. */
static enum ca_err
refuse(struct signing *s, enum ca_reason reason, const char *why)
{
	ca_ocsp_no(s->out, reason, why);
	return CA_DENIED;
}

/* ---- decode the rest ---- */

static enum ca_err
decode_algorithm(struct signing *s)
{
	const unsigned char *p = s->r->algorithm.p;
	char refusal[128], why[CA_OCSP_WHY];
	enum ca_reason reason;

	s->algorithm = d2i_X509_ALGOR(NULL, &p, (long)s->r->algorithm.len);
	if (s->algorithm == NULL ||
	    p != s->r->algorithm.p + s->r->algorithm.len)
		return refuse(s, CA_R_OCSP_MALFORMED,
		    "has a signature algorithm that cannot be decoded");
	if (ca_crlsig_accepted(s->crypto, s->algorithm))
		return CA_OK;
	reason =
	    ca_crlsig_refusal(s->crypto, s->algorithm, refusal, sizeof refusal);
	(void)snprintf(why, sizeof why, "is signed with %s", refusal);
	return refuse(s, reason, why);
}

static enum ca_err
decode_name(struct signing *s)
{
	const unsigned char *p = s->r->responder.p;

	if (s->r->by_key)
		return CA_OK;
	if (s->r->responder.len <= CA_CERT_NAME_MAX)
		s->name = d2i_X509_NAME(NULL, &p, (long)s->r->responder.len);
	if (s->name == NULL || p != s->r->responder.p + s->r->responder.len)
		return refuse(s, CA_R_OCSP_MALFORMED,
		    "has a name of its responder that cannot be decoded");
	return CA_OK;
}

/* ---- one possible signer ---- */

/* Is cert the one that the responderID names (section 4.2.2.3)?  A KeyHash is
 * the SHA-1 of the key's BIT STRING without its unused bits. */
static bool
is_named(const struct signing *s, X509 *cert)
{
	const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(cert);
	const EVP_MD *sha1;
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (s->name != NULL)
		return X509_NAME_cmp(s->name, X509_get_subject_name(cert)) == 0;
	sha1 = ca_crypto_get0_md(s->crypto, "SHA1");
	return key != NULL && sha1 != NULL &&
	       EVP_Digest(ASN1_STRING_get0_data(key),
		   (size_t)ASN1_STRING_length(key), hash, &n, sha1,
		   NULL) == 1 &&
	       n == s->r->responder.len &&
	       memcmp(hash, s->r->responder.p, n) == 0;
}

static enum ca_err
verify(struct signing *s, X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	enum ca_err rc;

	if (ca_strength_key(key) != NULL)
		return refuse(s, CA_R_CHAIN_WEAK,
		    "is signed with a key that is too weak or of a refused "
		    "type");
	if ((rc = spend(s->q, ca_cost_verify(key))) != CA_OK)
		return rc;
	rc = ca_crlsig_verify_whole(s->crypto, s->algorithm, key,
	    &(struct ca_signed){s->r->tbs.p, s->r->tbs.len, s->r->signature.p,
		s->r->signature.len});
	if (rc == CA_DENIED)
		return refuse(s, CA_R_OCSP_SIGNATURE, "has a wrong signature");
	return rc;
}

/* ---- a delegated responder ---- */

static bool
is_valid(X509 *cert, time_t when)
{
	time_t from, to;

	return ca_crypto_seconds(X509_get0_notBefore(cert), &from) &&
	       ca_crypto_seconds(X509_get0_notAfter(cert), &to) &&
	       from <= when && when <= to;
}

/* What is wrong with the responder's certificate, its signature aside.  An
 * anyExtendedKeyUsage does not delegate: section 4.2.2.2 wants the one OID. */
static const char *
fault(const struct signing *s, X509 *cert)
{
	const uint32_t flags = X509_get_extension_flags(cert);

	if (X509_cmp(cert, s->q->cert) == 0)
		return "is signed by the certificate that it is about";
	if (X509_NAME_cmp(X509_get_issuer_name(cert),
		X509_get_subject_name(s->q->issuer)) != 0)
		return "is signed by a responder that another CA than the "
		       "certificate's has issued";
	if ((flags & (EXFLAG_INVALID | EXFLAG_CRITICAL)) != 0)
		return "is signed by a responder whose certificate is "
		       "malformed, or has an unknown critical extension";
	if ((flags & EXFLAG_XKUSAGE) == 0 ||
	    (X509_get_extended_key_usage(cert) & XKU_OCSP_SIGN) == 0)
		return "is signed by a certificate that is not for signing "
		       "OCSP responses (extendedKeyUsage without OCSPSigning)";
	if ((X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE) == 0)
		return "is signed by a responder whose keyUsage has no "
		       "digitalSignature";
	if (!is_valid(cert, s->when))
		return "is signed by a responder whose certificate has expired "
		       "or is not yet valid";
	return NULL;
}

/* Did the issuer itself sign the responder's certificate? */
static enum ca_err
verify_delegation(struct signing *s, X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(s->q->issuer);
	const char *why = fault(s, cert);
	enum ca_err rc;

	if (why != NULL)
		return refuse(s, CA_R_OCSP_RESPONDER, why);
	if (ca_strength_signature(cert) != NULL || ca_strength_key(key) != NULL)
		return refuse(s, CA_R_CHAIN_WEAK,
		    "is signed by a responder whose certificate has a weak "
		    "signature");
	if ((rc = spend(s->q, ca_cost_verify(key))) != CA_OK)
		return rc;
	if (X509_verify(cert, key) != 1)
		return refuse(s, CA_R_OCSP_RESPONDER,
		    "is signed by a responder whose certificate is not signed "
		    "by the issuer of this certificate");
	return CA_OK;
}

/* Decode certificate i of the response; NULL in *cert: it is not used. */
static enum ca_err
decode(struct signing *s, size_t i, X509 **cert)
{
	const struct ca_bytes *der = &s->r->cert[i];
	enum ca_err rc;

	*cert = NULL;
	if ((rc = spend(s->q, ca_cost_decode(der->len))) != CA_OK)
		return rc;
	rc = ca_crypto_cert(s->crypto, der->p, der->len, cert);
	return rc == CA_ERR_FORMAT || rc == CA_ERR_UNSUPPORTED ||
		       rc == CA_ERR_LIMIT
		   ? CA_OK
		   : rc;
}

/* Did certificate i of the response sign, and may it? */
static enum ca_err
try_delegated(struct signing *s, size_t i)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	X509 *cert = NULL;

	if ((rc = decode(s, i, &cert)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (cert == NULL || !is_named(s, cert) ||
	    X509_cmp(cert, s->q->issuer) == 0) {
		ret = CA_DENIED;
		goto out;
	}
	if ((rc = verify_delegation(s, cert)) != CA_OK ||
	    (rc = verify(s, cert)) != CA_OK) {
		ret = rc;
		goto out;
	}
	s->out->nocheck =
	    X509_get_ext_by_NID(cert, NID_id_pkix_OCSP_noCheck, -1) >= 0;
	s->out->responder = cert;
	cert = NULL; /* transferred */
	ret = CA_OK;
out:
	X509_free(cert);
	return ret;
}

/* The issuer needs no keyUsage digitalSignature: section 4.2.2.2 names it
 * without a condition, and CAs that sign by themselves often lack it. */
static enum ca_err
find(struct signing *s)
{
	enum ca_err rc;

	(void)refuse(s, CA_R_OCSP_RESPONDER,
	    "is signed neither by the issuer of this certificate nor by a "
	    "responder whose certificate it contains");
	if (is_named(s, s->q->issuer) &&
	    (rc = verify(s, s->q->issuer)) != CA_DENIED)
		return rc;
	for (size_t i = 0; i < s->r->ncerts; i++)
		if ((rc = try_delegated(s, i)) != CA_DENIED)
			return rc;
	return CA_DENIED;
}

enum ca_err
ca_ocsp_signer(struct ca_crypto *crypto, const struct ca_ocsp_response *r,
    const struct ca_ocsp_question *q, struct ca_ocsp_answer *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct ca_ocsp_answer said = *out;
	/* a certificate stays revoked when that of the responder expires */
	const time_t when =
	    said.status == CA_OCSP_REVOKED ? said.this_update : q->now;
	struct signing s = {crypto, r, q, out, when, NULL, NULL};

	if ((rc = decode_algorithm(&s)) != CA_OK ||
	    (rc = decode_name(&s)) != CA_OK || (rc = find(&s)) != CA_OK) {
		ret = rc;
		goto out;
	}
	/* find has recorded that nobody signed, before it found somebody */
	out->status = said.status;
	out->reason = said.reason;
	out->why[0] = '\0';
	ret = CA_OK;
out:
	X509_ALGOR_free(s.algorithm);
	X509_NAME_free(s.name);
	return ret;
}
