/*
 * certauth try: a real PAM transaction, answered by the client.
 */
#ifndef CA_CLI_TRY_H
#define CA_CLI_TRY_H

#include <security/pam_appl.h>
#include <stdbool.h>

#include "base/buf.h"
#include "tool/cli.h"
#include "client/client.h"

/* One transaction: try.c runs it, trytalk.c answers its prompts. */
struct ca_try {
	struct ca_log log;
	struct ca_client client;
	const char *service, *user, *rhost, *pam_dir;
	const char *cert, *key, *p12;
	bool registered, no_account, json;
	/* the current request and its response */
	char *request;
	struct ca_buf response;
	int prompts;
	/* the results */
	struct ca_buf logged; /* lines, or members of a JSON list */
	int auth, account;
	bool account_ran;
};

/* The conversation function of libpam; ctx is a struct ca_try. */
int ca_try_converse(int n, const struct pam_message **msg,
    struct pam_response **resp, void *ctx);

/* Print a line of the transcript, unless --json was given; text is escaped. */
void ca_try_say(const struct ca_try *t, const char *what, const char *text);

/*
 * Until ca_trylog_end, pass what libpam and the modules of this process send to
 * syslog also to sink, one message per call.  For this, trylog.c replaces syslog(3)
 * in this program.
 */
void ca_trylog_begin(void (*sink)(void *ctx, const char *line), void *ctx);
void ca_trylog_end(void);

#endif
