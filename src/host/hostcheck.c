/*
 * What an administrator should know about host_cert and host_key before a
 * client refuses the host.
 */
#include "host/hostint.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define DAY ((time_t)24 * 60 * 60)

/* As a client looks: in subjectAltName only, wildcards for a whole label. */
static bool
name_in(X509 *leaf, const char *name)
{
	return X509_check_host(leaf, name, 0,
		   X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
		       X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
		   NULL) == 1 ||
	       X509_check_ip_asc(
		   leaf, name, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT) == 1;
}

static void
check_names(const struct ca_config *cfg, const struct ca_log *log, X509 *leaf)
{
	char *name[CA_HOST_NAMES_MAX] = {NULL};
	size_t n = 0, found = 0;

	if (ca_host_names(cfg, name, CA_HOST_NAMES_MAX, &n) != CA_OK) {
		ca_log_err(log,
		    "this host has no usable name: set host_names in "
		    "certauth.conf");
		return;
	}
	for (size_t i = 0; i < n; i++)
		found += name_in(leaf, name[i]);
	if (n > 0 && found == 0)
		ca_log_warning(log,
		    "host_cert %s: its subjectAltName contains none of the "
		    "names of this host (%s%-s), so clients that check it "
		    "refuse this host",
		    cfg->host_cert, name[0], n > 1 ? ", ..." : "");
	else if (n > 0 && !name_in(leaf, name[0]))
		ca_log_warning(log,
		    "host_cert %s: its subjectAltName does not contain the "
		    "first name of this host, %s",
		    cfg->host_cert, name[0]);
	for (size_t i = 0; i < n; i++)
		free(name[i]);
}

static void
check_leaf(const struct ca_context *ctx, X509 *leaf)
{
	const struct ca_config *cfg = ctx->cfg;
	time_t soon =
	    ctx->now +
	    (cfg->warn_expiry > 0 ? (time_t)cfg->warn_expiry : 14 * DAY);

	if (X509_cmp_time(X509_get0_notAfter(leaf), &soon) != 1)
		ca_log_warning(ctx->log,
		    "host_cert %s expires within %lld days", cfg->host_cert,
		    (long long)((soon - ctx->now) / DAY));
	if (X509_check_purpose(leaf, X509_PURPOSE_SSL_SERVER, 0) != 1)
		ca_log_warning(ctx->log,
		    "host_cert %s is not valid for TLS servers "
		    "(extendedKeyUsage without serverAuth), so clients that "
		    "check it refuse this host",
		    cfg->host_cert);
}

enum ca_err
ca_host_check(const struct ca_context *ctx)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const struct ca_config *cfg = ctx->cfg;
	struct ca_host_identity host;

	if (cfg->host_proof == CA_HOST_PROOF_OFF ||
	    (cfg->host_cert == NULL && cfg->host_key == NULL)) {
		return CA_ERR_NOT_FOUND;
	}
	ERR_set_mark();
	if ((rc = ca_host_load(ctx, &host)) != CA_OK) {
		ret = rc;
		goto out;
	}
	check_leaf(ctx, sk_X509_value(host.certs, 0));
	check_names(cfg, ctx->log, sk_X509_value(host.certs, 0));
	ca_host_clear(&host);
	ret = CA_OK;
out:
	ERR_pop_to_mark();
	return ret;
}
