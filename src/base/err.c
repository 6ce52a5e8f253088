#include "base/err.h"
#include "base/tr.h"

#include <stdbool.h>
#include <stddef.h>

static const char *const texts[] = {
    [CA_ERR_UNSET] = N_("internal error: no result was set"),
    [CA_OK] = N_("success"),
    [CA_DENIED] = N_("denied"),
    [CA_ERR_FORMAT] = N_("malformed"),
    [CA_ERR_TRUNCATED] = N_("the end is missing"),
    [CA_ERR_LIMIT] = N_("limit exceeded"),
    [CA_ERR_EXPIRED] = N_("expired"),
    [CA_ERR_NOT_FOUND] = N_("not found"),
    [CA_ERR_UNTRUSTED] = N_("owner, permissions or file type not accepted"),
    [CA_ERR_IO] = N_("input/output error"),
    [CA_ERR_CONFIG] = N_("configuration error"),
    [CA_ERR_MEMORY] = N_("out of memory"),
    [CA_ERR_CRYPTO] = N_("cryptographic library error"),
    [CA_ERR_CONV] = N_("conversation failed"),
    [CA_ERR_UNSUPPORTED] = N_("not supported"),
    [CA_ERR_STALE] = N_("out of date"),
    [CA_ERR_TIMEOUT] = N_("timed out"),
    [CA_ERR_CANCELLED] = N_("cancelled"),
    [CA_ERR_USAGE] = N_("invalid arguments"),
    [CA_ERR_PIN] = N_("wrong PIN or password"),
    [CA_ERR_SIGNATURE] = N_("the signature does not verify"),
};

const char *
ca_err_text(enum ca_err err)
{
	bool known = (size_t)err < sizeof texts / sizeof texts[0];
	const char *text = known ? texts[err] : NULL;

	return text != NULL ? text : N_("unknown error");
}
