#include "sign/requestcheck.h"
#include "base/tr.h"

#include <string.h>

#include "wire/scheme.h"

enum ca_err
ca_requestcheck_time(
    const struct ca_request *req, time_t now, struct ca_buf *why)
{
	uint64_t at = req->issued_at, here = (uint64_t)now;
	uint64_t apart = here > at ? here - at : at - here;

	if (now < 0) /* time(2) failed, or a clock before 1970 */
		return CA_ERR_IO;
	if (apart <= (uint64_t)req->lifetime + CA_REQUEST_SKEW)
		return CA_OK;
	ca_buf_fmt(why,
	    P_("rule 3, the time: by your clock, the host made the request %llu "
	       "seconds %s; at most %u seconds are allowed. Start the login "
	       "again. If that does not help, compare the clock of this machine "
	       "(`date -u`) with that of the host"),
	    (unsigned long long)apart,
	    here > at ? P_("ago") : P_("in the future"),
	    (unsigned)req->lifetime + CA_REQUEST_SKEW);
	return CA_DENIED;
}

static enum ca_err
decode_certs(struct ca_crypto *crypto, const struct ca_request *req,
    X509 **leaf, STACK_OF(X509) *chain)
{
	const struct ca_proof_msgs *host = &req->host;
	enum ca_err rc;
	X509 *cert;

	for (size_t i = 0; i < host->ncerts; i++) {
		cert = NULL;
		if ((rc = ca_crypto_cert(crypto, host->cert[i].p,
			 host->cert[i].len, &cert)) != CA_OK)
			return rc;
		if (i == 0) {
			*leaf = cert; /* transferred */
		} else if (sk_X509_push(chain, cert) <= 0) {
			X509_free(cert);
			return CA_ERR_MEMORY;
		}
	}
	return *leaf != NULL ? CA_OK : CA_ERR_FORMAT;
}

/* RFC 8446 section 4.4.3: the host signs the request and its certificate. */
static enum ca_err
proof_signature(
    struct ca_crypto *crypto, const struct ca_request *req, X509 *leaf)
{
	const struct ca_proof_msgs *host = &req->host;
	const struct ca_scheme *scheme = ca_scheme_by_code(host->scheme);
	const struct ca_bytes part[] = {req->request, host->certificate};
	uint8_t hash[CA_TRANSCRIPT_HASH_LEN], tbs[CA_SIGNED_CONTENT_MAX];
	EVP_PKEY *key = X509_get0_pubkey(leaf);
	enum ca_err rc;

	if (scheme == NULL || key == NULL)
		return CA_DENIED;
	if (host->context.len != CA_NONCE_LEN ||
	    memcmp(host->context.p, req->nonce, CA_NONCE_LEN) != 0)
		return CA_DENIED;
	if ((rc = ca_crypto_transcript(crypto, part, 2, hash)) != CA_OK)
		return rc;
	size_t len = ca_signed_content(CA_SIGNER_HOST, hash, tbs);
	return ca_crypto_verify(crypto, scheme, key,
	    &(struct ca_signed){
		tbs, len, host->signature.p, host->signature.len});
}

enum ca_err
ca_requestcheck_proof(struct ca_crypto *crypto, const struct ca_request *req,
    X509 **leaf, STACK_OF(X509) *chain, struct ca_buf *why)
{
	enum ca_err rc = decode_certs(crypto, req, leaf, chain);

	if (rc == CA_OK)
		rc = proof_signature(crypto, req, *leaf);
	if (rc == CA_OK)
		return CA_OK;
	ca_buf_fmt(why,
	    P_("rule 4, the host's proof: the host's certificate or signature is "
	       "wrong (%s). Tell the host's administrator"),
	    P_(ca_err_text(rc)));
	return rc == CA_ERR_MEMORY ? rc : CA_DENIED;
}
