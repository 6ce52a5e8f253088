#include "client/signing.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64url.h"
#include "base/tr.h"
#include "client/terminal.h"
#include "client/wrapped.h"
#include "tool/cli.h"
#include "channel/pieces.h"
#include "client/prompt.h"

#define LONG_TEXT 4096 /* bytes */
#define FIRST_LINE N_("Paste the line that begins with certauth1:\n")
#define NEXT_LINE N_("Paste the next line:\n")
#define MORE_LINES                                                             \
	N_("The prompt goes on: paste the rest, up to `max=N:' (^D gives up).\n")

enum ca_err
ca_signing_configure(
    struct ca_signing *s, const char *const *host, size_t nhosts)
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
	ca_ask_configure(&s->client.ask, conf->askpass);
	return CA_OK;
}

/* ---- one request ---- */

/* "Are you logging in to web1.example.com as alice (sshd)?" */
static enum ca_err
ask_host(struct ca_signing *s, const struct ca_request *req)
{
	struct ca_buf text = CA_BUF_INIT(65536);
	enum ca_err rc = CA_ERR_MEMORY;

	ca_buf_str(&text, _("Are you logging in to "));
	for (size_t i = 0; i < req->nhost_names; i++) {
		if (i > 0)
			ca_buf_str(&text, i == 1 ? " (" : ", ");
		ca_buf_escape(
		    &text, req->host_name[i], strlen(req->host_name[i]));
	}
	ca_buf_str(&text, req->nhost_names > 1 ? ")" : "");
	if (req->user[0] != '\0') {
		ca_buf_str(&text, _(" as "));
		ca_buf_escape(&text, req->user, strlen(req->user));
	}
	ca_buf_str(&text, _(", service "));
	ca_buf_escape(&text, req->service, strlen(req->service));
	ca_buf_str(&text, _("?"));
	if (ca_buf_text(&text) != NULL)
		rc = ca_ask_yes(&s->client.ask, ca_buf_text(&text));
	ca_buf_free(&text);
	return rc;
}

/*
 * The `(user@host) ' of a pasted line proves nothing: the server may have
 * written it.  The host and login are those of the options, else this machine
 * and the user's own login; if the request is for another one, the user is
 * asked.
 */
static struct ca_intent
intent_of(const struct ca_signing *s)
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
settle_intent(struct ca_signing *s, const struct ca_request *req,
    struct ca_intent *intent)
{
	struct ca_buf why = CA_BUF_INIT(65536);
	int rule = 0;
	enum ca_err rc;

	*intent = intent_of(s);
	const struct ca_rules_case c = {
	    s->client.crypto, s->client.conf, intent, req, &s->log, &why};
	rc = ca_rules_check(&c, &rule);
	ca_buf_free(&why);
	bool host_open = rule == 1 && s->hosts.n == 0;
	bool user_open = (rule == 1 || rule == 2) && s->user == NULL &&
			 s->client.conf->user == NULL;
	if (rc == CA_OK || !(host_open || (rule == 2 && user_open)) ||
	    !ca_terminal_present())
		return CA_OK; /* the rules are checked again, and give the
				 reason */
	if ((rc = ask_host(s, req)) != CA_OK) {
		ca_log_err(&s->log, "not signed: you did not confirm it");
		return rc;
	}
	if (user_open)
		intent->user = NULL;
	if (!host_open)
		return CA_OK;
	/* use the configuration of that host, as if --host had named it */
	intent->any_host = true;
	return ca_signing_configure(
	    s, (const char *const *)req->host_name, req->nhost_names);
}

static enum ca_err
respond(struct ca_signing *s, const char *text)
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
		return ca_cli_fail("the answer cannot be written");
	return CA_EXIT_OK;
}

/* ---- whole, or in pieces ---- */

/*
 * Can the line from begin on decide that the prompt ends, or that the text is
 * none?  To parse a long text after each short line would take a time that grows
 * with the square of its length, so that lines which only continue a request are
 * judged when the text has doubled.
 */
static bool
is_due(const char *text, size_t begin, size_t *judged)
{
	const char *line = text + begin;
	size_t len = begin + strlen(line);

	while (ca_base64url_char(*line) ||
	       (*line != '\0' && strchr(" \t\r|>", *line) != NULL))
		line++;
	if (*line == '\0' && len > LONG_TEXT && len / 2 < *judged)
		return false;
	*judged = len;
	return true;
}

enum ca_err
ca_signing_read(const char *hint, struct ca_buf *text)
{
	bool tty = isatty(STDIN_FILENO) == 1, told = false;
	enum ca_err rc = ca_terminal_stdin_line(tty ? hint : NULL, text);
	size_t begin = 0, judged = 0;
	const char *all;

	while (rc == CA_OK && (all = ca_buf_text(text)) != NULL &&
	       (!is_due(all, begin, &judged) || ca_wrapped_open(all))) {
		ca_buf_str(text, "\n");
		begin = text->len;
		rc = ca_terminal_stdin_line(
		    tty && !told ? _(MORE_LINES) : NULL, text);
		told = true;
		/* no more lines: the text is judged as it is */
		if (rc == CA_ERR_NOT_FOUND)
			return CA_OK;
	}
	return rc;
}

int
ca_signing_whole(struct ca_signing *s, const char *text)
{
	struct ca_prompt prompt = {0};
	enum ca_err rc = ca_wrapped_find(text, &prompt);

	if (rc == CA_OK)
		rc = respond(s, prompt.request);
	else if (rc == CA_ERR_NOT_FOUND)
		rc = respond(s, text);
	else
		ca_log_err(&s->log, "the text must contain exactly one "
				    "complete prompt of certauth; was it cut?");
	free(prompt.request);
	return rc == CA_OK ? print(&s->response) : CA_EXIT_NO;
}

static int
answer_line(struct ca_signing *s, const char *line, bool *last)
{
	struct ca_buf answer = CA_BUF_INIT(CA_RESPONSE_CHARS_MAX + 1);
	struct ca_prompt prompt = {0};
	enum ca_err rc = ca_wrapped_find(line, &prompt);
	int status = CA_EXIT_NO;

	if (rc != CA_OK)
		ca_log_err(&s->log,
		    "the line must contain exactly one complete "
		    "prompt of certauth; was it cut?");
	else if (s->request != NULL && strcmp(s->request, prompt.request) != 0)
		ca_log_err(&s->log, "this prompt belongs to another request; "
				    "start `certauth sign --pieces' again for "
				    "it");
	else if (s->request != NULL || respond(s, prompt.request) == CA_OK) {
		const char *text = ca_buf_text(&s->response);
		rc = text != NULL
			 ? ca_answer_cut(text, prompt.next, prompt.max, &answer)
			 : CA_ERR_MEMORY;
		if (rc != CA_OK)
			ca_log_err(&s->log,
			    "this piece cannot be answered: %-s",
			    ca_err_text(rc));
		else
			status = print(&answer);
		*last = answer.len > 0 && answer.p[answer.len - 1] == '.';
	}
	free(prompt.request);
	ca_buf_free(&answer);
	return status;
}

int
ca_signing_pieces(struct ca_signing *s, const char *first)
{
	bool last = false;
	int status = CA_EXIT_OK;

	if (first != NULL)
		status = answer_line(s, first, &last);
	while (status == CA_EXIT_OK && !last) {
		struct ca_buf line = CA_BUF_INIT(CA_SIGNING_TEXT_MAX);
		enum ca_err rc = ca_signing_read(
		    s->request == NULL ? _(FIRST_LINE) : _(NEXT_LINE), &line);

		if (rc != CA_OK)
			status = ca_cli_fail("there are no more prompts, but "
					     "the response is not complete: %s",
			    _(ca_err_text(rc)));
		else if (line.len > 0 && ca_buf_text(&line) != NULL)
			status = answer_line(s, ca_buf_text(&line), &last);
		ca_buf_free(&line);
	}
	return status;
}
