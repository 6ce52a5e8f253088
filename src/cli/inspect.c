#include "cli/inspect.h"
#include "cli/commands.h"
#include "crypto/certgate.h"
#include "base/base64url.h"
#include "base/tr.h"
#include "client/wrapped.h"
#include "tool/certargs.h"
#include "verify/verify.h"
#include "wire/message.h"
#include "client/prompt.h"
#include "wire/scheme.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char help[] =
    "usage: certauth inspect CERT.pem\n"
    "       certauth inspect --request TEXT | --response TEXT\n"
    "\n"
    "Show the contents of a certificate: names, validity, purposes, the addresses of\n"
    "its CRLs and OCSP responders, and the selectors that a rule of the users file\n"
    "can use for it.  Or show the contents of a protocol message: a request (a\n"
    "complete prompt, or only its base64url text) or a response.  Nothing is\n"
    "verified.\n"
    "\n"
    "Exit status: 0 shown, 1 malformed, 2 usage, or the file cannot be read.\n"
    "\n"
    "Example:\n"
    "  certauth inspect alice.pem\n";

static int run(int argc, char **argv);

const struct ca_command ca_cmd_inspect = {"inspect",
    N_("show the contents of a certificate or a message"), help, run};

/* ---- messages ---- */

static void
put_field(const char *name, const char *text, struct ca_buf *out)
{
	ca_buf_fmt(out, "  %-11s ", name);
	ca_buf_quote(out, text, strlen(text));
	ca_buf_str(out, "\n");
}

static void
put_scheme(uint16_t code, struct ca_buf *out)
{
	const struct ca_scheme *scheme = ca_scheme_by_code(code);

	ca_buf_fmt(out, "%s (0x%04x)",
	    scheme != NULL ? scheme->name : "unknown", code);
}

static void
put_refused(const struct ca_bytes *cert, size_t i, struct ca_buf *out)
{
	char text[CA_CERT_REFUSAL];
	const char *why = ca_cert_refusal(cert->p, cert->len, text);

	ca_buf_fmt(out, "certificate %zu %s%s\n", i,
	    why != NULL ? "is refused by every host: " : "cannot be decoded",
	    why != NULL ? why : "");
}

static void
put_proof(struct ca_crypto *crypto, const struct ca_proof_msgs *proof,
    struct ca_buf *out)
{
	ca_buf_str(out, "  scheme      ");
	put_scheme(proof->scheme, out);
	ca_buf_fmt(out, "\n  signature   %zu bytes\n  certificates %zu%s\n",
	    proof->signature.len, proof->ncerts,
	    proof->ncerts == 0 ? " (the host already has the certificate)"
			       : "");
	for (size_t i = 0; i < proof->ncerts; i++) {
		X509 *cert = NULL;

		if (ca_crypto_cert(crypto, proof->cert[i].p, proof->cert[i].len,
			&cert) == CA_OK)
			ca_inspect_cert(crypto, cert, out);
		else
			put_refused(&proof->cert[i], i, out);
		X509_free(cert);
	}
	if (proof->nocsp > 0)
		ca_buf_fmt(out, "  OCSP responses %zu\n", proof->nocsp);
}

static void
put_authorities(const struct ca_request *req, struct ca_buf *out)
{
	struct ca_reader at =
	    ca_reader_of(req->authorities.p, req->authorities.len);
	struct ca_bytes der;

	while (ca_request_next_authority(&at, &der) == CA_OK) {
		const uint8_t *p = der.p;
		X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)der.len);
		struct ca_buf text = CA_BUF_INIT(65536);

		if (name != NULL)
			ca_name_rfc4514(name, &text);
		const char *shown = ca_buf_text(&text);
		ca_buf_str(out, "  CA          ");
		ca_buf_printable(out, shown != NULL ? shown : "?",
		    shown != NULL ? strlen(shown) : 1);
		ca_buf_str(out, "\n");
		ca_buf_free(&text);
		X509_NAME_free(name);
	}
}

static void
put_request(
    struct ca_crypto *crypto, const struct ca_request *req, struct ca_buf *out)
{
	time_t issued = (time_t)req->issued_at;
	struct tm tm;
	char when[64] = "?";

	if (gmtime_r(&issued, &tm) != NULL)
		(void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
	ca_buf_fmt(out, "request, %zu bytes\n  nonce       ", req->len);
	ca_buf_hex(out, req->nonce, CA_NONCE_LEN);
	ca_buf_fmt(out, "\n  issued at   %s, for %u s\n", when, req->lifetime);
	for (size_t i = 0; i < req->nhost_names; i++)
		put_field("host", req->host_name[i], out);
	put_field("service", req->service, out);
	put_field("user", req->user, out);
	put_field("rhost", req->rhost, out);
	for (size_t i = 0; i < req->nschemes; i++) {
		ca_buf_str(out, "  scheme      ");
		put_scheme(req->scheme[i], out);
		ca_buf_str(out, "\n");
	}
	put_authorities(req, out);
	if (req->status_request)
		ca_buf_str(out, "  OCSP        responses are asked for\n");
	if (req->host_proved) {
		ca_buf_str(out, "the host's proof\n");
		put_proof(crypto, &req->host, out);
	}
}

/* Decode the request of a prompt, or base64url text. */
static enum ca_err
message_bytes(const char *text, struct ca_buf *bytes)
{
	struct ca_prompt prompt = {0};
	enum ca_err rc = ca_wrapped_find(text, &prompt);

	if (rc == CA_ERR_NOT_FOUND)
		return ca_base64url_decode(bytes, text, strlen(text));
	if (rc == CA_OK)
		rc = ca_base64url_decode(
		    bytes, prompt.request, strlen(prompt.request));
	free(prompt.request);
	return rc;
}

static enum ca_err
show_request(struct ca_crypto *crypto, const char *text, struct ca_buf *out)
{
	struct ca_buf bytes = CA_BUF_INIT(CA_REQUEST_MAX);
	struct ca_request *req = NULL;
	enum ca_err rc = message_bytes(text, &bytes);

	if (rc == CA_OK)
		rc = ca_request_parse(bytes.p, bytes.len, &req);
	if (rc == CA_OK)
		put_request(crypto, req, out);
	ca_request_free(req);
	ca_buf_free(&bytes);
	return rc;
}

static enum ca_err
show_response(struct ca_crypto *crypto, const char *text, struct ca_buf *out)
{
	struct ca_buf bytes = CA_BUF_INIT(CA_RESPONSE_MAX);
	struct ca_proof_msgs proof;
	/* the mark of a piece does not belong to the response */
	size_t len = strlen(text);
	enum ca_err rc = ca_base64url_decode(
	    &bytes, text, len > 0 && text[len - 1] == '.' ? len - 1 : len);

	/* Certificate has a header of 4 bytes, then the nonce with its length; pass
	 * the nonce of the response itself, because any nonce is accepted here */
	if (rc == CA_OK && bytes.len < 5 + CA_NONCE_LEN)
		rc = CA_ERR_FORMAT;
	if (rc == CA_OK)
		rc = ca_response_parse(bytes.p, bytes.len, bytes.p + 5, &proof);
	if (rc == CA_OK) {
		ca_buf_fmt(
		    out, "response, %zu bytes\n  nonce       ", bytes.len);
		ca_buf_hex(out, bytes.p + 5, CA_NONCE_LEN);
		ca_buf_str(out, "\n");
		put_proof(crypto, &proof, out);
	}
	ca_buf_free(&bytes);
	return rc;
}

/* ---- certificates ---- */

struct show {
	struct ca_crypto *crypto;
	struct ca_buf *out;
};

static enum ca_err
show_one(void *ctx, const uint8_t *der, size_t len)
{
	struct show *show = ctx;
	X509 *cert = NULL;
	enum ca_err rc = ca_crypto_cert(show->crypto, der, len, &cert);
	char text[CA_CERT_REFUSAL];
	const char *why = rc == CA_OK ? NULL : ca_cert_refusal(der, len, text);

	if (rc == CA_OK)
		ca_inspect_cert(show->crypto, cert, show->out);
	else if (why != NULL)
		(void)ca_cli_fail(
		    "a certificate is refused by every host: %s", why);
	X509_free(cert);
	return rc;
}

static int
show_file(struct ca_crypto *crypto, const char *path, struct ca_buf *out)
{
	struct show show = {crypto, out};

	return ca_certargs_each(path, CA_EXIT_NO, show_one, &show);
}

static int
show(struct ca_crypto *crypto, const char *request, const char *response,
    const char *path)
{
	struct ca_buf out = CA_BUF_INIT(16 << 20);
	enum ca_err rc = CA_OK;
	int status = CA_EXIT_OK;

	if (path != NULL)
		status = show_file(crypto, path, &out);
	else if (request != NULL)
		rc = show_request(crypto, request, &out);
	else if (response != NULL)
		rc = show_response(crypto, response, &out);
	if (rc != CA_OK) {
		(void)ca_cli_fail("the %s cannot be decoded: %s",
		    request != NULL ? "request" : "response", ca_err_text(rc));
		status = CA_EXIT_NO;
	}
	const char *text = ca_buf_text(&out);
	if (text != NULL)
		(void)fputs(text, stdout); /* fflush reports errors */
	ca_buf_free(&out);
	if (fflush(stdout) != 0 && status == CA_EXIT_OK)
		status = ca_cli_fail("standard output: %s", strerror(errno));
	return status;
}

static int
run(int argc, char **argv)
{
	static const struct option options[] = {
	    {"request", required_argument, NULL, 'q'},
	    {"response", required_argument, NULL, 'r'},
	    {NULL, 0, NULL, 0},
	};
	const char *request = NULL, *response = NULL, *path;
	struct ca_crypto *crypto = NULL;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'q')
			request = optarg;
		else if (c == 'r')
			response = optarg;
		else
			return ca_cli_bad_option(&ca_cmd_inspect, argv);
	}
	path = argv[optind];
	if ((request != NULL) + (response != NULL) + argc - optind != 1)
		return ca_cli_usage(&ca_cmd_inspect,
		    "exactly one of a certificate file, --request and --response is needed");
	if (ca_crypto_new(&crypto) != CA_OK)
		return ca_cli_fail("cannot initialise libcrypto");
	int status = show(crypto, request, response, path);
	ca_crypto_free(crypto);
	return status;
}
