/*
 * Private to src/key: the client's side of the SSH agent protocol
 * (draft-miller-ssh-agent, whose sections are in brackets below).
 */
#ifndef CA_KEY_AGENT_H
#define CA_KEY_AGENT_H

#include "key/key.h"

/* The limit of OpenSSH's agent; no user's list of keys is nearly as long. */
#define CA_AGENT_REPLY_MAX ((size_t)256 * 1024)
#define CA_AGENT_KEYS_MAX 2048
#define CA_AGENT_LIST_MS 5000
/* The agent may ask its owner to confirm, or to touch a token. */
#define CA_AGENT_SIGN_MS 60000

/* ---- agentsock.c ---- */

/*
 * Connect to the socket at path, within CA_AGENT_LIST_MS.  The socket must
 * belong to this process's user or to root.  The caller closes *fd.
 * CA_ERR_NOT_FOUND, CA_ERR_UNTRUSTED, CA_ERR_LIMIT (the path is too long),
 * CA_ERR_IO, CA_ERR_TIMEOUT: logged.
 */
CA_MUST_CHECK enum ca_err ca_agent_connect(
    const char *path, const struct ca_log *log, int *fd);

/*
 * Send the message (type and body, without its length) and append the reply,
 * also without its length, to reply; all of it within ms milliseconds.
 * CA_ERR_TIMEOUT, CA_ERR_IO (closed), CA_ERR_LIMIT, CA_ERR_FORMAT (empty).
 */
CA_MUST_CHECK enum ca_err ca_agent_exchange(
    int fd, const struct ca_buf *msg, int ms, struct ca_buf *reply);

/* ---- agentmsg.c ---- */

/* What an identities answer [3.4] says about one key. */
struct ca_agent_match {
	size_t listed; /* keys in the answer */
	bool found;
	struct ca_buf blob; /* of the key: names it in sign requests */
	bool security_key;  /* it is a sk- key */
};

/*
 * Search pub in the reply to a list request; certificates and keys of unknown
 * types are skipped.  CA_ERR_FORMAT, CA_ERR_LIMIT; CA_DENIED: the
 * agent answered with failure.  The caller frees match->blob.
 */
CA_MUST_CHECK enum ca_err ca_agent_find(const struct ca_buf *reply,
    const EVP_PKEY *pub, struct ca_agent_match *match);

/* Append a sign request [3.6] for the key of that blob to msg. */
void ca_agent_sign_request(const struct ca_buf *blob,
    const struct ca_scheme *scheme, const void *tbs, size_t len,
    struct ca_buf *msg);

/*
 * Append the signature in a sign reply, in the scheme's form, to sig; it is
 * not verified here.  CA_DENIED: the agent refused; CA_ERR_FORMAT: it is not
 * a signature by this scheme.
 */
CA_MUST_CHECK enum ca_err ca_agent_signature(const struct ca_buf *reply,
    const struct ca_scheme *scheme, size_t sig_max, struct ca_buf *sig);

/* True if the protocol has a form for signatures by the scheme. */
bool ca_agent_scheme(const struct ca_scheme *scheme);

#endif
