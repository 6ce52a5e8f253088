/*
 * The host's own names, and its proof: the Certificate and CertificateVerify
 * that show a client which host asks.
 */
#ifndef CA_HOST_HOST_H
#define CA_HOST_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "verify/context.h"
#include "wire/message.h"

/*
 * Who signs as the host where host_key is a `pkcs11:' URI, since no token
 * library is loaded here.  leaf: DER of the host's certificate; transcript:
 * CertificateRequest and the host's Certificate.  Appends a CertificateVerify
 * to out, which the caller verifies.
 */
struct ca_host_signer {
	enum ca_err (*sign)(void *ctx, const struct ca_config *cfg,
	    const struct ca_bytes *leaf, const struct ca_bytes *transcript,
	    struct ca_buf *out);
	void *ctx;
};

/*
 * The names of this host: those of cfg, else the full name as /etc/hosts has
 * it beside gethostname(2)'s, and the short one.  Nothing here asks the
 * network.  Appends to name[] (strings to free()) at most max, canonical one
 * first, and sets *n.  CA_ERR_NOT_FOUND: the host has no usable name.
 */
CA_MUST_CHECK enum ca_err ca_host_names(
    const struct ca_config *cfg, char **name, size_t max, size_t *n);

/*
 * The full name that hosts, the text of /etc/hosts, gives to node, written to
 * out (size bytes): the first canonical name (that which follows the address)
 * which is node with a domain behind it.  False: there is none.
 */
bool ca_host_fqdn(const char *hosts, const char *node, char *out, size_t size);

/*
 * The names of this host that a signed password may be for, in lower case: those of
 * password_names, else the full name.  CA_ERR_NOT_FOUND: it has none; CA_ERR_MEMORY.
 */
#define CA_HOST_PASSWORD_NAME 256 /* bytes of one, with its NUL */
CA_MUST_CHECK enum ca_err ca_host_password_names(const struct ca_config *cfg,
    char name[CA_HOST_NAMES_MAX][CA_HOST_PASSWORD_NAME], size_t *n);

/* The identifier of a name in a text, CA_PASSWORD_HOST_ID bytes.  CA_ERR_CRYPTO,
 * CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_host_password_id(
    struct ca_crypto *crypto, const char *name, uint8_t *id);

/*
 * Append the host's Certificate and CertificateVerify to msg, which holds the
 * CertificateRequest with that nonce.  cfg->host_cert: PEM, leaf first;
 * cfg->host_key: PEM without passphrase, owned by root (or the user that the
 * process runs as), for its owner alone; or a `pkcs11:' URI for signer
 * (NULL: such a host_key is an error).  What
 * is wrong with either goes to log, and the result is not CA_OK; msg is then as
 * it was.
 */
CA_MUST_CHECK enum ca_err ca_host_proof(const struct ca_context *ctx,
    const uint8_t *nonce, const struct ca_host_signer *signer,
    struct ca_buf *msg);

/*
 * For `certauth doctor': look at host_cert and host_key as a login by cfg at
 * the time now would.  CA_OK: the proof can be made; any other code: it cannot,
 * and why went to log as an error (CA_ERR_NOT_FOUND: none is configured, which
 * is no error).  Warnings in log are what would make clients refuse the proof,
 * or soon will: no name of this host in subjectAltName, not for serverAuth,
 * expiry within warn_expiry.  Signs nothing: of a key on a token it cannot say
 * whether it is there.
 */
CA_MUST_CHECK enum ca_err ca_host_check(const struct ca_context *ctx);

#endif
