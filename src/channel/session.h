/*
 * Private to src/channel: run a helper process and exchange the lines of
 * channel/helper.h with it, for the user's response (command.c) and for the
 * host's proof (hostsign.c).
 */
#ifndef CA_CHANNEL_SESSION_H
#define CA_CHANNEL_SESSION_H

#include "channel/channel.h"
#include "channel/helper.h"
#include "channel/kept.h"
#include "process/spawn.h"

struct ca_channel_session {
	/* from the caller */
	const struct ca_channel_settings *set; /* its helper is started */
	const struct ca_log *log;
	const struct ca_channel_user *user;
	const struct ca_prompter *prompter;
	unsigned timeout; /* seconds, not counting the user's answers */
	bool host;        /* the helper signs as the host */
	struct ca_buf
	    *token; /* gets the URI of the token that signed; or NULL */
	/* result */
	enum ca_reason reason;
	/* private */
	struct ca_spawn spawn;
	struct ca_helper_input input;
	struct ca_helper_msg msg;
	struct ca_kept kept;
	struct ca_buf items; /* of the list to choose from, each with its NUL */
	size_t nitems;
	long long deadline; /* milliseconds of ca_stream_clock */
	bool silent;        /* the helper ended without a last line */
};

/*
 * Start the helper as the user, send it the lines of opening (which is freed),
 * pass its questions on, and append the bytes of its response to out.  The
 * helper is killed after timeout and wait seconds.  Failures are logged, and
 * s->reason is the reason.
 */
CA_MUST_CHECK enum ca_err ca_channel_session(struct ca_channel_session *s,
    unsigned wait, struct ca_buf *opening, struct ca_buf *out);

/*
 * Start the helper of s->set (certauth-sign, or certauth) as s->user, with all of
 * the user's groups and an environment made for the user.  Failures are logged.
 * Errors as of ca_spawn_open and ca_spawn_start; CA_ERR_LIMIT: the user is in
 * too many groups; CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_helper_start(
    const struct ca_channel_session *s, struct ca_spawn *spawn);

/* The helper is one that ca_helper_start confines: root's, or the host's.  Log what
 * was missing for that (ca_spawn_end.lacks). */
bool ca_helper_confined(const struct ca_channel_session *s);
void ca_helper_lacks(const struct ca_channel_session *s, int lacks);

#endif
