#include "ldap/ldaptls.h"

#include <openldap.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_SECONDS 60
/* bytes of one message of the server: libldap would take any length */
#define INCOMING ((ber_len_t)24 << 20)

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
ca_ldap_tls_bound(LDAP *ld)
{
	const struct timeval answer = {ANSWER_SECONDS, 0};
	ber_len_t incoming = INCOMING;
	Sockbuf *socket = NULL;

	return set_number(ld, LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3) &&
	       set(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) &&
	       set(ld, LDAP_OPT_TIMEOUT, &answer) &&
	       ldap_get_option(ld, LDAP_OPT_SOCKBUF, &socket) ==
		   LDAP_OPT_SUCCESS &&
	       ber_sockbuf_ctrl(
		   socket, LBER_SB_OPT_SET_MAX_INCOMING, &incoming) >= 0;
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
