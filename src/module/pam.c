#include "module/pam.h"

#include <security/pam_modules.h>
#include <stddef.h>
#include <stdlib.h>

/*
 * An application may say PAM_SUCCESS and give no array, no answer in it, or a
 * very long one; after any other code the array is not ours to look at.
 */
enum ca_err
ca_pam_converse(pam_handle_t *pamh, int style, const char *text, char **answer)
{
	const void *item = NULL;
	struct pam_message msg = {style, text};
	const struct pam_message *msgs = &msg;
	struct pam_response *resp = NULL;

	*answer = NULL;
	if (pam_get_item(pamh, PAM_CONV, &item) != PAM_SUCCESS || item == NULL)
		return CA_ERR_CONV;
	const struct pam_conv *conv = item;
	if (conv->conv == NULL)
		return CA_ERR_CONV;
	if (conv->conv(1, &msgs, &resp, conv->appdata_ptr) != PAM_SUCCESS)
		return CA_ERR_CONV;
	if (resp != NULL)
		*answer = resp->resp; /* transferred */
	free(resp);
	return CA_OK;
}

bool
ca_pam_item(pam_handle_t *pamh, int type, const char **text)
{
	const void *item = NULL;
	bool told = pam_get_item(pamh, type, &item) == PAM_SUCCESS;

	*text = told ? item : NULL;
	return told;
}
