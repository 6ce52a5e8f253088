/* certauth verify: check a certificate as a login would, without the mapping. */
#include "crypto/certgate.h"
#include "verify/verify.h"
#include "tool/certargs.h"
#include "tool/cli.h"
#include "cli/commands.h"
#include "cli/verifyargs.h"
#include "verify/certfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
    "verify", "check a certificate as a login would", help, run};

/* ---- the certificates ---- */

struct certs {
	struct ca_crypto *crypto;
	X509 *leaf;
	STACK_OF(X509) *others;
	bool want_leaf, bad_leaf;
	enum ca_reason reason; /* of a bad leaf */
	/* why the leaf is refused before decoding, or NULL */
	const char *refusal;
	char refusal_text[CA_CERT_REFUSAL];
};

static enum ca_err
take_cert(void *ctx, const uint8_t *der, size_t len)
{
	struct certs *certs = ctx;
	X509 *cert = NULL;
	enum ca_err rc = ca_crypto_cert(certs->crypto, der, len, &cert);

	if (rc == CA_ERR_MEMORY)
		return rc;
	if (certs->want_leaf) {
		certs->want_leaf = false;
		certs->bad_leaf = cert == NULL;
		certs->reason = rc != CA_ERR_UNSUPPORTED ? CA_R_CERT_MALFORMED
				: ca_cert_unsupported(der, len)
				    ? CA_R_UNSUPPORTED
				    : CA_R_CHAIN_WEAK;
		if (cert == NULL)
			certs->refusal =
			    ca_cert_refusal(der, len, certs->refusal_text);
		certs->leaf = cert;
		return CA_OK;
	}
	if (cert == NULL) { /* a path without the intermediate may exist */
		char text[CA_CERT_REFUSAL];
		const char *why = ca_cert_refusal(der, len, text);

		if (why != NULL)
			(void)fprintf(stderr,
			    "certauth: an intermediate is ignored: %s\n", why);
		return CA_OK;
	}
	if (sk_X509_push(certs->others, cert) <= 0) {
		X509_free(cert);
		return CA_ERR_MEMORY;
	}
	return CA_OK;
}

static int
read_certs(struct certs *certs, const char *path)
{
	struct ca_buf text = CA_BUF_INIT(CA_CERTFILE_MAX);
	enum ca_err rc = ca_certargs_read(path, &text);
	int status = CA_EXIT_OK;

	if (rc != CA_OK)
		status = ca_cli_fail("%s: %s", path,
		    rc == CA_ERR_LIMIT ? ca_err_text(rc) : strerror(errno));
	else if (ca_certargs_other(path, &text))
		status = CA_EXIT_USAGE;
	else if ((rc = ca_certfile_each(text.p, text.len, take_cert, certs)) !=
		 CA_OK)
		status = ca_cli_fail("%s: %s", path, ca_certargs_why(rc));
	ca_buf_free(&text);
	return status;
}

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
judge(const struct ca_verify_args *a, const struct ca_log *log,
    struct ca_crypto *crypto, const struct ca_config *cfg,
    const struct certs *certs)
{
	struct ca_verify_input in = {
	    certs->leaf, certs->others, (time_t)a->now};
	struct ca_report *report = ca_report_new();
	STACK_OF(X509) *chain = NULL;
	enum ca_err rc = CA_OK;
	int status;

	if (report == NULL)
		return ca_cli_fail("out of memory");
	if (certs->bad_leaf)
		ca_report_set(report, CA_CHECK_CHAIN, CA_FAIL, certs->reason,
		    "%s",
		    certs->refusal != NULL
			? certs->refusal
			: "the certificate cannot be decoded");
	else
		rc = ca_verify(crypto, cfg, log, &in, report, &chain);
	status = rc == CA_OK && ca_report_granted(report, CA_REPORT_CERT)
		     ? CA_EXIT_OK
		 : rc == CA_OK ? CA_EXIT_NO
			       : CA_EXIT_USAGE;
	print(a, report, chain);
	if (fflush(stdout) != 0 && status == CA_EXIT_OK)
		status = CA_EXIT_USAGE;
	sk_X509_pop_free(chain, X509_free);
	ca_report_free(report);
	return status;
}

static int
run(int argc, char **argv)
{
	struct ca_verify_args a = {.purpose = CA_BUF_INIT(4096),
	    .policy = CA_BUF_INIT(65536),
	    .exempt = CA_BUF_INIT(65536),
	    .now = (long long)time(NULL)};
	struct certs certs = {.want_leaf = true};
	struct ca_crypto *crypto = NULL;
	struct ca_config *cfg = NULL;
	int status = ca_verify_args_parse(&a, &ca_cmd_verify, argc, argv);

	if (status != CA_EXIT_OK)
		goto out;
	struct ca_log log = ca_cli_log(a.debug);
	enum ca_err rc = ca_verify_args_configure(&a, &log, &cfg);
	if (rc == CA_OK)
		rc = ca_crypto_new(&crypto);
	certs.crypto = crypto;
	certs.others = sk_X509_new_null();
	if (rc != CA_OK || certs.others == NULL) {
		status =
		    rc == CA_ERR_CONFIG
			? CA_EXIT_USAGE
			: ca_cli_fail("%s",
			      ca_err_text(rc != CA_OK ? rc : CA_ERR_MEMORY));
		goto out;
	}
	if ((status = read_certs(&certs, a.cert)) != CA_EXIT_OK ||
	    (a.intermediates != NULL &&
		(status = read_certs(&certs, a.intermediates)) != CA_EXIT_OK))
		goto out;
	status = judge(&a, &log, crypto, cfg, &certs);
out:
	X509_free(certs.leaf);
	sk_X509_pop_free(certs.others, X509_free);
	ca_crypto_free(crypto);
	ca_config_free(cfg);
	ca_buf_free(&a.purpose);
	ca_buf_free(&a.policy);
	ca_buf_free(&a.exempt);
	return status;
}
