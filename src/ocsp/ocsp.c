#include "ocsp/ocsp.h"
#include "ocsp/ocspint.h"

#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

enum ca_err
ca_ocsp_file(struct ca_crypto *crypto, X509 *cert, char out[CA_OCSP_FILE_LEN])
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf text = CA_BUF_INIT(CA_OCSP_FILE_LEN);
	uint8_t hash[32], *der = NULL;
	int len = i2d_X509(cert, &der);

	if (len <= 0) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	if ((rc = ca_crypto_sha256(crypto, der, (size_t)len, hash)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ca_buf_hex(&text, hash, sizeof hash);
	ca_buf_str(&text, ".ocsp");
	if (ca_buf_text(&text) == NULL) {
		ret = ca_buf_err(&text);
		goto out;
	}
	memcpy(out, ca_buf_text(&text), CA_OCSP_FILE_LEN);
	ret = CA_OK;
out:
	ca_buf_free(&text);
	OPENSSL_free(der);
	return ret;
}

/* ---- the judgement ---- */

static void
tell_error(unsigned status, struct ca_ocsp_answer *out)
{
	static const char *const text[] = {"successful", "malformedRequest",
	    "internalError", "tryLater", "4", "sigRequired", "unauthorized"};

	(void)snprintf(out->why, sizeof out->why,
	    "is an error message of the responder (%s)",
	    status < sizeof text / sizeof *text ? text[status] : "unknown");
	out->reason = CA_R_OCSP_ERROR;
}

static void
tell_form(enum ca_err rc, struct ca_ocsp_answer *out)
{
	if (rc == CA_ERR_LIMIT)
		ca_ocsp_no(out, CA_R_OCSP_MALFORMED,
		    "has too many bytes, entries or certificates");
	else if (rc == CA_ERR_UNSUPPORTED)
		ca_ocsp_no(out, CA_R_OCSP_MALFORMED,
		    "is of another type or version than a basic response of "
		    "version 1");
	else
		ca_ocsp_no(
		    out, CA_R_OCSP_MALFORMED, "is not an OCSP response in DER");
}

/* Parse, and say what is wrong. */
static bool
parse(const struct ca_bytes *der, struct ca_ocsp_response *r,
    struct ca_ocsp_answer *out)
{
	enum ca_err rc = ca_ocsp_parse(der, r);

	if (rc != CA_OK)
		tell_form(rc, out);
	else if (r->status != CA_OCSP_STATUS_OK)
		tell_error(r->status, out);
	return rc == CA_OK && r->status == CA_OCSP_STATUS_OK;
}

bool
ca_ocsp_is_response(const struct ca_bytes *der, char why[CA_OCSP_WHY])
{
	struct ca_ocsp_answer out = {.revoked_for = -1};
	struct ca_ocsp_response r;
	bool is = parse(der, &r, &out);

	memcpy(why, out.why, CA_OCSP_WHY);
	return is;
}

/* Whatever libcrypto has no memory for looks like a wrong signature.  A revocation
 * must not be lost so: it is verified twice before it counts for nothing. */
static enum ca_err
verify(struct ca_crypto *crypto, const struct ca_ocsp_response *r,
    const struct ca_ocsp_question *q, struct ca_ocsp_answer *out)
{
	const struct ca_ocsp_answer said = *out;
	enum ca_err rc;

	if (said.status == CA_OCSP_NO_ANSWER)
		return CA_OK;
	rc = ca_ocsp_signer(crypto, r, q, out);
	if (rc == CA_DENIED && said.status == CA_OCSP_REVOKED) {
		*out = said;
		rc = ca_ocsp_signer(crypto, r, q, out);
	}
	return rc == CA_DENIED ? CA_OK : rc;
}

/* The signature is verified last: it costs most, and decides nothing if the
 * response has no answer anyway. */
static enum ca_err
judge(struct ca_crypto *crypto, const struct ca_bytes *der,
    const struct ca_ocsp_question *q, struct ca_ocsp_answer *out)
{
	struct ca_ocsp_response r;
	enum ca_err rc;

	if (!parse(der, &r, out))
		return CA_OK;
	if ((rc = ca_ocsp_read_entries(crypto, &r, q, out)) != CA_OK)
		return rc;
	return verify(crypto, &r, q, out);
}

enum ca_err
ca_ocsp_judge(struct ca_crypto *crypto, const struct ca_bytes *der,
    const struct ca_ocsp_question *q, struct ca_ocsp_answer *out)
{
	OSSL_LIB_CTX *before;
	enum ca_err rc;

	*out = (struct ca_ocsp_answer){.revoked_for = -1};
	ca_ocsp_no(out, CA_R_OCSP_MALFORMED, "was not judged");
	ERR_set_mark();
	before = ca_crypto_enter(crypto);
	rc = judge(crypto, der, q, out);
	if (rc != CA_OK)
		out->status = CA_OCSP_NO_ANSWER;
	ca_crypto_leave(before);
	ERR_pop_to_mark();
	return rc;
}
