/*
 * Private to src/key: PKCS#11 tokens, through p11-kit.
 *
 * A module is foreign code in this process, and a token may be hostile: every
 * length that a token gives is checked against a limit before it is used, and
 * broken objects are skipped.
 */
#ifndef CA_KEY_P11_H
#define CA_KEY_P11_H

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>
#include <signal.h>
#include <sys/types.h>

#include "key/key.h"
#include "wire/message.h"

#define CA_P11_SLOTS_MAX 256
#define CA_P11_OBJECTS_MAX 1024
#define CA_P11_ATTRIBUTE_MAX 65536
#define CA_P11_MECHANISMS_MAX 4096

/* ---- p11mod.c: the loaded modules ---- */

struct ca_p11 {
	unsigned int refs;
	pid_t pid;                 /* a child must not use the modules */
	CK_FUNCTION_LIST **module; /* initialised, ended by NULL */
	P11KitUri *uri;            /* NULL: everything */
	enum ca_key_pin pin;
	struct ca_log log;
	struct ca_p11_held *held; /* the first of the tokens with a session */
};

/*
 * Load and initialise the modules that the system and the user configured, or
 * the one that the URI's module-path names: the path must be absolute, and only
 * root may be able to change the file.  CA_ERR_USAGE: uri is not a usable URI;
 * CA_ERR_UNTRUSTED; CA_ERR_NOT_FOUND: no module.  Each is logged.
 */
CA_MUST_CHECK enum ca_err ca_p11_load(const char *uri, enum ca_key_pin pin,
    const struct ca_log *log, struct ca_p11 **out);
struct ca_p11 *ca_p11_ref(struct ca_p11 *p11);
void ca_p11_unref(struct ca_p11 *p11); /* NULL is allowed; the last reference
					* finalises the modules */

/* ---- p11guard.c: modules that crash or hang ---- */

#define CA_P11_GUARD_SIGNALS 6
/* The limits of a call, or of reading all of a slow card; and of a call that
 * waits for a person. */
#define CA_P11_SECONDS 20
#define CA_P11_SECONDS_PERSON 120

struct ca_p11_guard {
	struct sigaction old[CA_P11_GUARD_SIGNALS];
	unsigned int left;
};

/*
 * Between begin and end, a crash or a call that takes longer than the seconds
 * ends the process with a line on standard error that names the module or token
 * (name, which is escaped).  Guards must not be nested; they use SIGALRM.
 */
void ca_p11_guard_begin(
    struct ca_p11_guard *g, const char *name, unsigned int seconds);
void ca_p11_guard_end(struct ca_p11_guard *g);

/* ---- p11session.c: a session with a token ---- */

struct ca_p11_token {
	CK_FUNCTION_LIST *f;
	CK_SLOT_ID slot;
	CK_TOKEN_INFO info;
	char name[160]; /* its label, printable, for messages */
	uint64_t ways;  /* of ca_p11_ways; 0 before it */
};

/*
 * A token as it was listed, with the session in which its certificates were
 * read: its keys share both, and the first signature uses this session.  (To open
 * a session a second time makes some modules read the whole card again.)
 */
struct ca_p11_held {
	unsigned int refs;
	struct ca_p11 *p11; /* a reference */
	struct ca_p11_held *next;
	struct ca_p11_token token;
	CK_SESSION_HANDLE handle; /* CK_INVALID_HANDLE: none is open */
};

/* An empty one with one reference, or NULL: no memory. */
struct ca_p11_held *ca_p11_held_new(struct ca_p11 *p11);
struct ca_p11_held *ca_p11_held_ref(struct ca_p11_held *held);
/* NULL is allowed; the last reference closes the session, in a guard. */
void ca_p11_held_unref(struct ca_p11_held *held);

/* Open a session with the token in held, in the caller's guard.  If the module
 * allows no more of them, those of its other tokens are closed first. */
CK_RV ca_p11_held_open(struct ca_p11_held *held);
/* Close the session, if one is open, in the caller's guard.  Closing the last
 * session logs out. */
void ca_p11_held_close(struct ca_p11_held *held);

struct ca_p11_session {
	struct ca_p11 *p11;         /* borrowed */
	const struct ca_key_ui *ui; /* borrowed; NULL: no one to ask or tell */
	struct ca_p11_token token;
	CK_SESSION_HANDLE handle;
	bool fresh; /* token.info was read just now, so that the next try of a
		     * PIN need not read it again */
};

/*
 * Use the held token's session, or open one if it has none or the token was
 * inserted again since; p11 and ui are set by the caller, who calls
 * ca_p11_session_close in any case.  CA_ERR_IO: another token is in the slot, or
 * none.  The user was told.
 */
CA_MUST_CHECK enum ca_err ca_p11_session_open(
    struct ca_p11_session *s, struct ca_p11_held *held);
void ca_p11_session_close(struct ca_p11_session *s, struct ca_p11_held *held);

/* Tell the user that the token or module failed during what, and return the
 * error code for rv. */
enum ca_err ca_p11_failed(
    const struct ca_p11_session *s, const char *what, CK_RV rv);

/* Tell the user, or the log if there is no ui. */
void ca_p11_tell(const struct ca_p11_session *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- p11obj.c: reading, with bounds ---- */

/* Append an attribute's bytes to out.  CA_ERR_NOT_FOUND: the object does not
 * have the attribute, or the token does not reveal it; CA_ERR_LIMIT. */
CA_MUST_CHECK enum ca_err ca_p11_attribute(const struct ca_p11_session *s,
    CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, struct ca_buf *out);

#define CA_P11_TOGETHER_MAX 4

/* Append n attributes' bytes (at most CA_P11_TOGETHER_MAX) to the n empty
 * buffers, by a single call if the object has them all: each call is a
 * roundtrip to the card, or opens files.  A buffer stays empty if
 * ca_p11_attribute would fail.  CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_p11_attributes(const struct ca_p11_session *s,
    CK_OBJECT_HANDLE object, const CK_ATTRIBUTE_TYPE *type, size_t n,
    struct ca_buf *const *out);

/* True if the object has the attribute and it is true. */
bool ca_p11_flag(const struct ca_p11_session *s, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type);

/* The object (a public key, or a private key that reveals its public numbers)
 * belongs to pub. */
bool ca_p11_key_is(
    const struct ca_p11_session *s, CK_OBJECT_HANDLE object, EVP_PKEY *pub);

/* The token needs a PIN, or no PIN is required: otherwise the token must not be
 * used. */
bool ca_p11_pin_will_do(const struct ca_p11 *p11, const CK_TOKEN_INFO *info);

/* Find the objects that match n attributes: at most max handles go to found,
 * their number to *count.  CA_ERR_IO: the token failed. */
CA_MUST_CHECK enum ca_err ca_p11_find(const struct ca_p11_session *s,
    CK_ATTRIBUTE *attrs, size_t n, CK_OBJECT_HANDLE *found, size_t max,
    size_t *count);

/* Read the token in a slot.  CA_ERR_IO: the slot is empty or the token is
 * broken. */
CA_MUST_CHECK enum ca_err ca_p11_token_read(
    CK_FUNCTION_LIST *f, CK_SLOT_ID slot, struct ca_p11_token *t);

/* ---- p11login.c ---- */

/*
 * Log in to the token (user_type CKU_USER or CKU_CONTEXT_SPECIFIC).  *pin, if
 * not NULL, was accepted a moment ago and is tried first; an accepted PIN is
 * left there for the caller to free.  The URI's pin-value or pin-source is
 * tried once, unless p11->pin requires a PIN that a person types; then a login
 * that is open already is closed first.  CA_ERR_PIN: wrong PIN; CA_DENIED: the
 * PIN is locked, expired or not set; CA_ERR_CANCELLED.  The user was told.
 */
CA_MUST_CHECK enum ca_err ca_p11_login(
    struct ca_p11_session *s, CK_USER_TYPE user_type, struct ca_secret **pin);

/* ---- p11mech.c: which mechanism signs by a scheme ---- */

enum ca_p11_input {
	CA_P11_MESSAGE,
	CA_P11_DIGEST,
	CA_P11_DIGESTINFO,
	CA_P11_BLOCK, /* DigestInfo padded to the modulus: raw RSA */
};

struct ca_p11_way {
	CK_MECHANISM_TYPE mechanism;
	CK_MECHANISM_TYPE hash; /* of PSS, or 0 */
	CK_ULONG mgf, salt;
	enum ca_p11_input input;
	uint16_t scheme;
};

/* Fill in t->ways: a bit for each way that the token's mechanisms allow. */
CA_MUST_CHECK enum ca_err ca_p11_ways(struct ca_p11_token *t);

/* The first of the ways that signs by the scheme, or NULL. */
const struct ca_p11_way *ca_p11_way(
    uint64_t ways, const struct ca_scheme *scheme);

/* ---- p11sign.c ---- */

/*
 * A key on the held token that belongs to the certificate.  id is the key's
 * CKA_ID, and may be empty.  Takes a reference of held.
 */
CA_MUST_CHECK enum ca_err ca_p11_key_new(struct ca_crypto *crypto,
    struct ca_p11_held *held, struct ca_bytes id, X509 *cert,
    struct ca_key **out);

#endif
