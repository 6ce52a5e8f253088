/*
 * The one map from our errors to PAM's codes.
 *
 * X(error, code); denied is what the entry point says when the checks said no.
 * pam_certauth.c makes of it a switch over the numbers, `certauth explain` one
 * over the names: this room knows no PAM.
 */
#ifndef CA_BASE_PAMCODE_H
#define CA_BASE_PAMCODE_H

#define CA_PAM_CODES(X, denied)                                                \
	X(CA_OK, PAM_SUCCESS)                                                  \
	X(CA_DENIED, denied)                                                   \
	X(CA_ERR_FORMAT, denied)                                               \
	X(CA_ERR_TRUNCATED, denied)                                            \
	X(CA_ERR_LIMIT, denied)                                                \
	X(CA_ERR_EXPIRED, denied)                                              \
	X(CA_ERR_NOT_FOUND, denied)                                            \
	X(CA_ERR_UNSUPPORTED, denied)                                          \
	X(CA_ERR_STALE, denied)                                                \
	X(CA_ERR_TIMEOUT, denied)                                              \
	X(CA_ERR_CANCELLED, denied)                                            \
	X(CA_ERR_PIN, denied)                                                  \
	X(CA_ERR_SIGNATURE, denied)                                            \
	X(CA_ERR_UNTRUSTED, PAM_AUTHINFO_UNAVAIL)                              \
	X(CA_ERR_IO, PAM_AUTHINFO_UNAVAIL)                                     \
	X(CA_ERR_CONV, PAM_CONV_ERR)                                           \
	X(CA_ERR_MEMORY, PAM_BUF_ERR)                                          \
	X(CA_ERR_UNSET, PAM_SERVICE_ERR)                                       \
	X(CA_ERR_CONFIG, PAM_SERVICE_ERR)                                      \
	X(CA_ERR_CRYPTO, PAM_SERVICE_ERR)                                      \
	X(CA_ERR_USAGE, PAM_SERVICE_ERR)

#endif
