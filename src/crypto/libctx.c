#include "crypto/libctx.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <string.h>

#define OURS "certificate keys"
#define OFFERED_MAX 64

static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static OSSL_LIB_CTX *whole;
static OSSL_PROVIDER *standard; /* of whole */

/* Names that libcrypto has for the types of keys of crypto/certgate.c. */
static const char *const types[] = {"EC", "RSA", "RSA-PSS", "ED25519", "ED448",
    "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"};

static struct offered {
	OSSL_ALGORITHM v[OFFERED_MAX + 1]; /* ends with one that has no name */
	size_t n;
} keys, decoders;

static bool narrow; /* these are offered */

/* Is type one of the names, which have colons between them? */
static bool
is_named(const char *names, const char *type)
{
	size_t len = strlen(type);

	for (;;) {
		size_t n = strcspn(names, ":");

		if (n == len && strncmp(names, type, n) == 0)
			return true;
		if (names[n] == '\0')
			return false;
		names += n + 1;
	}
}

static bool
is_admitted(const char *names)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (is_named(names, types[i]))
			return true;
	return false;
}

/* Does it decode the SubjectPublicKeyInfo of a certificate? */
static bool
decodes_spki(const OSSL_ALGORITHM *a)
{
	return strstr(a->property_definition, "input=der") != NULL &&
	       strstr(a->property_definition,
		   "structure=SubjectPublicKeyInfo") != NULL;
}

/* What the provider said is never given back: it is used as long as the process
 * lives. */
static bool
offer(struct offered *out, int operation)
{
	int no_cache = 0;
	const OSSL_ALGORITHM *a =
	    OSSL_PROVIDER_query_operation(standard, operation, &no_cache);

	for (; a != NULL && a->algorithm_names != NULL; a++) {
		if (!is_admitted(a->algorithm_names) ||
		    (operation == OSSL_OP_DECODER && !decodes_spki(a)))
			continue;
		if (out->n == OFFERED_MAX)
			return false;
		out->v[out->n++] = *a;
	}
	return out->n > 0;
}

static bool
has(const struct offered *offered, const char *type)
{
	for (size_t i = 0; i < offered->n; i++)
		if (is_named(offered->v[i].algorithm_names, type))
			return true;
	return false;
}

/* A libcrypto that describes its decoders in another way gets all of them: slower,
 * and no key of a type that it has is lost. */
static bool
is_complete(void)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (has(&keys, types[i]) != has(&decoders, types[i]))
			return false;
	return true;
}

static const OSSL_ALGORITHM *
query(void *provctx, int operation, int *no_cache)
{
	(void)provctx;
	*no_cache = 0;
	if (narrow && operation == OSSL_OP_KEYMGMT)
		return keys.v;
	if (narrow && operation == OSSL_OP_DECODER)
		return decoders.v;
	return OSSL_PROVIDER_query_operation(standard, operation, no_cache);
}

static void
unquery(void *provctx, int operation, const OSSL_ALGORITHM *algorithms)
{
	(void)provctx;
	if (algorithms != keys.v && algorithms != decoders.v)
		OSSL_PROVIDER_unquery_operation(
		    standard, operation, algorithms);
}

/* The algorithms are those of the default provider, and get its own state. */
static int
start(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **provctx)
{
	static const OSSL_DISPATCH functions[] = {
	    {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
	    {OSSL_FUNC_PROVIDER_UNQUERY_OPERATION, (void (*)(void))unquery},
	    {0, NULL}};

	(void)handle;
	(void)in;
	*out = functions;
	*provctx = OSSL_PROVIDER_get0_provider_ctx(standard);
	return 1;
}

/*
 * OSSL_LIB_CTX_new reads no file.  The default provider is part of libcrypto:
 * loading it by name reads no module directory, and prevents the search for a
 * fallback.
 */
static void
make_whole(void)
{
	if ((whole = OSSL_LIB_CTX_new()) == NULL ||
	    (standard = OSSL_PROVIDER_load(whole, "default")) == NULL) {
		OSSL_LIB_CTX_free(whole);
		whole = NULL;
		return;
	}
	narrow = offer(&keys, OSSL_OP_KEYMGMT) &&
		 offer(&decoders, OSSL_OP_DECODER) && is_complete();
}

OSSL_LIB_CTX *
ca_libctx_get0_whole(void)
{
	return CRYPTO_THREAD_run_once(&once, make_whole) == 1 ? whole : NULL;
}

enum ca_err
ca_libctx_new(OSSL_LIB_CTX **libctx, OSSL_PROVIDER **provider)
{
	*provider = NULL;
	if (ca_libctx_get0_whole() == NULL ||
	    (*libctx = OSSL_LIB_CTX_new()) == NULL)
		return CA_ERR_CRYPTO;
	if (OSSL_PROVIDER_add_builtin(*libctx, OURS, start) == 1 &&
	    (*provider = OSSL_PROVIDER_load(*libctx, OURS)) != NULL)
		return CA_OK;
	OSSL_LIB_CTX_free(*libctx);
	*libctx = NULL;
	return CA_ERR_CRYPTO;
}
