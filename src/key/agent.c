/*
 * A key that an ssh-agent holds.
 */
#include "key/agent.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MSG_REQUEST_IDENTITIES 11

/* ---- the key ---- */

struct agent_key {
	struct ca_crypto *crypto; /* borrowed */
	struct ca_log log;
	char *path;
	EVP_PKEY *pub;
	struct ca_buf blob;
};

static void
agent_free(void *impl)
{
	struct agent_key *k = impl;

	if (k == NULL)
		return;
	EVP_PKEY_free(k->pub);
	ca_buf_free(&k->blob);
	free(k->path);
	free(k);
}

static bool
agent_can(const void *impl, const struct ca_scheme *scheme)
{
	const struct agent_key *k = impl;

	return ca_agent_scheme(scheme) && ca_crypto_scheme_fits(scheme, k->pub);
}

static void
tell_failure(
    const struct ca_key_ui *ui, const struct ca_log *log, enum ca_err err)
{
	if (err == CA_DENIED)
		ca_key_tell(ui, log,
		    "The ssh-agent refused to sign: it is locked (run: ssh-add "
		    "-X), it does not have the key any more, you did not "
		    "confirm, or the key has a destination constraint (ssh-add "
		    "-h), with which the agent signs for ssh only. Add the key "
		    "without -h. A gpg-agent asks for the PIN on the terminal "
		    "that it knows: if none was shown, run: export "
		    "GPG_TTY=$(tty); gpg-connect-agent updatestartuptty /bye");
	else if (err == CA_ERR_TIMEOUT)
		ca_key_tell(ui, log,
		    "The ssh-agent did not sign within the time limit.");
	else if (err == CA_ERR_FORMAT || err == CA_ERR_LIMIT)
		ca_key_tell(ui, log,
		    "The ssh-agent did not sign by the requested algorithm; an "
		    "old agent does not support RSA with SHA-2.");
	else
		ca_key_tell(ui, log,
		    "The ssh-agent closed the connection before it "
		    "signed.");
}

static enum ca_err
agent_sign(void *impl, const struct ca_scheme *scheme, const void *tbs,
    size_t len, const struct ca_key_ui *ui, struct ca_buf *sig)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct agent_key *k = impl;
	struct ca_buf msg = CA_BUF_INIT(CA_AGENT_REPLY_MAX);
	struct ca_buf reply = CA_BUF_INIT(CA_AGENT_REPLY_MAX);
	size_t begin = sig->len;
	int fd = -1;

	if ((rc = ca_agent_connect(k->path, &k->log, &fd)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ca_agent_sign_request(&k->blob, scheme, tbs, len, &msg);
	if ((rc = ca_agent_exchange(fd, &msg, CA_AGENT_SIGN_MS, &reply)) !=
		CA_OK ||
	    (rc = ca_agent_signature(&reply, scheme,
		 (size_t)EVP_PKEY_get_size(k->pub), sig)) != CA_OK) {
		tell_failure(ui, &k->log, rc);
		ret = rc;
		goto out;
	}
	if (ca_crypto_verify(k->crypto, scheme, k->pub,
		&(struct ca_signed){
		    tbs, len, sig->p + begin, sig->len - begin}) != CA_OK) {
		ca_key_tell(ui, &k->log,
		    "The signature of the ssh-agent does not verify by the key "
		    "of the certificate.");
		ret = CA_ERR_SIGNATURE;
		goto out;
	}
	ret = CA_OK;
out:
	if (ret != CA_OK && sig->err == CA_OK)
		sig->len = begin;
	if (fd >= 0)
		(void)close(fd);
	ca_buf_free(&msg);
	ca_buf_free(&reply);
	return ret;
}

static const struct ca_key_ops agent_ops = {
    agent_can, agent_sign, NULL, agent_free};

/* ---- the search ---- */

static enum ca_err
list(const char *path, const struct ca_log *log, struct ca_buf *reply)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf msg = CA_BUF_INIT(1);
	int fd = -1;

	if ((rc = ca_agent_connect(path, log, &fd)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ca_buf_u8(&msg, MSG_REQUEST_IDENTITIES);
	rc = ca_agent_exchange(fd, &msg, CA_AGENT_LIST_MS, reply);
	if (rc != CA_OK) {
		ca_log_err(log, "ssh-agent at %s did not list its keys: %-s",
		    path, ca_err_text(rc));
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	if (fd >= 0)
		(void)close(fd);
	ca_buf_free(&msg);
	return ret;
}

/* The error code for what was found; the reason is logged. */
static enum ca_err
judge(enum ca_err found, const struct ca_agent_match *match, const char *path,
    const struct ca_log *log)
{
	if (found == CA_DENIED) {
		ca_log_err(log,
		    "ssh-agent at %s refuses to list its keys; if it is "
		    "locked, run: ssh-add -X",
		    path);
		return CA_DENIED;
	}
	if (found != CA_OK) {
		ca_log_err(log,
		    "ssh-agent at %s sent a malformed list of "
		    "keys",
		    path);
		return found;
	}
	if (match->found && match->security_key) {
		ca_log_err(log,
		    "the certificate's key is a FIDO security key (sk-), which "
		    "signs only messages in its own format, so it cannot be "
		    "used here");
		return CA_ERR_UNSUPPORTED;
	}
	if (match->found)
		return CA_OK;
	if (match->listed == 0)
		ca_log_err(log,
		    "ssh-agent at %s lists no keys: it is empty (run ssh-add to "
		    "add one) or locked (run: ssh-add -X)",
		    path);
	else
		ca_log_err(log,
		    "none of the %zu keys in the ssh-agent at %s "
		    "belongs to the certificate",
		    match->listed, path);
	return CA_ERR_NOT_FOUND;
}

static enum ca_err
key_new(struct ca_crypto *crypto, const char *path, EVP_PKEY *pub,
    struct ca_buf *blob, const struct ca_log *log, struct ca_key **out)
{
	struct agent_key *k = calloc(1, sizeof *k);

	if (k == NULL)
		return CA_ERR_MEMORY;
	k->crypto = crypto;
	if (log != NULL)
		k->log = *log;
	k->blob = *blob;
	*blob = CA_BUF_INIT(0); /* transferred */
	if (EVP_PKEY_up_ref(pub) == 1)
		k->pub = pub;
	k->path = strdup(path);
	if (k->pub == NULL || k->path == NULL ||
	    (*out = ca_key_new(&agent_ops, k)) == NULL) {
		agent_free(k);
		return CA_ERR_MEMORY;
	}
	return CA_OK;
}

enum ca_err
ca_key_agent(struct ca_crypto *crypto, const char *socket_path, X509 *cert,
    const struct ca_log *log, struct ca_key **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	EVP_PKEY *pub = X509_get0_pubkey(cert);
	struct ca_buf reply = CA_BUF_INIT(CA_AGENT_REPLY_MAX);
	struct ca_agent_match match = {.blob = CA_BUF_INIT(0)};

	if (pub == NULL) {
		ret = CA_ERR_UNSUPPORTED;
		goto out;
	}
	if ((rc = list(socket_path, log, &reply)) != CA_OK) {
		ret = rc;
		goto out;
	}
	rc = ca_agent_find(&reply, pub, &match);
	if ((rc = judge(rc, &match, socket_path, log)) != CA_OK) {
		ret = rc;
		goto out;
	}
	rc = key_new(crypto, socket_path, pub, &match.blob, log, out);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_buf_free(&match.blob);
	ca_buf_free(&reply);
	return ret;
}
