/*
 * The names of this host that signed passwords may be for.
 */
#include "host/host.h"

#include <stdlib.h>
#include <string.h>

#include "wire/password.h"

/* As clients sign a name: lower case, without the dot of the root. */
static bool
canonical(const char *name, char out[CA_HOST_PASSWORD_NAME])
{
	size_t len = strlen(name);

	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || len >= CA_HOST_PASSWORD_NAME)
		return false;
	for (size_t i = 0; i < len; i++)
		out[i] = name[i] >= 'A' && name[i] <= 'Z'
			     ? (char)(name[i] - 'A' + 'a')
			     : name[i];
	out[len] = '\0';
	return true;
}

/* Each host has a short name web1, and localhost: a text for such a name would be good
 * at all of them. */
static bool
is_full(const char *name)
{
	return strchr(name, '.') != NULL &&
	       strncmp(name, "localhost.", 10) != 0;
}

enum ca_err
ca_host_password_names(const struct ca_config *cfg,
    char name[CA_HOST_NAMES_MAX][CA_HOST_PASSWORD_NAME], size_t *n)
{
	char *own[CA_HOST_NAMES_MAX] = {NULL};
	const struct ca_list *set = &cfg->password_names;
	size_t count = 0;
	enum ca_err rc = CA_OK;

	*n = 0;
	for (size_t i = 0; i < set->n && *n < CA_HOST_NAMES_MAX; i++)
		*n += canonical(set->v[i], name[*n]) ? 1 : 0;
	if (set->n == 0) {
		rc = ca_host_names(cfg, own, CA_HOST_NAMES_MAX, &count);
		for (size_t i = 0; i < count && *n == 0; i++)
			*n += canonical(own[i], name[0]) && is_full(name[0]);
		for (size_t i = 0; i < count; i++)
			free(own[i]);
	}
	return rc == CA_ERR_MEMORY ? rc : *n > 0 ? CA_OK : CA_ERR_NOT_FOUND;
}

enum ca_err
ca_host_password_id(struct ca_crypto *crypto, const char *name, uint8_t *id)
{
	uint8_t hash[32];
	enum ca_err rc = ca_crypto_sha256(crypto, name, strlen(name), hash);

	if (rc == CA_OK)
		memcpy(id, hash, CA_PASSWORD_HOST_ID);
	return rc;
}
