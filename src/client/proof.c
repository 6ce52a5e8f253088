/*
 * Client rule 4: the host proves that it has the key of its certificate.
 */
#include "client/rulesint.h"

#include <fcntl.h>
#include <openssl/x509.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/tr.h"
#include "config/config.h"
#include "verify/certfile.h"
#include "verify/purpose.h"
#include "report/report.h"
#include "sign/requestcheck.h"
#include "verify/verify.h"

/* brief is "web1" and full is "web1.example.com". */
static bool
short_of(const char *brief, const char *full)
{
	size_t len = strlen(brief);

	return len > 0 && strchr(brief, '.') == NULL &&
	       strncasecmp(brief, full, len) == 0 && full[len] == '.';
}

/*
 * A name in host_names is in the certificate, and it is a name that was meant:
 * a host of the same CA that lists another host's name beside its own is not
 * accepted as the other host.  A short name that was meant may be in the
 * certificate in full.
 */
static enum ca_err
proof_names(const struct ca_rules_case *c, X509 *leaf)
{
	const struct ca_request *req = c->req;

	for (size_t i = 0; i < req->nhost_names; i++) {
		if (!ca_host_in_cert(leaf, req->host_name[i]))
			continue;
		for (size_t k = 0; k < req->nhost_names; k++)
			if (ca_rules_meant(c, req->host_name[k]) &&
			    (k == i ||
				short_of(req->host_name[k], req->host_name[i])))
				return CA_OK;
	}
	ca_buf_str(c->why,
	    _("rule 4, the host's proof: none of the names that you meant is in "
	      "the subjectAltName of the host's certificate; the names in the "
	      "request are "));
	ca_rules_put_names(
	    c->why, (const char *const *)req->host_name, req->nhost_names);
	ca_buf_str(
	    c->why, _(". Log in by a name in the certificate, or add that "
		      "name to trusted_hosts"));
	return CA_DENIED;
}

static bool
is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* host_ca is a file: if one of its certificates is broken, none is used. */
static enum ca_err
read_bundle(const struct ca_rules_case *c, STACK_OF(X509) **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const char *path = c->conf->host_ca;
	struct ca_buf text = CA_BUF_INIT((size_t)CA_CERTFILE_MAX);
	STACK_OF(X509) *certs = sk_X509_new_null();
	size_t bad = 0;

	if (certs == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	rc = ca_file_read(AT_FDCWD, path, CA_CERTFILE_MAX, &text);
	if (rc != CA_OK) {
		ca_file_log(c->log, path, rc);
		ret = rc;
		goto out;
	}
	rc = ca_certfile_parse(c->crypto, text.p, text.len, certs, &bad);
	if (rc == CA_OK && bad > 0)
		rc = CA_ERR_FORMAT;
	if (rc != CA_OK) {
		ca_log_err(c->log,
		    "host_ca %s is not a file of certificates: %-s", path,
		    ca_err_text(rc));
		ret = rc;
		goto out;
	}
	*out = certs;
	certs = NULL; /* transferred */
	ret = CA_OK;
out:
	sk_X509_pop_free(certs, X509_free);
	ca_buf_free(&text);
	return ret;
}

/* Configure the verification that the module uses for a server of the host
 * CAs. */
static enum ca_err
host_config(const struct ca_rules_case *c, bool bundle, struct ca_config *cfg)
{
	const char *const pair[][2] = {
	    {"ca_dir", bundle ? NULL : c->conf->host_ca},
	    {"purpose", "sslserver"},
	    {"crl", c->conf->host_crl != NULL ? "require" : "off"},
	    {"crl_dir", c->conf->host_crl},
	};
	enum ca_err rc;

	for (size_t i = 0; i < sizeof pair / sizeof pair[0]; i++)
		if (pair[i][1] != NULL &&
		    (rc = ca_config_set(cfg, pair[i][0], pair[i][1],
			 "client configuration", c->log)) != CA_OK)
			return rc;
	return CA_OK;
}

/* One line, also of a certificate with several faults: the first check that failed
 * says what is to be done first. */
static void
chain_refused(const struct ca_rules_case *c, const struct ca_report *report)
{
	const char *detail = NULL, *check = NULL;

	for (int i = 0; i < CA_CHECKS && check == NULL; i++) {
		enum ca_check one = (enum ca_check)i;

		if (ca_report_verdict(report, one) != CA_FAIL)
			continue;
		check = ca_check_name(one);
		detail = ca_report_get0_detail(report, one);
	}
	ca_buf_fmt(c->why,
	    _("rule 4, the host's proof: the host's certificate is refused "
	      "(%s, %s): %s"),
	    check != NULL ? check : "-",
	    ca_reason_code(ca_report_reason(report)),
	    ca_reason_text(ca_report_reason(report)));
	if (detail != NULL) {
		ca_buf_str(c->why, "; ");
		ca_buf_printable(c->why, detail, strlen(detail));
	}
	ca_buf_str(c->why, ". ");
	if (c->conf->host_crl != NULL)
		ca_buf_fmt(c->why,
		    _("The CA certificates of hosts are read from %s "
		      "(host_ca), and their CRLs from %s"),
		    c->conf->host_ca, c->conf->host_crl);
	else
		ca_buf_fmt(c->why,
		    _("The CA certificates of hosts are read from %s "
		      "(host_ca)"),
		    c->conf->host_ca);
}

static enum ca_err
proof_chain(const struct ca_rules_case *c, X509 *leaf, STACK_OF(X509) *chain)
{
	enum ca_err ret = CA_ERR_UNSET, rc = CA_OK;
	struct ca_config *cfg = ca_config_new();
	struct ca_report *report = ca_report_new();
	struct ca_verify_input in = {leaf, chain, c->intent->now, NULL};
	bool bundle = is_file(c->conf->host_ca);

	if (cfg == NULL || report == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if (bundle && (rc = read_bundle(c, &in.anchors)) != CA_OK) {
		ca_buf_fmt(c->why,
		    _("rule 4, the host's proof: host_ca %s cannot be used (%s)"),
		    c->conf->host_ca, _(ca_err_text(rc)));
		ret = rc == CA_ERR_MEMORY ? rc : CA_DENIED;
		goto out;
	}
	if ((rc = host_config(c, bundle, cfg)) != CA_OK) {
		ret = rc;
		goto out;
	}
	rc = ca_verify(c->crypto, cfg, c->log, &in, report, NULL);
	if (rc == CA_OK && !ca_purpose_may_sign(leaf))
		ca_report_set(report, CA_CHECK_PURPOSE, CA_FAIL, CA_R_PURPOSE,
		    "its keyUsage does not include digitalSignature");
	if (rc != CA_OK || !ca_report_granted(report, CA_REPORT_CERT)) {
		chain_refused(c, report);
		ret = CA_DENIED;
		goto out;
	}
	ret = CA_OK;
out:
	sk_X509_pop_free(in.anchors, X509_free);
	ca_report_free(report);
	ca_config_free(cfg);
	return ret;
}

static enum ca_err
proof_absent(const struct ca_rules_case *c)
{
	if (!c->conf->require_host_proof)
		return CA_OK;
	ca_buf_str(c->why,
	    _("rule 4, the host's proof: require_host_proof is set, but the host "
	      "sends no proof. The host's administrator can set host_cert and "
	      "host_key in its certauth.conf"));
	return CA_DENIED;
}

enum ca_err
ca_rules_proof(const struct ca_rules_case *c)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	X509 *leaf = NULL;
	STACK_OF(X509) *chain = NULL;

	if (!c->req->host_proved)
		return proof_absent(c);
	if (c->conf->host_ca == NULL && c->conf->require_host_proof) {
		ca_buf_str(c->why,
		    _("rule 4, the host's proof: require_host_proof needs "
		      "host_ca, the directory or file with the CA certificates "
		      "of hosts, in ~/.config/certauth/config"));
		return CA_DENIED;
	}
	if ((chain = sk_X509_new_null()) == NULL)
		return CA_ERR_MEMORY;
	rc = ca_requestcheck_proof(c->crypto, c->req, &leaf, chain, c->why);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	/* without host_ca, only rule 1 protects */
	if (c->conf->host_ca != NULL &&
	    ((rc = proof_chain(c, leaf, chain)) != CA_OK ||
		(rc = proof_names(c, leaf)) != CA_OK)) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	X509_free(leaf);
	sk_X509_pop_free(chain, X509_free);
	return ret;
}
