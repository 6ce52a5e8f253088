/*
 * certauth sign: a request in, a response out.
 */
#include "client/sign.h"
#include "base/tr.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/signing.h"
#include "channel/pieces.h"
#include "sign/signhelper.h"

/* ---- options ---- */

enum {
	OPT_CERT = 256,
	OPT_KEY,
	OPT_P12,
	OPT_REGISTERED,
	OPT_HOST,
	OPT_USER,
	OPT_ANY_HOST,
	OPT_PIECES,
	OPT_YES,
	OPT_HELPER
};

static const struct option options[] = {
    {"cert", required_argument, NULL, OPT_CERT},
    {"key", required_argument, NULL, OPT_KEY},
    {"p12", required_argument, NULL, OPT_P12},
    {"registered", no_argument, NULL, OPT_REGISTERED},
    {"host", required_argument, NULL, OPT_HOST},
    {"user", required_argument, NULL, OPT_USER},
    {"any-host", no_argument, NULL, OPT_ANY_HOST},
    {"pieces", no_argument, NULL, OPT_PIECES},
    {"yes", no_argument, NULL, OPT_YES},
    {"helper", no_argument, NULL, OPT_HELPER}, {NULL, 0, NULL, 0}};

static enum ca_err
take_option(struct ca_signing *s, int opt)
{
	struct given *g = &s->given;

	switch (opt) {
	case OPT_CERT:
		g->cert = optarg;
		break;
	case OPT_KEY:
		g->key = optarg;
		break;
	case OPT_P12:
		g->p12 = optarg;
		break;
	case OPT_REGISTERED:
		g->registered = true;
		break;
	case OPT_HOST:
		return ca_client_names_add(&s->hosts, optarg);
	case OPT_USER:
		s->user = optarg;
		break;
	case OPT_ANY_HOST:
		s->any_host = true;
		break;
	case OPT_PIECES:
		s->pieces = true;
		break;
	case OPT_YES:
		s->client.yes = true;
		break;
	case OPT_HELPER:
		g->helper = true;
		break;
	default:
		return CA_ERR_USAGE;
	}
	return CA_OK;
}

static enum ca_err
prepare(struct ca_signing *s)
{
	enum ca_err rc;

	if ((s->local = ca_client_local_names()) == NULL)
		return CA_ERR_MEMORY;
	s->login = ca_client_login();
	const struct ca_list *meant = s->hosts.n > 0 ? &s->hosts : s->local;
	rc = ca_signing_configure(s, (const char *const *)meant->v, meant->n);
	return rc == CA_OK ? ca_crypto_new(&s->client.crypto) : rc;
}

static int
run_with(struct ca_signing *s, const char *arg)
{
	struct ca_buf line = CA_BUF_INIT(CA_SIGNING_TEXT_MAX);
	int status;

	if (s->pieces)
		return ca_signing_pieces(s, arg);
	if (arg == NULL) {
		enum ca_err rc = ca_signing_read(NULL, &line);
		if (rc != CA_OK)
			return ca_cli_fail(
			    "there is no request on standard input: %s",
			    _(ca_err_text(rc)));
		arg = ca_buf_text(&line);
	}
	status = ca_signing_whole(s, arg != NULL ? arg : "");
	ca_buf_free(&line);
	return status;
}

static int
run(int argc, char **argv)
{
	struct ca_signing s = {.log = ca_cli_log(false),
	    .response = CA_BUF_INIT(CA_RESPONSE_CHARS_MAX)};
	int opt, status = CA_EXIT_USAGE;
	enum ca_err rc;

	ca_cli_keep_memory();
	s.client.log = &s.log;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		if ((rc = take_option(&s, opt)) != CA_OK) {
			status = opt == '?'
				     ? ca_cli_bad_option(&ca_cmd_sign, argv)
				     : ca_cli_usage(&ca_cmd_sign, "%s",
					   _(ca_err_text(rc)));
			goto out;
		}
	if (argc - optind > 1) {
		status = ca_cli_usage(&ca_cmd_sign,
		    "give one request at a time, and put a prompt line "
		    "in quotes");
		goto out;
	}
	if (s.given.helper) {
		status = ca_sign_helper();
		goto out;
	}
	const char *arg = optind < argc ? argv[optind] : NULL;
	if (arg != NULL && strcmp(arg, "-") == 0)
		arg = NULL;
	if (prepare(&s) == CA_OK)
		status = run_with(&s, arg);
out:
	ca_client_conf_free(s.client.conf);
	ca_crypto_free(s.client.crypto);
	ca_client_names_free(s.local);
	ca_client_names_clear(&s.hosts);
	ca_buf_free(&s.response);
	free(s.request);
	free(s.login);
	return status;
}

const struct ca_command ca_cmd_sign = {"sign",
    N_("answer a request: a request in, a response out"),
    N_("usage: certauth sign [OPTIONS] [REQUEST | PROMPT LINE | -]\n"
       "\n"
       "Signs a login request and prints the response.  Without an argument, or\n"
       "with -, the request is read from standard input.\n"
       "\n"
       "  --cert FILE     certificate (PEM or DER), with intermediates in any order\n"
       "  --key KEY       FILE (PEM or DER), `agent', or a PKCS#11 URI (pkcs11:...)\n"
       "  --p12 FILE      certificate and key in a PKCS#12 file\n"
       "  --registered    send no certificate: the host has it registered\n"
       "  --host NAME     the host you are logging in to (give it again for each\n"
       "                  of its names); default: this machine, or you are asked\n"
       "  --user NAME     the login; default: your own, or you are asked\n"
       "  --any-host      accept the request of any host: only for tests\n"
       "  --pieces        read prompt lines one by one, and print each answer\n"
       "  --yes           do not ask for confirmation (confirm = yes)\n"
       "  --helper        speak with pam_certauth, which starts this itself\n"
       "\n"
       "Set defaults in ~/.config/certauth/config.  Example, for pasting:\n"
       "\n"
       "  certauth sign --pieces --host web1.example.com --user alice\n"),
    run, true};
