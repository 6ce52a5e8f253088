#include "verify/profile.h"
#include "base/buf.h"
#include "crypto/crypto.h"
#include "crypto/keykind.h"
#include "crypto/sigalg.h"
#include "crypto/strength.h"
#include "verify/norevavail.h"
#include "verify/verify.h"
#include "verify/verr.h"

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>

static void
fail(struct ca_report *report, X509 *cert, enum ca_reason reason,
    const char *what)
{
	struct ca_buf name = CA_BUF_INIT(65536);

	ca_name_rfc4514(X509_get_subject_name(cert), &name);
	const char *text = ca_buf_text(&name);
	ca_report_set(report, CA_CHECK_CHAIN, CA_FAIL, reason, "%s: %s",
	    text != NULL ? text : "?", what);
	ca_buf_free(&name);
}

/* ---- keys and digests ---- */

/* What no key or digest of another length mends. */
static bool
check_supported(X509 *cert, bool anchor, struct ca_report *report)
{
	struct ca_buf text = CA_BUF_INIT(1024);
	bool lack = ca_sigalg_lack_key(cert, &text) ||
		    (!anchor && ca_sigalg_lack_signature(cert, &text));
	const X509_ALGOR *alg;

	if (lack)
		fail(report, cert, CA_R_UNSUPPORTED,
		    ca_buf_text(&text) != NULL ? ca_buf_text(&text) : "?");
	X509_get0_signature(NULL, &alg, cert);
	if (!anchor && ca_sigalg_mldsa_params(alg))
		fail(report, cert, CA_R_CHAIN_PROFILE,
		    "its signature algorithm has parameters, which ML-DSA "
		    "must not have (RFC 9881 section 2)");
	ca_buf_free(&text);
	return !lack;
}

static void
check_strength(X509 *cert, bool anchor, struct ca_report *report)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert);
	const char *what = ca_strength_key(key);
	struct ca_buf text = CA_BUF_INIT(1024);

	if (!check_supported(cert, anchor, report))
		return;
	if (what != NULL) {
		ca_buf_str(&text, what);
		if (key != NULL) {
			ca_buf_str(&text, " (");
			ca_key_kind(key, &text);
			ca_buf_str(&text, ")");
		}
		ca_buf_str(&text, "; it must be issued again, with another "
				  "key");
	} else if (!anchor && (what = ca_strength_signature(cert)) != NULL) {
		/* an anchor's own signature is not relied on */
		const char *alg = OBJ_nid2ln(X509_get_signature_nid(cert));

		ca_buf_fmt(&text,
		    "%s (%s); it must be issued again, signed with SHA-256",
		    what, alg != NULL ? alg : "?");
	}
	if (what != NULL)
		fail(report, cert, CA_R_CHAIN_WEAK,
		    ca_buf_text(&text) != NULL ? ca_buf_text(&text) : what);
	ca_buf_free(&text);
}

/* ---- fields and extensions ---- */

/* RFC 5280 section 4.1.2.2 */
static const char *
serial_flaw(const X509 *cert)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	const uint8_t *p = ASN1_STRING_get0_data(serial);
	int len = ASN1_STRING_length(serial);

	if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
		return "its serial number is negative";
	if (len == 0 || (len == 1 && p[0] == 0))
		return "its serial number is zero";
	/* 20 octets of DER; a set highest bit needs one more */
	if (len + (p[0] >> 7) > 20)
		return "its serial number is longer than 20 octets";
	return NULL;
}

/* A trust anchor can restrict the path by these. */
static bool
is_restriction(X509_EXTENSION *ext)
{
	switch (OBJ_obj2nid(X509_EXTENSION_get_object(ext))) {
	case NID_basic_constraints:
	case NID_key_usage:
	case NID_ext_key_usage:
	case NID_name_constraints:
	case NID_certificate_policies:
	case NID_policy_mappings:
	case NID_policy_constraints:
	case NID_inhibit_any_policy:
		return true;
	default:
		return false;
	}
}

/* Every extension that libcrypto knows must decode: an extension that some
 * programs read and others do not can hide something. */
static const char *
extension_flaw(const X509 *cert, bool anchor)
{
	for (int i = 0; i < X509_get_ext_count(cert); i++) {
		X509_EXTENSION *ext = (X509_EXTENSION *)X509_get_ext(cert, i);
		const X509V3_EXT_METHOD *method = X509V3_EXT_get(ext);
		void *value;

		if (method == NULL || (anchor && !is_restriction(ext)))
			continue;
		if ((value = X509V3_EXT_d2i(ext)) == NULL)
			return "one of its extensions cannot be decoded";
		if (method->it != NULL)
			ASN1_item_free(value, ASN1_ITEM_ptr(method->it));
		else
			method->ext_free(value);
	}
	return NULL;
}

/* Section 4.2.1.1: keyIdentifier is present, issuer and serial both or none. */
static const char *
aki_flaw(X509 *cert)
{
	AUTHORITY_KEYID *aki =
	    X509_get_ext_d2i(cert, NID_authority_key_identifier, NULL, NULL);
	const char *what = NULL;

	if (aki == NULL) {
		/* only a self-signed certificate may omit it */
		if ((X509_get_extension_flags(cert) & EXFLAG_SI) == 0)
			what = "it has no authorityKeyIdentifier";
		return what;
	}
	if (aki->keyid == NULL)
		what = "its authorityKeyIdentifier has no keyIdentifier";
	else if ((aki->issuer == NULL) != (aki->serial == NULL))
		what = "its authorityKeyIdentifier has only one of issuer and "
		       "serial number";
	/* an intermediate signed by its own key, but naming another one */
	if (what == NULL && (X509_get_extension_flags(cert) & EXFLAG_SI) != 0 &&
	    X509_check_akid(cert, aki) == X509_V_ERR_AKID_SKID_MISMATCH &&
	    X509_verify(cert, X509_get0_pubkey(cert)) == 1)
		what = "it is self-signed, but its authorityKeyIdentifier "
		       "names another key";
	AUTHORITY_KEYID_free(aki);
	return what;
}

/* ---- names and constraints: sections 4.2.1.6 and 4.2.1.10 ---- */

/* Forms that RFC 5280 does not define, although their meaning is clear. */
static const char *
base_flaw(const STACK_OF(GENERAL_SUBTREE) *trees)
{
	for (int i = 0; i < sk_GENERAL_SUBTREE_num(trees); i++) {
		const GENERAL_NAME *base =
		    sk_GENERAL_SUBTREE_value(trees, i)->base;

		if ((base->type != GEN_DNS && base->type != GEN_EMAIL) ||
		    ASN1_STRING_length(base->d.ia5) == 0)
			continue;
		char c = (char)*ASN1_STRING_get0_data(base->d.ia5);
		if (base->type == GEN_DNS && c == '.')
			return "a dNSName in its nameConstraints begins with "
			       "a dot";
		if (base->type == GEN_EMAIL && c == '@')
			return "an rfc822Name in its nameConstraints begins "
			       "with @";
	}
	return NULL;
}

static const char *
constraints_flaw(X509 *cert)
{
	int critical = -1;
	NAME_CONSTRAINTS *nc =
	    X509_get_ext_d2i(cert, NID_name_constraints, &critical, NULL);
	const char *what;

	if (nc == NULL)
		return NULL; /* none; extension_flaw reports one that does not
				decode */
	if (X509_check_ca(cert) == 0)
		what = "it has nameConstraints but is not a CA certificate";
	else if (critical != 1)
		what = "its nameConstraints are not critical";
	else if (sk_GENERAL_SUBTREE_num(nc->permittedSubtrees) <= 0 &&
		 sk_GENERAL_SUBTREE_num(nc->excludedSubtrees) <= 0)
		what = "its nameConstraints are empty";
	else if ((what = base_flaw(nc->permittedSubtrees)) == NULL)
		what = base_flaw(nc->excludedSubtrees);
	NAME_CONSTRAINTS_free(nc);
	return what;
}

static bool
is_printable(const GENERAL_NAME *gen)
{
	const uint8_t *p;
	size_t len;

	if (gen->type != GEN_DNS && gen->type != GEN_EMAIL &&
	    gen->type != GEN_URI)
		return true;
	p = ASN1_STRING_get0_data(gen->d.ia5);
	len = (size_t)ASN1_STRING_length(gen->d.ia5);
	for (size_t i = 0; i < len; i++)
		if (p[i] < 0x20 || p[i] > 0x7e)
			return false;
	return true;
}

static const char *
names_flaw(X509 *cert)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	bool good = true;

	for (int i = 0; good && i < sk_GENERAL_NAME_num(names); i++)
		good = is_printable(sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
	return good ? NULL
		    : "a name in its subjectAltName is not printable ASCII";
}

/* Section 4.2.1.6; OpenSSL 4 does not say it. */
static const char *
subject_flaw(const X509 *cert)
{
	int san = X509_get_ext_by_NID(cert, NID_subject_alt_name, -1);

	if (san < 0 || X509_NAME_entry_count(X509_get_subject_name(cert)) > 0 ||
	    X509_EXTENSION_get_critical(X509_get_ext(cert, san)) == 1)
		return NULL;
	return "its subject is empty, and its subjectAltName is not critical";
}

/* ---- policies: section 4.2.1.4 ---- */

static bool
knows_qualifiers(const POLICYINFO *info)
{
	for (int i = 0; i < sk_POLICYQUALINFO_num(info->qualifiers); i++) {
		int nid = OBJ_obj2nid(
		    sk_POLICYQUALINFO_value(info->qualifiers, i)->pqualid);

		if (nid != NID_id_qt_cps && nid != NID_id_qt_unotice)
			return false;
	}
	return true;
}

/* A critical extension is refused if one of its qualifiers is unknown. */
static bool
has_unknown_qualifier(X509 *cert)
{
	int critical = -1;
	CERTIFICATEPOLICIES *policies =
	    X509_get_ext_d2i(cert, NID_certificate_policies, &critical, NULL);
	/* present but not decoded: unknown */
	bool known = policies != NULL || critical == -1;

	for (int i = 0; known && i < sk_POLICYINFO_num(policies); i++)
		known = knows_qualifiers(sk_POLICYINFO_value(policies, i));
	CERTIFICATEPOLICIES_free(policies);
	return critical == 1 && !known;
}

/* ---- all of it, for one certificate ---- */

static void
check_profile(
    X509 *cert, bool anchor, enum ca_profile profile, struct ca_report *report)
{
	/* section 4 is not for anchors: section 6.1.1 (d) */
	bool strict = profile == CA_PROFILE_STRICT && !anchor;
	const char *const flaw[] = {
	    extension_flaw(cert, anchor),
	    anchor ? NULL : names_flaw(cert),
	    strict ? aki_flaw(cert) : NULL,
	    strict ? constraints_flaw(cert) : NULL,
	    strict ? serial_flaw(cert) : NULL,
	    strict ? subject_flaw(cert) : NULL,
	    strict && X509_get_version(cert) != X509_VERSION_3
		? "it is not a version 3 certificate"
		: NULL,
	};

	for (size_t i = 0; i < sizeof flaw / sizeof flaw[0]; i++)
		if (flaw[i] != NULL)
			fail(report, cert, CA_R_CHAIN_PROFILE, flaw[i]);
}

/* What section 6 requires, whatever the profile. */
static void
check_path(X509 *cert, bool issuer, bool anchor, struct ca_report *report)
{
	if (anchor)
		return; /* its extensions are not part of the path */
	/* 6.1.4 (k): only version 3, the highest one, has basicConstraints,
	 * which tell that a certificate is a CA's.  libcrypto would also take
	 * keyUsage for it, which end-entity certificates may have, too. */
	if (issuer && X509_get_version(cert) != X509_VERSION_3)
		fail(report, cert, CA_R_CHAIN_NOT_CA,
		    "it issues certificates but is not of version 3");
	else if (issuer &&
		 X509_get_ext_by_NID(cert, NID_basic_constraints, -1) < 0)
		fail(report, cert, CA_R_CHAIN_NOT_CA,
		    "it issues certificates but has no basicConstraints");
	if (has_unknown_qualifier(cert))
		fail(report, cert, CA_R_CHAIN_EXTENSION,
		    "its certificatePolicies are critical and have an unknown "
		    "qualifier");
	/* RFC 9608 section 3: such a certificate is invalid */
	if (ca_norevavail_flaw(cert) != NULL)
		fail(
		    report, cert, CA_R_CHAIN_PROFILE, ca_norevavail_flaw(cert));
}

void
ca_profile_check(const STACK_OF(X509) *chain, bool anchored,
    enum ca_profile profile, struct ca_report *report)
{
	int n = sk_X509_num(chain);

	for (int i = n - 1; i >= 0; i--) {
		X509 *cert = sk_X509_value(chain, i);
		bool anchor = anchored && i > 0 && i == n - 1;

		check_strength(cert, anchor, report);
		check_path(cert, i > 0, anchor, report);
		check_profile(cert, anchor, profile, report);
	}
}

bool
ca_profile_tells(X509 *cert, int error, bool anchor, enum ca_profile profile)
{
	bool strict = profile == CA_PROFILE_STRICT;

	if (cert == NULL)
		return false;
	switch (error) {
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
		return ca_strength_key(X509_get0_pubkey(cert)) != NULL;
	case X509_V_ERR_CA_MD_TOO_WEAK:
		return !anchor && ca_strength_signature(cert) != NULL;
	case X509_V_ERR_MISSING_AUTHORITY_KEY_IDENTIFIER:
	case X509_V_ERR_EMPTY_AUTHORITY_KEY_IDENTIFIER:
	case X509_V_ERR_AKID_ISSUER_SERIAL_NOT_PAIRED:
		return strict && !anchor && aki_flaw(cert) != NULL;
	case X509_V_ERR_EMPTY_SUBJECT_SAN_NOT_CRITICAL:
		return strict && !anchor && subject_flaw(cert) != NULL;
	case X509_V_ERR_EXTENSIONS_REQUIRE_VERSION_3:
		return strict && !anchor &&
		       X509_get_version(cert) != X509_VERSION_3;
	case X509_V_ERR_INVALID_EXTENSION:
		return extension_flaw(cert, anchor) != NULL;
	default:
		return false;
	}
}
