/*
 * The host's proof by a key on a token.  The helper loads the token's PKCS#11
 * module, so that the application's process does not.
 */
#include "channel/session.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/passwd.h"

#define OPENING_BYTES ((size_t)1 << 18)
#define SIGN_SECONDS 20 /* an unauthenticated client waits for it */

/* No user is there to enter a PIN. */
static enum ca_err
no_answer(void *ctx, const char *prompt, bool echo, struct ca_secret **answer)
{
	(void)ctx, (void)prompt, (void)echo;
	*answer = NULL;
	return CA_OK;
}

static void
to_log(void *ctx, const char *text, bool error)
{
	(void)error;
	ca_log_debug(ctx, "host_key: %s", text);
}

enum ca_err
ca_channel_host_sign(const struct ca_channel_settings *set,
    const struct ca_log *log, const char *uri, const struct ca_bytes *leaf,
    const struct ca_bytes *transcript, struct ca_buf *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf opening = CA_BUF_INIT(OPENING_BYTES);
	struct ca_passwd account = {0};
	struct ca_channel_user user = {.uid = geteuid(), .gid = getegid()};
	/* to_log does not write to its context */
	const struct ca_prompter prompter = {
	    no_answer, to_log, (void *)(uintptr_t)log, false};
	struct ca_channel_session s = {.set = set,
	    .log = log,
	    .user = &user,
	    .prompter = &prompter,
	    .host = true,
	    .timeout = set->helper_timeout < SIGN_SECONDS ? set->helper_timeout
							  : SIGN_SECONDS};

	if (ca_passwd_find(NULL, user.uid, &account) != CA_OK) {
		ca_log_err(log,
		    "host_key: the user ID of this process, %u, has no "
		    "account",
		    (unsigned)user.uid);
		ret = CA_ERR_NOT_FOUND;
		goto out;
	}
	user.name = account.pw.pw_name;
	user.home = account.pw.pw_dir;
	ca_helper_put_number(&opening, CA_HELPER_HELLO, CA_HELPER_VERSION);
	ca_helper_put_bytes(
	    &opening, CA_HELPER_HOSTSIGN, transcript->p, transcript->len);
	ca_helper_put_text(&opening, CA_HELPER_PKCS11, uri);
	ca_helper_put_bytes(
	    &opening, CA_HELPER_CERTIFICATE, leaf->p, leaf->len);
	ca_helper_put(&opening, CA_HELPER_GO);
	if ((rc = ca_channel_session(&s, 0, &opening, out)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	free(account.text);
	ca_buf_free(&opening);
	return ret;
}
