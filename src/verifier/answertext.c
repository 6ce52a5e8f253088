/*
 * The texts of an answer: collected in one buffer, and taken out of it at the end.
 */
#include <string.h>

#include "verifier/operationint.h"

/* The texts move while they are added: their places are kept. */
void
ca_operation_text(struct ca_operation *o, const char *text, size_t len)
{
	if (o->n == CA_OP_LIST_MAX)
		return;
	o->at[o->n++] = o->text.len;
	ca_buf_put(&o->text, text, len);
	ca_buf_u8(&o->text, 0);
}

static const char *
text_at(const struct ca_operation *o, size_t number)
{
	return (const char *)o->text.p + o->at[number - 1];
}

static void
take_texts(const struct ca_operation *o, const size_t range[2],
    struct ca_op_texts *out)
{
	for (size_t i = range[0]; i < range[1]; i++)
		out->v[out->n++] = text_at(o, i + 1);
}

/* All texts are there: none moves any more. */
void
ca_operation_finish(struct ca_operation *o)
{
	struct ca_op_answer *a = &o->answer;

	if (ca_buf_err(&o->text) != CA_OK) {
		a->err = CA_ERR_MEMORY;
		return;
	}
	if (o->login > 0)
		a->login = text_at(o, o->login);
	if (o->notice > 0)
		a->notice = text_at(o, o->notice);
	if (o->rule > 0)
		a->rule = text_at(o, o->rule);
	take_texts(o, o->env, &a->env);
	take_texts(o, o->line, &a->line);
}

static void
collect(void *ctx, enum ca_log_level level, const char *line)
{
	(void)level;
	ca_operation_text(ctx, line, strlen(line));
}

/* The lines about the outcome, for the module to log when the outcome has taken
 * effect.  They are the last texts of an answer. */
void
ca_operation_outcome(struct ca_operation *o, struct ca_report *report,
    unsigned only, const char *event)
{
	const struct ca_log log = {collect, o, o->log.debug};

	o->line[0] = o->n;
	ca_auth_log(o->cfg, &log, report, only, event);
	o->line[1] = o->n;
}

struct ca_context
ca_operation_context(
    const struct ca_operation *o, const struct ca_op_body *body)
{
	return (struct ca_context){
	    o->crypto, o->cfg, &o->log, (time_t)body->now};
}

struct ca_auth_peer
ca_operation_peer(const struct ca_operation *o, const struct ca_op_body *body)
{
	return (struct ca_auth_peer){o->args.service, body->user, body->rhost};
}

void
ca_operation_abort(struct ca_report *report, enum ca_reason reason)
{
	const char *text = ca_auth_abort_text(reason);

	if (text != NULL)
		ca_report_abort(report, reason, "%s", text);
	else
		ca_report_abort(report, reason, NULL);
}
