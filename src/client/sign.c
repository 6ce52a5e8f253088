/*
 * certauth sign: a request in, a response out.
 */
#include "client/sign.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/client.h"
#include "wire/pieces.h"

#define LINE_MAX_BYTES 131072
#define FIRST_LINE "Paste the line that begins with certauth1:\n"
#define NEXT_LINE "Paste the next one:\n"

struct sign {
	struct ca_log log;
	struct ca_client client;
	struct ca_list hosts; /* --host */
	struct ca_list *local;
	char *login;
	const char *user; /* --user */
	bool any_host, pieces;
	struct ca_buf response; /* base64url, of `request' */
	char *request;          /* base64url */
	bool asked;             /* the user confirmed this request's host */
	struct given { /* options, held until a configuration is read */
		const char *cert, *key, *p12;
		bool registered, helper;
	} given;
};

/* The configuration as its sections say for these names. */
static enum ca_err
configure(struct sign *s, const char *const *host, size_t nhosts)
{
	const struct given *g = &s->given;
	struct ca_client_conf *conf = NULL;
	enum ca_err rc;

	if ((rc = ca_client_conf_load(host, nhosts, &s->log, &conf)) == CA_OK)
		rc = ca_client_conf_options(
		    conf, g->cert, g->key, g->p12, g->registered);
	if (rc != CA_OK) {
		ca_client_conf_free(conf);
		return rc;
	}
	ca_client_conf_free(s->client.conf);
	s->client.conf = conf;
	s->client.ask.program = conf->askpass;
	return CA_OK;
}

/* ---- one request ---- */

/* "Are you logging in to web1.example.com as alice (sshd)?" */
static enum ca_err
ask_host(struct sign *s, const struct ca_request *req)
{
	struct ca_buf text = CA_BUF_INIT(65536);
	enum ca_err rc = CA_ERR_MEMORY;

	ca_buf_str(&text, "Are you logging in to ");
	for (size_t i = 0; i < req->nhost_names; i++) {
		if (i > 0)
			ca_buf_str(&text, i == 1 ? " (" : ", ");
		ca_buf_escape(
		    &text, req->host_name[i], strlen(req->host_name[i]));
	}
	ca_buf_str(&text, req->nhost_names > 1 ? ")" : "");
	if (req->user[0] != '\0') {
		ca_buf_str(&text, " as ");
		ca_buf_escape(&text, req->user, strlen(req->user));
	}
	ca_buf_str(&text, ", service ");
	ca_buf_escape(&text, req->service, strlen(req->service));
	ca_buf_str(&text, "?");
	if (ca_buf_text(&text) != NULL)
		rc = ca_ask_yes(&s->client.ask, ca_buf_text(&text));
	ca_buf_free(&text);
	return rc;
}

/*
 * A pasted line's `(user@host) ' proves nothing: the server may have written
 * it, below a line of its own.  What the user said by option counts, else this
 * machine and the own login; else the user is asked.
 */
static struct ca_intent
intent_of(const struct sign *s)
{
	bool given = s->hosts.n > 0;
	const struct ca_client_conf *conf = s->client.conf;

	return (struct ca_intent){
	    .host = (const char *const *)(given ? s->hosts.v : s->local->v),
	    .nhosts = given ? s->hosts.n : s->local->n,
	    .any_host = s->any_host,
	    .user = s->user != NULL      ? s->user
		    : conf->user != NULL ? conf->user
					 : s->login,
	    .now = time(NULL)};
}

static enum ca_err
settle_intent(
    struct sign *s, const struct ca_request *req, struct ca_intent *intent)
{
	struct ca_buf why = CA_BUF_INIT(65536);
	int rule = 0;
	enum ca_err rc;

	*intent = intent_of(s);
	rc = ca_rules_check(s->client.crypto, s->client.conf, intent, req,
	    &s->log, &rule, &why);
	ca_buf_free(&why);
	bool host_open = rule == 1 && s->hosts.n == 0;
	bool user_open = (rule == 1 || rule == 2) && s->user == NULL &&
			 s->client.conf->user == NULL;
	if (rc == CA_OK || !(host_open || (rule == 2 && user_open)) ||
	    !ca_ask_has_terminal())
		return CA_OK; /* the rules are checked again, and say why */
	if ((rc = ask_host(s, req)) != CA_OK) {
		ca_log_err(&s->log, "not signed: it was not confirmed");
		return rc;
	}
	if (user_open)
		intent->user = NULL;
	if (!host_open)
		return CA_OK;
	/* what is configured for that host holds, as if --host had named it */
	intent->any_host = true;
	return configure(
	    s, (const char *const *)req->host_name, req->nhost_names);
}

static enum ca_err
respond(struct sign *s, const char *text)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_request *req = NULL;
	struct ca_intent intent;

	if ((rc = ca_client_request(text, &s->log, &req)) != CA_OK ||
	    (rc = settle_intent(s, req, &intent)) != CA_OK ||
	    (rc = ca_client_sign(&s->client, &intent, req, &s->response)) !=
		CA_OK) {
		ret = rc;
		goto out;
	}
	if ((s->request = strdup(text)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	ret = CA_OK;
out:
	ca_request_free(req);
	return ret;
}

static int
print(struct ca_buf *b)
{
	const char *text = ca_buf_text(b);

	if (text == NULL || puts(text) == EOF || fflush(stdout) != 0)
		return ca_cli_fail("cannot write the answer");
	return CA_EXIT_OK;
}

/* ---- the two ways ---- */

/* text: a request, or a line with a prompt in it. */
static int
sign_whole(struct sign *s, const char *text)
{
	struct ca_prompt prompt = {0};
	enum ca_err rc = ca_prompt_find(text, &prompt);

	if (rc == CA_OK)
		rc = respond(s, prompt.request);
	else if (rc == CA_ERR_NOT_FOUND)
		rc = respond(s, text);
	else
		ca_log_err(&s->log, "this is no single whole prompt of "
				    "certauth; was it cut?");
	free(prompt.request);
	return rc == CA_OK ? print(&s->response) : CA_EXIT_NO;
}

static int
answer_line(struct sign *s, const char *line, bool *last)
{
	struct ca_buf answer = CA_BUF_INIT(CA_RESPONSE_CHARS_MAX + 1);
	struct ca_prompt prompt = {0};
	enum ca_err rc = ca_prompt_find(line, &prompt);
	int status = CA_EXIT_NO;

	if (rc != CA_OK)
		ca_log_err(&s->log, "this line holds no single whole prompt of "
				    "certauth; was it cut?");
	else if (s->request != NULL && strcmp(s->request, prompt.request) != 0)
		ca_log_err(&s->log, "this prompt is another request; start "
				    "`certauth sign --pieces' anew for it");
	else if (s->request != NULL || respond(s, prompt.request) == CA_OK) {
		const char *text = ca_buf_text(&s->response);
		rc = text != NULL
			 ? ca_answer_cut(text, prompt.next, prompt.max, &answer)
			 : CA_ERR_MEMORY;
		if (rc != CA_OK)
			ca_log_err(&s->log, "no answer: %-s", ca_err_text(rc));
		else
			status = print(&answer);
		*last = answer.len > 0 && answer.p[answer.len - 1] == '.';
	}
	free(prompt.request);
	ca_buf_free(&answer);
	return status;
}

static int
sign_pieces(struct sign *s, const char *first)
{
	bool last = false, tty = isatty(STDIN_FILENO) == 1;
	int status = CA_EXIT_OK;

	if (first != NULL)
		status = answer_line(s, first, &last);
	while (status == CA_EXIT_OK && !last) {
		struct ca_buf line = CA_BUF_INIT(LINE_MAX_BYTES);
		const char *prompt =
		    s->request == NULL ? FIRST_LINE : NEXT_LINE;
		enum ca_err rc = ca_ask_stdin_line(tty ? prompt : NULL, &line);

		if (rc != CA_OK)
			status = ca_cli_fail("no more prompts, but the answer "
					     "is not complete: %s",
			    ca_err_text(rc));
		else if (line.len > 0 && ca_buf_text(&line) != NULL)
			status = answer_line(s, ca_buf_text(&line), &last);
		ca_buf_free(&line);
	}
	return status;
}

/* ---- options ---- */

enum {
	OPT_CERT = 256,
	OPT_KEY,
	OPT_P12,
	OPT_REGISTERED,
	OPT_HOST,
	OPT_USER,
	OPT_ANY_HOST,
	OPT_PIECES,
	OPT_YES,
	OPT_HELPER
};

static const struct option options[] = {
    {"cert", required_argument, NULL, OPT_CERT},
    {"key", required_argument, NULL, OPT_KEY},
    {"p12", required_argument, NULL, OPT_P12},
    {"registered", no_argument, NULL, OPT_REGISTERED},
    {"host", required_argument, NULL, OPT_HOST},
    {"user", required_argument, NULL, OPT_USER},
    {"any-host", no_argument, NULL, OPT_ANY_HOST},
    {"pieces", no_argument, NULL, OPT_PIECES},
    {"yes", no_argument, NULL, OPT_YES},
    {"helper", no_argument, NULL, OPT_HELPER}, {NULL, 0, NULL, 0}};

static enum ca_err
take_option(struct sign *s, int opt)
{
	struct given *g = &s->given;

	switch (opt) {
	case OPT_CERT:
		g->cert = optarg;
		break;
	case OPT_KEY:
		g->key = optarg;
		break;
	case OPT_P12:
		g->p12 = optarg;
		break;
	case OPT_REGISTERED:
		g->registered = true;
		break;
	case OPT_HOST:
		return ca_client_names_add(&s->hosts, optarg);
	case OPT_USER:
		s->user = optarg;
		break;
	case OPT_ANY_HOST:
		s->any_host = true;
		break;
	case OPT_PIECES:
		s->pieces = true;
		break;
	case OPT_YES:
		s->client.yes = true;
		break;
	case OPT_HELPER:
		g->helper = true;
		break;
	default:
		return CA_ERR_USAGE;
	}
	return CA_OK;
}

static enum ca_err
prepare(struct sign *s)
{
	enum ca_err rc;

	if ((s->local = ca_client_local_names()) == NULL)
		return CA_ERR_MEMORY;
	s->login = ca_client_login();
	const struct ca_list *meant = s->hosts.n > 0 ? &s->hosts : s->local;
	rc = configure(s, (const char *const *)meant->v, meant->n);
	return rc == CA_OK ? ca_crypto_new(&s->client.crypto) : rc;
}

static int
run_with(struct sign *s, const char *arg)
{
	struct ca_buf line = CA_BUF_INIT(LINE_MAX_BYTES);
	int status;

	if (s->pieces)
		return sign_pieces(s, arg);
	if (arg == NULL) {
		enum ca_err rc = ca_ask_stdin_line(NULL, &line);
		if (rc != CA_OK)
			return ca_cli_fail("no request on standard input: %s",
			    ca_err_text(rc));
		arg = ca_buf_text(&line);
	}
	status = sign_whole(s, arg != NULL ? arg : "");
	ca_buf_free(&line);
	return status;
}

static int
run(int argc, char **argv)
{
	struct sign s = {.log = ca_cli_log(false),
	    .response = CA_BUF_INIT(CA_RESPONSE_CHARS_MAX)};
	int opt, status = CA_EXIT_USAGE;
	enum ca_err rc;

	ca_cli_keep_memory();
	s.client.log = &s.log;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		if ((rc = take_option(&s, opt)) != CA_OK) {
			status =
			    ca_cli_usage(&ca_cmd_sign, "%s", ca_err_text(rc));
			goto out;
		}
	if (argc - optind > 1) {
		status = ca_cli_usage(&ca_cmd_sign,
		    "one request at a time; "
		    "quote a prompt line as a whole");
		goto out;
	}
	if (s.given.helper) {
		status = ca_sign_helper();
		goto out;
	}
	const char *arg = optind < argc ? argv[optind] : NULL;
	if (arg != NULL && strcmp(arg, "-") == 0)
		arg = NULL;
	if (prepare(&s) == CA_OK)
		status = run_with(&s, arg);
out:
	ca_client_conf_free(s.client.conf);
	ca_crypto_free(s.client.crypto);
	ca_client_names_free(s.local);
	ca_client_names_clear(&s.hosts);
	ca_buf_free(&s.response);
	free(s.request);
	free(s.login);
	return status;
}

const struct ca_command ca_cmd_sign = {"sign",
    "answer a request: a request in, a response out",
    "usage: certauth sign [OPTIONS] [REQUEST | PROMPT LINE | -]\n"
    "\n"
    "Signs a login request and prints the response.  Without an argument, or\n"
    "with -, the request is read from standard input.\n"
    "\n"
    "  --cert FILE     certificate (PEM or DER), its intermediates behind it\n"
    "  --key KEY       FILE in PEM, `agent', or a PKCS#11 URI (pkcs11:...)\n"
    "  --p12 FILE      certificate and key in a PKCS#12 file\n"
    "  --registered    send no certificate: the host has it\n"
    "  --host NAME     the host you are logging in to (more than once: its\n"
    "                  names); without it this machine, or you are asked\n"
    "  --user NAME     the login; without it your own, or you are asked\n"
    "  --any-host      whatever host it is: only for tests\n"
    "  --pieces        take prompt lines one by one, print each one's answer\n"
    "  --yes           do not ask for confirmation (confirm = yes)\n"
    "  --helper        speak with pam_certauth; it starts this itself\n"
    "\n"
    "Defaults stand in ~/.config/certauth/config.  Example, for pasting:\n"
    "\n"
    "  certauth sign --pieces --host web1.example.com --user alice\n",
    run};
