#include "module/variables.h"

#include <string.h>

#include "base/utf8.h"
#include "channel/helper.h"

/* The verifier gives only their values. */
static const char *const variables[] = {"CERTAUTH_SUBJECT", "CERTAUTH_ISSUER",
    "CERTAUTH_SERIAL", "CERTAUTH_SHA256", "CERTAUTH_NOT_AFTER"};

#define VARIABLES (sizeof variables / sizeof variables[0])

/* The helper gives its value, which is the user's own text. */
#define TOKEN "CERTAUTH_TOKEN"

static enum ca_err
set_token(pam_handle_t *pamh, struct ca_buf *token)
{
	char text[sizeof TOKEN + 1 + CA_HELPER_TEXT_MAX];
	const char *uri = ca_buf_text(token);

	/* no token signed */
	if (uri == NULL || uri[0] == '\0' || token->len > CA_HELPER_TEXT_MAX)
		return CA_OK;
	(void)stpcpy(stpcpy(text, TOKEN "="), uri);
	return pam_putenv(pamh, text) == PAM_SUCCESS ? CA_OK : CA_ERR_MEMORY;
}

enum ca_err
ca_variables_set(
    pam_handle_t *pamh, const struct ca_op_texts *env, struct ca_buf *token)
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
	return set_token(pamh, token);
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

static void
remove_one(pam_handle_t *pamh, const char *name)
{
	if (pam_getenv(pamh, name) != NULL)
		(void)pam_putenv(pamh, name);
}

void
ca_variables_remove(pam_handle_t *pamh)
{
	for (size_t i = 0; i < VARIABLES; i++)
		remove_one(pamh, variables[i]);
	remove_one(pamh, TOKEN);
}
