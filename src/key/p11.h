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

/* ---- p11mod.c: the modules ---- */

enum ca_p11_state {
	CA_P11_LOADED,   /* not initialised yet */
	CA_P11_READY,    /* initialised here, and ended here */
	CA_P11_UNUSABLE, /* not wanted, or its C_Initialize failed */
	CA_P11_LEFT, /* a thread is in it for good: it must not be touched */
};

struct ca_p11_module {
	CK_FUNCTION_LIST *f;
	char *name; /* in p11-kit's configuration, or the file; never NULL */
	enum ca_p11_state state;
	bool wanted;         /* the URI and p11-kit's configuration allow it */
	struct ca_buf found; /* a phrase: what it has, or why it is not used */
	size_t cards;        /* its tokens that can be removed from a reader */
	size_t labels;       /* its tokens that have the URI's label */
};

struct ca_p11 {
	unsigned int refs;
	pid_t pid; /* a child must not use the modules */
	struct ca_p11_module *module;
	size_t nmodules;
	P11KitUri *uri; /* NULL: everything */
	enum ca_key_pin pin;
	struct ca_log log;
	char *said; /* p11-kit's last message while it loaded, or NULL */
	struct ca_p11_held *held; /* the first of the tokens with a session */
};

/*
 * Parse a PKCS#11 URI (RFC 7512), whose scheme may be in any case (RFC 3986
 * section 3.1); the caller frees *out.  CA_ERR_USAGE: it is none, or has an
 * attribute that nobody knows: logged, without values, because one may be a PIN.
 */
CA_MUST_CHECK enum ca_err ca_p11_uri(
    const char *text, const struct ca_log *log, P11KitUri **out);

/*
 * Load the modules that the system and the user configured, or the one that the
 * URI's module-path names: the path must be absolute, and only root may be able
 * to change the file.  None is initialised.  CA_ERR_USAGE: uri is not a usable
 * URI; CA_ERR_UNTRUSTED; CA_ERR_NOT_FOUND: no module.  Each is logged.
 */
CA_MUST_CHECK enum ca_err ca_p11_load(const char *uri, enum ca_key_pin pin,
    const struct ca_log *log, struct ca_p11 **out);

/* Initialise a module, in the thread of ca_p11_run; m->state tells the result,
 * and m->found why not. */
void ca_p11_initialise(struct ca_p11_module *m);

struct ca_p11 *ca_p11_ref(struct ca_p11 *p11);
void ca_p11_unref(struct ca_p11 *p11); /* NULL is allowed; the last reference
					* finalises the modules */

/* ---- p11run.c: modules that hang ---- */

/* The limits of a call that begins a module or lists its slots; of one that reads
 * a card, which may be slow; and of one that waits for a person. */
#define CA_P11_SECONDS_BEGIN 5
#define CA_P11_SECONDS 20
#define CA_P11_SECONDS_PERSON 120

/*
 * Call work(ctx) in a thread, and wait for it.  CA_ERR_TIMEOUT: a call of a module
 * took longer than its limit.  The thread is left in that call for good, so the
 * caller never touches or frees ctx and the module again; exit(3) then does not
 * run the destructors of libraries.  CA_ERR_MEMORY: no thread, nothing was done.
 */
CA_MUST_CHECK enum ca_err ca_p11_run(void (*work)(void *), void *ctx);

/* Remember for the life of the process that a thread was left in the module of that
 * name: no further search enters it.  Only the thread that calls ca_p11_run calls
 * these. */
void ca_p11_note_left(const char *name);
bool ca_p11_was_left(const char *name);

/* In work, around each call of a module: its limit begins, and it has returned.
 * In another thread they do nothing; a guard has the limit there. */
void ca_p11_call(unsigned seconds);
CK_RV ca_p11_back(CK_RV rv);
#define CA_P11_CALL(seconds, call) (ca_p11_call(seconds), ca_p11_back(call))

/* ---- p11guard.c: modules that crash, or hang while they sign ---- */

#define CA_P11_GUARD_SIGNALS 6

struct ca_p11_guard {
	struct sigaction old[CA_P11_GUARD_SIGNALS];
	unsigned int left;
};

/*
 * Between begin and end, a crash or a call that takes longer than the seconds
 * (0: no limit) ends the process with a line on standard error that names the
 * module or token (name, which is escaped).  Guards must not be nested; they use
 * SIGALRM.
 */
void ca_p11_guard_begin(
    struct ca_p11_guard *g, const char *name, unsigned int seconds);
void ca_p11_guard_end(struct ca_p11_guard *g);

/* ---- p11session.c: a session with a token ---- */

struct ca_p11_token {
	CK_FUNCTION_LIST *f;
	CK_SLOT_ID slot;
	CK_TOKEN_INFO info;
	char name[256]; /* its label, printable, for messages; and more of it if
			   * another token has the same label */
	char serial[80];  /* printable, may be empty */
	char reader[272]; /* the slot's description, printable, may be empty */
	bool removable;   /* from its slot */
	uint64_t ways;    /* of ca_p11_ways; 0 before it */
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
	bool logged_in;           /* to show its certificates */
	struct ca_secret *pin;    /* the one of that login, or NULL */
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

/* Forget the tokens of a module in which a thread was left. */
void ca_p11_held_leave(struct ca_p11 *p11, const CK_FUNCTION_LIST *f);

struct ca_p11_session {
	struct ca_p11 *p11;         /* borrowed */
	const struct ca_key_ui *ui; /* borrowed; NULL: no one to ask or tell */
	struct ca_p11_token token;
	CK_SESSION_HANDLE handle;
	bool looking; /* the login is to see the certificates: one try */
	bool fresh;   /* token.info was read just now, so that the next try of a
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

/* The same label and serial number. */
bool ca_p11_same_token(const CK_TOKEN_INFO *a, const CK_TOKEN_INFO *b);

/* A token is in the slot, in the caller's guard.  (Some modules tell of a token that
 * was removed what they had read of it.) */
bool ca_p11_present(const struct ca_p11_session *s);

/* Tell the user that the token or module failed during what, and return the
 * error code for rv. */
enum ca_err ca_p11_failed(
    const struct ca_p11_session *s, const char *what, CK_RV rv);

/* Tell the user what went wrong, or the log if there is no ui. */
#define ca_p11_tell(s, ...) ca_key_tell((s)->ui, &(s)->p11->log, __VA_ARGS__)

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

/* Read the token in a slot; *rv is what the module said.  CA_ERR_IO: the slot is
 * empty or the token is broken. */
CA_MUST_CHECK enum ca_err ca_p11_token_read(
    CK_FUNCTION_LIST *f, CK_SLOT_ID slot, struct ca_p11_token *t, CK_RV *rv);

/* ---- p11pin.c ---- */

#define CA_P11_PIN_MAX 255 /* bytes */

/* The URI's own PIN (pin-value, or the file pin-source), for the caller to free;
 * CA_OK with *pin NULL if the URI has none, or a person must type the PIN.
 * CA_ERR_USAGE, and the errors of reading a file: logged. */
CA_MUST_CHECK enum ca_err ca_p11_uri_pin(
    const struct ca_p11 *p11, struct ca_secret **pin);

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
	CA_P11_BLOCK,    /* DigestInfo padded to the modulus: raw RSA */
	CA_P11_PSSBLOCK, /* the same for RSASSA-PSS */
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

/* The names of the mechanisms of the ways; to be freed with free(), NULL: no
 * memory. */
char *ca_p11_ways_text(uint64_t ways);

/* Those of the ways whose mechanism is one of the n. */
uint64_t ca_p11_ways_of(
    uint64_t ways, const CK_MECHANISM_TYPE *mechanism, size_t n);

/* The first of the ways that signs by the scheme, or NULL; its bit is removed. */
const struct ca_p11_way *ca_p11_way(
    uint64_t *ways, const struct ca_scheme *scheme);

/* ---- p11sign.c ---- */

/*
 * A key on the held token that belongs to the certificate.  id is the key's
 * CKA_ID, and may be empty.  Takes a reference of held.
 */
CA_MUST_CHECK enum ca_err ca_p11_key_new(struct ca_crypto *crypto,
    struct ca_p11_held *held, struct ca_bytes id, X509 *cert,
    struct ca_key **out);

/* The token of such a key; borrowed. */
struct ca_p11_held *ca_p11_key_held(const struct ca_key *key);

/* The same key by another module: other is used if signing by first's module
 * fails.  first takes other. */
void ca_p11_key_join(struct ca_key *first, struct ca_key *other);

#endif
