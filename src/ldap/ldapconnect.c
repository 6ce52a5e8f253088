#include "ldap/ldapconnect.h"
#include "ldap/ldapexplain.h"
#include "ldap/ldaplocal.h"
#include "ldap/ldapreach.h"
#include "ldap/ldaptls.h"

#include <errno.h>
#include <sasl/sasl.h>
#include <string.h>

static bool
set(LDAP *ld, int option, const void *value)
{
	return ldap_set_option(ld, option, value) == LDAP_OPT_SUCCESS;
}

static bool
set_options(LDAP *ld, const struct ca_ldap_order *order)
{
	return ca_ldap_tls_bound(ld) &&
	       set(ld, LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON) &&
	       /* TLS protects the connection; servers refuse two layers */
	       set(ld, LDAP_OPT_X_SASL_SECPROPS, "maxssf=0") &&
	       ca_ldap_tls_set(ld, order);
}

/* GSSAPI asks for names that the keytab has: nothing is to be said. */
static int
interact(LDAP *ld, unsigned flags, void *defaults, void *in)
{
	(void)ld, (void)flags, (void)defaults;
	for (sasl_interact_t *i = in; i->id != SASL_CB_LIST_END; i++) {
		i->result = "";
		i->len = 0;
	}
	return LDAP_SUCCESS;
}

static int
bind_as(LDAP *ld, const struct ca_ldap_order *order)
{
	char nothing[] = "";
	/* credentials that are absent would ask for a challenge */
	struct berval none = {0, nothing};
	struct berval password = {0, NULL};

	if (order->keytab)
		return ldap_sasl_interactive_bind_s(ld, NULL, "GSSAPI", NULL,
		    NULL, LDAP_SASL_QUIET, interact, NULL);
	if (order->client != NULL)
		return ldap_sasl_bind_s(
		    ld, NULL, "EXTERNAL", &none, NULL, NULL, NULL);
	if (order->dn != NULL && order->password != NULL) {
		password.bv_val = (char *)order->password;
		password.bv_len = strlen(order->password);
	}
	return ldap_sasl_bind_s(ld, order->dn != NULL ? order->dn : "",
	    LDAP_SASL_SIMPLE, &password, NULL, NULL, NULL);
}

static enum ca_err
open_socket(LDAP *ld, struct ca_ldap_why *why)
{
	int result;

	errno = 0;
	if ((result = ldap_connect(ld)) == LDAP_SUCCESS)
		return CA_OK;
	ca_ldap_why_set(why, CA_LDAP_CAUSE_CONNECT, "%s",
	    errno != 0 ? strerror(errno) : ldap_err2string(result));
	return CA_ERR_IO;
}

/* Connect, over TCP unless the URI is that of a socket in the file system. */
static enum ca_err
open_server(const char *uri, LDAP **ld, struct ca_ldap_why *why)
{
	enum ca_err rc;
	int fd;

	if (strncmp(uri, "ldapi://", 8) == 0) {
		if (ldap_initialize(ld, uri) == LDAP_SUCCESS)
			return open_socket(*ld, why);
	} else if ((rc = ca_ldap_reach(uri, &fd, why)) != CA_OK) {
		return rc;
	} else if (ca_ldap_handle(fd, uri, ld)) {
		return CA_OK;
	}
	*ld = NULL;
	ca_ldap_why_set(
	    why, CA_LDAP_CAUSE_OTHER, "libldap does not take the address");
	return CA_ERR_UNSUPPORTED;
}

/* Nothing is sent before TLS: neither a bind nor a search. */
static enum ca_err
secure(struct ca_ldap_out *out, LDAP *ld, struct ca_ldap_why *why)
{
	const struct ca_ldap_order *order = out->order;
	enum ca_err rc;
	int result;

	if (ca_ldap_is_local(order->uri))
		return CA_OK;
	if ((rc = ca_ldap_out_at(out, CA_LDAP_STEP_TLS)) != CA_OK)
		return rc;
	result = ca_ldap_tls_start(ld, order->uri);
	if (result == LDAP_SUCCESS)
		return CA_OK;
	ca_ldap_why_result(why, ld, CA_LDAP_STEP_TLS, result, NULL);
	why->cause = result > 0 ? CA_LDAP_CAUSE_STARTTLS : CA_LDAP_CAUSE_TLS;
	if (result < 0)
		ca_ldap_explain(out->crypto, order, why);
	return CA_ERR_IO;
}

static enum ca_err
authenticate(struct ca_ldap_out *out, LDAP *ld, struct ca_ldap_why *why)
{
	enum ca_err rc = ca_ldap_out_at(out, CA_LDAP_STEP_BIND);
	int result;

	if (rc != CA_OK)
		return rc;
	result = bind_as(ld, out->order);
	if (result == LDAP_SUCCESS)
		return CA_OK;
	ca_ldap_why_result(why, ld, CA_LDAP_STEP_BIND, result, NULL);
	return ca_ldap_why_away(why) ? CA_ERR_IO : CA_DENIED;
}

enum ca_err
ca_ldap_connect(struct ca_ldap_out *out, LDAP **ld, struct ca_ldap_why *why)
{
	enum ca_err ret = CA_ERR_UNSET, rc;

	*ld = NULL;
	if ((rc = open_server(out->order->uri, ld, why)) != CA_OK) {
		ret = rc == CA_ERR_IO ? CA_ERR_IO : CA_DENIED;
		goto out;
	}
	if (!set_options(*ld, out->order)) {
		ca_ldap_why_set(why, CA_LDAP_CAUSE_OPTION,
		    "libldap refuses an option, a certificate or a key");
		ret = CA_DENIED;
		goto out;
	}
	if ((rc = secure(out, *ld, why)) != CA_OK ||
	    (rc = authenticate(out, *ld, why)) != CA_OK ||
	    (rc = ca_ldap_out_at(out, CA_LDAP_STEP_SEARCH)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	if (ret != CA_OK && *ld != NULL) {
		(void)ldap_unbind_ext(*ld, NULL, NULL);
		*ld = NULL;
	}
	return ret;
}
