#include "verify/purposetext.h"
#include "verify/anchor.h"
#include "verify/name.h"
#include "verify/purpose.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>

#define SMART_CARD_LOGON "1.3.6.1.4.1.311.20.2.2"
#define CLIENT_AUTH "1.3.6.1.5.5.7.3.2"
#define SERVER_AUTH "1.3.6.1.5.5.7.3.1"
#define SHOWN_MAX 16 /* values of one extension */

/* ---- what a certificate says ---- */

static void
put_name(X509 *cert, int depth, struct ca_buf *out)
{
	ca_name_rfc4514(X509_get_subject_name(cert), out);
	ca_buf_fmt(out, " (depth %d)", depth);
}

/* The OID with its name, if libcrypto knows one. */
static void
put_oid(const ASN1_OBJECT *oid, struct ca_buf *out)
{
	int nid = OBJ_obj2nid(oid);
	char text[80];

	(void)OBJ_obj2txt(text, sizeof text, oid, 1);
	const char *name = nid == NID_undef ? NULL : OBJ_nid2sn(nid);

	if (name == NULL)
		ca_buf_str(out, text);
	else
		ca_buf_fmt(out, "%s (%s)", name, text);
}

static void
put_eku(X509 *cert, struct ca_buf *out)
{
	EXTENDED_KEY_USAGE *eku =
	    X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	int n = sk_ASN1_OBJECT_num(eku);

	ca_buf_str(out, n > 0 ? "extendedKeyUsage " : "no extendedKeyUsage");
	for (int i = 0; i < n && i < SHOWN_MAX; i++) {
		ca_buf_str(out, i > 0 ? ", " : "");
		put_oid(sk_ASN1_OBJECT_value(eku, i), out);
	}
	if (n > SHOWN_MAX)
		ca_buf_fmt(out, " and %d more", n - SHOWN_MAX);
	EXTENDED_KEY_USAGE_free(eku);
}

static bool
has_eku(X509 *cert, const char *oid)
{
	EXTENDED_KEY_USAGE *eku =
	    X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	ASN1_OBJECT *want = OBJ_txt2obj(oid, 1);
	bool yes = false;

	for (int i = 0; want != NULL && i < sk_ASN1_OBJECT_num(eku); i++)
		yes = yes || OBJ_cmp(sk_ASN1_OBJECT_value(eku, i), want) == 0;
	ASN1_OBJECT_free(want);
	EXTENDED_KEY_USAGE_free(eku);
	return yes;
}

static bool
has_any_eku(X509 *cert)
{
	return X509_get_ext_by_NID(cert, NID_ext_key_usage, -1) >= 0;
}

/* The bits of an extension that is a BIT STRING; 0: absent, or none. */
static unsigned
bits_of(X509 *cert, int nid)
{
	ASN1_BIT_STRING *v = X509_get_ext_d2i(cert, nid, NULL, NULL);
	unsigned bits = 0;

	for (int i = 0; v != NULL && i < 9; i++)
		bits |= ASN1_BIT_STRING_get_bit(v, i) == 1 ? 1u << i : 0;
	ASN1_BIT_STRING_free(v);
	return bits;
}

static void
put_bits(unsigned bits, const char *const name[], struct ca_buf *out)
{
	bool first = true;

	for (unsigned i = 0; name[i] != NULL; i++) {
		if ((bits & 1u << i) == 0)
			continue;
		ca_buf_fmt(out, "%s%s", first ? "" : ", ", name[i]);
		first = false;
	}
	if (first)
		ca_buf_str(out, "without any bit");
}

static void
put_key_usage(X509 *cert, struct ca_buf *out)
{
	static const char *const name[] = {"digitalSignature",
	    "nonRepudiation (contentCommitment)", "keyEncipherment",
	    "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign",
	    "encipherOnly", "decipherOnly", NULL};

	ca_buf_str(out, "keyUsage ");
	put_bits(bits_of(cert, NID_key_usage), name, out);
}

static void
put_ns_type(X509 *cert, struct ca_buf *out)
{
	static const char *const name[] = {"client", "server", "email",
	    "objsign", "reserved", "sslCA", "emailCA", "objCA", NULL};

	ca_buf_str(out, "nsCertType ");
	put_bits(bits_of(cert, NID_netscape_cert_type), name, out);
}

/* ---- who is at fault ---- */

/* The OID that the purpose wants in extendedKeyUsage; NULL: none. */
static const char *
wanted_oid(const char *purpose)
{
	if (strcmp(purpose, "any") == 0)
		return NULL;
	if (strcmp(purpose, "sslclient") == 0)
		return CLIENT_AUTH;
	return strcmp(purpose, "sslserver") == 0 ? SERVER_AUTH : purpose;
}

static void
put_wanted(const char *purpose, struct ca_buf *out)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(wanted_oid(purpose), 1);

	if (oid != NULL)
		put_oid(oid, out);
	ASN1_OBJECT_free(oid);
}

static bool
is_tls(const char *purpose)
{
	return strcmp(purpose, "sslclient") == 0 ||
	       strcmp(purpose, "sslserver") == 0;
}

/* Does nsCertType of the leaf refuse the use?  That of a CA that has
 * basicConstraints is not looked at. */
static bool
ns_refuses(X509 *cert, const char *purpose)
{
	unsigned bit = strcmp(purpose, "sslserver") == 0 ? 1 : 0;

	return is_tls(purpose) &&
	       X509_get_ext_by_NID(cert, NID_netscape_cert_type, -1) >= 0 &&
	       (bits_of(cert, NID_netscape_cert_type) & 1u << bit) == 0;
}

static bool
eku_refuses(X509 *cert, const char *purpose, bool ca)
{
	const char *oid = wanted_oid(purpose);

	if (oid == NULL || has_eku(cert, oid) ||
	    (ca && has_eku(cert, "2.5.29.37.0")))
		return false;
	return has_any_eku(cert) || (!ca && !is_tls(purpose));
}

/* The leaf: true if something was said. */
static bool
tell_leaf(X509 *leaf, const char *purpose, struct ca_buf *out)
{
	size_t before = out->len;

	if (eku_refuses(leaf, purpose, false)) {
		ca_buf_str(out, " has ");
		put_eku(leaf, out);
		ca_buf_str(out, has_any_eku(leaf) ? ", which does not include "
						  : "; required is ");
		put_wanted(purpose, out);
		if (has_eku(leaf, "2.5.29.37.0"))
			ca_buf_str(out, " (anyExtendedKeyUsage is not enough)");
	}
	if (ns_refuses(leaf, purpose)) {
		ca_buf_str(out, out->len > before ? ", and " : " has ");
		put_ns_type(leaf, out);
		ca_buf_fmt(out, ", which does not include %s",
		    strcmp(purpose, "sslserver") == 0 ? "server" : "client");
	}
	if (strcmp(purpose, "any") != 0 && strcmp(purpose, "sslserver") != 0 &&
	    !ca_purpose_may_sign(leaf)) {
		ca_buf_str(out, out->len > before ? ", and " : " has ");
		put_key_usage(leaf, out);
		ca_buf_str(out, "; its keyUsage lacks digitalSignature");
	}
	if (strcmp(purpose, "sslserver") == 0 &&
	    (X509_get_key_usage(leaf) &
		(KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT |
		    KU_KEY_AGREEMENT)) == 0) {
		ca_buf_str(out, out->len > before ? ", and " : " has ");
		put_key_usage(leaf, out);
		ca_buf_str(out, ", which lacks digitalSignature and "
				"keyEncipherment");
	}
	return out->len > before;
}

/* A CA of the path, the lowest one first: true if something was said. */
static bool
tell_ca(const STACK_OF(X509) *chain, const char *purpose, struct ca_buf *out)
{
	int n = sk_X509_num(chain);

	for (int i = 1; i < n; i++) {
		X509 *cert = sk_X509_value(chain, i);
		bool eku = eku_refuses(cert, purpose, true);
		bool ca = i == n - 1 ? ca_anchor_may_issue(cert)
				     : X509_check_ca(cert) == 1;

		if (!eku && (!is_tls(purpose) || ca))
			continue;
		ca_buf_str(out, "the CA ");
		put_name(cert, i, out);
		if (!eku) {
			ca_buf_str(out, " is not a CA certificate by its "
					"basicConstraints and keyUsage");
			return true;
		}
		ca_buf_str(out, " has ");
		put_eku(cert, out);
		ca_buf_str(out, ", which does not include ");
		put_wanted(purpose, out);
		ca_buf_str(out,
		    ", so no certificate below it is for this purpose; the "
		    "user's certificate itself is right; it must come from "
		    "another CA, or this CA needs a certificate without that "
		    "limit");
		return true;
	}
	return false;
}

static void
tell_purpose(
    const STACK_OF(X509) *chain, const char *purpose, struct ca_buf *out)
{
	X509 *leaf = sk_X509_value(chain, 0);
	struct ca_buf why = CA_BUF_INIT(65536);

	ca_buf_fmt(out, "purpose = %s: ", purpose);
	if (tell_leaf(leaf, purpose, &why) && ca_buf_text(&why) != NULL) {
		put_name(leaf, 0, out);
		ca_buf_str(out, ca_buf_text(&why));
	} else if (!tell_ca(chain, purpose, out)) {
		ca_buf_str(out, "libcrypto does not accept the path's keyUsage "
				"and basicConstraints for it; `certauth "
				"inspect` shows them");
	}
	ca_buf_free(&why);
}

/* ---- what to do ---- */

/* Uses of the well-known OIDs that are no logins. */
static bool
is_no_login(const ASN1_OBJECT *oid)
{
	switch (OBJ_obj2nid(oid)) {
	case NID_server_auth:
	case NID_client_auth:
	case NID_code_sign:
	case NID_email_protect:
	case NID_time_stamp:
	case NID_OCSP_sign:
	case NID_anyExtendedKeyUsage:
		return true;
	default:
		return false;
	}
}

/* `purpose = OID', if an OID of the leaf that may stand for logins would be
 * accepted. */
static bool
advise_oid(const STACK_OF(X509) *chain, struct ca_buf *out)
{
	EXTENDED_KEY_USAGE *eku = X509_get_ext_d2i(
	    sk_X509_value(chain, 0), NID_ext_key_usage, NULL, NULL);
	bool done = false;
	char text[80];

	for (int i = 0; i < sk_ASN1_OBJECT_num(eku) && !done; i++) {
		const ASN1_OBJECT *oid = sk_ASN1_OBJECT_value(eku, i);
		int len = OBJ_obj2txt(text, sizeof text, oid, 1);

		if (is_no_login(oid) || len <= 0 || len >= (int)sizeof text ||
		    !ca_purpose_holds(chain, text))
			continue;
		ca_buf_fmt(out, "; `purpose = %s` accepts it%s", text,
		    strcmp(text, SMART_CARD_LOGON) == 0
			? " (smart card logon)"
			: ", if the CA issues that for logins");
		done = true;
	}
	EXTENDED_KEY_USAGE_free(eku);
	return done;
}

static void
advise_key_usage(X509 *leaf, struct ca_buf *out)
{
	unsigned bits = bits_of(leaf, NID_key_usage);

	if ((bits & 1u << 1) != 0)
		ca_buf_str(out, "; it is a certificate for signing documents: "
				"use the other certificate of the card, the "
				"one for authentication, which has "
				"digitalSignature (`p11tool --list-all-certs "
				"pkcs11:` lists them)");
	else if ((bits & (1u << 5 | 1u << 6)) != 0)
		ca_buf_str(out, "; it is the certificate of a CA: use one that "
				"it has issued");
	else
		ca_buf_str(out, "; it is a certificate for encryption: use the "
				"user's certificate for authentication, which "
				"has digitalSignature");
}

static void
advise(const STACK_OF(X509) *chain, struct ca_buf *out)
{
	X509 *leaf = sk_X509_value(chain, 0);

	if (!ca_purpose_may_sign(leaf)) {
		advise_key_usage(leaf, out);
		return;
	}
	if (advise_oid(chain, out))
		return;
	if (has_eku(leaf, SERVER_AUTH) && !has_eku(leaf, CLIENT_AUTH))
		ca_buf_str(out, "; it is a certificate for a server: use a "
				"certificate for a client");
	else if (has_any_eku(leaf) && !has_eku(leaf, CLIENT_AUTH))
		ca_buf_str(out, "; the CA must issue it with clientAuth "
				"(" CLIENT_AUTH ")");
}

void
ca_purposetext(const STACK_OF(X509) *chain, const struct ca_list *purposes,
    struct ca_buf *out)
{
	if (purposes->n == 0) {
		ca_buf_str(out,
		    "the key purpose is empty, so no certificate "
		    "is accepted; set it, as in purpose = sslclient");
		return;
	}
	if (sk_X509_num(chain) <= 0)
		return;
	for (size_t i = 0; i < purposes->n; i++) {
		ca_buf_str(out, i > 0 ? "; " : "");
		tell_purpose(chain, purposes->v[i], out);
	}
	advise(chain, out);
}
