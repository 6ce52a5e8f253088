/* The facts about a certificate that a report shows. */
#include "verify/name.h"
#include "verify/verify.h"

#include <openssl/asn1.h>
#include <time.h>

static void
fact_name(struct ca_report *report, enum ca_fact fact, const X509_NAME *name)
{
	struct ca_buf text = CA_BUF_INIT(65536);

	ca_name_rfc4514(name, &text);
	ca_report_fact(report, fact, ca_buf_text(&text));
	ca_buf_free(&text);
}

static void
fact_serial(struct ca_report *report, const ASN1_INTEGER *serial)
{
	struct ca_buf text = CA_BUF_INIT(65536);

	if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
		ca_buf_str(&text, "-");
	if (ASN1_STRING_length(serial) == 0)
		ca_buf_str(&text, "00");
	else
		ca_buf_hex(&text, ASN1_STRING_get0_data(serial),
		    (size_t)ASN1_STRING_length(serial));
	ca_report_fact(report, CA_FACT_SERIAL, ca_buf_text(&text));
	ca_buf_free(&text);
}

static void
fact_sha256(struct ca_crypto *crypto, struct ca_report *report, X509 *cert)
{
	struct ca_buf text = CA_BUF_INIT(128);
	uint8_t hash[32], *der = NULL;
	int len = i2d_X509(cert, &der);

	if (len > 0 &&
	    ca_crypto_sha256(crypto, der, (size_t)len, hash) == CA_OK) {
		ca_buf_hex(&text, hash, sizeof hash);
		ca_report_fact(report, CA_FACT_SHA256, ca_buf_text(&text));
	}
	ca_buf_free(&text);
	OPENSSL_free(der);
}

static void
fact_not_after(struct ca_report *report, const ASN1_TIME *t)
{
	struct tm tm;
	char text[64];

	if (ASN1_TIME_to_tm(t, &tm) != 1 ||
	    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return;
	ca_report_fact(report, CA_FACT_NOT_AFTER, text);
}

void
ca_verify_facts(struct ca_crypto *crypto, X509 *cert, struct ca_report *report)
{
	fact_name(report, CA_FACT_SUBJECT, X509_get_subject_name(cert));
	fact_name(report, CA_FACT_ISSUER, X509_get_issuer_name(cert));
	fact_serial(report, X509_get0_serialNumber(cert));
	fact_sha256(crypto, report, cert);
	fact_not_after(report, X509_get0_notAfter(cert));
}
