/*
 * From a request to a response, for `certauth sign' and askpass: rules, choice
 * of the certificate, confirmation, signature.
 */
#ifndef CA_CLIENT_CLIENT_H
#define CA_CLIENT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "client/ask.h"
#include "client/clientconf.h"
#include "client/rules.h"
#include "crypto/crypto.h"
#include "sign/respond.h"
#include "wire/message.h"

struct ca_client {
	struct ca_crypto *crypto;
	struct ca_client_conf *conf;
	const struct ca_log *log;
	struct ca_ask ask;
	bool yes; /* do not ask whether to sign */
	/* If not NULL, called before a PIN is asked with the most characters
	 * that the response may have; it fails if there is no room for them. */
	enum ca_err (*room)(void *ctx, size_t chars);
	void *room_ctx;
};

/* The names of this machine: its host name and the first label of that.
 * NULL: no memory. */
struct ca_list *ca_client_local_names(void);
void ca_client_names_free(struct ca_list *names); /* NULL is allowed */

/* The same for a list that is not on the heap itself. */
void ca_client_names_clear(struct ca_list *names);

/* Append a copy of name, unless the list has it already. */
CA_MUST_CHECK enum ca_err ca_client_names_add(
    struct ca_list *names, const char *name);

/* The login of this process's user; NULL: unknown.  The caller frees it. */
char *ca_client_login(void);

/* Decode the base64url text of a request.  CA_ERR_FORMAT (logged). */
CA_MUST_CHECK enum ca_err ca_client_request(
    const char *text, const struct ca_log *log, struct ca_request **out);

/* Ask whether to log in to host with id, if conf->confirm.  Not CA_OK: not confirmed,
 * which is logged. */
CA_MUST_CHECK enum ca_err ca_client_confirm(const struct ca_client *client,
    const struct ca_request *req, const char *host,
    const struct ca_identity *id);

/*
 * Check the rules, choose the certificate, confirm (conf->confirm) and sign:
 * the response in base64url is appended to text.  Each error is logged.
 * CA_DENIED: a rule does not hold; else as for ca_identity_choose and
 * ca_key_sign.
 */
CA_MUST_CHECK enum ca_err ca_client_sign(struct ca_client *client,
    const struct ca_intent *intent, const struct ca_request *req,
    struct ca_buf *text);

#endif
