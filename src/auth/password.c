/*
 * A signed password (docs/protocol.md, section 8): what is signed, by which names of
 * this host, and its one use.
 */
#include "auth/attempt.h"

#include <string.h>

#include "crypto/ecdsa.h"
#include "crypto/passwordtbs.h"

/* ---- the host ---- */

/* Which of the names the text is for.  `certauth doctor' finds two that have one identifier;
 * the second of them is never found here. */
static enum ca_err
find_host(const struct ca_attempt *a, char host[CA_HOST_PASSWORD_NAME])
{
	char name[CA_HOST_NAMES_MAX][CA_HOST_PASSWORD_NAME];
	uint8_t id[CA_PASSWORD_HOST_ID];
	struct ca_buf text = CA_BUF_INIT(8192);
	size_t n;
	enum ca_err rc = ca_host_password_names(a->ctx->cfg, name, &n);

	for (size_t i = 0; rc == CA_OK && i < n; i++) {
		rc = ca_host_password_id(a->ctx->crypto, name[i], id);
		if (rc == CA_OK &&
		    memcmp(id, a->password.host_id, sizeof id) == 0) {
			memcpy(host, name[i], CA_HOST_PASSWORD_NAME);
			goto out;
		}
		ca_buf_fmt(&text, "%s%s", i > 0 ? ", " : "", name[i]);
	}
	if (rc == CA_OK || rc == CA_ERR_NOT_FOUND) {
		ca_report_set(a->report, CA_CHECK_SIGNATURE, CA_FAIL,
		    CA_R_OTHER_HOST,
		    "the signed password is not for this host, whose "
		    "password_names are %s; the client names the host by "
		    "certauth password --host",
		    n > 0 && ca_buf_text(&text) != NULL ? ca_buf_text(&text)
							: "empty");
		rc = CA_DENIED;
	} else {
		ca_report_abort(
		    a->report, CA_R_INTERNAL, "%s", ca_err_text(rc));
	}
out:
	ca_buf_free(&text);
	return rc;
}

/* ---- form and time ---- */

static enum ca_err
parse(struct ca_attempt *a, const struct ca_bytes *text)
{
	struct ca_password *p = &a->password;
	enum ca_err rc =
	    ca_password_parse((const char *)text->p, text->len, &a->bytes, p);
	enum ca_reason reason = rc == CA_ERR_TRUNCATED ? CA_R_ANSWER_CUT
				: rc == CA_ERR_MEMORY  ? CA_R_INTERNAL
						       : CA_R_ANSWER_MALFORMED;

	if (rc == CA_ERR_TRUNCATED)
		ca_report_abort(a->report, reason,
		    "the service cut the signed password after %zu characters; "
		    "the client makes a shorter text with certauth password "
		    "--max %zu",
		    text->len, text->len);
	else if (rc != CA_OK)
		ca_report_abort(a->report, reason,
		    "%s; the text begins as a signed password, and was changed "
		    "on its way",
		    ca_err_text(rc));
	if (rc != CA_OK)
		return rc;
	a->msgs.scheme = p->scheme;
	a->msgs.signature = p->signature;
	a->msgs.ncerts = p->ncerts;
	memcpy(a->msgs.cert, p->cert, sizeof p->cert);
	return CA_OK;
}

/* The parent judges it again, by a time that never goes back, and knows the first use
 * of a text: here it only saves the work of what is refused anyway. */
static enum ca_err
check_time(const struct ca_attempt *a)
{
	const struct ca_config *cfg = a->ctx->cfg;
	const uint64_t t = a->ctx->now > 0 ? (uint64_t)a->ctx->now : 0;
	const uint64_t issued_at = a->password.issued_at;
	uint64_t late = cfg->password_lifetime;

	if (cfg->password_use == CA_PASSWORD_WINDOW)
		late += cfg->password_window;
	if (issued_at <= t + cfg->password_skew && t <= issued_at + late)
		return CA_OK;
	ca_report_abort(a->report, CA_R_PASSWORD_EXPIRED,
	    "the signed password was made %llu s %s; %s",
	    (unsigned long long)(t > issued_at ? t - issued_at : issued_at - t),
	    t > issued_at ? "ago" : "in the future, by this host's clock",
	    ca_auth_abort_text(CA_R_PASSWORD_EXPIRED));
	return CA_ERR_EXPIRED;
}

/* ---- what is signed ---- */

static enum ca_err
make_tbs(struct ca_attempt *a, const char *host)
{
	const struct ca_password_for meant = {
	    host, a->peer->service, a->peer->user};
	enum ca_err rc = ca_password_tbs(a->ctx->crypto, &a->password, &meant,
	    a->content, a->tbs, &a->tbs_len);

	if (rc == CA_ERR_FORMAT)
		ca_report_abort(a->report, CA_R_LOGIN_INVALID,
		    "a signed password is for a login of 1 to 255 bytes, and "
		    "the application sets another PAM_USER or PAM_SERVICE");
	else if (rc != CA_OK)
		ca_report_abort(
		    a->report, CA_R_INTERNAL, "%s", ca_err_text(rc));
	return rc;
}

/* libcrypto verifies the DER form.  A signature of another length stays as it is, and
 * does not verify. */
static enum ca_err
make_der(struct ca_attempt *a)
{
	const struct ca_scheme *scheme = ca_scheme_by_code(a->msgs.scheme);
	const struct ca_bytes *raw = &a->password.signature;
	size_t n = scheme != NULL ? ca_ecdsa_bytes(scheme) : 0;
	enum ca_err rc;

	if (n == 0)
		return CA_OK;
	rc = raw->len == 2 * n ? ca_ecdsa_der(raw->p, n, raw->p + n, n, &a->der)
			       : CA_ERR_FORMAT;
	if (rc == CA_OK)
		a->msgs.signature = (struct ca_bytes){a->der.p, a->der.len};
	else if (rc == CA_ERR_FORMAT)
		ca_report_set(a->report, CA_CHECK_SIGNATURE, CA_FAIL,
		    CA_R_SIGNATURE,
		    "the signature is not r and s of %zu bytes each", n);
	else
		ca_report_abort(
		    a->report, CA_R_INTERNAL, "%s", ca_err_text(rc));
	return rc == CA_ERR_FORMAT ? CA_DENIED : rc;
}

enum ca_err
ca_attempt_password(struct ca_attempt *a, const struct ca_bytes *text)
{
	char host[CA_HOST_PASSWORD_NAME];
	enum ca_err rc;

	if ((rc = parse(a, text)) != CA_OK || (rc = check_time(a)) != CA_OK ||
	    (rc = find_host(a, host)) != CA_OK ||
	    (rc = make_tbs(a, host)) != CA_OK || (rc = make_der(a)) != CA_OK)
		return rc;
	return CA_OK;
}

bool
ca_attempt_has_key(const struct ca_attempt *a, X509 *cert)
{
	uint8_t hash[32];

	return a->req != NULL ||
	       (ca_crypto_spki(a->ctx->crypto, cert, hash) == CA_OK &&
		   memcmp(hash, a->password.key_id, CA_PASSWORD_KEY_ID) == 0);
}

/* ---- its one use ---- */

static enum ca_err
short_hash(struct ca_crypto *crypto, const char *text, uint64_t *out)
{
	uint8_t hash[32];
	enum ca_err rc = ca_crypto_sha256(crypto, text, strlen(text), hash);

	if (rc == CA_OK)
		memcpy(out, hash, sizeof *out);
	return rc;
}

enum ca_err
ca_attempt_claim(struct ca_attempt *a)
{
	const struct ca_config *cfg = a->ctx->cfg;
	const char *rhost = a->peer->rhost != NULL ? a->peer->rhost : "";
	struct ca_claim claim = {.issued_at = a->password.issued_at,
	    .lifetime = cfg->password_lifetime,
	    .skew = cfg->password_skew,
	    .window = cfg->password_use == CA_PASSWORD_WINDOW
			  ? cfg->password_window
			  : 0};
	enum ca_reason reason = CA_R_INTERNAL;

	memcpy(claim.content, a->content, sizeof claim.content);
	if (short_hash(a->ctx->crypto, a->peer->user, &claim.user) == CA_OK &&
	    short_hash(a->ctx->crypto, rhost, &claim.rhost) == CA_OK)
		reason = a->claims->claim(a->claims->ctx, &claim);
	if (reason == CA_R_OK)
		return CA_OK;
	ca_report_abort(a->report, reason, "%s",
	    ca_auth_abort_text(reason) != NULL ? ca_auth_abort_text(reason)
					       : ca_reason_text(reason));
	return reason == CA_R_PASSWORD_EXPIRED ? CA_ERR_EXPIRED : CA_DENIED;
}
