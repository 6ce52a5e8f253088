/*
 * Print the contents of a certificate as text.
 */
#include "cli/inspect.h"
#include "crypto/keykind.h"
#include "map/map.h"
#include "ocsp/ocsp.h"
#include "verify/verify.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

static void
put_key(X509 *cert, struct ca_buf *out)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);
	char group[64] = "";
	size_t len = 0;

	ca_buf_str(out, "  key         ");
	if (key == NULL) {
		ca_cert_key_kind(cert, out);
		ca_buf_str(out, "\n");
		return;
	}
	const char *type = EVP_PKEY_get0_type_name(key);
	ca_buf_str(out, type != NULL ? type : "?");
	if (EVP_PKEY_get_group_name(key, group, sizeof group, &len) == 1)
		ca_buf_fmt(out, " %s", group);
	/* the names of the other types say their size */
	if (len > 0 || EVP_PKEY_is_a(key, "RSA") ||
	    EVP_PKEY_is_a(key, "RSA-PSS"))
		ca_buf_fmt(out, ", %d bits", EVP_PKEY_get_bits(key));
	ca_buf_str(out, "\n");
}

static void
put_time(const char *name, const ASN1_TIME *t, struct ca_buf *out)
{
	struct tm tm;
	char text[64] = "?";

	if (ASN1_TIME_to_tm(t, &tm) == 1)
		(void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	ca_buf_fmt(out, "  %-11s %s\n", name, text);
}

static void
put_key_usage(X509 *cert, struct ca_buf *out)
{
	static const char *const bits[] = {"digitalSignature", "nonRepudiation",
	    "keyEncipherment", "dataEncipherment", "keyAgreement",
	    "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"};
	ASN1_BIT_STRING *usage =
	    X509_get_ext_d2i(cert, NID_key_usage, NULL, NULL);
	const char *before = "";

	if (usage == NULL)
		return;
	ca_buf_str(out, "  key usage   ");
	for (int i = 0; i < (int)(sizeof bits / sizeof bits[0]); i++) {
		if (!ASN1_BIT_STRING_get_bit(usage, i))
			continue;
		ca_buf_fmt(out, "%s%s", before, bits[i]);
		before = ", ";
	}
	ca_buf_str(out, "\n");
	ASN1_BIT_STRING_free(usage);
}

static void
put_purposes(X509 *cert, struct ca_buf *out)
{
	EXTENDED_KEY_USAGE *eku =
	    X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);

	ca_buf_fmt(
	    out, "  purposes    %s", eku == NULL ? "not restricted" : "");
	for (int i = 0; i < sk_ASN1_OBJECT_num(eku); i++) {
		const ASN1_OBJECT *oid = sk_ASN1_OBJECT_value(eku, i);
		int nid = OBJ_obj2nid(oid);
		char text[256] = "?";

		(void)OBJ_obj2txt(text, sizeof text, oid, 1);
		ca_buf_fmt(out, "%s%s", i > 0 ? ", " : "", text);
		if (nid != NID_undef)
			ca_buf_fmt(out, " (%s)", OBJ_nid2sn(nid));
	}
	ca_buf_fmt(out, "%s\n", X509_check_ca(cert) != 0 ? "; a CA" : "");
	EXTENDED_KEY_USAGE_free(eku);
}

static void
put_crls(X509 *cert, struct ca_buf *out)
{
	CRL_DIST_POINTS *points =
	    X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL, NULL);

	for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
		const DIST_POINT_NAME *name =
		    sk_DIST_POINT_value(points, i)->distpoint;

		if (name == NULL || name->type != 0)
			continue;
		for (int j = 0; j < sk_GENERAL_NAME_num(name->name.fullname);
		     j++) {
			const GENERAL_NAME *gen =
			    sk_GENERAL_NAME_value(name->name.fullname, j);

			if (gen->type != GEN_URI)
				continue;
			ca_buf_str(out, "  CRL         ");
			ca_buf_escape(out, ASN1_STRING_get0_data(gen->d.ia5),
			    (size_t)ASN1_STRING_length(gen->d.ia5));
			ca_buf_str(out, "\n");
		}
	}
	CRL_DIST_POINTS_free(points);
}

/* The responders that are asked; others are not. */
static void
put_responders(const X509 *cert, struct ca_buf *out)
{
	char url[CA_OCSP_URL_MAX];

	for (size_t i = 0; ca_ocsp_address(cert, i, url); i++)
		ca_buf_fmt(out, "  OCSP        %s\n", url);
}

/* ---- selectors ---- */

struct selectors {
	struct ca_buf *out;
	bool strong; /* print those that are, or those that are not */
};

static void
put_selector(void *ctx, bool strong, const char *selector)
{
	const struct selectors *s = ctx;

	if (strong == s->strong)
		ca_buf_fmt(s->out, "    %s\n", selector);
}

static void
put_selectors(struct ca_crypto *crypto, X509 *cert, struct ca_buf *out)
{
	struct selectors s = {out, true};
	const char *why = NULL;

	ca_buf_str(
	    out, "  selectors that identify this certificate or its key\n");
	if (ca_map_selectors(crypto, cert, put_selector, &s, &why) != CA_OK) {
		ca_buf_fmt(out, "    none: no rule can match it%s%s\n",
		    why != NULL ? ", because " : "", why != NULL ? why : "");
		return;
	}
	ca_buf_str(out, "  selectors that match names issued by the CA\n");
	s.strong = false;
	(void)!ca_map_selectors(crypto, cert, put_selector, &s, &why);
}

static void
put_fact(const struct ca_report *facts, const char *name, enum ca_fact fact,
    struct ca_buf *out)
{
	const char *text = ca_report_get0_fact(facts, fact);

	ca_buf_fmt(out, "  %-11s ", name);
	if (text != NULL)
		ca_buf_printable(out, text, strlen(text));
	ca_buf_str(out, "\n");
}

void
ca_inspect_cert(struct ca_crypto *crypto, X509 *cert, struct ca_buf *out)
{
	struct ca_report *facts = ca_report_new();

	if (facts == NULL)
		return;
	ca_verify_facts(crypto, cert, facts);
	ca_buf_str(out, "certificate\n");
	put_fact(facts, "subject", CA_FACT_SUBJECT, out);
	put_fact(facts, "issuer", CA_FACT_ISSUER, out);
	put_fact(facts, "serial", CA_FACT_SERIAL, out);
	put_time("not before", X509_get0_notBefore(cert), out);
	put_time("not after", X509_get0_notAfter(cert), out);
	put_key(cert, out);
	put_key_usage(cert, out);
	put_purposes(cert, out);
	put_crls(cert, out);
	put_responders(cert, out);
	put_selectors(crypto, cert, out);
	ca_report_free(facts);
}
