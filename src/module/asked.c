#include "module/asked.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "channel/caller.h"
#include "channel/helper.h"
#include "module/choicelist.h"

/* Text of the verifier that is shown as it is; NULL: none. */
static const char *
shown(const char *text)
{
	return text != NULL && ca_utf8_text(text, strlen(text)) ? text : NULL;
}

enum ca_err
ca_asked_take(struct ca_verifier *v, struct ca_asked *asked)
{
	const struct ca_op_ready *a = &asked->said;

	asked->bytes = v->link.in; /* transferred */
	v->link.in = CA_BUF_INIT(CA_OP_FRAME_MAX);
	asked->held = v->held; /* transferred */
	v->held = CA_BUF_INIT(CA_OP_FRAME_MAX);
	asked->said = v->said;
	asked->request = asked->answer.request;
	if ((asked->request.len == 0) != (a->proof1 == CA_OP_PASSWORD) ||
	    asked->request.len > CA_REQUEST_MAX || a->lifetime == 0 ||
	    a->lifetime > UINT16_MAX || a->helper == NULL ||
	    a->max_answer < 2 || a->max_answer > UINT16_MAX ||
	    a->helper_timeout > UINT16_MAX || a->wait_for_token > UINT16_MAX)
		return CA_ERR_FORMAT;
	asked->set =
	    (struct ca_channel_settings){.max_answer = (unsigned)a->max_answer,
		.lifetime = (unsigned)a->lifetime,
		.ignore_first = a->first_answer != 0,
		.ignored = shown(asked->answer.notice),
		.helper = a->helper,
		.helper_timeout = (unsigned)a->helper_timeout,
		.wait_for_token = (unsigned)a->wait_for_token,
		.pkcs11 = a->pkcs11 != 0,
		.require_pin = a->require_pin != 0,
		.ssh_agent = a->ssh_agent != 0,
		.user_certificates = a->user_certificates != 0,
		.language = a->language,
		.token_uri = a->token_uri,
		.key_file = a->key_file,
		.helper_write = asked->said.helper_write.v,
		.nhelper_write = asked->said.helper_write.n,
		.helper_network = a->helper_network != 0,
		.helper_free = a->helper_free != 0,
		.helper_env = asked->said.helper_env.v,
		.nhelper_env = asked->said.helper_env.n};
	return CA_OK;
}

void
ca_asked_clear(struct ca_asked *asked)
{
	ca_buf_free(&asked->bytes);
	ca_buf_free(&asked->held);
	ca_buf_free(&asked->token);
}

/* The helper takes no more of them, and none that is empty. */
static bool
can_pass(const struct ca_op_blobs *certs)
{
	for (size_t i = 0; i < certs->n; i++) {
		if (i == CA_HELPER_CERTS_MAX || certs->v[i].len == 0)
			return false;
	}
	return true;
}

static enum ca_err
by_command(const struct ca_asked *asked, const struct ca_asker *who,
    const struct ca_channel *channel, struct ca_buf *out,
    enum ca_reason *reason)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct ca_op_blobs *certs = &asked->answer.registered;
	struct ca_passwd account = {0};
	struct ca_channel_user user;
	const char *name, *rhost;

	*reason = CA_R_INTERNAL;
	if ((rc = who->items(who->ctx, &name, &rhost)) != CA_OK) {
		ret = rc;
		goto out;
	}
	rc = ca_caller_user(name, rhost, who->log, &account, &user);
	if (rc != CA_OK) {
		if (rc == CA_ERR_NOT_FOUND)
			*reason = CA_R_NO_CREDENTIAL;
		ret = rc;
		goto out;
	}
	if (asked->answer.registered_err > CA_OK) {
		*reason = CA_R_USERS_FILE;
		ret = (enum ca_err)asked->answer.registered_err;
		goto out;
	}
	if (!can_pass(certs)) {
		ret = CA_ERR_LIMIT;
		goto out;
	}
	user.cert = certs->v;
	user.ncerts = certs->n;
	rc = ca_channel_command(channel, &asked->request, &user, out, reason);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	free(account.text);
	return ret;
}

enum ca_err
ca_asked_response(struct ca_asked *asked, const struct ca_asker *who,
    struct ca_buf *out, enum ca_reason *reason)
{
	struct ca_prompter prompter = *who->prompter;
	struct ca_choicelist list = {who->pamh, 0};
	const struct ca_channel channel = {
	    &asked->set, who->log, &prompter, &asked->token};
	const uint64_t proof[] = {asked->said.proof1, asked->said.proof2};
	enum ca_err rc = CA_ERR_NOT_FOUND;

	*reason = CA_R_NO_CREDENTIAL;
	if (ca_choicelist_shown(&list)) {
		prompter.choose = ca_choicelist_ask;
		prompter.choose_ctx = &list;
	}
	for (size_t i = 0; i < 2 && proof[i] != 0; i++) {
		if (proof[i] == CA_OP_CONVERSATION)
			rc = ca_channel_conversation(
			    &channel, &asked->request, out, reason);
		else
			rc = by_command(asked, who, &channel, out, reason);
		if (rc == CA_OK)
			return CA_OK;
		if (*reason != CA_R_NO_CREDENTIAL)
			break;
	}
	return rc;
}
