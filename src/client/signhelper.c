/*
 * certauth sign --helper: signs for the module, with the user's rights.
 *
 * The module started this process and wrote the request, so the host and the
 * login are those that were meant; the user's configuration has no say, the
 * module's has: only what it names is used.
 */
#include "client/sign.h"

#include <fcntl.h>
#include <glob.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "channel/helper.h"
#include "client/client.h"
#include "client/helpertalk.h"

#define CERTS_MAX 64
#define LAST_MAX 1024

struct helper {
	struct ca_helper_talk talk;
	struct ca_log log;
	char last[LAST_MAX]; /* the last error, for `none' and `failed' */
	struct ca_crypto *crypto;
	struct ca_client_conf *conf; /* empty */
	struct ca_request *req;
	struct ca_buf transcript;       /* for a proof of the host, instead */
	char *agent, *pkcs11, *keyfile; /* NULL: not allowed */
	unsigned wait;
	X509 *cert[CERTS_MAX]; /* registered */
	size_t ncerts;
	bool usercerts;
	bool secret;  /* a key file needs a passphrase */
	bool pinless; /* a token's key needs no PIN */
};

static void
remember(void *ctx, enum ca_log_level level, const char *line)
{
	struct helper *h = ctx;

	if (level > CA_LOG_WARNING)
		return;
	size_t len = strlen(line);
	if (len >= sizeof h->last)
		len = sizeof h->last - 1;
	memcpy(h->last, line, len);
	h->last[len] = '\0';
}

/* ---- what the host says before `go' ---- */

static enum ca_err
keep_text(char **at, struct ca_helper_msg *msg)
{
	if (*at != NULL)
		return CA_ERR_FORMAT; /* said twice */
	*at = ca_buf_take(&msg->arg, NULL);
	return *at != NULL ? CA_OK : CA_ERR_MEMORY;
}

static enum ca_err
take_cert(struct helper *h, const void *der, size_t len)
{
	if (h->ncerts == CERTS_MAX)
		return CA_ERR_LIMIT;
	enum ca_err rc =
	    ca_crypto_cert(h->crypto, der, len, &h->cert[h->ncerts]);
	if (rc == CA_OK)
		h->ncerts++;
	return rc;
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
			   : CA_ERR_FORMAT; /* said twice */
	case CA_HELPER_AGENT:
		return keep_text(&h->agent, msg);
	case CA_HELPER_PKCS11:
		return keep_text(&h->pkcs11, msg);
	case CA_HELPER_KEYFILE:
		return keep_text(&h->keyfile, msg);
	case CA_HELPER_WAIT:
		h->wait = msg->number;
		return CA_OK;
	case CA_HELPER_CERTIFICATE:
		return take_cert(h, msg->arg.p, msg->arg.len);
	case CA_HELPER_USERCERTS:
		h->usercerts = true;
		return CA_OK;
	case CA_HELPER_SECRET:
		h->secret = true;
		return CA_OK;
	case CA_HELPER_PINLESS:
		h->pinless = true;
		return CA_OK;
	default:
		return CA_ERR_FORMAT;
	}
}

static enum ca_err
listen_to_host(struct helper *h)
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
		rc = CA_ERR_FORMAT; /* exactly one of the two */
	return rc;
}

/* ---- sources ---- */

static enum ca_err
add(struct ca_identities *ids, struct ca_identity *id)
{
	/* an array of pointers is meant: NOLINTNEXTLINE(bugprone-sizeof-*) */
	struct ca_identity **v = realloc(ids->v, (ids->n + 1) * sizeof *v);

	if (v == NULL)
		return CA_ERR_MEMORY;
	ids->v = v;
	ids->v[ids->n++] = id;
	return CA_OK;
}

/* The user's own certificates, opened with the user's rights. */
static void
find_usercerts(struct helper *h)
{
	const char *home = getenv("HOME");
	struct ca_buf pattern = CA_BUF_INIT(4096);
	glob_t found;

	if (home == NULL || home[0] != '/')
		return;
	ca_buf_fmt(&pattern, "%s/.certauth/*.pem", home);
	const char *text = ca_buf_text(&pattern);
	if (text != NULL && glob(text, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			struct ca_identity *id = NULL;

			if (h->ncerts == CERTS_MAX ||
			    ca_key_pem_cert(h->crypto, found.gl_pathv[i],
				&h->log, &id) != CA_OK)
				continue;
			h->cert[h->ncerts++] = id->leaf;
			id->leaf = NULL; /* transferred */
			ca_identity_free(id);
		}
		globfree(&found);
	}
	ca_buf_free(&pattern);
}

/* The registered certificates whose keys the agent holds. */
static enum ca_err
from_agent(struct helper *h, struct ca_identities *ids)
{
	for (size_t i = 0; i < h->ncerts; i++) {
		struct ca_key *key = NULL;
		enum ca_err rc = ca_key_agent(
		    h->crypto, h->agent, h->cert[i], &h->log, &key);

		if (rc == CA_ERR_IO || rc == CA_ERR_TIMEOUT) {
			ca_log_err(&h->log,
			    "the ssh-agent does not answer: %-s",
			    ca_err_text(rc));
			return CA_OK; /* the next source */
		}
		if (rc != CA_OK)
			continue;
		struct ca_identity *id = calloc(1, sizeof *id);
		if (id == NULL || (id->label = strdup("ssh-agent")) == NULL ||
		    add(ids, id) != CA_OK) {
			ca_key_free(key);
			ca_identity_free(id);
			return CA_ERR_MEMORY;
		}
		id->key = key;
		id->registered = true; /* all of h->cert are */
		id->leaf = h->cert[i];
		(void)X509_up_ref(id->leaf);
	}
	return CA_OK;
}

static bool
looks_like_der(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	unsigned char c = 0;
	bool der = fd >= 0 && read(fd, &c, 1) == 1 && c == 0x30;

	if (fd >= 0)
		(void)close(fd);
	return der;
}

static enum ca_err
from_file(
    struct helper *h, const struct ca_key_ui *ui, struct ca_identities *ids)
{
	struct ca_identity *id = NULL;
	enum ca_err rc;

	if (looks_like_der(h->keyfile))
		rc = ca_key_p12(h->crypto, h->keyfile, ui, &h->log, &id);
	else
		rc = ca_key_pem(h->crypto, h->keyfile, NULL, &h->log, &id);
	if (rc == CA_ERR_NOT_FOUND)
		return CA_OK; /* the stick is not in: the next source */
	if (rc == CA_OK && (rc = add(ids, id)) != CA_OK)
		ca_identity_free(id);
	return rc;
}

static enum ca_err
from_tokens(
    struct helper *h, const struct ca_key_ui *ui, struct ca_identities *ids)
{
	const char *uri = h->pkcs11[0] != '\0' ? h->pkcs11 : NULL;
	enum ca_key_pin pin =
	    h->pinless ? CA_KEY_PIN_WANTED : CA_KEY_PIN_REQUIRED;
	time_t end = time(NULL) + (time_t)h->wait;
	bool told = false;
	enum ca_err rc;

	while (((rc = ca_key_p11(h->crypto, uri, pin, &h->log, ids)) ==
		       CA_ERR_NOT_FOUND ||
		   rc == CA_DENIED) &&
	       time(NULL) < end && !h->talk.gone) {
		if (!told)
			ui->info(ui->ctx, "Insert your smart card.");
		told = true;
		(void)sleep(1);
	}
	/* the user thinks that the token is in, and it is */
	if (rc == CA_DENIED)
		ui->info(ui->ctx, h->last);
	return rc == CA_ERR_NOT_FOUND || rc == CA_DENIED ? CA_OK : rc;
}

/* ---- the answer ---- */

enum source { AGENT, FILE_KEY, TOKENS, SOURCES, NO_SOURCE };

/* What source has for the request: CA_ERR_NOT_FOUND, if it has nothing. */
static enum ca_err
try_source(struct helper *h, enum source source, const struct ca_key_ui *ui,
    struct ca_identity **out)
{
	struct ca_identities ids = {NULL, 0};
	enum ca_err rc = CA_OK;

	if (source == AGENT && h->agent != NULL)
		rc = from_agent(h, &ids);
	else if (source == FILE_KEY && h->keyfile != NULL)
		rc = from_file(h, ui, &ids);
	else if (source == TOKENS && h->pkcs11 != NULL)
		rc = from_tokens(h, ui, &ids);
	if (rc == CA_OK)
		rc = ca_identities_pick(
		    &ids, h->req, time(NULL), ui, &h->log, out);
	ca_identities_free(&ids);
	return rc;
}

static enum ca_err
choose(struct helper *h, const struct ca_key_ui *ui, struct ca_identity **out,
    enum source *from)
{
	enum ca_err rc = CA_ERR_NOT_FOUND;

	if (h->usercerts)
		find_usercerts(h);
	for (int s = AGENT; s < SOURCES && rc == CA_ERR_NOT_FOUND; s++) {
		*from = (enum source)s;
		rc = try_source(h, (enum source)s, ui, out);
	}
	return rc;
}

/*
 * A file in a home is there for anyone who names its owner to a program of
 * root's.  What makes a login of it is the passphrase alone.
 */
static enum ca_err
check_secret(struct helper *h, enum source from)
{
	if (!h->secret || from != FILE_KEY || h->talk.asked)
		return CA_OK;
	ca_log_err(&h->log,
	    "%s: the key has no passphrase, and whoever gives this login's "
	    "name could use it; set one: openssl pkcs8 -topk8, or openssl "
	    "pkcs12 -export",
	    h->keyfile);
	return CA_DENIED;
}

static enum ca_err
check_rules(struct helper *h)
{
	const struct ca_intent intent = {.any_host = true, .now = time(NULL)};
	struct ca_buf why = CA_BUF_INIT(65536);
	enum ca_err rc = ca_rules_check(
	    h->crypto, h->conf, &intent, h->req, &h->log, NULL, &why);

	if (rc != CA_OK)
		ca_log_err(&h->log, "%-s",
		    ca_buf_text(&why) != NULL ? ca_buf_text(&why)
					      : ca_err_text(rc));
	ca_buf_free(&why);
	return rc;
}

static enum ca_err
respond(struct helper *h)
{
	const struct ca_key_ui ui = ca_helper_talk_ui(&h->talk);
	struct ca_buf response = CA_BUF_INIT(CA_RESPONSE_MAX);
	struct ca_buf out = CA_BUF_INIT(CA_HELPER_LINE_MAX);
	struct ca_identity *id = NULL;
	enum source from = NO_SOURCE;
	enum ca_err rc;

	if ((rc = check_rules(h)) == CA_OK &&
	    (rc = choose(h, &ui, &id, &from)) == CA_OK &&
	    (rc = ca_respond(h->crypto, h->req, id, &ui, &response)) == CA_OK &&
	    (rc = check_secret(h, from)) == CA_OK) {
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
		    h->last[0] != '\0'       ? h->last
		    : rc == CA_ERR_NOT_FOUND ? "no source has a certificate"
					     : ca_err_text(rc));
}

/* The last words of a process that a PKCS#11 module took with it. */
static void
last_words(struct ca_buf *out, const char *text)
{
	ca_helper_put_text(out, CA_HELPER_FAILED, text);
}

int
ca_sign_helper(void)
{
	struct helper h = {.conf = ca_client_conf_new(),
	    .transcript = CA_BUF_INIT(CA_REQUEST_MAX)};
	enum ca_err rc = CA_ERR_MEMORY;

	h.log = (struct ca_log){remember, &h, false};
	/* the host waits for the end of this process, which needs no tidy
	 * libcrypto; what tokens need is done when the identity is freed */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	ca_p11_guard_speak(STDOUT_FILENO, last_words);
	ca_helper_input_init(&h.talk.in, CA_HELPER_HOST);
	if (h.conf != NULL && (rc = ca_crypto_new(&h.crypto)) == CA_OK &&
	    (rc = listen_to_host(&h)) == CA_OK)
		rc = h.req != NULL ? respond(&h)
				   : ca_sign_as_host(h.crypto, h.pkcs11,
					 h.ncerts == 1 ? h.cert[0] : NULL,
					 &h.transcript, &h.talk, &h.log);
	report(&h, rc);
	for (size_t i = 0; i < h.ncerts; i++)
		X509_free(h.cert[i]);
	ca_helper_input_clear(&h.talk.in);
	ca_request_free(h.req);
	ca_buf_free(&h.transcript);
	ca_client_conf_free(h.conf);
	ca_crypto_free(h.crypto);
	free(h.agent);
	free(h.pkcs11);
	free(h.keyfile);
	return rc == CA_OK ? CA_EXIT_OK : CA_EXIT_NO;
}
