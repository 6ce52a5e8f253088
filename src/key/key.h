/*
 * Private keys for the client, wherever they are kept: PEM, PKCS#12, PKCS#11
 * tokens, ssh-agent.  Runs with the user's rights, never in the module.
 */
#ifndef CA_KEY_KEY_H
#define CA_KEY_KEY_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/secret.h"
#include "crypto/crypto.h"
#include "wire/scheme.h"

/* How a key source talks to its user. */
struct ca_key_ui {
	/* A PIN or passphrase; CA_ERR_CANCELLED where the user gives none. */
	enum ca_err (*ask)(
	    void *ctx, const char *prompt, struct ca_secret **answer);
	/* Yes or no: CA_OK or CA_ERR_CANCELLED. */
	enum ca_err (*confirm)(void *ctx, const char *question);
	/* One of n lines: CA_OK and *index, or CA_ERR_CANCELLED. */
	enum ca_err (*choose)(void *ctx, const char *title,
	    const char *const *line, size_t n, size_t *index);
	void (*info)(void *ctx, const char *text);
	void *ctx;
};

/* A key that can sign; perhaps not unlocked yet. */
struct ca_key;

/* A certificate with its key and the intermediates that came with it. */
struct ca_identity {
	X509 *leaf;
	STACK_OF(X509) * chain; /* intermediates, in no order; may be NULL */
	struct ca_key *key;
	char *label;     /* for a person: file, token and object */
	bool registered; /* send an empty certificate_list */
};

void ca_identity_free(struct ca_identity *id); /* NULL is allowed */

/* True if the key can sign by the scheme (type, curve, size, and what the
 * token's mechanisms or the agent allow). */
bool ca_key_can(const struct ca_key *key, const struct ca_scheme *scheme);

/*
 * Sign the len bytes at tbs; the signature, in the form that CertificateVerify
 * carries (DER for ECDSA), is appended to sig.  Asks ui for a PIN only now.
 * CA_ERR_CANCELLED: no PIN; CA_DENIED: wrong or locked PIN, already told to
 * ui; CA_ERR_IO: the token or agent is gone; CA_ERR_CRYPTO.
 */
CA_MUST_CHECK enum ca_err ca_key_sign(struct ca_key *key,
    const struct ca_scheme *scheme, const void *tbs, size_t len,
    const struct ca_key_ui *ui, struct ca_buf *sig);

void ca_key_free(struct ca_key *key); /* NULL is allowed */

/*
 * key/pem.c: certificate file (PEM or DER, leaf first, intermediates behind)
 * and key file (PEM: plain or encrypted PKCS#8, traditional).  The key is
 * decrypted when it first signs, its passphrase asked up to three times.
 * key_path NULL: the certificate's file holds the key too.  CA_ERR_NOT_FOUND,
 * CA_ERR_FORMAT, CA_ERR_IO; a message goes to log.  crypto and log must
 * outlive the identity.
 */
CA_MUST_CHECK enum ca_err ca_key_pem(struct ca_crypto *crypto,
    const char *cert_path, const char *key_path, const struct ca_log *log,
    struct ca_identity **out);

/* The certificates alone: an identity without a key, for a key that is kept
 * elsewhere. */
CA_MUST_CHECK enum ca_err ca_key_pem_cert(struct ca_crypto *crypto,
    const char *cert_path, const struct ca_log *log, struct ca_identity **out);

/*
 * key/p12.c: PKCS#12 (RFC 7292), 1 MiB at most.  Asks for the password at
 * once, since the certificate is inside (not where the file has none; at most
 * three times), and which certificate where it holds several with their keys.
 * CA_DENIED: wrong password; CA_ERR_CANCELLED: none given; CA_ERR_NOT_FOUND:
 * no such file, or no key with its certificate in it; CA_ERR_FORMAT,
 * CA_ERR_UNSUPPORTED, CA_ERR_LIMIT, CA_ERR_IO.  Each is said to log, with a
 * warning where the file's encryption is weak.  crypto must outlive the
 * identity.
 */
CA_MUST_CHECK enum ca_err ca_key_p12(struct ca_crypto *crypto, const char *path,
    const struct ca_key_ui *ui, const struct ca_log *log,
    struct ca_identity **out);

/* What a source that finds identities by itself gives. */
struct ca_identities {
	struct ca_identity **v;
	size_t n;
};
void ca_identities_free(struct ca_identities *ids);

/* When a token is shown a PIN before it signs. */
enum ca_key_pin {
	/* always, and one that a person types for this signature: a token
	 * that says that it needs no login is refused, and so are a login that
	 * is there already and the URI's pin-value or pin-source */
	CA_KEY_PIN_REQUIRED,
	/* where the token wants one; the URI may have it */
	CA_KEY_PIN_WANTED,
};

/*
 * key/p11.c: every certificate with a private key on the tokens that uri
 * (RFC 7512; NULL: all) selects, from the modules that p11-kit is configured
 * with, or the URI's module-path (absolute, and only root can change it).  No
 * PIN is asked: where a token hides its private keys until then, each of its
 * certificates but those of CAs is taken to have one.  What is broken is
 * skipped with a debug line.  CA_ERR_NOT_FOUND: none (only where no module
 * loads is that said to log); CA_DENIED: none but on tokens that need no PIN,
 * where one is required (said to log); CA_ERR_USAGE: no such URI;
 * CA_ERR_UNTRUSTED.  crypto and log's sink must outlive the identities; a child
 * made by fork cannot use them.
 */
CA_MUST_CHECK enum ca_err ca_key_p11(struct ca_crypto *crypto, const char *uri,
    enum ca_key_pin pin, const struct ca_log *log, struct ca_identities *out);

/* The same, with CA_KEY_PIN_WANTED, for a certificate that is kept elsewhere:
 * an identity with cert for each token that has, or where it shows no public
 * keys may have, its key. */
CA_MUST_CHECK enum ca_err ca_key_p11_for(struct ca_crypto *crypto,
    const char *uri, X509 *cert, const struct ca_log *log,
    struct ca_identities *out);

/*
 * key/p11guard.c: a PKCS#11 module that crashes or hangs ends the process with
 * a line that says so: "certauth: ..." on standard error, unless this says
 * otherwise.  form makes the whole line (512 bytes at most) of a text
 * beforehand, since a signal handler cannot.
 */
typedef void ca_p11_guard_form(struct ca_buf *out, const char *text);
void ca_p11_guard_speak(int fd, ca_p11_guard_form *form);

/* key/agent.c: a key for the certificate in the agent at socket_path.
 * CA_ERR_NOT_FOUND: the agent has no such key, or is locked (an OpenSSH agent
 * then shows none), or no socket is there; CA_DENIED: it refuses to list;
 * CA_ERR_UNSUPPORTED: the key is of a kind that cannot serve (sk-);
 * CA_ERR_UNTRUSTED: another user's agent; CA_ERR_IO, CA_ERR_TIMEOUT,
 * CA_ERR_FORMAT, CA_ERR_LIMIT.  Each is said to log, whose sink must outlive
 * the key, as crypto must. */
CA_MUST_CHECK enum ca_err ca_key_agent(struct ca_crypto *crypto,
    const char *socket_path, X509 *cert, const struct ca_log *log,
    struct ca_key **out);

/*
 * For sources: build a key from its operations (static storage), which are
 * called with impl.  The key owns impl from then on, and frees it with
 * ops->free; NULL (no memory) leaves it with the caller.  sign is called only
 * for a scheme that can() allows, and returns what ca_key_sign says.
 */
struct ca_key_ops {
	bool (*can)(const void *impl, const struct ca_scheme *scheme);
	enum ca_err (*sign)(void *impl, const struct ca_scheme *scheme,
	    const void *tbs, size_t len, const struct ca_key_ui *ui,
	    struct ca_buf *sig);
	void (*free)(void *impl);
};
struct ca_key *ca_key_new(const struct ca_key_ops *ops, void *impl);

#endif
