/*
 * The client's private keys and where they are kept: PEM and PKCS#12 files,
 * PKCS#11 tokens, ssh-agent.  This runs with the user's rights, never in the
 * module.
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
	/* Ask for a PIN or passphrase (no echo), or for a choice or a yes (echo).
	 * CA_ERR_CANCELLED: the user gives no answer; CA_ERR_IO: nobody can be
	 * asked, and that was said. */
	enum ca_err (*ask)(void *ctx, const char *prompt, bool echo,
	    struct ca_secret **answer);
	/* Tell the user something; what the next question needs; or what went
	 * wrong, which is also the reason if nothing is signed in the end; texts are in the
	 * user's language, and english is for the log. */
	void (*info)(void *ctx, const char *text);
	void (*note)(void *ctx, const char *text);
	void (*error)(void *ctx, const char *text, const char *english);
	void *ctx;
	/* Show a list, of which the user chooses one line; the answer is the number
	 * of the line, from 1.  CA_ERR_UNSUPPORTED: the list is too long; else as
	 * ask.  NULL: a list is shown by note, and its number asked by ask. */
	enum ca_err (*choose)(void *ctx, const char *title,
	    const char *const *line, size_t n, struct ca_secret **answer);
};

/* Tell ui what went wrong, or log it if ui is NULL: fmt as ca_log has it, at most 1,024
 * bytes, looked up in the user's language. */
void ca_key_tell(const struct ca_key_ui *ui, const struct ca_log *log,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Is the answer a yes, in English or in the user's language? */
bool ca_key_is_yes(const char *answer);

/* key/keyui.c: ask yes or no: CA_OK, or CA_ERR_CANCELLED, also if ui cannot ask. */
CA_MUST_CHECK enum ca_err ca_key_confirm(
    const struct ca_key_ui *ui, const char *question);

/*
 * Ask for one of n lines: CA_OK and *index, or CA_ERR_CANCELLED: no or an empty
 * answer, the third that names no line, or nobody can be asked (then the user is
 * told how to name one).
 */
CA_MUST_CHECK enum ca_err ca_key_choose(const struct ca_key_ui *ui,
    const char *title, const char *const *line, size_t n, size_t *index);

/* A key that can sign, but may have to be unlocked first. */
struct ca_key;

/* A certificate with its key and the intermediates that came with it. */
struct ca_identity {
	X509 *leaf;
	STACK_OF(X509) *chain; /* intermediates, in no order; may be NULL */
	struct ca_key *key;
	char *label;     /* for messages: the file, or token and object */
	bool registered; /* send an empty certificate_list */
};

void ca_identity_free(struct ca_identity *id); /* NULL is allowed */

/* Take the first certificate of the chain as the leaf, and append the leaf to
 * the chain: as many turns as there are certificates restore the identity.  For
 * a key that is kept elsewhere.  False: no memory. */
bool ca_identity_turn(struct ca_identity *id);

/* True if the key can sign by the scheme (its type, curve and size fit, and the
 * mechanisms of the token or the agent's protocol allow it). */
bool ca_key_can(const struct ca_key *key, const struct ca_scheme *scheme);

/*
 * Sign the len bytes at tbs, which may depend on the scheme; the signature, in the form that CertificateVerify
 * carries (DER for ECDSA), is appended to sig.  ui is asked for a PIN only now.
 * CA_ERR_CANCELLED: the user gave no PIN; CA_ERR_PIN: a wrong PIN or
 * passphrase; CA_DENIED: the PIN is locked, or the agent refused; CA_ERR_IO:
 * the token was removed or the agent closed the connection; CA_ERR_SIGNATURE:
 * the signature does not verify; CA_ERR_CRYPTO.  The user was told of the first
 * five.  CA_ERR_UNSUPPORTED: the key does not sign by this scheme, as it turned
 * out, and another may be tried: no PIN is asked again.  ca_key_end is due in any
 * case.
 */
CA_MUST_CHECK enum ca_err ca_key_sign(struct ca_key *key,
    const struct ca_scheme *scheme, const void *tbs, size_t len,
    const struct ca_key_ui *ui, struct ca_buf *sig);

/*
 * No further scheme is tried; rc is the last result.  True: the same key can be
 * reached in another way (a second module for the token), and each scheme may be
 * tried once more, after which this is called again.  False: it is over, and if rc is
 * CA_ERR_UNSUPPORTED the user was told why.
 */
CA_MUST_CHECK bool ca_key_end(struct ca_key *key, enum ca_err rc);

void ca_key_free(struct ca_key *key); /* NULL is allowed */

/*
 * key/p11name.c: append the RFC 7512 URI of the token that the key is on: its label,
 * manufacturer, model and serial number, as far as it has them, and the module-path by
 * which it was found, if the search named one; no PIN, and no object.
 * CA_ERR_NOT_FOUND: the key is not on a token, or nothing tells the token from
 * others; CA_ERR_LIMIT; CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_key_token(
    const struct ca_key *key, struct ca_buf *out);

#define CA_KEY_FILE_MAX ((size_t)1024 * 1024) /* bytes of a file */

/*
 * key/pem.c: a certificate file (PEM or DER: the user's certificate and
 * intermediates, in any order) and a key file (PEM: plain or encrypted PKCS#8,
 * traditional).  The leaf is the certificate that belongs to the key.  An
 * encrypted key is decrypted when it first signs, or at once if more than one
 * certificate could be its; its passphrase is asked up to three times.
 * key_path NULL: the certificate's file contains the key too.
 * CA_ERR_NOT_FOUND, CA_ERR_FORMAT, CA_ERR_LIMIT, CA_ERR_IO; CA_ERR_UNSUPPORTED:
 * the key's encryption is unknown here: logged.  CA_ERR_PIN, CA_ERR_CANCELLED.
 * crypto and log must outlive the identity.
 */
CA_MUST_CHECK enum ca_err ca_key_pem(struct ca_crypto *crypto,
    const char *cert_path, const char *key_path, const struct ca_key_ui *ui,
    const struct ca_log *log, struct ca_identity **out);

/* Only the certificates: an identity without a key, for a key that is kept
 * elsewhere.  The leaf is the first one that is no CA and issued no other. */
CA_MUST_CHECK enum ca_err ca_key_pem_cert(struct ca_crypto *crypto,
    const char *cert_path, const struct ca_log *log, struct ca_identity **out);

/*
 * key/p12.c: PKCS#12 (RFC 7292), in DER, BER or PEM, at most 1 MiB.  Asks for the password at once,
 * because the certificate is inside (at most three times, and not if the file
 * has no password), and which certificate to use if the file contains several
 * with their keys.  CA_ERR_PIN: wrong password; CA_ERR_CANCELLED: the user gave
 * none; CA_ERR_NOT_FOUND: no such file, or the file contains no key with its
 * certificate; CA_ERR_FORMAT, CA_ERR_UNSUPPORTED, CA_ERR_LIMIT, CA_ERR_IO.
 * Each is logged, and a warning if the file's encryption is weak.  crypto must
 * outlive the identity.
 */
CA_MUST_CHECK enum ca_err ca_key_p12(struct ca_crypto *crypto, const char *path,
    const struct ca_key_ui *ui, const struct ca_log *log,
    struct ca_identity **out);

/* Is the file PKCS#12, in DER, BER or PEM? */
bool ca_key_is_p12(const char *path);

/* The identities that a source found by itself. */
struct ca_identities {
	struct ca_identity **v;
	size_t n;
};
void ca_identities_free(struct ca_identities *ids);

/* When a token gets a PIN before it signs. */
enum ca_key_pin {
	/* Always, and a person types it for this signature.  A token that says
	 * that it needs no login is refused; a login that is open already, and
	 * the URI's pin-value or pin-source, are not used. */
	CA_KEY_PIN_REQUIRED,
	/* If the token needs one; the URI may contain it. */
	CA_KEY_PIN_WANTED,
};

struct ca_view; /* key/view.h */

/* A search for certificates and keys on tokens. */
struct ca_key_search {
	const char *uri; /* RFC 7512, selects tokens and objects; NULL: all */
	enum ca_key_pin pin;
	const struct ca_key_ui *ui; /* NULL: nobody to ask for a PIN */
	const struct ca_log *log;
	X509 *cert; /* kept elsewhere, and its key is looked for; or NULL */
	/* no further search follows: if nothing is found, a PIN may be asked,
	 * and the cause is looked for */
	bool final;
	/* a PIN was asked for to see certificates: this happens once, also in
	 * further searches with this struct */
	bool asked;
	struct ca_view *view; /* gets everything that is seen; or NULL */
	/* why nothing was found, for people; empty: it was logged */
	char why[1024];
};

/*
 * key/p11.c: every certificate with a private key on the tokens that the search
 * selects, from the modules in p11-kit's configuration, or from the URI's
 * module-path (absolute, and only root can change the file).  Modules are started
 * one by one; if the URI names a token or a serial number, none is started after
 * the one that has it.  A module that does not answer is left alone from then on.
 *
 * If a token hides its private keys until the login, each of its certificates
 * except CA certificates is assumed to have a private key.  No PIN is asked,
 * unless nothing is found and exactly one token shows no certificate before a
 * login: then ui is asked for its PIN, once, if the URI names the token or the
 * search is final.  A certificate that two modules show of one
 * token is found once.  Broken tokens and objects are skipped with a debug line.
 *
 * With cert: an identity with cert for each token that has its key, or may have it
 * because the token reveals no public keys.
 *
 * CA_ERR_NOT_FOUND: there is none, and if the search is final, why is the cause;
 * CA_DENIED: a PIN is required, but only tokens
 * that need no PIN have keys (logged); CA_ERR_USAGE: uri is not a usable URI
 * (logged); CA_ERR_UNTRUSTED (logged); and those of a login (the user was told):
 * CA_ERR_CANCELLED, CA_ERR_PIN, CA_ERR_IO.  crypto and log's sink must outlive the
 * identities; a child made by fork cannot use them.
 */
CA_MUST_CHECK enum ca_err ca_key_p11(struct ca_crypto *crypto,
    struct ca_key_search *search, struct ca_identities *out);

/*
 * key/p11guard.c: where the line goes that is written when a PKCS#11 module
 * crashes or hangs and so ends the process; by default it is "certauth: ..." on
 * standard error.  form makes the whole line (at most 512 bytes) of a text in
 * advance, because a signal handler cannot.
 */
typedef void ca_p11_guard_form(struct ca_buf *out, const char *text);
void ca_p11_guard_speak(int fd, ca_p11_guard_form *form);

/* key/agent.c: the certificate's key in the agent at socket_path.
 * CA_ERR_NOT_FOUND: the agent does not have the key, or is locked (an OpenSSH
 * agent then lists no keys), or there is no socket; CA_DENIED: the agent
 * refuses to list its keys; CA_ERR_UNSUPPORTED: the key is of a type that
 * cannot be used (sk-); CA_ERR_UNTRUSTED: another user's agent; CA_ERR_IO,
 * CA_ERR_TIMEOUT, CA_ERR_FORMAT, CA_ERR_LIMIT.  Each is logged; log's sink and
 * crypto must outlive the key. */
CA_MUST_CHECK enum ca_err ca_key_agent(struct ca_crypto *crypto,
    const char *socket_path, X509 *cert, const struct ca_log *log,
    struct ca_key **out);

/*
 * For sources: make a key from its operations (static storage), which are
 * called with impl.  The key then owns impl and frees it with ops->free; NULL:
 * no memory, and the caller still owns impl.  sign is called only for a scheme
 * that can() allows, and returns what ca_key_sign documents.
 */
struct ca_key_ops {
	bool (*can)(const void *impl, const struct ca_scheme *scheme);
	enum ca_err (*sign)(void *impl, const struct ca_scheme *scheme,
	    const void *tbs, size_t len, const struct ca_key_ui *ui,
	    struct ca_buf *sig);
	/* As ca_key_end; NULL: there is nothing to end. */
	bool (*end)(void *impl, enum ca_err rc);
	void (*free)(void *impl);
};
struct ca_key *ca_key_new(const struct ca_key_ops *ops, void *impl);

/* The impl of a key of these operations, or NULL; borrowed, or taken from the key,
 * which is freed. */
void *ca_key_impl(const struct ca_key *key, const struct ca_key_ops *ops);
void *ca_key_take(struct ca_key *key, const struct ca_key_ops *ops);

#endif
