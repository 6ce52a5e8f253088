#include "ldap/ldaplocal.h"

#include <string.h>
#include <strings.h>

bool
ca_ldap_is_local(const char *uri)
{
	static const char *const hosts[] = {"ldap://127.0.0.1", "ldap://[::1]"};

	if (strncmp(uri, "ldapi://", 8) == 0)
		return true;
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		size_t len = strlen(hosts[i]);

		if (strncasecmp(uri, hosts[i], len) == 0 &&
		    (uri[len] == '\0' || uri[len] == ':'))
			return true;
	}
	return false;
}
