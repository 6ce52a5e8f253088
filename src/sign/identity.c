#include "sign/identity.h"
#include "base/tr.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "crypto/keykind.h"
#include "crypto/sigalg.h"
#include "verify/name.h"
#include "wire/scheme.h"

const struct ca_scheme *
ca_identity_scheme(const struct ca_identity *id, const struct ca_request *req)
{
	for (size_t i = 0; i < req->nschemes; i++) {
		const struct ca_scheme *s = ca_scheme_by_code(req->scheme[i]);

		if (s != NULL && ca_key_can(id->key, s))
			return s;
	}
	return NULL;
}

enum ca_err
ca_identity_sign(struct ca_identity *id, const struct ca_request *req,
    ca_identity_signs *signs, void *ctx)
{
	enum ca_err rc;

	do {
		rc = CA_ERR_UNSUPPORTED;
		for (size_t i = 0;
		     i < req->nschemes && rc == CA_ERR_UNSUPPORTED; i++) {
			const struct ca_scheme *s =
			    ca_scheme_by_code(req->scheme[i]);

			if (s != NULL && ca_key_can(id->key, s))
				rc = signs(ctx, s);
		}
	} while (ca_key_end(id->key, rc));
	return rc;
}

/* ---- reasons against a certificate ---- */

static bool
issued_by(X509 *cert, STACK_OF(X509) *chain, const X509_NAME *name)
{
	if (X509_NAME_cmp(X509_get_issuer_name(cert), name) == 0)
		return true;
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *c = sk_X509_value(chain, i);

		if (X509_NAME_cmp(X509_get_issuer_name(c), name) == 0)
			return true;
	}
	return false;
}

/* RFC 8446 section 4.2.4: one of the host's CAs issued a certificate of the
 * path. */
static bool
authority_fits(const struct ca_identity *id, const struct ca_request *req)
{
	struct ca_reader at =
	    ca_reader_of(req->authorities.p, req->authorities.len);
	struct ca_bytes der;
	bool fits = req->authorities.len == 0;

	while (!fits && ca_request_next_authority(&at, &der) == CA_OK) {
		const unsigned char *p = der.p;
		X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)der.len);

		fits = name != NULL && issued_by(id->leaf, id->chain, name);
		X509_NAME_free(name);
	}
	ERR_clear_error();
	return fits;
}

static bool
purpose_fits(X509 *cert)
{
	EXTENDED_KEY_USAGE *eku;
	bool fits = false;

	/* a card may hold a certificate for encryption; without the extension
	 * all bits are set */
	if ((X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE) == 0)
		return false;
	eku = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	if (eku == NULL)
		return X509_get_ext_by_NID(cert, NID_ext_key_usage, -1) < 0;
	for (int i = 0; i < sk_ASN1_OBJECT_num(eku); i++) {
		int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(eku, i));

		fits = fits || nid == NID_client_auth ||
		       nid == NID_anyExtendedKeyUsage ||
		       nid == NID_ms_smartcard_login;
	}
	sk_ASN1_OBJECT_pop_free(eku, ASN1_OBJECT_free);
	return fits;
}

void
ca_identity_date(const ASN1_TIME *t, struct ca_buf *b)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) == 1)
		ca_buf_fmt(b, "%04d-%02d-%02d", tm.tm_year + 1900,
		    tm.tm_mon + 1, tm.tm_mday);
	else
		ca_buf_str(b, P_("an unreadable date"));
}

/* Does a scheme that the host accepts fit the key, wherever the key is? */
static bool
key_fits(const EVP_PKEY *key, const struct ca_request *req)
{
	for (size_t i = 0; i < req->nschemes; i++)
		if (ca_crypto_scheme_fits(
			ca_scheme_by_code(req->scheme[i]), key))
			return true;
	return false;
}

/* Append the kinds of keys that the host accepts, or the names of its schemes,
 * in its order and each one once. */
static void
put_accepted(const struct ca_request *req, bool names, struct ca_buf *buf)
{
	const char *seen[64], *what;
	size_t n = 0;

	for (size_t i = 0; i < req->nschemes; i++) {
		const struct ca_scheme *s = ca_scheme_by_code(req->scheme[i]);
		size_t k = 0;

		if (s == NULL || n == sizeof seen / sizeof seen[0])
			continue;
		what = names ? s->name : ca_scheme_key_kind(s);
		while (k < n && strcmp(seen[k], what) != 0)
			k++;
		if (k < n)
			continue;
		ca_buf_fmt(buf, "%s%s", n > 0 ? ", " : "", what);
		seen[n++] = what;
	}
	if (n == 0)
		ca_buf_str(buf, P_("nothing that this certauth knows"));
}

/* Why no signature is possible: the key, or what holds it. */
static void
put_no_scheme(const struct ca_identity *id, const struct ca_request *req,
    struct ca_buf *buf)
{
	EVP_PKEY *key = X509_get0_pubkey(id->leaf);
	bool holder = key != NULL && key_fits(key, req);

	if (ca_sigalg_newer_key(id->leaf) != NULL) {
		ca_buf_str(buf, P_("its key has the type "));
		ca_cert_key_kind(id->leaf, buf);
		return;
	}
	ca_buf_str(buf,
	    holder ? P_("the token or agent with its key (") : P_("its key ("));
	ca_cert_key_kind(id->leaf, buf);
	ca_buf_str(buf, holder
			    ? P_(") cannot sign by a scheme that the host "
				 "accepts (certauth tokens shows what it can); "
				 "the host accepts: ")
			    : P_(") fits no signature scheme that the host "
				 "accepts; the host accepts keys of these "
				 "kinds: "));
	put_accepted(req, holder, buf);
}

/* Every reason but the host's CAs.  X509_cmp_time returns 0 for a time that it
 * cannot read. */
static void
unfit_itself(const struct ca_identity *id, const struct ca_request *req,
    time_t now, struct ca_buf *buf, bool *never)
{
	ca_buf_reset(buf);
	*never = ca_identity_scheme(id, req) == NULL;
	if (*never) {
		put_no_scheme(id, req, buf);
	} else if (X509_cmp_time(X509_get0_notAfter(id->leaf), &now) == 0 ||
		   X509_cmp_time(X509_get0_notBefore(id->leaf), &now) == 0) {
		ca_buf_str(buf, P_("its validity cannot be read"));
	} else if (X509_cmp_time(X509_get0_notAfter(id->leaf), &now) < 0) {
		ca_buf_str(buf, P_("it expired on "));
		ca_identity_date(X509_get0_notAfter(id->leaf), buf);
	} else if (X509_cmp_time(X509_get0_notBefore(id->leaf), &now) > 0) {
		ca_buf_str(buf, P_("it is not valid before "));
		ca_identity_date(X509_get0_notBefore(id->leaf), buf);
	} else if (!purpose_fits(id->leaf)) {
		ca_buf_str(buf, P_("it is not for client authentication"));
	}
}

const char *
ca_identity_unfit(const struct ca_identity *id, const struct ca_request *req,
    time_t now, struct ca_buf *buf, bool *never)
{
	unfit_itself(id, req, now, buf, never);
	/* a certificate that the host has registered needs no such hint, and
	 * perhaps only the host knows its intermediates */
	if (buf->len == 0 && !id->registered && !authority_fits(id, req))
		ca_buf_str(
		    buf, P_("none of the CAs that the host names issued it"));
	if (buf->len == 0 && buf->err == CA_OK)
		return NULL;
	const char *text = ca_buf_text(buf);
	return text != NULL ? text : "out of memory";
}

/* Does its chain, as far as it is known here, end below a root? */
static bool
chain_is_open(const struct ca_identity *id)
{
	X509 *at = id->leaf;

	for (int links = 0; links <= sk_X509_num(id->chain) + 1; links++) {
		const X509_NAME *issuer = X509_get_issuer_name(at);
		X509 *next = NULL;

		if (X509_NAME_cmp(X509_get_subject_name(at), issuer) == 0)
			return false;
		for (int i = 0; i < sk_X509_num(id->chain) && next == NULL; i++)
			if (X509_NAME_cmp(X509_get_subject_name(
					      sk_X509_value(id->chain, i)),
				issuer) == 0)
				next = sk_X509_value(id->chain, i);
		if (next == NULL)
			return true;
		at = next;
	}
	return false; /* a circle */
}

bool
ca_identity_uncertain(
    const struct ca_identity *id, const struct ca_request *req, time_t now)
{
	struct ca_buf why = CA_BUF_INIT(1024);
	bool never, fits;

	unfit_itself(id, req, now, &why, &never);
	fits = why.len == 0 && why.err == CA_OK;
	ca_buf_free(&why);
	return fits && !id->registered && !authority_fits(id, req) &&
	       chain_is_open(id);
}

/* ---- how it is shown ---- */

void
ca_identity_describe(
    const struct ca_identity *id, ca_log_text *say, struct ca_buf *b)
{
	ca_name_rfc4514(X509_get_subject_name(id->leaf), b);
	ca_buf_str(b, say(N_(", issued by ")));
	ca_name_rfc4514(X509_get_issuer_name(id->leaf), b);
	ca_buf_str(b, say(N_(", until ")));
	ca_identity_date(X509_get0_notAfter(id->leaf), b);
	if (id->label != NULL) {
		ca_buf_str(b, say(N_(", in ")));
		ca_buf_str(b, id->label);
	}
}

/* The last common name, or the whole name if there is none. */
static void
put_common_name(const X509_NAME *name, struct ca_buf *b)
{
	unsigned char *text = NULL;
	int at = -1, len = -1;

	for (int i;
	     (i = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0;)
		at = i;
	if (at >= 0)
		len = ASN1_STRING_to_UTF8(&text,
		    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	if (len > 0)
		ca_buf_printable(b, text, (size_t)len);
	else
		ca_name_rfc4514(name, b);
	OPENSSL_free(text);
	ERR_clear_error();
}

void
ca_identity_brief(const struct ca_identity *id, struct ca_buf *b)
{
	struct ca_buf subject = CA_BUF_INIT(b->max);
	struct ca_buf issuer = CA_BUF_INIT(b->max);
	struct ca_buf until = CA_BUF_INIT(b->max);

	put_common_name(X509_get_subject_name(id->leaf), &subject);
	put_common_name(X509_get_issuer_name(id->leaf), &issuer);
	ca_identity_date(X509_get0_notAfter(id->leaf), &until);
	const char *whose = ca_buf_text(&subject), *from = ca_buf_text(&issuer);
	const char *end = ca_buf_text(&until);
	if (whose == NULL || from == NULL || end == NULL)
		b->err = CA_ERR_MEMORY;
	else if (id->label != NULL)
		ca_buf_fmt(b, _("%s (%s), issued by %s, until %s"), whose,
		    id->label, from, end);
	else
		ca_buf_fmt(
		    b, _("%s, issued by %s, until %s"), whose, from, end);
	ca_buf_free(&subject);
	ca_buf_free(&issuer);
	ca_buf_free(&until);
}
