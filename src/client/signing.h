/*
 * How `certauth sign' answers: a whole request at once, or prompt by prompt.
 */

#ifndef CA_CLIENT_SIGNING_H
#define CA_CLIENT_SIGNING_H

#include <stdbool.h>
#include <stddef.h>

#include "client/client.h"

/* Bytes of a prompt, broken into lines or not. */
#define CA_SIGNING_TEXT_MAX 524288

struct ca_signing {
	struct ca_log log;
	struct ca_client client;
	struct ca_list hosts; /* --host */
	struct ca_list *local;
	char *login;
	const char *user; /* --user */
	bool any_host, pieces;
	struct ca_buf response; /* base64url, of `request' */
	char *request;          /* base64url */
	bool asked;             /* the user confirmed this request's host */
	struct given { /* options, held until a configuration is read */
		const char *cert, *key, *p12;
		bool registered, helper;
	} given;
};

/* Read the configuration for these names of a host, and apply the options.
 * Errors as for ca_client_conf_load. */
CA_MUST_CHECK enum ca_err ca_signing_configure(
    struct ca_signing *s, const char *const *host, size_t nhosts);

/*
 * Append one line of standard input to text, without its line end and, if the
 * line ends inside a prompt, the lines after it up to the end of the prompt, with
 * line ends between them.  hint (may be NULL) is shown if standard input is a
 * terminal.  Errors as for ca_terminal_stdin_line.
 */
CA_MUST_CHECK enum ca_err ca_signing_read(
    const char *hint, struct ca_buf *text);

/* Print the response to text: a request, or a line that contains a prompt.
 * Returns the exit status. */
int ca_signing_whole(struct ca_signing *s, const char *text);

/* Answer prompts one by one up to the last piece: first (NULL: none), then
 * those on standard input.  Returns the exit status. */
int ca_signing_pieces(struct ca_signing *s, const char *first);

#endif
