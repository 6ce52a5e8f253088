/*
 * The request of one attempt.
 */
#include "auth/auth.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "verify/verify.h"

#define TEXT_MAX_BYTES 255
/* certificate_authorities: extension type, two lengths */
#define AUTHORITIES_OVERHEAD 6
/* the shortest Name in DER that says anything, with its length */
#define AUTHORITY_MIN 13
#define AUTHORITIES_MAX (CA_AUTHORITIES_BYTES / AUTHORITY_MIN + 1)

void
ca_auth_facts(const struct ca_auth_peer *peer, struct ca_report *report)
{
	ca_report_fact(report, CA_FACT_SERVICE, peer->service);
	if (peer->user != NULL && peer->user[0] != '\0')
		ca_report_fact(report, CA_FACT_USER, peer->user);
	if (peer->rhost != NULL && peer->rhost[0] != '\0')
		ca_report_fact(report, CA_FACT_RHOST, peer->rhost);
}

static const char *
clean(const char *text, bool may_be_empty)
{
	size_t len = text != NULL ? strlen(text) : 0;

	if (len == 0)
		return may_be_empty ? "" : "?";
	if (len > TEXT_MAX_BYTES || !ca_utf8_text(text, len))
		return "?";
	return text;
}

size_t
ca_auth_schemes(struct ca_crypto *crypto, const struct ca_config *cfg,
    uint16_t out[CA_AUTH_SCHEMES])
{
	const struct ca_scheme *s;
	size_t n = 0;

	for (size_t i = 0; (s = ca_scheme_at(i)) != NULL; i++) {
		if (ca_scheme_is_pkcs1(s) && !cfg->rsa_pkcs1)
			continue;
		if (n < CA_AUTH_SCHEMES && ca_crypto_has_scheme(crypto, s))
			out[n++] = s->code;
	}
	return n;
}

/*
 * Write the request, then once more with the names of the trust anchors if
 * they fit.  A ca_dir that cannot be read is found and reported by the check
 * of the chain; here it only means that no names are sent.
 */
static enum ca_err
write_request(struct ca_crypto *crypto, const struct ca_config *cfg,
    const struct ca_log *log, struct ca_request_params *params,
    struct ca_buf *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf names = CA_BUF_INIT(CA_AUTHORITIES_BYTES);
	struct ca_bytes list[AUTHORITIES_MAX];
	size_t n = 0;

	ca_buf_reset(out);
	if ((rc = ca_request_write(out, params)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (out->len + AUTHORITIES_OVERHEAD + AUTHORITY_MIN <=
	    CA_AUTHORITIES_BYTES) {
		rc = ca_verify_authorities(crypto, cfg, log,
		    CA_AUTHORITIES_BYTES - AUTHORITIES_OVERHEAD - out->len,
		    &names);
		struct ca_reader at = ca_reader_of(names.p, names.len);
		while (rc == CA_OK && n < AUTHORITIES_MAX &&
		       (rc = ca_request_next_authority(&at, &list[n])) == CA_OK)
			n++;
		/* all or nothing: a list that lacks one misleads a client */
		if (rc != CA_ERR_NOT_FOUND)
			n = 0;
	}
	if (n > 0) {
		params->authority = list;
		params->nauthorities = n;
		ca_buf_reset(out);
		rc = ca_request_write(out, params);
		params->authority = NULL; /* list ends with this function */
		params->nauthorities = 0;
		if (rc != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	ret = CA_OK;
out:
	ca_buf_free(&names);
	return ret;
}

/* The host's proof behind the request in msg, as host_proof has it. */
static enum ca_err
add_proof(const struct ca_context *ctx, const uint8_t *nonce,
    const struct ca_host_signer *signer, struct ca_buf *msg)
{
	const struct ca_config *cfg = ctx->cfg;
	const struct ca_log *log = ctx->log;
	enum ca_err rc;

	if (cfg->host_proof == CA_HOST_PROOF_OFF)
		return CA_OK;
	if (cfg->host_cert == NULL && cfg->host_key == NULL) {
		if (cfg->host_proof != CA_HOST_PROOF_REQUIRE)
			return CA_OK;
		ca_log_err(log,
		    "host_proof = require needs both host_cert and host_key "
		    "in certauth.conf");
		return CA_ERR_CONFIG;
	}
	rc = ca_host_proof(ctx, nonce, signer, msg);
	/* an administrator who set host_cert means it */
	if (rc == CA_OK || cfg->host_proof != CA_HOST_PROOF_OPTIONAL)
		return rc;
	ca_log_debug(log, "the host sends no proof: it could not be made, and "
			  "host_proof = optional allows that");
	return CA_OK;
}

/* The request and the host's proof into msg, for the names of this host. */
static enum ca_err
write_all(const struct ca_context *ctx, const struct ca_host_signer *signer,
    struct ca_request_params *params, struct ca_buf *msg,
    enum ca_reason *reason)
{
	uint16_t scheme[CA_AUTH_SCHEMES];
	enum ca_err rc;

	rc = ca_crypto_random(ctx->crypto, params->nonce, CA_NONCE_LEN);
	if (rc != CA_OK) {
		ca_log_err(ctx->log,
		    "no random bytes for the nonce: the kernel or libcrypto "
		    "returned an error");
		return rc;
	}
	params->scheme = scheme;
	params->nschemes = ca_auth_schemes(ctx->crypto, ctx->cfg, scheme);
	rc = write_request(ctx->crypto, ctx->cfg, ctx->log, params, msg);
	params->scheme = NULL; /* it ends with this function */
	if (rc != CA_OK) {
		ca_log_err(ctx->log, "the request cannot be written: %-s",
		    ca_err_text(rc));
		return rc;
	}
	rc = add_proof(ctx, params->nonce, signer, msg);
	if (rc != CA_OK)
		*reason = CA_R_HOST_PROOF;
	return rc;
}

enum ca_err
ca_auth_request(const struct ca_context *ctx, const struct ca_auth_peer *peer,
    const struct ca_host_signer *signer, struct ca_request **out,
    enum ca_reason *reason)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf msg = CA_BUF_INIT(CA_REQUEST_MAX);
	char *name[CA_HOST_NAMES_MAX] = {NULL};
	size_t nnames = 0;
	struct ca_request_params params = {
	    .issued_at = ctx->now > 0 ? (uint64_t)ctx->now : 0,
	    .lifetime = (uint16_t)ctx->cfg->lifetime,
	    .status_request = ctx->cfg->revocation != CA_SOURCES_CRL,
	    .host_name = (const char *const *)name,
	    .service = clean(peer->service, false),
	    .user = clean(peer->user, true),
	    .rhost = clean(peer->rhost, true),
	};

	ERR_set_mark(); /* the queue is the application's too */
	*out = NULL;
	*reason = CA_R_INTERNAL;
	rc = ca_host_names(ctx->cfg, name, CA_HOST_NAMES_MAX, &nnames);
	if (rc != CA_OK) {
		ca_log_err(ctx->log,
		    "this host has no usable name: set host_names in "
		    "certauth.conf");
		ret = rc;
		goto out;
	}
	params.nhost_names = nnames;
	if ((rc = write_all(ctx, signer, &params, &msg, reason)) != CA_OK) {
		ret = rc;
		goto out;
	}
	/* what is sent is what a client would make of it */
	if ((rc = ca_request_parse(msg.p, msg.len, out)) != CA_OK) {
		ca_log_err(ctx->log,
		    "the request that was made has a wrong form: %-s",
		    ca_err_text(rc));
		ret = rc;
		goto out;
	}
	*reason = CA_R_OK;
	ret = CA_OK;
out:
	for (size_t i = 0; i < nnames; i++)
		free(name[i]);
	ca_buf_free(&msg);
	ERR_pop_to_mark();
	return ret;
}
