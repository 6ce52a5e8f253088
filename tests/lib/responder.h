/*
 * A client in the process that logs in: it answers the prompts of the module.
 */
#ifndef CA_TESTS_RESPONDER_H
#define CA_TESTS_RESPONDER_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/base64url.h"
#include "channel/pieces.h"
#include "client/client.h"
#include "wire/message.h"

struct responder {
	struct ca_crypto *crypto;
	struct ca_identity *id;
	char answer[CA_RESPONSE_CHARS_MAX + 1]; /* of the login at work */
};

static enum ca_err
responder_sign(struct responder *r, const char *b64, size_t len)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf raw = CA_BUF_INIT(CA_REQUEST_MAX);
	struct ca_buf out = CA_BUF_INIT(CA_RESPONSE_MAX);
	struct ca_buf text = CA_BUF_INIT(CA_RESPONSE_CHARS_MAX + 1);
	struct ca_request *req = NULL;

	if ((rc = ca_base64url_decode(&raw, b64, len)) != CA_OK ||
	    (rc = ca_request_parse(raw.p, raw.len, &req)) != CA_OK ||
	    (rc = ca_respond(r->crypto, req, r->id, NULL, &out)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ca_base64url_encode(&text, out.p, out.len);
	(void)snprintf(r->answer, sizeof r->answer, "%s", ca_buf_text(&text));
	ret = CA_OK;
out:
	ca_request_free(req);
	ca_buf_free(&raw);
	ca_buf_free(&out);
	ca_buf_free(&text);
	return ret;
}

/* The next piece, for free(), or NULL.  "certauth1 REQUEST next=N max=M: " */
static char *
responder_piece(struct responder *r, const char *prompt)
{
	const char *b64 = strchr(prompt, ' ');
	unsigned next = 0, max = 0;
	char *piece;

	if (strncmp(prompt, "certauth1 ", 10) != 0)
		return NULL;
	b64++;
	size_t len = strcspn(b64, " ");
	if (sscanf(b64 + len, " next=%u max=%u", &next, &max) != 2)
		return NULL;
	if (next == 0 && responder_sign(r, b64, len) != CA_OK)
		return NULL;
	size_t all = strlen(r->answer), n = all - next;
	if (next > all)
		return NULL;
	bool last = n <= max - 1;
	if (!last)
		n = max - 1;
	return asprintf(&piece, "%.*s%c", (int)n, r->answer + next,
		   last ? '.' : '+') < 0
		   ? NULL
		   : piece;
}

#endif
