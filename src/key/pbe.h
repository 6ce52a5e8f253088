/*
 * Private to src/key: encryption by a password (RFC 8018, RFC 7292 appendix C),
 * as an AlgorithmIdentifier names it.
 */
#ifndef CA_KEY_PBE_H
#define CA_KEY_PBE_H

#include <openssl/provider.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* A file chooses the work for each password; this limit is some seconds. */
#define CA_PBE_ITERATIONS_MAX 2000000

#define CA_PBE_NAME_MAX 160

/* 1 (the default, also for NULL) to CA_PBE_ITERATIONS_MAX? */
bool ca_pbe_count_sane(const ASN1_INTEGER *count);

/* Is the work that alg demands within the limit?  True if the parameters are
 * malformed: decryption fails. */
bool ca_pbe_sane(const X509_ALGOR *alg);

/* Does lib have the cipher and the digests of alg? */
bool ca_pbe_has(OSSL_LIB_CTX *lib, const X509_ALGOR *alg);

/* Does lib have the cipher of this name? */
bool ca_pbe_has_cipher(OSSL_LIB_CTX *lib, const char *name);

/* Write the name of alg, such as "PBE-MD5-DES" or "DES-CBC with PBKDF2". */
void ca_pbe_name(const X509_ALGOR *alg, char out[CA_PBE_NAME_MAX]);

/*
 * The legacy provider has the ciphers of old files, such as RC2 and DES.  It is
 * loaded into a library context that exists only for one file: the process's
 * own never has it.
 */
struct ca_legacy {
	OSSL_LIB_CTX *lib;
	OSSL_PROVIDER *def, *old;
};

/* CA_ERR_UNSUPPORTED: this machine does not have the provider; CA_ERR_MEMORY.
 * The caller closes it in any case. */
CA_MUST_CHECK enum ca_err ca_legacy_open(struct ca_legacy *legacy);
void ca_legacy_close(struct ca_legacy *legacy);

#endif
