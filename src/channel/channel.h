/*
 * The ways to get a response to a request: the PAM conversation, and a helper
 * that runs as the user at this machine.
 */
#ifndef CA_CHANNEL_CHANNEL_H
#define CA_CHANNEL_CHANNEL_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/reason.h"

/* Callbacks to the client at the other end of the conversation. */
struct ca_prompter {
	/*
	 * Show prompt and get one answer, which the caller frees.  CA_OK with
	 * *answer NULL means no answer (end of file).  CA_ERR_CONV: the
	 * conversation failed.
	 */
	enum ca_err (*ask)(void *ctx, const char *prompt, bool echo,
	    struct ca_secret **answer);
	/* Show a line of information, or an error message.  A failure is
	 * ignored. */
	void (*info)(void *ctx, const char *text, bool error);
	void *ctx;
	bool silent; /* info shows nothing: what a question of the helper needs
		      * is put in front of the question */
	/*
	 * Show a list, of which one line is chosen.  items has each line with its
	 * NUL; the answer is the number of the line in decimal, from 1.  As ask;
	 * CA_ERR_CONV also if the answer is no line of the list, CA_ERR_LIMIT: there
	 * are more than CA_HELPER_ITEMS_MAX.  NULL: lists cannot be shown.
	 */
	enum ca_err (*choose)(void *ctx, const char *title,
	    const struct ca_buf *items, struct ca_secret **answer);
	void *choose_ctx;
};

/* What certauth.conf(5) says about the channels, by the names of its keys.
 * Nothing in it is owned; NULL: not set. */
struct ca_channel_settings {
	unsigned max_answer, lifetime; /* characters, seconds */
	bool ignore_first;             /* first_answer = ignore */
	const char *ignored; /* what the user is told then; NULL: nothing */
	const char *helper, *language;
	unsigned helper_timeout, wait_for_token; /* seconds */
	bool pkcs11, require_pin, ssh_agent, user_certificates;
	const char *token_uri, *key_file;
	/* of a helper of root, or of the host: absolute paths that it may change,
	 * it may use the network, it is not confined */
	const char *const *helper_write;
	size_t nhelper_write;
	bool helper_network, helper_free;
	/* of every helper: variables, as helper_env has them */
	const char *const *helper_env;
	size_t nhelper_env;
};

/* Where certauth-confine is: the program that links this room has it. */
extern const char ca_channel_confiner[];

/* What every channel needs; nothing in it is owned. */
struct ca_channel {
	const struct ca_channel_settings *set;
	const struct ca_log *log;
	const struct ca_prompter *prompter;
	/* ca_channel_command appends the URI of the token that signed, if one did;
	 * it has a bound, and decides nothing.  NULL: nobody wants it */
	struct ca_buf *token;
};

/*
 * Ask for the response to request (its bytes) in the conversation, piece by piece, and append its
 * bytes to out.  On failure *reason is one of CA_R_ANSWER_...,
 * CA_R_CONVERSATION, CA_R_REQUEST_EXPIRED and CA_R_INTERNAL.
 */
CA_MUST_CHECK enum ca_err ca_channel_conversation(
    const struct ca_channel *channel, const struct ca_bytes *request,
    struct ca_buf *out, enum ca_reason *reason);

/* The user as whom the helper of ca_channel_command runs; nothing is owned. */
struct ca_channel_user {
	uid_t uid;
	gid_t gid;
	const char *name, *home;
	const char *ssh_auth_sock;   /* the user's agent, for the helper only;
				      * NULL: none */
	bool service;                /* the process is root's, and the user has
				      * not proved an identity to it */
	bool environment;            /* the process's environment is the user's
				      * own: the helper may have a part of it */
	const struct ca_bytes *cert; /* DER of the certificates registered for
				      * PAM_USER */
	size_t ncerts;
};

/*
 * Run the helper as the user, pass its prompts on, and append the
 * bytes of its response to out.  On failure *reason is CA_R_HELPER,
 * CA_R_HELPER_TIMEOUT, CA_R_ANSWER_LIMIT, CA_R_CONVERSATION, or
 * CA_R_NO_CREDENTIAL: the user has no key for this request, and the next
 * channel may be tried.
 */
CA_MUST_CHECK enum ca_err ca_channel_command(const struct ca_channel *channel,
    const struct ca_bytes *request, const struct ca_channel_user *user,
    struct ca_buf *out, enum ca_reason *reason);

/*
 * Sign the host's proof with a key on a token, which uri names (RFC 7512).
 * This runs the helper as the user of this process, for at most
 * 20 s, without capabilities, with a clean environment and with no descriptor
 * of the application.  transcript: CertificateRequest and the host's
 * Certificate; leaf: DER of the first certificate in it.  Appends a
 * CertificateVerify to out, which the caller must verify.  A PIN can come only
 * from the URI's pin-source.  Failures are logged, without uri, because it may
 * contain a PIN.
 */
CA_MUST_CHECK enum ca_err ca_channel_host_sign(
    const struct ca_channel_settings *set, const struct ca_log *log,
    const char *uri, const struct ca_bytes *leaf,
    const struct ca_bytes *transcript, struct ca_buf *out);

#endif
