/*
 * certauth tokens: what is on the tokens here, and what of it could log in.
 */
#ifndef CA_CLIENT_TOKENS_H
#define CA_CLIENT_TOKENS_H

#include "base/buf.h"
#include "key/key.h"
#include "key/view.h"
#include "tool/cli.h"

extern const struct ca_command ca_cmd_tokens;

/* What was found. */
struct ca_tokens {
	struct ca_view view;
	struct ca_identities ids; /* of the certificates that have keys */
	const char *why;          /* nothing was found, and why; or NULL */
};

/* One certificate, judged without a host. */
struct ca_tokens_cert {
	struct ca_buf subject, issuer;
	struct ca_buf uses;  /* what the certificate says that it is for */
	struct ca_buf until; /* the end of its validity */
	const char *scheme;  /* by which its key would sign, or NULL */
	struct ca_buf why;   /* why it would not be taken; empty: it would */
};

/* Judge c; to be cleared in any case. */
void ca_tokens_judge(const struct ca_tokens *t, const struct ca_view_cert *c,
    struct ca_tokens_cert *out);
void ca_tokens_cert_clear(struct ca_tokens_cert *c);

/* Append all as text, or as one JSON object and a newline. */
void ca_tokens_text(const struct ca_tokens *t, struct ca_buf *out);
void ca_tokens_json(const struct ca_tokens *t, struct ca_buf *out);

#endif
