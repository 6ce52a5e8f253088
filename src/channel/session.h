/*
 * One talk with a helper process, by the lines of channel/helper.h: for
 * command.c (a user's answer) and hostsign.c (this host's proof).
 */
#ifndef CA_CHANNEL_SESSION_H
#define CA_CHANNEL_SESSION_H

#include "channel/channel.h"
#include "channel/helper.h"
#include "process/spawn.h"

struct ca_channel_session {
	/* from the caller */
	const struct ca_config *cfg; /* helper */
	const struct ca_log *log;
	const struct ca_channel_user *user;
	const struct ca_prompter *prompter;
	unsigned timeout; /* seconds, the time of questions not counted */
	/* result */
	enum ca_reason reason;
	/* its own */
	struct ca_spawn spawn;
	struct ca_helper_input input;
	struct ca_helper_msg msg;
	long long deadline; /* milliseconds */
	bool silent;        /* the helper's end came without a last line */
};

/*
 * Start the helper as the user, send it the lines of opening (freed), pass its
 * questions on for at most timeout and wait seconds, and append the bytes of
 * its response to out.  What goes wrong is logged, and s->reason names it.
 */
CA_MUST_CHECK enum ca_err ca_channel_session(struct ca_channel_session *s,
    unsigned wait, struct ca_buf *opening, struct ca_buf *out);

/*
 * Start `certauth sign --helper` (path) as user: ca_spawn_open and
 * ca_spawn_start, with all of the user's groups and an environment made for the
 * user.  What is wrong goes to log; errors as of those two.
 */
CA_MUST_CHECK enum ca_err ca_helper_start(const char *path,
    const struct ca_channel_user *user, unsigned cpu_seconds,
    const struct ca_log *log, struct ca_spawn *spawn);

#endif
