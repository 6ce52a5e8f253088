#include "sign/helpertalk.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/secret.h"

enum ca_err
ca_helper_talk_text(
    struct ca_helper_talk *t, enum ca_helper_verb verb, const char *text)
{
	struct ca_buf out = CA_BUF_INIT(CA_HELPER_LINE_MAX);
	enum ca_err rc;

	ca_helper_put_text(&out, verb, text);
	rc = ca_helper_send(STDOUT_FILENO, &out);
	t->gone = t->gone || rc == CA_ERR_IO;
	ca_buf_free(&out);
	return rc;
}

static enum ca_err
ask(struct ca_helper_talk *t, enum ca_helper_verb verb, const char *text,
    struct ca_secret **answer)
{
	struct ca_helper_msg msg = {0};
	enum ca_err rc;

	if ((rc = ca_helper_talk_text(t, verb, text)) != CA_OK ||
	    (rc = ca_helper_recv(STDIN_FILENO, &t->in, &msg)) != CA_OK)
		return rc;
	if (msg.verb == CA_HELPER_NOANSWER)
		rc = CA_ERR_CANCELLED;
	else if (msg.verb != CA_HELPER_ANSWER)
		rc = CA_ERR_FORMAT;
	else if ((*answer = ca_secret_new(msg.arg.p, msg.arg.len)) == NULL)
		rc = CA_ERR_MEMORY;
	ca_helper_msg_clear(&msg);
	return rc;
}

static enum ca_err
ui_ask(void *ctx, const char *prompt, struct ca_secret **answer)
{
	struct ca_helper_talk *t = ctx;
	enum ca_err rc = ask(t, CA_HELPER_ASK, prompt, answer);

	if (rc == CA_OK && ca_secret_len(*answer) > 0)
		t->asked = true;
	return rc;
}

static enum ca_err
ui_confirm(void *ctx, const char *question)
{
	struct ca_buf text = CA_BUF_INIT(8192);
	struct ca_secret *answer = NULL;
	enum ca_err rc = CA_ERR_MEMORY;

	ca_buf_fmt(&text, "%s [yes/no] ", question);
	if (ca_buf_text(&text) != NULL)
		rc = ask(ctx, CA_HELPER_ASKECHO, ca_buf_text(&text), &answer);
	if (rc == CA_OK && strcasecmp(ca_secret_get0(answer), "yes") != 0 &&
	    strcasecmp(ca_secret_get0(answer), "y") != 0)
		rc = CA_ERR_CANCELLED;
	ca_secret_free(answer);
	ca_buf_free(&text);
	return rc;
}

static void
ui_info(void *ctx, const char *text)
{
	(void)!ca_helper_talk_text(ctx, CA_HELPER_INFO, text);
}

static enum ca_err
ui_choose(void *ctx, const char *title, const char *const *line, size_t n,
    size_t *index)
{
	struct ca_buf text = CA_BUF_INIT(8192);
	struct ca_secret *answer = NULL;
	enum ca_err rc;

	(void)!ca_helper_talk_text(ctx, CA_HELPER_NOTE, title);
	for (size_t i = 0; i < n; i++) {
		ca_buf_reset(&text);
		ca_buf_fmt(&text, "%3zu  %s", i + 1, line[i]);
		if (ca_buf_text(&text) != NULL)
			(void)!ca_helper_talk_text(
			    ctx, CA_HELPER_NOTE, ca_buf_text(&text));
	}
	ca_buf_reset(&text);
	ca_buf_fmt(&text, "Which one, 1 to %zu? ", n);
	rc = ca_buf_text(&text) == NULL
		 ? CA_ERR_MEMORY
		 : ask(ctx, CA_HELPER_ASKECHO, ca_buf_text(&text), &answer);
	ca_buf_free(&text);
	if (rc != CA_OK)
		return rc;
	char *end;
	unsigned long number = strtoul(ca_secret_get0(answer), &end, 10);
	if (*end != '\0' || number < 1 || number > n)
		rc = CA_ERR_CANCELLED;
	else
		*index = number - 1;
	ca_secret_free(answer);
	return rc;
}

struct ca_key_ui
ca_helper_talk_ui(struct ca_helper_talk *t)
{
	return (struct ca_key_ui){ui_ask, ui_confirm, ui_choose, ui_info, t};
}
