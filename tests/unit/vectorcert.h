/*
 * The certificates of tests/data/vectors, for the unit tests.
 */
#ifndef VECTORCERT_H
#define VECTORCERT_H

#include "vectors.h"

#include "crypto/crypto.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

static inline X509 *
load_cert(struct ca_crypto *c, const char *name)
{
	char path[256];
	X509 *cert = X509_new_ex(ca_crypto_get0_libctx(c), NULL);

	(void)snprintf(path, sizeof path, VECTORS_DIR "%s", name);
	FILE *f = fopen(path, "r");
	if (f == NULL || PEM_read_X509(f, &cert, NULL, NULL) == NULL)
		fail_msg("%s: cannot be read", path);
	fclose(f);
	return cert;
}

#endif
