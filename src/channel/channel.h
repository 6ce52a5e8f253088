/*
 * Where the response to a request comes from.
 */
#ifndef CA_CHANNEL_CHANNEL_H
#define CA_CHANNEL_CHANNEL_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/secret.h"
#include "config/config.h"
#include "report/report.h"
#include "wire/message.h"

/* How to talk to the person or program at the other end of a conversation. */
struct ca_prompter {
	/*
	 * Show prompt and get one answer.  CA_OK with *answer NULL is possible
	 * (end of file) and means no answer.  CA_ERR_CONV otherwise.
	 */
	enum ca_err (*ask)(void *ctx, const char *prompt, bool echo,
	    struct ca_secret **answer);
	/* Show a line of information, or of error; best effort. */
	void (*info)(void *ctx, const char *text, bool error);
	void *ctx;
};

/* What every channel needs; nothing in it is owned. */
struct ca_channel {
	const struct ca_config *cfg;
	const struct ca_log *log;
	const struct ca_prompter *prompter;
};

/*
 * Prompt for the response, piece by piece.  Appends its bytes to out.  On
 * failure *reason names what went wrong (CA_R_ANSWER_..., CA_R_CONVERSATION,
 * CA_R_REQUEST_EXPIRED).
 */
CA_MUST_CHECK enum ca_err ca_channel_conversation(
    const struct ca_channel *channel, const struct ca_request *req,
    struct ca_buf *out, enum ca_reason *reason);

/* As whom the helper of ca_channel_command runs. */
struct ca_channel_user {
	uid_t uid;
	gid_t gid;
	const char *name, *home;
	const char *ssh_auth_sock;   /* the caller's; handed to the helper only;
				      * NULL: none */
	bool service;                /* root's program runs it for whoever says
				      * to be the user */
	const struct ca_bytes *cert; /* DER of those registered for PAM_USER */
	size_t ncerts;
};

/*
 * Run `certauth sign` as the user and pass its prompts on.  As above; further
 * reasons CA_R_HELPER, CA_R_HELPER_TIMEOUT, CA_R_NO_CREDENTIAL (nothing to
 * sign with: the next channel may be tried).
 */
CA_MUST_CHECK enum ca_err ca_channel_command(const struct ca_channel *channel,
    const struct ca_request *req, const struct ca_channel_user *user,
    struct ca_buf *out, enum ca_reason *reason);

/*
 * Have the key that uri names (RFC 7512) on a token of this host sign as the
 * host: run `certauth sign --helper' as the user that this process runs as,
 * with what it may not do with the rights of root taken away (no capabilities,
 * a clean environment, nothing of the application's), for 20 s at most.
 * transcript: CertificateRequest and the host's Certificate; leaf: DER of the
 * first certificate in it.  Appends a CertificateVerify, which the caller must
 * verify.  A PIN can come from the URI's pin-source alone.  What goes wrong is
 * logged; uri is not, as there may be a PIN in it.
 */
CA_MUST_CHECK enum ca_err ca_channel_host_sign(const struct ca_config *cfg,
    const struct ca_log *log, const char *uri, const struct ca_bytes *leaf,
    const struct ca_bytes *transcript, struct ca_buf *out);

#endif
