/*
 * The name of a key's token for others: a PKCS#11 URI (RFC 7512).
 */
#include "key/p11.h"

#include <stdlib.h>
#include <string.h>

/* A field of a token is padded with blanks; an empty one would match nothing else. */
static size_t
take_field(unsigned char *to, const unsigned char *from, size_t len)
{
	size_t n = p11_kit_space_strlen(from, len);

	if (n > 0)
		memcpy(to, from, len);
	return n;
}

/* The fields that say which token it is; returns their length without padding. */
static size_t
take_fields(CK_TOKEN_INFO *to, const CK_TOKEN_INFO *from)
{
	(void)take_field(to->manufacturerID, from->manufacturerID,
	    sizeof to->manufacturerID);
	(void)take_field(to->model, from->model, sizeof to->model);
	return take_field(to->label, from->label, sizeof to->label) +
	       take_field(to->serialNumber, from->serialNumber,
		   sizeof to->serialNumber);
}

enum ca_err
ca_key_token(const struct ca_key *key, struct ca_buf *out)
{
	const struct ca_p11_held *held = ca_p11_key_held(key);
	P11KitUri *uri = held != NULL ? p11_kit_uri_new() : NULL;
	enum ca_err rc = held != NULL ? CA_ERR_MEMORY : CA_ERR_NOT_FOUND;
	const char *path = NULL;
	char *text = NULL;

	if (held != NULL && held->p11->uri != NULL)
		path = p11_kit_uri_get_module_path(held->p11->uri);
	if (uri != NULL && path != NULL)
		p11_kit_uri_set_module_path(uri, path);
	if (uri != NULL && take_fields(p11_kit_uri_get_token_info(uri),
			       &held->token.info) == 0)
		rc = CA_ERR_NOT_FOUND;
	else if (uri != NULL && p11_kit_uri_format(uri, P11_KIT_URI_FOR_TOKEN,
				    &text) == P11_KIT_URI_OK) {
		ca_buf_str(out, text);
		rc = ca_buf_err(out);
	}
	free(text);
	p11_kit_uri_free(uri);
	return rc;
}
