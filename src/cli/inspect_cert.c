/*
 * Print the contents of a certificate as text.
 */
#include "base/utf8.h"
#include "cli/inspect.h"
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
		ca_buf_str(out, "this libcrypto does not support the key\n");
		return;
	}
	const char *type = EVP_PKEY_get0_type_name(key);
	ca_buf_str(out, type != NULL ? type : "?");
	if (EVP_PKEY_get_group_name(key, group, sizeof group, &len) == 1)
		ca_buf_fmt(out, " %s", group);
	ca_buf_fmt(out, ", %d bits\n", EVP_PKEY_get_bits(key));
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

/* ---- selectors ---- */

/* Print a selector as the users file requires it: in double quotes if it has blanks.
 * A value that no line can contain is left out. */
static void
put_selector(const char *name, const void *p, size_t len, struct ca_buf *out)
{
	const char *s = p;
	bool quote = memchr(p, ' ', len) != NULL ||
		     memchr(p, '"', len) != NULL || memchr(p, '#', len) != NULL;

	if (len == 0 || !ca_utf8_text(p, len))
		return;
	ca_buf_fmt(out, "    %s:%s", name, quote ? "\"" : "");
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '"' && (i == 0 || s[i - 1] != '\\'))
			ca_buf_str(out, "\\");
		ca_buf_put(out, s + i, 1);
	}
	ca_buf_str(out, quote ? "\"\n" : "\n");
}

static void
put_name_selectors(const X509_NAME *subject, struct ca_buf *out)
{
	static const struct {
		int nid;
		const char *selector;
	} types[] = {{NID_commonName, "cn"}, {NID_userId, "uid"},
	    {NID_pkcs9_emailAddress, "email"}};
	struct ca_buf text = CA_BUF_INIT(65536);

	ca_name_rfc4514(subject, &text);
	if (ca_buf_text(&text) != NULL)
		put_selector("subject", text.p, text.len, out);
	ca_buf_free(&text);
	for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
		for (int i = -1;
		     (i = X509_NAME_get_index_by_NID(
			  (X509_NAME *)subject, types[t].nid, i)) >= 0;) {
			uint8_t *utf8 = NULL;
			int len = ASN1_STRING_to_UTF8(
			    &utf8, X509_NAME_ENTRY_get_data(
				       X509_NAME_get_entry(subject, i)));

			if (len > 0)
				put_selector(
				    types[t].selector, utf8, (size_t)len, out);
			OPENSSL_free(utf8);
		}
	}
}

static void
put_san_selectors(X509 *cert, struct ca_buf *out)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *gen = sk_GENERAL_NAME_value(names, i);
		const ASN1_STRING *text = NULL;
		const char *selector = NULL;

		if (gen->type == GEN_EMAIL || gen->type == GEN_DNS ||
		    gen->type == GEN_URI) {
			selector = gen->type == GEN_EMAIL ? "email"
				   : gen->type == GEN_DNS ? "dns"
							  : "uri";
			text = gen->d.ia5;
		} else if (gen->type == GEN_OTHERNAME &&
			   OBJ_obj2nid(gen->d.otherName->type_id) ==
			       NID_ms_upn &&
			   gen->d.otherName->value->type == V_ASN1_UTF8STRING) {
			selector = "upn";
			text = gen->d.otherName->value->value.utf8string;
		}
		if (text != NULL)
			put_selector(selector, ASN1_STRING_get0_data(text),
			    (size_t)ASN1_STRING_length(text), out);
	}
	GENERAL_NAMES_free(names);
}

static void
put_hash(struct ca_crypto *crypto, const char *name, const uint8_t *der,
    int len, struct ca_buf *out)
{
	uint8_t hash[32];

	if (len <= 0 ||
	    ca_crypto_sha256(crypto, der, (size_t)len, hash) != CA_OK)
		return;
	ca_buf_fmt(out, "    %s:", name);
	ca_buf_hex(out, hash, sizeof hash);
	ca_buf_str(out, "\n");
}

static void
put_strong_selectors(struct ca_crypto *crypto, X509 *cert,
    const struct ca_report *facts, struct ca_buf *out)
{
	const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(cert);
	const char *issuer = ca_report_get0_fact(facts, CA_FACT_ISSUER);
	const char *serial = ca_report_get0_fact(facts, CA_FACT_SERIAL);
	struct ca_buf text = CA_BUF_INIT(131072);
	uint8_t *der = NULL;
	int len = i2d_X509(cert, &der);

	put_hash(crypto, "sha256", der, len, out);
	OPENSSL_free(der);
	der = NULL;
	len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	put_hash(crypto, "key", der, len, out);
	OPENSSL_free(der);
	if (issuer != NULL && serial != NULL && issuer[0] != '\0') {
		ca_buf_fmt(&text, "%s;%s", issuer, serial);
		put_selector("issuer-serial", text.p, text.len, out);
	}
	ca_buf_free(&text);
	if (ski != NULL) {
		ca_buf_str(out, "    ski:");
		ca_buf_hex(out, ASN1_STRING_get0_data(ski),
		    (size_t)ASN1_STRING_length(ski));
		ca_buf_str(out, "\n");
	}
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
	ca_buf_str(
	    out, "  selectors that identify this certificate or its key\n");
	put_strong_selectors(crypto, cert, facts, out);
	ca_buf_str(out, "  selectors that match names issued by the CA\n");
	put_name_selectors(X509_get_subject_name(cert), out);
	put_san_selectors(cert, out);
	ca_report_free(facts);
}
