#include "crladmin/crladdress.h"

#include <openssl/x509v3.h>
#include <string.h>

#include "fetch/fetch.h"
#include "tool/cli.h"

static enum ca_err
add_url(struct ca_crladmin_run *r, struct ca_crladmin_states *states,
    const char *url, size_t len)
{
	char text[2048];

	if (len >= sizeof text || memchr(url, '\0', len) != NULL)
		return CA_OK;
	memcpy(text, url, len);
	text[len] = '\0';
	/* an address is written to a line of the state file and to messages */
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
			return CA_OK;
	if (!ca_fetch_can(text)) {
		ca_log_debug(&r->log,
		    "%s is no address that can be "
		    "fetched",
		    text);
		return CA_OK;
	}
	return ca_crladmin_state_want(states, text);
}

static enum ca_err
add_points(struct ca_crladmin_run *r, struct ca_crladmin_states *states,
    X509 *cert, int nid)
{
	CRL_DIST_POINTS *dps = X509_get_ext_d2i(cert, nid, NULL, NULL);
	enum ca_err rc = CA_OK;

	for (int i = 0; rc == CA_OK && i < sk_DIST_POINT_num(dps); i++) {
		DIST_POINT_NAME *dp = sk_DIST_POINT_value(dps, i)->distpoint;

		if (dp == NULL || dp->type != 0)
			continue;
		for (int k = 0;
		     rc == CA_OK && k < sk_GENERAL_NAME_num(dp->name.fullname);
		     k++) {
			GENERAL_NAME *g =
			    sk_GENERAL_NAME_value(dp->name.fullname, k);
			if (g->type == GEN_URI)
				rc = add_url(r, states,
				    (const char *)ASN1_STRING_get0_data(
					g->d.ia5),
				    (size_t)ASN1_STRING_length(g->d.ia5));
		}
	}
	CRL_DIST_POINTS_free(dps);
	return rc;
}

enum ca_err
ca_crladmin_addresses(
    struct ca_crladmin_run *r, struct ca_crladmin_states *states)
{
	const struct ca_list *conf = &r->cfg->crl_url;
	enum ca_err rc = CA_OK;

	for (size_t i = 0; rc == CA_OK && i < r->nurls; i++) {
		if (!ca_fetch_can(r->url[i])) {
			(void)ca_cli_fail(
			    "--url %s: the address must begin with http:, "
			    "https: or file:///",
			    r->url[i]);
			return CA_ERR_CONFIG;
		}
		rc = add_url(r, states, r->url[i], strlen(r->url[i]));
	}
	for (size_t i = 0; rc == CA_OK && i < conf->n; i++)
		rc = add_url(r, states, conf->v[i], strlen(conf->v[i]));
	for (int i = 0; rc == CA_OK && i < sk_X509_num(r->cas); i++) {
		X509 *ca = sk_X509_value(r->cas, i);

		rc = add_points(r, states, ca, NID_crl_distribution_points);
		if (rc == CA_OK)
			rc = add_points(r, states, ca, NID_freshest_crl);
	}
	return rc;
}
