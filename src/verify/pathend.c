#include "verify/pathend.h"
#include "crypto/sigalg.h"
#include "verify/issued.h"
#include "verify/name.h"
#include "verify/pathint.h"

#include <openssl/x509v3.h>

/* Certificates of the issuer's name that a message shows. */
#define SHOWN_MAX 3

struct ca_path
ca_pathend(struct ca_pathfinder *f)
{
	struct ca_path end = {.cert = {f->leaf}, .n = 1};

	/* anybody can write a name: follow signatures only */
	while (
	    end.n < f->end.n && ca_pathfinder_signed(f, f->end.cert[end.n - 1],
				    f->end.cert[end.n]) == CA_OK) {
		end.cert[end.n] = f->end.cert[end.n];
		end.n++;
	}
	return end;
}

/* ---- pieces of the text ---- */

static bool
came_with_leaf(const struct ca_pathfinder *f, const X509 *cert)
{
	for (int i = 0; i < sk_X509_num(f->pool.untrusted); i++)
		if (sk_X509_value(f->pool.untrusted, i) == cert)
			return true;
	return false;
}

bool
ca_pathend_where(
    const struct ca_pathfinder *f, const X509 *cert, struct ca_buf *out)
{
	if (ca_cadir_file(f->pool.anchor_dir, cert, out))
		return true;
	if (f->pool.helper_dir != NULL &&
	    ca_cadir_file(f->pool.helper_dir, cert, out))
		return true;
	if (!came_with_leaf(f, cert))
		return false;
	ca_buf_str(out, "sent with the certificate");
	return true;
}

/* NAME (WHERE) */
static void
put_cert(const struct ca_pathfinder *f, X509 *cert, struct ca_buf *out)
{
	struct ca_buf where = CA_BUF_INIT(65536);

	ca_name_rfc4514(X509_get_subject_name(cert), out);
	if (ca_pathend_where(f, cert, &where) && ca_buf_text(&where) != NULL)
		ca_buf_fmt(out, " (%s)", ca_buf_text(&where));
	ca_buf_free(&where);
}

void
ca_pathend_keys(X509 *cert, X509 *issuer, struct ca_buf *out)
{
	const ASN1_OCTET_STRING *aki = X509_get0_authority_key_id(cert);
	const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(issuer);

	if (aki == NULL || ski == NULL)
		return;
	if (ASN1_OCTET_STRING_cmp(aki, ski) == 0) {
		ca_buf_str(out, " (both name the key ");
		ca_name_key_id(aki, out);
	} else {
		ca_buf_str(out, " (the certificate names the key ");
		ca_name_key_id(aki, out);
		ca_buf_str(out, ", the CA has the key ");
		ca_name_key_id(ski, out);
	}
	ca_buf_str(out, ")");
}

/* ---- certificates of the name that do not fit ---- */

/* Why other, which has the issuer's name, is not the issuer of cert. */
static void
tell_namesake(struct ca_pathfinder *f, X509 *cert, X509 *other, bool anchor,
    struct ca_buf *out)
{
	int how = ca_issued_fits(other, cert);

	ca_buf_str(out, "; a CA of that name is there, ");
	if (how == X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH)
		ca_buf_str(out, "with another serial number or issuer than "
				"the authorityKeyIdentifier names");
	else
		ca_buf_str(out, "with another key");
	ca_buf_str(out, ": ");
	if (!ca_pathend_where(f, other, out))
		ca_buf_str(out, anchor ? "a trust anchor" : "an intermediate");
	ca_pathend_keys(cert, other, out);
}

/* How many certificates of from have the name of the issuer of cert, and are
 * not cert itself. */
static unsigned
tell_namesakes(struct ca_pathfinder *f, X509 *cert, const STACK_OF(X509) *from,
    unsigned before, struct ca_buf *out)
{
	const X509_NAME *name = X509_get_issuer_name(cert);
	unsigned n = 0;

	for (int i = 0; i < sk_X509_num(from); i++) {
		X509 *other = sk_X509_value(from, i);

		if (X509_cmp(other, cert) == 0 ||
		    X509_NAME_cmp(X509_get_subject_name(other), name) != 0)
			continue;
		if (before + n < SHOWN_MAX)
			tell_namesake(
			    f, cert, other, from == f->pool.anchors, out);
		n++;
	}
	return n;
}

/* ---- the text ---- */

static void
tell_missing(struct ca_pathfinder *f, X509 *last, struct ca_buf *out)
{
	const ASN1_OCTET_STRING *aki = X509_get0_authority_key_id(last);

	ca_buf_str(out, "the issuer of ");
	put_cert(f, last, out);
	ca_buf_str(out, " is missing: no certificate of ");
	ca_name_rfc4514(X509_get_issuer_name(last), out);
	if (aki != NULL) {
		ca_buf_str(out, " with the key identifier ");
		ca_name_key_id(aki, out);
	} else {
		ca_buf_str(out, " whose key verifies its signature");
	}
	ca_buf_str(out, " is in ");
	ca_cadir_show(f->pool.anchor_dir, out);
	if (f->pool.helper_dir != NULL) {
		ca_buf_str(out, " or in ");
		ca_cadir_show(f->pool.helper_dir, out);
	}
	ca_buf_str(
	    out, sk_X509_num(f->pool.untrusted) > 0
		     ? " or among the CA certificates sent with the certificate"
		     : ", and no CA certificate was sent with the certificate");
}

static void
tell_self_signed(struct ca_pathfinder *f, X509 *last, struct ca_buf *out)
{
	put_cert(f, last, out);
	ca_buf_str(out, " is self-signed and is not in ");
	ca_cadir_show(f->pool.anchor_dir, out);
	ca_buf_str(out, ", so it is not a trust anchor");
}

static void
tell_next(const struct ca_pathfinder *f, const struct ca_path *end, bool self,
    bool namesakes, struct ca_buf *out)
{
	bool leaf = end->n == 1;

	if (self && leaf) {
		ca_buf_str(out, "; log in with a certificate that a CA in "
				"ca_dir has issued");
		return;
	}
	if (namesakes)
		ca_buf_str(out,
		    "; either the CA was created again, and must issue the "
		    "certificate again, or the other CA certificate is "
		    "missing: if this host is to trust that CA too, ");
	else
		ca_buf_str(out, "; if this host is to trust that CA, ");
	ca_cadir_install(f->pool.anchor_dir, out);
	if (leaf && !namesakes && sk_X509_num(f->pool.untrusted) <= 0)
		ca_buf_str(out, "; if that CA is an intermediate, the client "
				"can also send it: append it to the file of "
				"the client's certificate");
}

void
ca_pathend_tell(
    struct ca_pathfinder *f, const struct ca_path *end, struct ca_buf *out)
{
	X509 *last = end->cert[end->n - 1];
	bool self = X509_self_signed(last, 0) == 1 &&
		    ca_pathfinder_signed(f, last, last) == CA_OK;
	unsigned n;

	if (self)
		tell_self_signed(f, last, out);
	else
		tell_missing(f, last, out);
	n = tell_namesakes(f, last, f->pool.anchors, 0, out);
	n += tell_namesakes(f, last, f->pool.helpers, n, out);
	n += tell_namesakes(f, last, f->pool.untrusted, n, out);
	if (n > SHOWN_MAX)
		ca_buf_fmt(out, "; %u more have that name", n - SHOWN_MAX);
	tell_next(f, end, self, n > 0, out);
}

bool
ca_pathend_unsupported(const struct ca_path *end, struct ca_report *report)
{
	X509 *last = end->cert[end->n - 1];
	struct ca_buf text = CA_BUF_INIT(65536), name = CA_BUF_INIT(65536);
	bool lack = ca_sigalg_lack_signature(last, &text);

	ca_name_rfc4514(X509_get_subject_name(last), &name);
	if (lack && end->n == 1)
		ca_report_set(
		    report, CA_CHECK_CHAIN, CA_FAIL, CA_R_UNSUPPORTED, NULL);
	else if (lack)
		ca_report_set(report, CA_CHECK_CHAIN, CA_FAIL, CA_R_UNSUPPORTED,
		    "%s: %s",
		    ca_buf_text(&name) != NULL ? ca_buf_text(&name) : "?",
		    ca_buf_text(&text) != NULL ? ca_buf_text(&text) : "?");
	ca_buf_free(&text);
	ca_buf_free(&name);
	return lack;
}
