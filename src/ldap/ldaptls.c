#include "ldap/ldaptls.h"

#include <openldap.h>
#include <string.h>
#include <unistd.h>

bool
ca_ldap_handle(int fd, const char *uri, LDAP **ld)
{
	*ld = NULL;
	if (ldap_init_fd(fd, LDAP_PROTO_TCP, uri, ld) == LDAP_SUCCESS)
		return true;
	*ld = NULL;
	(void)close(fd);
	return false;
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

bool
ca_ldap_tls_set(LDAP *ld, const struct ca_ldap_order *order)
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

int
ca_ldap_tls_start(LDAP *ld, const char *uri)
{
	return strncmp(uri, "ldaps://", 8) == 0
		   ? ldap_install_tls(ld)
		   : ldap_start_tls_s(ld, NULL, NULL);
}
