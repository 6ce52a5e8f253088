/*
 * certauth try: the conversation function, which answers the prompts.
 */
#include "cli/try.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "channel/pieces.h"
#include "client/prompt.h"

#define LINE_BYTES ((size_t)1 << 20)

/* ---- output ---- */

void
ca_try_say(const struct ca_try *t, const char *what, const char *text)
{
	struct ca_buf b = CA_BUF_INIT(LINE_BYTES);

	if (t->json)
		return;
	ca_buf_fmt(&b, "%s ", what);
	ca_buf_printable(&b, text, strlen(text));
	(void)puts(ca_buf_text(&b) != NULL ? ca_buf_text(&b) : what);
	ca_buf_free(&b);
}

/* ---- the conversation ---- */

/*
 * A module of root's PAM configuration made the request in this process, so any host
 * name is accepted.  A note is printed if the name would confuse a remote client.
 */
static enum ca_err
sign(struct ca_try *t, const struct ca_request *req)
{
	struct ca_list *local = ca_client_local_names();
	bool named = false;
	struct ca_intent intent = {
	    .any_host = true, .user = t->user, .now = time(NULL)};
	enum ca_err rc;

	if (local == NULL)
		return CA_ERR_MEMORY;
	intent.host = (const char *const *)local->v;
	intent.nhosts = local->n;
	for (size_t i = 0; i < local->n; i++)
		for (size_t k = 0; k < req->nhost_names; k++)
			named = named ||
				ca_host_equal(local->v[i], req->host_name[k]);
	if (!named)
		ca_try_say(t, "note   ",
		    "the request does not contain this machine's own name; a client must be given one of the names in host_names");
	rc = ca_client_sign(&t->client, &intent, req, &t->response);
	ca_client_names_free(local);
	return rc;
}

static enum ca_err
get_response(struct ca_try *t, const char *request)
{
	struct ca_request *req = NULL;
	enum ca_err rc;

	if (t->request != NULL && strcmp(t->request, request) == 0)
		return CA_OK;
	free(t->request);
	t->request = NULL;
	ca_buf_reset(&t->response);
	if ((rc = ca_client_request(request, &t->log, &req)) == CA_OK)
		rc = sign(t, req);
	ca_request_free(req);
	if (rc == CA_OK && (t->request = strdup(request)) == NULL)
		rc = CA_ERR_MEMORY;
	return rc;
}

static char *
answer_ours(struct ca_try *t, const struct ca_prompt *prompt)
{
	struct ca_buf piece = CA_BUF_INIT(CA_RESPONSE_CHARS_MAX + 1);
	enum ca_err rc = get_response(t, prompt->request);
	char *answer = NULL, what[128];

	if (rc == CA_OK && ca_buf_text(&t->response) == NULL)
		rc = CA_ERR_MEMORY;
	if (rc == CA_OK)
		rc = ca_answer_cut(ca_buf_text(&t->response), prompt->next,
		    prompt->max, &piece);
	(void)snprintf(what, sizeof what,
	    "certauth1, offset %zu: %zu characters sent", prompt->next,
	    piece.len);
	if (rc == CA_OK)
		answer = ca_buf_take(&piece, NULL);
	ca_try_say(
	    t, "prompt ", answer != NULL ? what : "certauth1: no answer");
	ca_buf_free(&piece);
	return answer;
}

static char *
answer_by_person(struct ca_try *t, const char *text, bool echo)
{
	struct ca_secret *secret = NULL;
	enum ca_err rc = ca_ask_line(&t->client.ask, text, echo, &secret);
	char *answer = rc == CA_OK ? strdup(ca_secret_get0(secret)) : NULL;

	if (rc == CA_ERR_IO)
		ca_try_say(t, "prompt ",
		    "a module asks for other input, but there is no terminal to ask on:");
	ca_try_say(t, "prompt ", text);
	ca_secret_free(secret);
	return answer;
}

static char *
answer(struct ca_try *t, const char *text, bool echo)
{
	struct ca_prompt prompt = {0};
	enum ca_err rc = ca_prompt_find(text, &prompt);
	char *out = NULL;

	t->prompts++;
	if (rc == CA_OK)
		out = answer_ours(t, &prompt);
	else if (rc == CA_ERR_NOT_FOUND)
		out = answer_by_person(t, text, echo);
	else
		ca_try_say(t, "prompt ",
		    "the message must contain exactly one complete prompt of certauth");
	free(prompt.request);
	return out;
}

static void
free_answers(struct pam_response *r, int n)
{
	for (int i = 0; i < n; i++)
		ca_secret_wipe_text(r[i].resp);
	free(r);
}

int
ca_try_converse(int n, const struct pam_message **msg,
    struct pam_response **resp, void *ctx)
{
	struct ca_try *t = ctx;

	*resp = NULL;
	if (n < 1 || n > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	struct pam_response *r = calloc((size_t)n, sizeof *r);
	if (r == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < n; i++) {
		int style = msg[i]->msg_style;

		if (style == PAM_TEXT_INFO || style == PAM_ERROR_MSG) {
			ca_try_say(t,
			    style == PAM_TEXT_INFO ? "info   " : "error  ",
			    msg[i]->msg);
			continue;
		}
		r[i].resp = answer(t, msg[i]->msg, style == PAM_PROMPT_ECHO_ON);
		if (r[i].resp == NULL) {
			free_answers(r, n);
			return PAM_CONV_ERR;
		}
	}
	*resp = r;
	return PAM_SUCCESS;
}
