#include "module/authtok.h"

#include <string.h>

#include "base/bounds.h"
#include "base/secret.h"
#include "module/pam.h"

enum ca_err
ca_password_get(pam_handle_t *pamh, bool first_pass, struct ca_buf *out,
    enum ca_reason *reason)
{
	const char *text;
	char *answer = NULL;
	enum ca_err rc = CA_OK;

	*reason = CA_R_NONE;
	if (!ca_pam_item(pamh, PAM_AUTHTOK, &text))
		return CA_ERR_UNSET;
	if (text == NULL && first_pass)
		return CA_ERR_IO;
	if (text == NULL && (rc = ca_pam_converse(pamh, PAM_PROMPT_ECHO_OFF,
				 "Password: ", &answer)) == CA_OK)
		text = answer;
	if (text == NULL)
		return CA_ERR_CONV;
	if (strncmp(text, CA_PASSWORD_PREFIX, strlen(CA_PASSWORD_PREFIX)) !=
	    0) {
		rc = answer == NULL || pam_set_item(pamh, PAM_AUTHTOK,
					   answer) == PAM_SUCCESS
			 ? CA_ERR_IO
			 : CA_ERR_MEMORY;
	} else {
		*reason = CA_R_ANSWER_LIMIT;
		ca_buf_str(out, text);
		rc = ca_buf_err(out);
		if (answer == NULL &&
		    pam_set_item(pamh, PAM_AUTHTOK, NULL) != PAM_SUCCESS)
			rc = CA_ERR_UNSET;
	}
	ca_secret_wipe_text(answer);
	return rc;
}
