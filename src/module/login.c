#include "module/login.h"

#include <stdlib.h>
#include <string.h>

#define LOGIN_DATA "certauth_login"

static void
login_free(pam_handle_t *pamh, void *data, int status)
{
	struct ca_login *login = data;

	(void)pamh, (void)status;
	if (login != NULL)
		free(login->user);
	free(login);
}

enum ca_err
ca_login_keep(pam_handle_t *pamh, const struct ca_op_answer *a)
{
	struct ca_login *login = calloc(1, sizeof *login + a->kept.len);

	if (login == NULL)
		return CA_ERR_MEMORY;
	login->len = a->kept.len;
	if (a->kept.len > 0)
		memcpy(login->kept, a->kept.p, a->kept.len);
	login->user = strdup(a->login);
	if (login->user == NULL ||
	    pam_set_data(pamh, LOGIN_DATA, login, login_free) != PAM_SUCCESS) {
		login_free(pamh, login, 0);
		return CA_ERR_MEMORY;
	}
	return CA_OK;
}

enum ca_err
ca_login_find(const pam_handle_t *pamh, const struct ca_login **login)
{
	const void *data = NULL;
	int rc = pam_get_data(pamh, LOGIN_DATA, &data);

	*login = rc == PAM_SUCCESS ? data : NULL;
	return rc == PAM_SUCCESS || rc == PAM_NO_MODULE_DATA ? CA_OK
							     : CA_ERR_USAGE;
}

void
ca_login_forget(pam_handle_t *pamh)
{
	(void)pam_set_data(pamh, LOGIN_DATA, NULL, NULL);
}
