/*
 * The response that the helper makes as the user.
 */
#include "channel/session.h"

#include <locale.h>
#include <string.h>

#include "base/locale.h"

#define OPENING_BYTES ((size_t)1 << 18)

/* Replace %u, %h and %% as certauth.conf(5) says.  The parser of the
 * configuration refuses any other %. */
static void
put_key_file(const struct ca_channel_settings *set, const struct ca_log *log,
    const struct ca_channel_user *user, struct ca_buf *out)
{
	struct ca_buf path = CA_BUF_INIT(CA_HELPER_TEXT_MAX);

	for (const char *p = set->key_file; *p != '\0'; p++) {
		if (*p != '%') {
			ca_buf_u8(&path, (uint8_t)*p);
			continue;
		}
		p++;
		if (*p == 'u')
			ca_buf_str(&path, user->name);
		else if (*p == 'h')
			ca_buf_str(&path, user->home);
		else
			ca_buf_u8(&path, '%');
		if (*p == '\0')
			break;
	}
	const char *text = ca_buf_text(&path);
	if (text != NULL)
		ca_helper_put_text(out, CA_HELPER_KEYFILE, text);
	else
		ca_log_err(log,
		    "key_file is ignored: its path for user %s is longer than "
		    "%d bytes",
		    user->name, CA_HELPER_TEXT_MAX);
	ca_buf_free(&path);
}

/* The URI is not logged, because it may contain the PIN. */
static void
warn_of_pin(const struct ca_channel_settings *set, const struct ca_log *log)
{
	if (set->require_pin && set->token_uri != NULL &&
	    (strstr(set->token_uri, "pin-value=") != NULL ||
		strstr(set->token_uri, "pin-source=") != NULL))
		ca_log(log, CA_LOG_WARNING,
		    "the PIN in token_uri is not used, because require_pin = "
		    "yes makes the user enter it");
}

/*
 * The application's own language comes first: it is that of the user who started sudo
 * or the locker, or that of a greeter.  It is only asked for, never set.  Whoever sets it
 * chooses among the catalogs of this host, and nothing else.
 */
static void
put_language(const struct ca_channel_settings *set, struct ca_buf *out)
{
	const char *own = setlocale(LC_MESSAGES, NULL);

	if (own == NULL || !ca_locale_named(own))
		own = set->language;
	if (own != NULL && ca_locale_named(own))
		ca_helper_put_text(out, CA_HELPER_LANGUAGE, own);
}

static void
put_opening(const struct ca_channel *channel, const struct ca_bytes *request,
    const struct ca_channel_user *user, struct ca_buf *out)
{
	const struct ca_channel_settings *set = channel->set;

	ca_helper_put_number(out, CA_HELPER_HELLO, CA_HELPER_VERSION);
	ca_helper_put_bytes(out, CA_HELPER_REQUEST, request->p, request->len);
	if (set->ssh_agent && user->ssh_auth_sock != NULL)
		ca_helper_put_text(out, CA_HELPER_AGENT, user->ssh_auth_sock);
	if (set->pkcs11)
		ca_helper_put_text(out, CA_HELPER_PKCS11,
		    set->token_uri != NULL ? set->token_uri : "");
	if (set->pkcs11 && set->wait_for_token > 0)
		ca_helper_put_number(out, CA_HELPER_WAIT, set->wait_for_token);
	if (set->key_file != NULL)
		put_key_file(set, channel->log, user, out);
	for (size_t i = 0; i < user->ncerts && i < CA_HELPER_CERTS_MAX; i++)
		ca_helper_put_bytes(out, CA_HELPER_CERTIFICATE, user->cert[i].p,
		    user->cert[i].len);
	if (set->user_certificates)
		ca_helper_put(out, CA_HELPER_USERCERTS);
	if (user->service)
		ca_helper_put(out, CA_HELPER_SECRET);
	if (!set->require_pin)
		ca_helper_put(out, CA_HELPER_PINLESS);
	put_language(set, out);
	if (channel->prompter->choose != NULL)
		ca_helper_put(out, CA_HELPER_CHOICES);
	ca_helper_put(out, CA_HELPER_GO);
}

enum ca_err
ca_channel_command(const struct ca_channel *channel,
    const struct ca_bytes *request, const struct ca_channel_user *user,
    struct ca_buf *out, enum ca_reason *reason)
{
	const struct ca_channel_settings *set = channel->set;
	struct ca_buf opening = CA_BUF_INIT(OPENING_BYTES);
	struct ca_channel_session s = {.set = set,
	    .log = channel->log,
	    .user = user,
	    .prompter = channel->prompter,
	    .timeout = set->helper_timeout,
	    .token = channel->token};

	if (set->pkcs11)
		warn_of_pin(set, channel->log);
	put_opening(channel, request, user, &opening);
	enum ca_err rc =
	    ca_channel_session(&s, set->wait_for_token, &opening, out);
	*reason = s.reason;
	return rc;
}
