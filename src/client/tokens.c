#include "client/tokens.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/tr.h"

static int
show(const struct ca_tokens *t, bool json)
{
	struct ca_buf out = CA_BUF_INIT((size_t)16 << 20);
	int status = CA_EXIT_NO;

	if (json)
		ca_tokens_json(t, &out);
	else
		ca_tokens_text(t, &out);
	const char *text = ca_buf_text(&out);
	if (text == NULL)
		status = ca_cli_fail("%s", _(ca_err_text(ca_buf_err(&out))));
	else if (fputs(text, stdout) == EOF || fflush(stdout) != 0)
		status = ca_cli_fail("the list cannot be written");
	else
		status = t->ids.n > 0 ? CA_EXIT_OK : CA_EXIT_NO;
	ca_buf_free(&out);
	return status;
}

static int
list(const char *uri, bool json)
{
	const struct ca_log log = ca_cli_log(false);
	struct ca_crypto *crypto = NULL;
	struct ca_tokens t = {0};
	struct ca_key_search search = {.uri = uri,
	    .pin = CA_KEY_PIN_WANTED,
	    .log = &log,
	    .final = true,
	    .view = &t.view};
	enum ca_err rc;
	int status = CA_EXIT_USAGE;

	if ((rc = ca_crypto_new(&crypto)) == CA_OK)
		rc = ca_key_p11(crypto, &search, &t.ids);
	t.why = search.why[0] != '\0' ? search.why : NULL;
	/* nothing is found: what there is, is shown all the same */
	if (rc == CA_OK || rc == CA_ERR_NOT_FOUND)
		status = show(&t, json);
	else if (rc == CA_ERR_MEMORY || rc == CA_ERR_CRYPTO)
		status = ca_cli_fail("%s", _(ca_err_text(rc)));
	ca_identities_free(&t.ids);
	ca_view_clear(&t.view);
	ca_crypto_free(crypto);
	return status;
}

static int
run(int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	bool json = false;
	int opt;

	ca_cli_keep_memory();
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt != 'j')
			return ca_cli_bad_option(&ca_cmd_tokens, argv);
		json = true;
	}
	/* programs read it */
	if (json)
		(void)ca_tr_use("C", true);
	if (argc - optind > 1)
		return ca_cli_usage(&ca_cmd_tokens, "give one URI");
	const char *uri = optind < argc ? argv[optind] : NULL;
	if (uri != NULL && !ca_text_pkcs11(uri))
		return ca_cli_usage(&ca_cmd_tokens,
		    "the argument is no PKCS#11 URI (pkcs11:...)");
	return list(uri, json);
}

const struct ca_command ca_cmd_tokens = {"tokens",
    N_("show the tokens here, and which certificates could log in"),
    N_("usage: certauth tokens [--json] [URI]\n"
       "\n"
       "Lists the PKCS#11 modules, with the time that each takes, their slots and\n"
       "tokens, the certificates on them and what each is for, the keys, and the\n"
       "signature scheme that would be taken; of a certificate that would not be\n"
       "taken, why.  No PIN is asked: what a token shows after its PIN only is not\n"
       "listed.  The URI of a certificate is a key for `certauth sign', and token_uri\n"
       "of both configuration files.\n"
       "\n"
       "  --json  as one JSON object\n"
       "  URI     only what it names: pkcs11:token=LABEL, pkcs11:?module-name=NAME\n"
       "\n"
       "Exit status: 0 a certificate could log in, 1 none, 2 error.\n"
       "\n"
       "Example:\n"
       "  certauth tokens\n"),
    run, true};
