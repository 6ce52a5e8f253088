/*
 * Bounds of the protocol that every part keeps (docs/protocol.md has them).
 */
#ifndef CA_BASE_BOUNDS_H
#define CA_BASE_BOUNDS_H

#define CA_NONCE_LEN 32
#define CA_REQUEST_MAX 49152  /* bytes; 65,536 characters of text */
#define CA_RESPONSE_MAX 24576 /* bytes; 32,768 characters */
/* a signed password begins so, and a final dot ends it */
#define CA_PASSWORD_PREFIX "ca1."
#define CA_PASSWORD_TEXT_MAX (4 + 32768 + 1) /* characters */
/* variables of helper_env, and bytes of a value */
#define CA_HELPER_ENV_MAX 16
#define CA_HELPER_VALUE_MAX 1024

#endif
