#include "verify/pathtext.h"
#include "verify/name.h"
#include "verify/pathend.h"

#include <openssl/objects.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>

static void
put_where(const struct ca_pathtext *t, const X509 *cert, struct ca_buf *out)
{
	struct ca_buf where = CA_BUF_INIT(65536);

	if (t->finder != NULL && ca_pathend_where(t->finder, cert, &where) &&
	    ca_buf_text(&where) != NULL)
		ca_buf_fmt(out, ", %s", ca_buf_text(&where));
	ca_buf_free(&where);
}

static void
put_name(X509 *cert, struct ca_buf *out)
{
	ca_name_rfc4514(X509_get_subject_name(cert), out);
}

/* As RFC 3339 has it. */
static void
put_time(const ASN1_TIME *t, struct ca_buf *out)
{
	struct tm tm;
	char text[32];

	if (ASN1_TIME_to_tm(t, &tm) == 1 &&
	    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
		ca_buf_str(out, text);
	else
		ca_buf_str(out, "an unknown date");
}

static void
tell_expired(const struct ca_pathtext *t, struct ca_buf *out)
{
	ca_buf_str(out, ", notAfter ");
	put_time(X509_get0_notAfter(t->cert), out);
	if (t->depth == 0)
		ca_buf_str(out, "; the user needs a new certificate");
	else
		ca_buf_str(out,
		    "; if the CA has a newer certificate, run `certauth "
		    "setup --ca FILE` with it");
}

static void
tell_not_yet(const struct ca_pathtext *t, struct ca_buf *out)
{
	ASN1_TIME *now = ASN1_TIME_set(NULL, t->now);

	ca_buf_str(out, ", notBefore ");
	put_time(X509_get0_notBefore(t->cert), out);
	ca_buf_str(out, "; the time of this check is ");
	if (now != NULL)
		put_time(now, out);
	ca_buf_str(out, "; check the clock of this host (timedatectl), then "
			"that of the CA");
	ASN1_TIME_free(now);
}

static void
tell_signature(const struct ca_pathtext *t, struct ca_buf *out)
{
	X509 *issuer = sk_X509_value(t->chain, t->depth + 1);

	if (issuer == NULL)
		return;
	ca_buf_str(out, "; the key of ");
	put_name(issuer, out);
	ca_buf_fmt(out, " (depth %d", t->depth + 1);
	put_where(t, issuer, out);
	ca_buf_str(out, ") has not made its signature");
	ca_pathend_keys(t->cert, issuer, out);
	ca_buf_str(out,
	    "; the certificate was changed, or that CA was created again under "
	    "the same name and has another key: then it must issue the "
	    "certificate again, or run `certauth setup --ca FILE` with the CA "
	    "certificate that did");
}

static void
tell_not_ca(const struct ca_pathtext *t, struct ca_buf *out)
{
	BASIC_CONSTRAINTS *bc =
	    X509_get_ext_d2i(t->cert, NID_basic_constraints, NULL, NULL);

	if (bc == NULL)
		ca_buf_str(out, "; it has no basicConstraints");
	else if (!bc->ca)
		ca_buf_str(out, "; its basicConstraints say that it is not a "
				"CA certificate");
	BASIC_CONSTRAINTS_free(bc);
	if (t->depth > 0) {
		ca_buf_str(out, "; it must not issue ");
		put_name(sk_X509_value(t->chain, t->depth - 1), out);
	}
}

/* RFC 5280 section 6.1.4 (l): self-issued certificates do not count. */
static void
tell_path_length(const struct ca_pathtext *t, struct ca_buf *out)
{
	unsigned n = 0;

	for (int i = 1; i < t->depth; i++)
		n += (X509_get_extension_flags(sk_X509_value(t->chain, i)) &
			 EXFLAG_SI) == 0;
	ca_buf_fmt(out,
	    "; its pathLenConstraint allows %ld intermediate%s below it, and "
	    "the path has %u: ",
	    X509_get_pathlen(t->cert),
	    X509_get_pathlen(t->cert) == 1 ? "" : "s", n);
	for (int i = t->depth - 1; i > 0; i--) {
		put_name(sk_X509_value(t->chain, i), out);
		if (i > 1)
			ca_buf_str(out, "; ");
	}
}

static void
tell_critical(const struct ca_pathtext *t, struct ca_buf *out)
{
	const char *before = "; extension ";
	char oid[80];

	for (int i = 0; i < X509_get_ext_count(t->cert); i++) {
		X509_EXTENSION *ext =
		    (X509_EXTENSION *)X509_get_ext(t->cert, i);

		if (X509_EXTENSION_get_critical(ext) != 1 ||
		    X509_supported_extension(ext) == 1)
			continue;
		(void)OBJ_obj2txt(
		    oid, sizeof oid, X509_EXTENSION_get_object(ext), 1);
		ca_buf_fmt(out, "%s%s", before, oid);
		before = ", ";
	}
	ca_buf_str(out, "; certauth cannot apply it, so the certificate is "
			"refused (RFC 5280 section 4.2); the CA must issue it "
			"without that extension or not critical");
}

static void
put_facts(const struct ca_pathtext *t, struct ca_buf *out)
{
	switch (t->error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		tell_expired(t, out);
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		tell_not_yet(t, out);
		break;
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		tell_signature(t, out);
		break;
	case X509_V_ERR_INVALID_CA:
		tell_not_ca(t, out);
		break;
	case X509_V_ERR_PATH_LENGTH_EXCEEDED:
		tell_path_length(t, out);
		break;
	case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
		tell_critical(t, out);
		break;
	default:
		break;
	}
}

/* One text whatever libcrypto is there: OpenSSL 3.6 words this error anew. */
static const char *
error_text(int error)
{
	if (error == X509_V_ERR_CERT_NOT_YET_VALID)
		return "certificate is not yet valid";
	return X509_verify_cert_error_string(error);
}

void
ca_pathtext(const struct ca_pathtext *t, struct ca_buf *out)
{
	put_name(t->cert, out);
	ca_buf_fmt(out, " (depth %d", t->depth);
	put_where(t, t->cert, out);
	ca_buf_fmt(out, "): %s", error_text(t->error));
	put_facts(t, out);
}
