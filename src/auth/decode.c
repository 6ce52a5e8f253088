/*
 * The certificates of a response: each is decoded, or the reason is recorded why
 * it is not.  `certauth verify' and `certauth explain' decode their files by the
 * same functions, so that they say what a login says.
 */
#include "auth/attempt.h"

#include "crypto/certgate.h"
#include "crypto/keykind.h"
#include "crypto/sigalg.h"

/* ---- the client's certificate ---- */

/* Of a certificate that was not decoded. */
static enum ca_reason
refused_reason(const struct ca_bytes *cert, enum ca_err rc)
{
	if (rc != CA_ERR_UNSUPPORTED)
		return CA_R_CERT_MALFORMED;
	return ca_cert_unsupported(cert->p, cert->len) ? CA_R_UNSUPPORTED
						       : CA_R_KEY_WEAK;
}

enum ca_err
ca_auth_decode_leaf(struct ca_crypto *crypto, const struct ca_bytes *cert,
    enum ca_check check, struct ca_report *report, X509 **leaf)
{
	char text[CA_CERT_REFUSAL];
	enum ca_err rc = ca_crypto_cert(crypto, cert->p, cert->len, leaf);

	if (rc != CA_OK) {
		const char *why = ca_cert_refusal(cert->p, cert->len, text);

		ca_report_set(report, check, CA_FAIL, refused_reason(cert, rc),
		    "the client's certificate is refused: %s",
		    why != NULL ? why : ca_err_text(rc));
	}
	return rc;
}

static enum ca_reason
unfit_reason(X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(cert);

	if (key == NULL) {
		struct ca_buf skip = CA_BUF_INIT(1024);
		bool lack = ca_sigalg_lack_key(cert, &skip);

		ca_buf_free(&skip);
		return lack ? CA_R_UNSUPPORTED : CA_R_CERT_MALFORMED;
	}
	if ((EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS")) &&
	    !ca_crypto_rsa_ok(key))
		return CA_R_KEY_WEAK;
	return CA_R_SCHEME;
}

void
ca_attempt_unfit(X509 *cert, const struct ca_scheme *scheme,
    enum ca_check check, struct ca_report *report)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert);
	struct ca_buf text = CA_BUF_INIT(1024), why = CA_BUF_INIT(1024);

	if (key == NULL && ca_sigalg_lack_key(cert, &why)) {
		ca_buf_fmt(&text, "the client's certificate is refused: %s",
		    ca_buf_text(&why) != NULL ? ca_buf_text(&why) : "?");
	} else if (key == NULL) {
		ca_buf_str(&text, "the key of the client's certificate cannot "
				  "be read");
	} else {
		ca_buf_str(&text, "the key of the client's certificate (");
		ca_key_kind(key, &text);
		if (scheme != NULL)
			ca_buf_fmt(&text,
			    ") does not fit the scheme %s that the client used",
			    scheme->name);
		else
			ca_buf_str(
			    &text, ") does not fit any signature scheme");
	}
	ca_report_set(report, check, CA_FAIL, unfit_reason(cert), "%s",
	    ca_buf_text(&text) != NULL ? ca_buf_text(&text) : "?");
	ca_buf_free(&text);
	ca_buf_free(&why);
}

bool
ca_auth_leaf_signs(X509 *leaf, enum ca_check check, struct ca_report *report)
{
	const EVP_PKEY *key = X509_get0_pubkey(leaf);
	const struct ca_scheme *s;

	for (size_t i = 0; (s = ca_scheme_at(i)) != NULL; i++)
		if (ca_crypto_scheme_fits(s, key))
			return true;
	ca_attempt_unfit(leaf, NULL, check, report);
	return false;
}

/* ---- the others ---- */

static void
tell_refused(const struct ca_auth_rest *rest, size_t number, const char *why)
{
	if (rest->file != NULL)
		ca_log_warning(rest->log,
		    "certificate %zu of %s is not used: %-s", number,
		    rest->file, why);
	else
		ca_log_warning(rest->log,
		    "certificate %zu of the response is not used: %-s", number,
		    why);
}

/* One that is malformed fails the chain, even if no path needs it: its sender
 * is broken or probing.  One that may not be decoded is left out, as a CA that
 * was not sent: a path that needs it is not found. */
enum ca_err
ca_auth_decode_more(
    struct ca_auth_rest *rest, size_t number, const struct ca_bytes *cert)
{
	char text[CA_CERT_REFUSAL];
	X509 *x = NULL;
	enum ca_err rc = ca_crypto_cert(rest->crypto, cert->p, cert->len, &x);
	const char *why =
	    rc == CA_OK ? NULL : ca_cert_refusal(cert->p, cert->len, text);

	if (why != NULL) {
		tell_refused(rest, number, why);
		return CA_OK;
	}
	if (rc != CA_OK) {
		ca_report_set(rest->report, CA_CHECK_CHAIN, CA_FAIL,
		    CA_R_CERT_MALFORMED, "certificate %zu of %s: %s", number,
		    rest->file != NULL ? rest->file : "the response",
		    ca_err_text(rc));
		return CA_OK;
	}
	if (sk_X509_push(rest->certs, x) <= 0) {
		X509_free(x);
		return CA_ERR_MEMORY;
	}
	return CA_OK;
}

enum ca_err
ca_auth_decode_rest(struct ca_crypto *crypto, const struct ca_log *log,
    const struct ca_bytes *cert, size_t n, struct ca_report *report,
    STACK_OF(X509) **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_auth_rest rest = {
	    crypto, log, report, sk_X509_new_null(), NULL};

	*out = rest.certs;
	if (*out == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	for (size_t i = 1; i < n; i++)
		if ((rc = ca_auth_decode_more(&rest, i + 1, &cert[i])) !=
		    CA_OK) {
			ret = rc;
			goto out;
		}
	ret = CA_OK;
out:
	if (ret != CA_OK)
		ca_report_abort(report, CA_R_INTERNAL, "%s", ca_err_text(ret));
	return ret;
}
