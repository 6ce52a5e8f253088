/*
 * certauth password: one line for a service that asks for one password.
 */
#include "client/passwordcmd.h"
#include "base/tr.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/choice.h"
#include "sign/passwordsign.h"

#define SCHEMES 64

/* ---- one text ---- */

/* The request that a host would have sent: by it, a certificate is chosen as for a
 * login with a challenge. */
static enum ca_err
make_request(struct ca_crypto *crypto, const struct ca_password_for *meant,
    time_t now, struct ca_request **req)
{
	struct ca_buf raw = CA_BUF_INIT(CA_REQUEST_MAX);
	uint16_t code[SCHEMES];
	struct ca_request_params params = {.scheme = code,
	    .issued_at = (uint64_t)now,
	    .lifetime = 120,
	    .host_name = &meant->host,
	    .nhost_names = 1,
	    .service = meant->service,
	    .user = meant->user,
	    .rhost = ""};
	const struct ca_scheme *s;
	enum ca_err rc;

	while (params.nschemes < SCHEMES &&
	       (s = ca_scheme_at(params.nschemes)) != NULL)
		code[params.nschemes++] = s->code;
	rc = ca_crypto_random(crypto, params.nonce, sizeof params.nonce);
	if (rc == CA_OK)
		rc = ca_request_write(&raw, &params);
	if (rc == CA_OK)
		rc = ca_request_parse(raw.p, raw.len, req);
	ca_buf_free(&raw);
	return rc;
}

static enum ca_err
check_length(const struct ca_password_order *o,
    const struct ca_passwordsign *what, const struct ca_identity *id)
{
	size_t chars = 0;
	enum ca_err rc = ca_passwordsign_length(what, id, &chars);

	if (rc == CA_OK && chars > what->max)
		rc = CA_ERR_LIMIT;
	if (rc == CA_ERR_LIMIT)
		ca_log_err(&o->log,
		    "a signed password by %s has %zu characters, and service "
		    "%s carries %zu; %-s",
		    id->label, chars, what->meant.service, what->max,
		    id->registered
			? N_("use a key of another type: P-256 and Ed25519 need 125")
			: N_("have the administrator register the certificate "
			     "there (users_dir), and use --registered; P-256 and "
			     "Ed25519 keys need 125 then"));
	else if (rc != CA_OK)
		ca_log_err(&o->log, "%s cannot make a signed password: %-s",
		    id->label, ca_err_text(rc));
	return rc;
}

static enum ca_err
sign_by(struct ca_password_order *o, const struct ca_passwordsign *what,
    struct ca_identity *id, const struct ca_key_ui *ui, struct ca_buf *out)
{
	enum ca_err rc;

	if ((rc = check_length(o, what, id)) != CA_OK ||
	    (rc = ca_client_confirm(
		 &o->client, what->req, what->meant.host, id)) != CA_OK)
		return rc;
	rc = ca_passwordsign(o->client.crypto, what, id, ui, out);
	if (rc != CA_OK)
		ca_log_err(&o->log, "the key of %s did not sign: %-s",
		    id->label, ca_err_text(rc));
	return rc;
}

static enum ca_err
sign(struct ca_password_order *o, const struct ca_password_for *meant,
    unsigned max, struct ca_buf *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_key_ui ui = ca_ask_ui(&o->client.ask);
	struct ca_identity *id = NULL;
	struct ca_request *req = NULL;
	time_t now = time(NULL);

	rc = make_request(o->client.crypto, meant, now, &req);
	if (rc != CA_OK) {
		ca_log_err(&o->log,
		    "service, host and login must be printable text of 1 to "
		    "255 bytes: %-s",
		    ca_err_text(rc));
		ret = rc;
		goto out;
	}
	const struct ca_choice choice = {.crypto = o->client.crypto,
	    .conf = o->client.conf,
	    .host = meant->host,
	    .pick = {req, now, &ui, &o->log}};
	const struct ca_passwordsign what = {
	    req, *meant, (uint32_t)now, max > 0 ? max : CA_PASSWORD_TEXT_MAX};
	if ((rc = ca_identity_choose(&choice, &id)) != CA_OK ||
	    (rc = sign_by(o, &what, id, &ui, out)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_identity_free(id);
	ca_request_free(req);
	return ret;
}

/* ---- what is meant ---- */

static enum ca_err
configure(struct ca_password_order *o)
{
	struct ca_client_conf *conf = NULL;
	enum ca_err rc =
	    ca_client_conf_load_service(o->section, o->host, &o->log, &conf);

	if (rc != CA_OK)
		return rc;
	o->client.conf = conf;
	o->client.log = &o->log;
	rc = ca_client_conf_options(
	    conf, o->cert, o->key, o->p12, o->registered);
	if (rc != CA_OK)
		return rc;
	ca_ask_configure(&o->client.ask, conf->askpass);
	const char *user = o->user != NULL ? o->user : conf->user;
	o->login = user != NULL ? strdup(user) : ca_client_login();
	return o->login != NULL ? ca_crypto_new(&o->client.crypto)
				: CA_ERR_MEMORY;
}

/* The host as it is signed: A-labels, lower case, no final dot. */
static bool
signed_host(const char *name, char host[CA_HOST_NAME_MAX + 1])
{
	if (!ca_host_ascii(name, host))
		return false;
	for (char *p = host; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return host[0] != '.' && strstr(host, "..") == NULL &&
	       host[strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789._:-")] ==
		   '\0';
}

enum ca_err
ca_password_order(struct ca_password_order *o, struct ca_buf *out)
{
	char host[CA_HOST_NAME_MAX + 1];
	enum ca_err rc = configure(o);
	unsigned max = 0;

	if (rc != CA_OK)
		return rc == CA_ERR_MEMORY ? rc : CA_ERR_USAGE;
	const struct ca_client_conf *conf = o->client.conf;
	const char *name = o->host != NULL ? o->host : conf->host;
	const struct ca_password_for meant = {
	    host, o->service != NULL ? o->service : conf->service, o->login};
	if (meant.service == NULL || name == NULL) {
		ca_log_err(&o->log,
		    "%-s is not known; give --service and --host, or the name "
		    "of a section [service NAME] of ~/.config/certauth/config "
		    "that has both",
		    meant.service == NULL ? N_("the PAM service")
					  : N_("the host"));
		return CA_ERR_USAGE;
	}
	if (!signed_host(name, host)) {
		ca_log_err(&o->log, "%s is not a host name", name);
		return CA_ERR_USAGE;
	}
	max = conf->max;
	if (o->max != NULL && !ca_client_conf_chars(o->max, &max)) {
		ca_log_err(&o->log, "--max %s is no number from 64 to %d",
		    o->max, CA_PASSWORD_TEXT_MAX);
		return CA_ERR_USAGE;
	}
	return sign(o, &meant, max, out);
}

void
ca_password_order_clear(struct ca_password_order *o)
{
	ca_client_conf_free(o->client.conf);
	ca_crypto_free(o->client.crypto);
	free(o->login);
}

/* ---- the command ---- */

static int
run(int argc, char **argv)
{
	struct ca_password_order o = {.log = ca_cli_log(false)};
	struct ca_buf text = CA_BUF_INIT(CA_PASSWORD_TEXT_MAX);
	const char **const option[] = {
	    &o.service, &o.host, &o.user, &o.max, &o.cert, &o.key, &o.p12};
	static const struct option options[] = {
	    {"service", required_argument, NULL, 0},
	    {"host", required_argument, NULL, 1},
	    {"user", required_argument, NULL, 2},
	    {"max", required_argument, NULL, 3},
	    {"cert", required_argument, NULL, 4},
	    {"key", required_argument, NULL, 5},
	    {"p12", required_argument, NULL, 6},
	    {"registered", no_argument, NULL, 'r'},
	    {"yes", no_argument, NULL, 'y'}, {NULL, 0, NULL, 0}};
	int opt, status = CA_EXIT_NO;

	ca_cli_keep_memory();
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'r')
			o.registered = true;
		else if (opt == 'y')
			o.client.yes = true;
		else if (opt >= 0 && opt < 7)
			*option[opt] = optarg;
		else
			return ca_cli_bad_option(&ca_cmd_password, argv);
	}
	if (argc - optind > 1)
		return ca_cli_usage(
		    &ca_cmd_password, "give the name of one section");
	o.section = optind < argc ? argv[optind] : NULL;
	enum ca_err rc = ca_password_order(&o, &text);
	const char *line = ca_buf_text(&text);
	if (rc == CA_ERR_USAGE)
		status = CA_EXIT_USAGE;
	else if (rc == CA_OK && line != NULL)
		status = puts(line) == EOF || fflush(stdout) != 0
			     ? ca_cli_fail("the password cannot be written")
			     : CA_EXIT_OK;
	ca_buf_free(&text);
	ca_password_order_clear(&o);
	return status;
}

const struct ca_command ca_cmd_password = {"password",
    N_("sign a password, for a service that asks for one"),
    N_("usage: certauth password [OPTIONS] [SECTION]\n"
       "\n"
       "Prints one line: a password for one host, service and login, that can be used\n"
       "once and for two minutes, unless the host has it otherwise.  Programs fetch\n"
       "it: mbsync (PassCmd), msmtp (passwordeval), curl (-K -), openvpn.  SECTION is\n"
       "[service SECTION] of ~/.config/certauth/config, which has the options below.\n"
       "Whoever sees the line before it is used can use it: send it over TLS only,\n"
       "and give it to no program as an argument.\n"
       "\n"
       "  --service NAME  the PAM service there: dovecot, postgresql, nginx ...\n"
       "  --host NAME     the host's own name, as its administrator gives it\n"
       "  --user NAME     the login there; default: your own\n"
       "  --max N         the most characters that the service carries\n"
       "  --cert FILE --key KEY | --p12 FILE   see `certauth sign'\n"
       "  --registered    the host has the certificate: the line has none, and is short\n"
       "  --yes           do not ask for confirmation (confirm = yes)\n"
       "\n"
       "Example:\n"
       "  certauth password --service dovecot --host mail.example.com --user alice\n"),
    run, true};
