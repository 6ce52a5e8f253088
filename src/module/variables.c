#include "module/variables.h"

#include <string.h>

#include "base/utf8.h"

/* The verifier gives only their values. */
static const char *const variables[] = {"CERTAUTH_SUBJECT", "CERTAUTH_ISSUER",
    "CERTAUTH_SERIAL", "CERTAUTH_SHA256", "CERTAUTH_NOT_AFTER"};

#define VARIABLES (sizeof variables / sizeof variables[0])

enum ca_err
ca_variables_set(pam_handle_t *pamh, const struct ca_op_texts *env)
{
	if (env->n != VARIABLES)
		return CA_ERR_FORMAT;
	for (size_t i = 0; i < VARIABLES; i++) {
		size_t len = strlen(variables[i]);

		if (strncmp(env->v[i], variables[i], len) != 0 ||
		    env->v[i][len] != '=' ||
		    !ca_utf8_text(env->v[i], strlen(env->v[i])))
			return CA_ERR_FORMAT;
		if (pam_putenv(pamh, env->v[i]) != PAM_SUCCESS)
			return CA_ERR_MEMORY;
	}
	return CA_OK;
}

const char *
ca_variables_value(const struct ca_op_texts *env, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], name, len) == 0 && env->v[i][len] == '=')
			return env->v[i] + len + 1;
	return NULL;
}

void
ca_variables_remove(pam_handle_t *pamh)
{
	for (size_t i = 0; i < VARIABLES; i++) {
		if (pam_getenv(pamh, variables[i]) != NULL)
			(void)pam_putenv(pamh, variables[i]);
	}
}
