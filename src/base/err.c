#include "base/err.h"

const char *
ca_err_text(enum ca_err err)
{
	switch (err) {
	case CA_ERR_UNSET:
		return "internal error: no result was set";
	case CA_OK:
		return "success";
	case CA_DENIED:
		return "denied";
	case CA_ERR_FORMAT:
		return "malformed";
	case CA_ERR_TRUNCATED:
		return "the end is missing";
	case CA_ERR_LIMIT:
		return "limit exceeded";
	case CA_ERR_EXPIRED:
		return "expired";
	case CA_ERR_NOT_FOUND:
		return "not found";
	case CA_ERR_UNTRUSTED:
		return "owner, permissions or file type not accepted";
	case CA_ERR_IO:
		return "input/output error";
	case CA_ERR_CONFIG:
		return "configuration error";
	case CA_ERR_MEMORY:
		return "out of memory";
	case CA_ERR_CRYPTO:
		return "cryptographic library error";
	case CA_ERR_CONV:
		return "conversation failed";
	case CA_ERR_UNSUPPORTED:
		return "not supported";
	case CA_ERR_STALE:
		return "out of date";
	case CA_ERR_TIMEOUT:
		return "timed out";
	case CA_ERR_CANCELLED:
		return "cancelled";
	case CA_ERR_USAGE:
		return "invalid arguments";
	case CA_ERR_PIN:
		return "wrong PIN or password";
	case CA_ERR_SIGNATURE:
		return "the signature does not verify";
	}
	return "unknown error";
}
