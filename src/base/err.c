#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

static const char *const texts[] = {
    [CA_ERR_UNSET] = "internal error: no result was set",
    [CA_OK] = "success",
    [CA_DENIED] = "denied",
    [CA_ERR_FORMAT] = "malformed",
    [CA_ERR_TRUNCATED] = "the end is missing",
    [CA_ERR_LIMIT] = "limit exceeded",
    [CA_ERR_EXPIRED] = "expired",
    [CA_ERR_NOT_FOUND] = "not found",
    [CA_ERR_UNTRUSTED] = "owner, permissions or file type not accepted",
    [CA_ERR_IO] = "input/output error",
    [CA_ERR_CONFIG] = "configuration error",
    [CA_ERR_MEMORY] = "out of memory",
    [CA_ERR_CRYPTO] = "cryptographic library error",
    [CA_ERR_CONV] = "conversation failed",
    [CA_ERR_UNSUPPORTED] = "not supported",
    [CA_ERR_STALE] = "out of date",
    [CA_ERR_TIMEOUT] = "timed out",
    [CA_ERR_CANCELLED] = "cancelled",
    [CA_ERR_USAGE] = "invalid arguments",
    [CA_ERR_PIN] = "wrong PIN or password",
    [CA_ERR_SIGNATURE] = "the signature does not verify",
};

const char *
ca_err_text(enum ca_err err)
{
	bool known = (size_t)err < sizeof texts / sizeof texts[0];
	const char *text = known ? texts[err] : NULL;

	return text != NULL ? text : "unknown error";
}
