/*
 * certauth-sign, and certauth sign --helper: signs for the module, with the user's rights.
 *
 * The module started this process and wrote the request, so the host and the
 * login are those that the user means.  The user's configuration is not read;
 * only the sources that the module names are used.
 */
#include "sign/signhelper.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/locale.h"
#include "base/tr.h"
#include "base/text.h"
#include "channel/helper.h"
#include "sign/helpersource.h"
#include "sign/helpertalk.h"
#include "sign/requestcheck.h"
#include "sign/respond.h"

#define LAST_MAX 1024

struct helper {
	struct ca_helper_talk talk;
	struct ca_log log;
	/* the last error, for `none' and `failed', and in the user's language */
	char last[LAST_MAX], told[LAST_MAX];
	struct ca_request *req;
	struct ca_buf transcript; /* instead of req: for a proof of the host */
	struct ca_sources src;
	bool secret; /* a key file needs a passphrase */
};

static void
keep_line(char *at, enum ca_log_level level, const char *line)
{
	size_t len = strnlen(line, LAST_MAX - 1);

	if (level > CA_LOG_WARNING)
		return;
	/* no half of a character */
	while (len > 0 && ((unsigned char)line[len] & 0xc0) == 0x80)
		len--;
	memcpy(at, line, len);
	at[len] = '\0';
}

static void
remember(void *ctx, enum ca_log_level level, const char *line)
{
	struct helper *h = ctx;

	keep_line(h->last, level, line);
}

static void
remember_told(void *ctx, enum ca_log_level level, const char *line)
{
	struct helper *h = ctx;

	keep_line(h->told, level, line);
}

/* ---- what the module says before `go' ---- */

static enum ca_err
keep_text(char **at, struct ca_helper_msg *msg)
{
	if (*at != NULL)
		return CA_ERR_FORMAT; /* sent twice */
	*at = ca_buf_take(&msg->arg, NULL);
	return *at != NULL ? CA_OK : CA_ERR_MEMORY;
}

static enum ca_err
take_cert(struct helper *h, const void *der, size_t len)
{
	if (h->src.ncerts == CA_SOURCES_CERTS_MAX)
		return CA_ERR_LIMIT;
	enum ca_err rc = ca_crypto_cert(
	    h->src.crypto, der, len, &h->src.cert[h->src.ncerts]);
	if (rc == CA_OK)
		h->src.ncerts++;
	return rc;
}

/* A locale that is not installed is English. */
static enum ca_err
take_language(struct ca_helper_msg *msg)
{
	const char *name = ca_buf_text(&msg->arg);

	if (name == NULL)
		return CA_ERR_MEMORY;
	if (!ca_locale_named(name))
		return CA_ERR_FORMAT;
	(void)ca_tr_use(name, false);
	return CA_OK;
}

static enum ca_err
take_msg(struct helper *h, struct ca_helper_msg *msg)
{
	switch (msg->verb) {
	case CA_HELPER_REQUEST:
		if (h->req != NULL)
			return CA_ERR_FORMAT;
		return ca_request_parse(msg->arg.p, msg->arg.len, &h->req);
	case CA_HELPER_HOSTSIGN:
		ca_buf_put(&h->transcript, msg->arg.p, msg->arg.len);
		return h->transcript.len == msg->arg.len
			   ? ca_buf_err(&h->transcript)
			   : CA_ERR_FORMAT; /* sent twice */
	case CA_HELPER_AGENT:
		return keep_text(&h->src.agent, msg);
	case CA_HELPER_PKCS11:
		return keep_text(&h->src.pkcs11, msg);
	case CA_HELPER_KEYFILE:
		return keep_text(&h->src.keyfile, msg);
	case CA_HELPER_WAIT:
		h->src.wait = msg->number;
		return CA_OK;
	case CA_HELPER_CERTIFICATE:
		return take_cert(h, msg->arg.p, msg->arg.len);
	case CA_HELPER_USERCERTS:
		h->src.usercerts = true;
		return CA_OK;
	case CA_HELPER_SECRET:
		h->secret = true;
		return CA_OK;
	case CA_HELPER_LANGUAGE:
		return take_language(msg);
	case CA_HELPER_PINLESS:
		h->src.pinless = true;
		return CA_OK;
	case CA_HELPER_CHOICES:
		h->talk.choices = true;
		return CA_OK;
	default:
		return CA_ERR_FORMAT;
	}
}

static enum ca_err
listen_to_module(struct helper *h)
{
	struct ca_helper_msg msg = {0};
	enum ca_err rc;
	bool go = false, hello = false;

	while (
	    (rc = ca_helper_recv(STDIN_FILENO, &h->talk.in, &msg)) == CA_OK) {
		if (!hello) {
			hello = msg.verb == CA_HELPER_HELLO &&
				msg.number == CA_HELPER_VERSION;
			rc = hello ? CA_OK : CA_ERR_FORMAT;
		} else if (msg.verb == CA_HELPER_GO) {
			go = true;
		} else {
			rc = take_msg(h, &msg);
		}
		ca_helper_msg_clear(&msg);
		if (go || rc != CA_OK)
			break;
	}
	if (rc == CA_OK && (h->req == NULL) == (h->transcript.len == 0))
		rc = CA_ERR_FORMAT; /* exactly one of the two is sent */
	return rc;
}

/* ---- the answer ---- */

/*
 * Anyone who gives a user's name to a program that runs as root makes the
 * module read a key file in that user's home.  Only the passphrase proves that
 * the user is present.
 */
static enum ca_err
check_secret(struct helper *h, enum ca_source from)
{
	if (!h->secret || from != CA_SOURCE_FILE || h->talk.asked)
		return CA_OK;
	ca_log_err(&h->log,
	    "%s: the key has no passphrase, so anyone who gives this login's "
	    "name could use it; set a passphrase by openssl pkcs8 -topk8 or "
	    "openssl pkcs12 -export",
	    h->src.keyfile);
	return CA_DENIED;
}

/* The host and the login are those that the user means (channel/helper.h); the other
 * rules hold here, too. */
static enum ca_err
check_request(struct helper *h)
{
	struct ca_buf why = CA_BUF_INIT(65536);
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *leaf = NULL;
	enum ca_err rc = CA_ERR_MEMORY;

	if (chain != NULL)
		rc = ca_requestcheck_time(h->req, time(NULL), &why);
	if (rc == CA_OK && h->req->host_proved)
		rc = ca_requestcheck_proof(
		    h->src.crypto, h->req, &leaf, chain, &why);
	if (rc != CA_OK && why.len == 0)
		ca_buf_str(&why, ca_err_text(rc));
	if (rc != CA_OK)
		ca_log_err(&h->log, "%-s",
		    ca_buf_text(&why) != NULL ? ca_buf_text(&why)
					      : ca_err_text(rc));
	X509_free(leaf);
	sk_X509_pop_free(chain, X509_free);
	ca_buf_free(&why);
	return rc;
}

/* For the session that follows; a login does not depend on it. */
static void
put_token(
    const struct helper *h, const struct ca_identity *id, struct ca_buf *out)
{
	struct ca_buf uri = CA_BUF_INIT(CA_HELPER_TEXT_MAX);
	enum ca_err rc = ca_key_token(id->key, &uri);
	const char *text = rc == CA_OK ? ca_buf_text(&uri) : NULL;

	/* the end of a URI that is cut would be another token */
	if (text != NULL && ca_text_token_uri(text, CA_HELPER_TEXT_MAX))
		ca_helper_put_text(out, CA_HELPER_TOKEN, text);
	else if (rc != CA_ERR_NOT_FOUND)
		ca_log_debug(&h->log, "the URI of the token is not passed on");
	ca_buf_free(&uri);
}

static enum ca_err
respond(struct helper *h)
{
	const struct ca_key_ui ui = ca_helper_talk_ui(&h->talk);
	struct ca_buf response = CA_BUF_INIT(CA_RESPONSE_MAX);
	struct ca_buf out = CA_BUF_INIT((size_t)2 * CA_HELPER_LINE_MAX);
	struct ca_identity *id = NULL;
	enum ca_source from = CA_SOURCE_NONE;
	enum ca_err rc;

	if ((rc = check_request(h)) == CA_OK &&
	    (rc = ca_sources_choose(&h->src, h->req, &ui, &id, &from)) ==
		CA_OK &&
	    (rc = ca_respond(h->src.crypto, h->req, id, &ui, &response)) ==
		CA_OK &&
	    (rc = check_secret(h, from)) == CA_OK) {
		put_token(h, id, &out);
		ca_helper_put_bytes(
		    &out, CA_HELPER_RESPONSE, response.p, response.len);
		rc = ca_helper_send(STDOUT_FILENO, &out);
	}
	ca_identity_free(id);
	ca_buf_free(&response);
	ca_buf_free(&out);
	return rc;
}

static void
report(struct helper *h, enum ca_err rc)
{
	enum ca_helper_verb verb =
	    rc == CA_ERR_NOT_FOUND ? CA_HELPER_NONE : CA_HELPER_FAILED;

	if (rc != CA_OK && !h->talk.gone)
		(void)!ca_helper_talk_text(&h->talk, verb,
		    h->last[0] != '\0' ? h->last
		    : rc == CA_ERR_NOT_FOUND
			? "no allowed source has a certificate"
			: ca_err_text(rc));
}

/* The last line of a process that a PKCS#11 module ends. */
static void
last_words(struct ca_buf *out, const char *text)
{
	ca_helper_put_text(out, CA_HELPER_FAILED, text);
}

int
ca_sign_helper(void)
{
	struct helper h = {.transcript = CA_BUF_INIT(CA_REQUEST_MAX)};
	enum ca_err rc;

	h.log = (struct ca_log){remember, &h, false, remember_told, ca_tr};
	h.src.log = &h.log;
	h.src.last = h.last;
	h.src.told = h.told;
	h.talk.log = &h.log;
	h.src.talk = &h.talk;
	/* the module waits until this process exits, so libcrypto does not
	 * clean up; the tokens are released when the identity is freed */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	ca_p11_guard_speak(STDOUT_FILENO, last_words);
	ca_helper_input_init(&h.talk.in, CA_HELPER_HOST);
	if ((rc = ca_crypto_new(&h.src.crypto)) == CA_OK &&
	    (rc = listen_to_module(&h)) == CA_OK)
		rc = h.req != NULL
			 ? respond(&h)
			 : ca_sign_as_host(h.src.crypto, h.src.pkcs11,
			       h.src.ncerts == 1 ? h.src.cert[0] : NULL,
			       &h.transcript, &h.talk, &h.log);
	report(&h, rc);
	ca_sources_clear(&h.src);
	ca_helper_input_clear(&h.talk.in);
	ca_request_free(h.req);
	ca_buf_free(&h.transcript);
	ca_crypto_free(h.src.crypto);
	return rc == CA_OK ? 0 : 1;
}
