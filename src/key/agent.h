/*
 * Inside of key/: the client's side of the SSH agent protocol
 * (draft-miller-ssh-agent, sections in brackets below).
 */
#ifndef CA_KEY_AGENT_H
#define CA_KEY_AGENT_H

#include "key/key.h"

/* An OpenSSH agent's own bound; no list of keys that a person has is near. */
#define CA_AGENT_REPLY_MAX ((size_t)256 * 1024)
#define CA_AGENT_KEYS_MAX 2048
#define CA_AGENT_LIST_MS 5000
/* The agent's owner may be asked to confirm, or to touch something. */
#define CA_AGENT_SIGN_MS 60000

/*
 * Connect to the socket at path, within CA_AGENT_LIST_MS.  The socket must
 * belong to this process's user or to root.  *fd is the caller's to close.
 * CA_ERR_NOT_FOUND, CA_ERR_UNTRUSTED, CA_ERR_IO, CA_ERR_TIMEOUT; said to log.
 */
CA_MUST_CHECK enum ca_err ca_agent_connect(
    const char *path, const struct ca_log *log, int *fd);

/*
 * Send the message (type and body, without its length) and append the reply,
 * again without its length, to reply; all of it within ms milliseconds.
 * CA_ERR_TIMEOUT, CA_ERR_IO (closed), CA_ERR_LIMIT, CA_ERR_FORMAT (empty).
 */
CA_MUST_CHECK enum ca_err ca_agent_exchange(
    int fd, const struct ca_buf *msg, int ms, struct ca_buf *reply);

/* What an identities answer [3.4] says about one wanted key. */
struct ca_agent_match {
	size_t listed; /* keys in the answer */
	bool found;
	struct ca_buf blob; /* of the match: what sign requests name */
	bool security_key;  /* the match is a sk- key */
};

/*
 * Look for pub in the reply to a list request; certificates and keys of
 * unknown kinds are passed over.  CA_ERR_FORMAT, CA_ERR_LIMIT; CA_DENIED: the
 * agent answered with failure.  The caller frees match->blob.
 */
CA_MUST_CHECK enum ca_err ca_agent_find(const struct ca_buf *reply,
    const EVP_PKEY *pub, struct ca_agent_match *match);

/* A sign request [3.6] for the key of that blob. */
void ca_agent_sign_request(const struct ca_buf *blob,
    const struct ca_scheme *scheme, const void *tbs, size_t len,
    struct ca_buf *msg);

/*
 * Append the signature in a sign reply, in the scheme's form, to sig; it is
 * not verified here.  CA_DENIED: the agent refused; CA_ERR_FORMAT: not a
 * signature by this scheme.
 */
CA_MUST_CHECK enum ca_err ca_agent_signature(const struct ca_buf *reply,
    const struct ca_scheme *scheme, size_t sig_max, struct ca_buf *sig);

/* The schemes that the protocol can carry. */
bool ca_agent_scheme(const struct ca_scheme *scheme);

#endif
