/*
 * The library contexts.
 *
 * d2i_X509 decodes a key with every decoder of its context, of which libcrypto's
 * default provider has about a hundred; most of what a login cost was their set-up.
 * The context for certificates therefore has a provider of ours.  That offers
 * everything that the default provider offers, but of the keys and their decoders
 * those alone that the gate admits (crypto/certgate.h).  What decodes is libcrypto's
 * own code in both contexts.
 */
#ifndef CA_CRYPTO_LIBCTX_H
#define CA_CRYPTO_LIBCTX_H

#include <openssl/provider.h>

#include "base/err.h"

/* The context of this process with the whole default provider; NULL if there is
 * none.  It lives as long as the process. */
OSSL_LIB_CTX *ca_libctx_get0_whole(void);

/* A new context for certificates, and its provider; the caller unloads the provider
 * and then frees the context.  It uses ca_libctx_get0_whole.  CA_ERR_CRYPTO. */
CA_MUST_CHECK enum ca_err ca_libctx_new(
    OSSL_LIB_CTX **libctx, OSSL_PROVIDER **provider);

#endif
