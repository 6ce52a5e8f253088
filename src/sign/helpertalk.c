#include "sign/helpertalk.h"

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
ui_ask(void *ctx, const char *prompt, bool echo, struct ca_secret **answer)
{
	struct ca_helper_talk *t = ctx;
	enum ca_err rc =
	    ask(t, echo ? CA_HELPER_ASKECHO : CA_HELPER_ASK, prompt, answer);

	if (rc == CA_OK && !echo && ca_secret_len(*answer) > 0)
		t->asked = true;
	return rc;
}

static void
ui_info(void *ctx, const char *text)
{
	(void)!ca_helper_talk_text(ctx, CA_HELPER_INFO, text);
}

static void
ui_note(void *ctx, const char *text)
{
	(void)!ca_helper_talk_text(ctx, CA_HELPER_NOTE, text);
}

static void
ui_error(void *ctx, const char *text, const char *english)
{
	struct ca_helper_talk *t = ctx;

	/* text may be the line that the log has kept, which the next line replaces */
	(void)!ca_helper_talk_text(t, CA_HELPER_ERROR, text);
	ca_log_err(t->log, "%-s", english);
}

static enum ca_err
ui_choose(void *ctx, const char *title, const char *const *line, size_t n,
    struct ca_secret **answer)
{
	struct ca_helper_talk *t = ctx;
	enum ca_err rc = CA_OK;

	if (n > CA_HELPER_ITEMS_MAX)
		return CA_ERR_UNSUPPORTED;
	for (size_t i = 0; i < n && rc == CA_OK; i++)
		rc = ca_helper_talk_text(t, CA_HELPER_ITEM, line[i]);
	return rc == CA_OK ? ask(t, CA_HELPER_CHOOSE, title, answer) : rc;
}

struct ca_key_ui
ca_helper_talk_ui(struct ca_helper_talk *t)
{
	return (struct ca_key_ui){ui_ask, ui_info, ui_note, ui_error, t,
	    t->choices ? ui_choose : NULL};
}
