/* certauth verify: check a certificate as a login would, without the mapping. */
#include "verify/verify.h"
#include "base/tr.h"
#include "tool/certargs.h"
#include "tool/cli.h"
#include "cli/commands.h"
#include "cli/presented.h"
#include "cli/verifyargs.h"

#include <stdlib.h>

static const char help[] =
    "usage: certauth verify [OPTIONS] CERT.pem\n"
    "\n"
    "Check a certificate as a login would, without the mapping: certification path,\n"
    "validity, purpose, revocation.  CERT.pem may also contain intermediates after\n"
    "the certificate.  Exit status: 0 accepted, 1 rejected, 2 error.\n"
    "\n"
    "  --config FILE --service S    configuration, and its section to use\n"
    "  --ca-dir DIR                 trust anchors\n"
    "  --intermediates-dir DIR, --intermediates FILE    help to build paths\n"
    "  --crl-dir DIR | --no-crl     CRLs; with --ca-dir but neither of these,\n"
    "                               revocation is not checked\n"
    "  --crl require|prefer|off     --crl-engine auto|stream\n"
    "  --crl-short-lived 25h        a leaf valid for no longer needs no CRL\n"
    "  --crl-exempt SHA256          what this CA issues needs no CRL (repeatable)\n"
    "  --revocation crl|ocsp|any    --ocsp-dir DIR   --ocsp FILE (a client's)\n"
    "  --purpose any|sslclient|sslserver|OID    (if repeated: any of them)\n"
    "  --profile basic|strict       the requirements on certificates\n"
    "  --policy OID ... --explicit-policy --inhibit-any --inhibit-map\n"
    "  --max-depth N                intermediates, without self-issued ones\n"
    "  --time 2026-11-24T12:00:00Z  use this time instead of the current time\n"
    "  --json, --quiet, --debug\n"
    "\n"
    "Example:\n"
    "  certauth verify --ca-dir /etc/certauth/ca --no-crl alice.pem\n";

static int run(int argc, char **argv);

const struct ca_command ca_cmd_verify = {
    "verify", N_("check a certificate as a login would"), help, run};

/* ---- the result ---- */

static void
print(const struct ca_verify_args *a, const struct ca_report *report,
    const STACK_OF(X509) *chain)
{
	struct ca_buf out = CA_BUF_INIT(1 << 20);
	const char *text;

	if (a->quiet)
		return;
	if (a->json) {
		ca_report_json(report, CA_REPORT_CERT, &out);
		ca_buf_str(&out, "\n");
	} else {
		ca_report_text(report, CA_REPORT_CERT, &out);
		if (a->foreign)
			ca_buf_str(&out,
			    "note: revocation was not checked, because --ca-dir was given without --crl-dir\n");
		if (chain != NULL) {
			ca_buf_str(&out, "chain:\n");
			ca_certargs_chain(chain, &out);
		}
	}
	if ((text = ca_buf_text(&out)) != NULL)
		(void)fputs(text, stdout); /* fflush reports errors */
	ca_buf_free(&out);
}

static int
judge(const struct ca_verify_args *a, const struct ca_config *cfg,
    const struct ca_presented *p)
{
	const struct ca_verify_input in = {.leaf = p->leaf,
	    .untrusted = p->others,
	    .now = (time_t)a->now,
	    .staple = p->staple,
	    .nstaples = p->nstaples,
	    .origin = CA_STAPLES_BY_COMMAND};
	STACK_OF(X509) *chain = NULL;
	enum ca_err rc = CA_OK;
	int status;

	if (p->leaf != NULL)
		rc = ca_verify(p->crypto, cfg, p->log, &in, p->report, &chain);
	status = rc == CA_OK && ca_report_granted(p->report, CA_REPORT_CERT)
		     ? CA_EXIT_OK
		 : rc == CA_OK ? CA_EXIT_NO
			       : CA_EXIT_USAGE;
	print(a, p->report, chain);
	if (fflush(stdout) != 0 && status == CA_EXIT_OK)
		status = CA_EXIT_USAGE;
	sk_X509_pop_free(chain, X509_free);
	return status;
}

static int
run(int argc, char **argv)
{
	struct ca_verify_args a = {.purpose = CA_BUF_INIT(4096),
	    .policy = CA_BUF_INIT(65536),
	    .exempt = CA_BUF_INIT(65536),
	    .now = (long long)time(NULL)};
	struct ca_presented certs = {
	    .report = ca_report_new(), .check = CA_CHECK_CHAIN};
	struct ca_config *cfg = NULL;
	int status = ca_verify_args_parse(&a, &ca_cmd_verify, argc, argv);

	if (status != CA_EXIT_OK)
		goto out;
	struct ca_log log = ca_cli_log(a.debug);
	enum ca_err rc = ca_verify_args_configure(&a, &log, &cfg);
	if (rc == CA_OK)
		rc = certs.report == NULL ? CA_ERR_MEMORY
					  : ca_crypto_new(&certs.crypto);
	if (rc != CA_OK) {
		status = rc == CA_ERR_CONFIG
			     ? CA_EXIT_USAGE
			     : ca_cli_fail("%s", ca_err_text(rc));
		goto out;
	}
	certs.log = &log;
	status = ca_presented_read(&certs, a.cert, a.intermediates, &a.ocsp);
	if (status == CA_EXIT_OK)
		status = judge(&a, cfg, &certs);
out:
	ca_presented_clear(&certs);
	ca_report_free(certs.report);
	ca_crypto_free(certs.crypto);
	ca_config_free(cfg);
	ca_buf_free(&a.purpose);
	ca_buf_free(&a.policy);
	ca_buf_free(&a.exempt);
	return status;
}
