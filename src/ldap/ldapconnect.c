#include "ldap/ldapconnect.h"
#include "ldap/ldaplocal.h"

#include <sasl/sasl.h>
#include <stdio.h>
#include <string.h>

#define CONNECT_SECONDS 10
#define ANSWER_SECONDS 60
/* bytes of one message of the server: libldap would take any length */
#define INCOMING ((ber_len_t)24 << 20)

void
ca_ldap_say(LDAP *ld, int error, char *why, size_t whyn)
{
	char *said = NULL;

	(void)ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &said);
	(void)snprintf(why, whyn, "%s%s%.400s%s", ldap_err2string(error),
	    said != NULL && *said != '\0' ? " (" : "", said != NULL ? said : "",
	    said != NULL && *said != '\0' ? ")" : "");
	ldap_memfree(said);
}

static bool
set(LDAP *ld, int option, const void *value)
{
	return ldap_set_option(ld, option, value) == LDAP_OPT_SUCCESS;
}

static bool
set_number(LDAP *ld, int option, int value)
{
	return set(ld, option, &value);
}

/* A context of TLS of our own: with our CA alone, and no file or variable of the
 * host. */
static bool
set_tls(LDAP *ld, const struct ca_ldap_order *order)
{
	return set_number(
		   ld, LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_DEMAND) &&
	       set_number(ld, LDAP_OPT_X_TLS_PROTOCOL_MIN,
		   LDAP_OPT_X_TLS_PROTOCOL_TLS1_2) &&
	       (order->ca == NULL ||
		   set(ld, LDAP_OPT_X_TLS_CACERTFILE, order->ca)) &&
	       (order->client == NULL ||
		   (set(ld, LDAP_OPT_X_TLS_CERTFILE, order->client) &&
		       set(ld, LDAP_OPT_X_TLS_KEYFILE, order->key))) &&
	       set_number(ld, LDAP_OPT_X_TLS_NEWCTX, 0);
}

static bool
set_options(LDAP *ld, const struct ca_ldap_order *order)
{
	const struct timeval connect = {CONNECT_SECONDS, 0};
	const struct timeval answer = {ANSWER_SECONDS, 0};
	ber_len_t incoming = INCOMING;
	Sockbuf *socket = NULL;

	return set_number(ld, LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3) &&
	       set(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) &&
	       set(ld, LDAP_OPT_NETWORK_TIMEOUT, &connect) &&
	       set(ld, LDAP_OPT_TIMEOUT, &answer) &&
	       set(ld, LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON) &&
	       /* TLS protects the connection; servers refuse two layers */
	       set(ld, LDAP_OPT_X_SASL_SECPROPS, "maxssf=0") &&
	       set_tls(ld, order) &&
	       ldap_get_option(ld, LDAP_OPT_SOCKBUF, &socket) ==
		   LDAP_OPT_SUCCESS &&
	       ber_sockbuf_ctrl(
		   socket, LBER_SB_OPT_SET_MAX_INCOMING, &incoming) >= 0;
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

/* Nothing is sent before TLS: neither a bind nor a search. */
static int
open_server(LDAP *ld, const char *uri)
{
	if (strncmp(uri, "ldap://", 7) == 0 && !ca_ldap_is_local(uri))
		return ldap_start_tls_s(ld, NULL, NULL);
	return ldap_connect(ld);
}

enum ca_err
ca_ldap_connect(const struct ca_ldap_order *order, const char *uri, LDAP **ld,
    char *why, size_t whyn)
{
	enum ca_err ret = CA_ERR_UNSET;
	int rc;

	if (ldap_initialize(ld, uri) != LDAP_SUCCESS) {
		*ld = NULL;
		(void)snprintf(why, whyn, "the address is malformed");
		return CA_ERR_UNSUPPORTED;
	}
	if (!set_options(*ld, order)) {
		(void)snprintf(why, whyn,
		    "libldap refuses an option, a certificate or a key");
		ret = CA_ERR_UNSUPPORTED;
		goto out;
	}
	if ((rc = open_server(*ld, uri)) != LDAP_SUCCESS) {
		ca_ldap_say(*ld, rc, why, whyn);
		ret = CA_ERR_IO;
		goto out;
	}
	if ((rc = bind_as(*ld, order)) != LDAP_SUCCESS) {
		ca_ldap_say(*ld, rc, why, whyn);
		ret = rc == LDAP_SERVER_DOWN || rc == LDAP_TIMEOUT ||
			      rc == LDAP_UNAVAILABLE || rc == LDAP_BUSY
			  ? CA_ERR_IO
			  : CA_DENIED;
		goto out;
	}
	ret = CA_OK;
out:
	if (ret != CA_OK) {
		(void)ldap_unbind_ext(*ld, NULL, NULL);
		*ld = NULL;
	}
	return ret;
}
