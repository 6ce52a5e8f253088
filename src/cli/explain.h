/*
 * certauth explain: why a login would be granted or not.
 */
#ifndef CA_CLI_EXPLAIN_H
#define CA_CLI_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "auth/auth.h"
#include "tool/cli.h"

/* One rule that was tried; all strings are owned. */
struct ca_explain_rule {
	char *file, *login, *selector, *made, *why;
	unsigned line;
	bool matched;
};

/* What one look came to; explaintext.c and explainjson.c print it. */
struct ca_explain {
	struct ca_auth_peer peer;
	const char *cert;      /* the file */
	char *source;          /* where the configuration comes from */
	struct ca_config *cfg; /* NULL: it has a mistake */
	time_t now;
	struct ca_report *report;
	struct ca_auth_result result;
	struct ca_explain_rule *rule;
	size_t nrules;
	bool granted;          /* but for the signature */
	enum ca_reason reason; /* what decided */
	const char *pam;       /* "PAM_SUCCESS" */
	bool colour;
};

void ca_explain_text(const struct ca_explain *e, struct ca_buf *out);
void ca_explain_json(const struct ca_explain *e, struct ca_buf *out);

/* The name of the PAM code that the module makes of err; denied: what it
 * makes of a check that said no.  Static. */
const char *ca_explain_pam(enum ca_err err, const char *denied);

/* A time as RFC 3339 has it, UTC, seconds. */
void ca_explain_time(time_t t, char out[32]);

/* Judge the certificate e->result.leaf: fills the rest of *e.  rest: more
 * certificates to build a path from. */
void ca_explain_judge(struct ca_explain *e, struct ca_crypto *crypto,
    const struct ca_log *log, STACK_OF(X509) *rest);

#endif
