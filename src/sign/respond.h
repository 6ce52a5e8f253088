/*
 * The response to a request.
 */
#ifndef CA_SIGN_RESPOND_H
#define CA_SIGN_RESPOND_H

#include <openssl/x509.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "crypto/crypto.h"
#include "key/key.h"
#include "wire/message.h"

/* The certificates that are sent, in DER: leaf first, each followed by its issuer, without
 * the root; none if id->registered.  CA_ERR_CRYPTO.  To be cleared in every case. */
struct ca_response_certs {
	struct ca_bytes der[CA_CERTS_MAX];
	/* the same, and their issuers as far as the identity has them (NULL: not);
	 * borrowed from it */
	X509 *cert[CA_CERTS_MAX], *issuer[CA_CERTS_MAX];
	struct ca_bytes staple
	    [CA_CERTS_MAX]; /* OCSP responses, for free(); ca_response_certs
					       * leaves them empty */
	size_t n;
};
CA_MUST_CHECK enum ca_err ca_response_certs(
    const struct ca_identity *id, struct ca_response_certs *certs);
void ca_response_certs_clear(struct ca_response_certs *certs);

/* The most bytes that ca_respond may append for id's key and chain.
 * CA_ERR_CRYPTO, CA_ERR_LIMIT. */
CA_MUST_CHECK enum ca_err ca_response_bound(
    const struct ca_request *req, const struct ca_identity *id, size_t *len);

/* The same with these certificates and their staples. */
CA_MUST_CHECK enum ca_err ca_response_certs_bound(const struct ca_request *req,
    const struct ca_identity *id, const struct ca_response_certs *certs,
    size_t *len);

/* Leave the staples out.  Returns how many there were. */
size_t ca_response_unstaple(struct ca_response_certs *certs);

/* Sign req by id and append Certificate, with certs of id, and CertificateVerify to
 * out.  Staples for which there is no room are left out (emptied), from the end.
 * Errors as for ca_key_sign, and CA_ERR_LIMIT: the chain is too long for a response.
 */
CA_MUST_CHECK enum ca_err ca_respond_certs(struct ca_crypto *crypto,
    const struct ca_request *req, struct ca_identity *id,
    struct ca_response_certs *certs, const struct ca_key_ui *ui,
    struct ca_buf *out);

/* The same with the certificates of id, without staples. */
CA_MUST_CHECK enum ca_err ca_respond(struct ca_crypto *crypto,
    const struct ca_request *req, struct ca_identity *id,
    const struct ca_key_ui *ui, struct ca_buf *out);

#endif
