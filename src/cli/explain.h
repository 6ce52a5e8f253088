/*
 * certauth explain: why a login would be granted or not.
 */
#ifndef CA_CLI_EXPLAIN_H
#define CA_CLI_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "auth/auth.h"
#include "cli/presented.h"
#include "tool/cli.h"

/* One rule that was tried; all strings are owned. */
struct ca_explain_rule {
	char *file, *login, *selector, *made, *why;
	unsigned line;
	bool matched;
};

/* The result; explaintext.c and explainjson.c print it. */
struct ca_explain {
	struct ca_auth_peer peer;
	const char *cert;      /* the file */
	char *source;          /* the origin of the configuration */
	struct ca_config *cfg; /* NULL: it has an error */
	time_t now;
	struct ca_report *report;
	struct ca_auth_result result;
	struct ca_explain_rule *rule;
	size_t nrules;
	bool granted;          /* except for the signature */
	enum ca_reason reason; /* the reason that decided */
	const char *pam;       /* "PAM_SUCCESS" */
	bool colour;
};

void ca_explain_text(const struct ca_explain *e, struct ca_buf *out);
void ca_explain_json(const struct ca_explain *e, struct ca_buf *out);

/* The name of the PAM code that the module returns for err; denied: the code for a
 * check that failed.  The name is static. */
const char *ca_explain_pam(enum ca_err err, const char *denied);

/* Format a time in the format of RFC 3339, UTC, in seconds. */
void ca_explain_time(time_t t, char out[32]);

/* Check the certificates, whose report is e->report, and fill the rest of *e. */
void ca_explain_judge(struct ca_explain *e, struct ca_presented *certs);

#endif
