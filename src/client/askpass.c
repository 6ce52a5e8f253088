/*
 * certauth askpass: the prompt is its argument, the answer goes to standard
 * output.
 */
#include "client/askpass.h"
#include "base/tr.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/client.h"
#include "client/meant.h"
#include "client/pending.h"
#include "client/ssh.h"
#include "client/sshrun.h"
#include "client/terminal.h"
#include "channel/pieces.h"
#include "client/prompt.h"

#define ENV_NESTED "CERTAUTH_ASKPASS_NESTED"

struct askpass {
	struct ca_log log;
	struct ca_client client;
	struct ca_prompt prompt;
	struct ca_request *req;
	struct ca_meant meant;
	unsigned char hash[32]; /* of the request */
	int dir;                /* in which responses are kept, or -1 */
};

/* ---- questions of other programs ---- */

/*
 * ssh does not tell its askpass whether the answer may be shown.  The answer to
 * its question about a host key may; every other answer is treated as a secret.
 */
static bool
may_echo(const char *text)
{
	return strstr(text, "(yes/no") != NULL ||
	       strstr(text, "Please type 'yes'") != NULL;
}

static int
ask_user(const char *text, bool sudo)
{
	const char *hint = getenv("SSH_ASKPASS_PROMPT");
	const struct ca_ask ask = {.program = NULL};
	struct ca_secret *answer = NULL;
	enum ca_err rc;

	if (hint != NULL && strcmp(hint, "confirm") == 0)
		return ca_ask_yes(&ask, text) == CA_OK ? CA_EXIT_OK
						       : CA_EXIT_NO;
	if (hint != NULL && strcmp(hint, "none") == 0)
		return ca_cli_fail("%s", text) != 0 ? CA_EXIT_OK : CA_EXIT_NO;
	rc = ca_ask_line(&ask, text, may_echo(text), &answer);
	if (rc == CA_ERR_IO)
		(void)ca_cli_fail(
		    "%s, and there is no terminal and no other askpass program "
		    "to ask you; set SSH_ASKPASS, or `askpass =' in "
		    "~/.config/certauth/config. The prompt is: %s",
		    sudo
			? _("sudo asks for a password: it refused the "
			    "certificate (`journalctl -t sudo' has the reason), "
			    "or requires a password as well")
			: _("this is not a prompt of pam_certauth"),
		    text);
	if (rc == CA_OK)
		(void)puts(ca_secret_get0(answer));
	ca_secret_free(answer);
	return rc == CA_OK ? CA_EXIT_OK : CA_EXIT_NO;
}

static int
pass_on(const char *program, const char *text)
{
	/* a program that calls this one again must not loop for ever */
	if (setenv(ENV_NESTED, "1", 1) != 0)
		return CA_EXIT_NO;
	(void)signal(SIGPIPE, SIG_DFL);
	closefrom(3);
	execlp(program, program, text, (char *)NULL);
	return ca_cli_fail("cannot run the askpass program %s", program);
}

static int
ask_elsewhere(const struct askpass *a)
{
	const char *program = a->client.ask.program;

	if (getenv(ENV_NESTED) != NULL)
		return ca_cli_fail(
		    "this is not a prompt of pam_certauth: %s", a->meant.text);
	if (program != NULL &&
	    (a->client.ask.program_first || !ca_terminal_present()))
		return pass_on(program, a->meant.text);
	if (program == NULL && !ca_terminal_present() &&
	    ca_ssh_end(&a->log, a->meant.text))
		return CA_EXIT_NO;
	/* no log: what certauth is asked here is no request to sign */
	return ask_user(a->meant.text, ca_meant_asker(NULL) == CA_ASKER_SUDO);
}

/* ---- the answer ---- */

/* If ssh did not say the login: the configured one, or that of this process's
 * user, since sudo asks for the user who calls it. */
static enum ca_err
fill_user(struct askpass *a)
{
	const char *set = a->client.conf->user;

	if (a->meant.user == NULL)
		a->meant.user = set != NULL ? strdup(set) : ca_client_login();
	if (a->meant.user != NULL)
		return CA_OK;
	ca_log_err(&a->log, "your user id has no login name; set "
			    "`user =' in ~/.config/certauth/config");
	return CA_ERR_NOT_FOUND;
}

static enum ca_err
load_conf(struct askpass *a)
{
	struct ca_client *c = &a->client;
	enum ca_err rc;

	rc = ca_client_conf_load(a->meant.names != NULL
				     ? (const char *const *)a->meant.names->v
				     : NULL,
	    a->meant.names != NULL ? a->meant.names->n : 0, &a->log, &c->conf);
	if (rc != CA_OK)
		return rc;
	const char *had = getenv(CA_ENV_ASKPASS), *first = getenv(CA_ENV_FIRST);
	bool outer = getenv(ENV_NESTED) == NULL;
	c->ask.program = !outer ? NULL : had != NULL ? had : c->conf->askpass;
	c->ask.program_first = first != NULL && strcmp(first, "1") == 0;
	return ca_client_conf_options(c->conf, getenv(CA_ENV_CERT),
	    getenv(CA_ENV_KEY), getenv(CA_ENV_P12),
	    getenv(CA_ENV_REGISTERED) != NULL);
}

/* Called before any PIN is asked, with the most characters that the response
 * may have. */
static enum ca_err
make_room(void *ctx, size_t chars)
{
	struct askpass *a = ctx;
	struct ca_buf path = CA_BUF_INIT(8192);
	enum ca_err rc = CA_OK;

	/* a response of one piece is not kept */
	if (a->dir < 0 && chars + 1 > a->prompt.max)
		rc = ca_pending_open(&a->log, chars, &path, &a->dir);
	ca_buf_free(&path);
	return rc;
}

/* Sign, and keep the response for the next pieces. */
static enum ca_err
sign_and_keep(
    struct askpass *a, const struct ca_intent *intent, struct ca_buf *response)
{
	enum ca_err rc;

	if (a->prompt.next != 0) {
		ca_log_err(&a->log, "the prompt asks for the next piece of a "
				    "response that is not kept any more; start "
				    "the login again");
		return CA_ERR_NOT_FOUND;
	}
	a->client.room = make_room;
	a->client.room_ctx = a;
	if ((rc = ca_client_sign(&a->client, intent, a->req, response)) !=
	    CA_OK)
		return rc;
	if (response->len + 1 <= a->prompt.max)
		return CA_OK;
	/* longer than ca_response_bound said */
	if ((rc = make_room(a, response->len)) != CA_OK)
		return rc;
	rc = ca_pending_save(a->dir, a->hash, time(NULL) + a->req->lifetime,
	    response->p, response->len);
	if (rc != CA_OK)
		ca_log_err(&a->log, "the response cannot be kept for the next "
				    "piece: %m");
	return rc;
}

/* Only services that sudo asks for: su, which any local user can start, never
 * calls an askpass program. */
static enum ca_err
check_service(const struct askpass *a)
{
	if (!a->meant.here ||
	    ca_list_has(&a->client.conf->askpass_services, a->req->service))
		return CA_OK;
	ca_log_err(&a->log,
	    "not signed: rule 1, the host: sudo asks, but the request comes "
	    "from the PAM service %s. If that is sudo's pam_service, add it to "
	    "askpass_services in ~/.config/certauth/config",
	    a->req->service);
	return CA_DENIED;
}

static enum ca_err
get_response(struct askpass *a, struct ca_buf *response)
{
	const struct ca_intent intent = {
	    .host = (const char *const *)a->meant.names->v,
	    .nhosts = a->meant.names->n,
	    .here = a->meant.here,
	    .ssh = !a->meant.here,
	    .user = a->meant.user,
	    .now = time(NULL)};
	enum ca_err rc;

	rc = ca_pending_load(a->hash, intent.now, response, &a->dir);
	if (rc == CA_ERR_NOT_FOUND)
		return sign_and_keep(a, &intent, response);
	if (rc != CA_OK) {
		ca_log_err(&a->log, "the kept response cannot be used: %-s",
		    ca_err_text(rc));
		return rc;
	}
	/* another host might show a request that was answered before */
	struct ca_buf why = CA_BUF_INIT(65536);
	const struct ca_rules_case c = {
	    a->client.crypto, a->client.conf, &intent, a->req, &a->log, &why};
	rc = ca_rules_check(&c, NULL);
	if (rc != CA_OK)
		ca_log_err(&a->log, "not answered: %-s",
		    ca_buf_text(&why) != NULL ? ca_buf_text(&why) : "");
	ca_buf_free(&why);
	return rc;
}

static enum ca_err
print_piece(struct askpass *a, struct ca_buf *response)
{
	struct ca_buf piece = CA_BUF_INIT(CA_RESPONSE_CHARS_MAX + 1);
	const char *text = ca_buf_text(response);
	enum ca_err rc = CA_ERR_MEMORY;

	if (text != NULL)
		rc = ca_answer_cut(text, a->prompt.next, a->prompt.max, &piece);
	if (rc == CA_OK && ca_buf_text(&piece) == NULL)
		rc = CA_ERR_MEMORY;
	if (rc != CA_OK)
		ca_log_err(&a->log, "this piece cannot be answered: %-s",
		    ca_err_text(rc));
	else if (puts(ca_buf_text(&piece)) == EOF || fflush(stdout) != 0)
		rc = CA_ERR_IO;
	bool last = rc == CA_OK && piece.p[piece.len - 1] == '.';
	if (a->dir >= 0 && (rc != CA_OK || last))
		ca_pending_remove(a->dir, a->hash);
	if (last)
		ca_ssh_answered(a->meant.text);
	ca_buf_free(&piece);
	return rc;
}

static enum ca_err
answer(struct askpass *a)
{
	struct ca_buf response = CA_BUF_INIT(CA_RESPONSE_CHARS_MAX);
	enum ca_err rc;

	if ((rc = ca_client_request(a->prompt.request, &a->log, &a->req)) ==
		CA_OK &&
	    (rc = check_service(a)) == CA_OK && (rc = fill_user(a)) == CA_OK &&
	    (rc = ca_crypto_new(&a->client.crypto)) == CA_OK &&
	    (rc = ca_crypto_sha256(a->client.crypto, a->req->raw, a->req->len,
		 a->hash)) == CA_OK &&
	    (rc = get_response(a, &response)) == CA_OK)
		rc = print_piece(a, &response);
	ca_buf_free(&response);
	return rc;
}

/* ssh-agent wants a yes or shows a notice.  The exit status is the answer, so
 * a prompt of certauth in the text (a key's comment) must not be answered. */
static bool
is_yes_or_notice(void)
{
	const char *hint = getenv("SSH_ASKPASS_PROMPT");

	return hint != NULL &&
	       (strcmp(hint, "confirm") == 0 || strcmp(hint, "none") == 0);
}

static int
handle(struct askpass *a)
{
	enum ca_err rc = is_yes_or_notice()
			     ? CA_ERR_NOT_FOUND
			     : ca_prompt_find(a->meant.text, &a->prompt);

	if (rc == CA_ERR_NOT_FOUND)
		return load_conf(a) == CA_OK ? ask_elsewhere(a) : CA_EXIT_NO;
	if (rc != CA_OK) {
		ca_log_err(&a->log, "not signed: the host's text must contain "
				    "exactly one complete prompt of certauth");
		return CA_EXIT_NO;
	}
	/* max is not signed, and ssh takes no longer answer of an askpass */
	if (a->prompt.max > CA_ASKPASS_ANSWER_MAX)
		a->prompt.max = CA_ASKPASS_ANSWER_MAX;
	if (ca_meant_find(&a->meant) != CA_OK || load_conf(a) != CA_OK ||
	    answer(a) != CA_OK)
		return CA_EXIT_NO;
	return CA_EXIT_OK;
}

static int
run(int argc, char **argv)
{
	struct askpass a = {.log = ca_cli_log(false), .dir = -1};
	int status;

	ca_cli_keep_memory();
	if (argc != 2)
		return ca_cli_usage(
		    &ca_cmd_askpass, "give one argument, the prompt");
	a.client.log = &a.log;
	a.meant.log = &a.log;
	a.meant.text = argv[1];
	a.meant.prompt = &a.prompt;
	status = handle(&a);
	if (a.dir >= 0)
		(void)close(a.dir);
	free(a.prompt.request);
	ca_meant_clear(&a.meant);
	ca_request_free(a.req);
	ca_client_conf_free(a.client.conf);
	ca_crypto_free(a.client.crypto);
	return status;
}

const struct ca_command ca_cmd_askpass = {"askpass",
    N_("answer the prompts of ssh and sudo -A"),
    N_("usage: certauth askpass PROMPT\n"
       "\n"
       "Set SSH_ASKPASS or SUDO_ASKPASS to the path of certauth-askpass, a link\n"
       "to certauth, because both name a program without arguments.\n"
       "`certauth ssh' sets SSH_ASKPASS itself.\n"
       "\n"
       "A prompt of pam_certauth is answered piece by piece, after the client\n"
       "rules are checked.  The host and the login are those in ssh's\n"
       "`(user@host) ' or, for sudo, this machine and your own login.  ssh or\n"
       "sudo must call this program directly: a script between them must use\n"
       "`exec'.  Every other question goes to the terminal, or to the askpass\n"
       "program that was set before.  If a request is refused, the reason goes\n"
       "to standard error, and the exit status is 1.\n"
       "\n"
       "  SUDO_ASKPASS=/usr/bin/certauth-askpass sudo -A id -un\n"
       "\n"
       "Set the certificate and the key in ~/.config/certauth/config.\n"),
    run, true};
