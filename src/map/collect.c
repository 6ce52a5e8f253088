/*
 * Collect and decode the registered certificates of a user, within a budget,
 * for a response that contains no certificate.
 */
#include "crypto/certgate.h"
#include "crypto/cost.h"
#include "map/map.h"
#include "map/registered.h"

struct collect {
	struct ca_crypto *crypto;
	const struct ca_log *log;
	STACK_OF(X509) *certs;
	struct ca_map_budget *budget;
	bool links; /* collect the chains, not the registered certificates */
	bool spent; /* the budget ended the walk; this is logged */
};

/* CA_ERR_NOT_FOUND: the certificate must not be decoded; this is logged.
 * CA_ERR_LIMIT: the budget does not allow it; this is logged. */
static enum ca_err
decode(struct collect *c, const char *path, const unsigned char *der,
    size_t len, X509 **cert)
{
	size_t cost = ca_cost_decode(len);

	if (cost > c->budget->cost) {
		ca_log_warning(c->log,
		    "%s and the certificates after it are not used: too many certificates are registered, or they are too large",
		    path);
		c->spent = true;
		return CA_ERR_LIMIT;
	}
	c->budget->cost -= cost;
	enum ca_err rc = ca_crypto_cert(c->crypto, der, len, cert);
	char text[CA_CERT_REFUSAL];
	const char *why = rc == CA_OK ? NULL : ca_cert_refusal(der, len, text);
	if (why == NULL)
		return rc;
	ca_log_warning(
	    c->log, "%s: a certificate in it is not used: %-s", path, why);
	return CA_ERR_NOT_FOUND;
}

static enum ca_err
collect(void *ctx, const char *login, const char *path, bool first,
    const unsigned char *der, size_t len)
{
	struct collect *c = ctx;
	X509 *cert;
	enum ca_err rc;

	(void)login;
	if (first && c->links)
		return CA_OK;
	if ((size_t)sk_X509_num(c->certs) >= c->budget->max) {
		ca_log_warning(c->log,
		    "%s and the certificates after it are not used: at most %zu certificates are tried",
		    path, c->budget->max);
		c->spent = true;
		return CA_ERR_LIMIT;
	}
	if ((rc = decode(c, path, der, len, &cert)) != CA_OK)
		return rc == CA_ERR_NOT_FOUND ? CA_OK : rc;
	if ((!first && ca_registered_is_link(cert)) != c->links) {
		X509_free(cert);
		return CA_OK;
	}
	if (sk_X509_push(c->certs, cert) <= 0) {
		X509_free(cert);
		return CA_ERR_MEMORY;
	}
	return CA_OK;
}

static enum ca_err
registered(const struct ca_context *ctx, const char *user,
    struct ca_map_budget *budget, bool links, STACK_OF(X509) **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct collect c = {
	    ctx->crypto, ctx->log, sk_X509_new_null(), budget, links, false};

	*out = NULL;
	if (c.certs == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if (user == NULL || user[0] == '\0')
		goto done; /* no user is known yet, so there are no certificates */
	rc = ca_registered_walk(ctx->cfg, ctx->log, user, collect, &c);
	/* what was collected before the budget ended is used */
	if (rc != CA_OK && !c.spent) {
		ret = rc;
		goto out;
	}
done:
	*out = c.certs;
	c.certs = NULL; /* transferred */
	ret = CA_OK;
out:
	sk_X509_pop_free(c.certs, X509_free);
	return ret;
}

enum ca_err
ca_map_registered(const struct ca_context *ctx, const char *user,
    struct ca_map_budget *budget, STACK_OF(X509) **out)
{
	return registered(ctx, user, budget, false, out);
}

enum ca_err
ca_map_registered_chain(const struct ca_context *ctx, const char *user,
    struct ca_map_budget *budget, STACK_OF(X509) **out)
{
	return registered(ctx, user, budget, true, out);
}
