/*
 * PKCS#12 files.  The password is "secret"; without a check value much of a
 * file is reached by any.
 */
#include "fuzz.h"

#include <string.h>

#include "key/p12.h"

static void
one(const uint8_t *data, size_t size, const struct ca_secret *password)
{
	static struct ca_crypto *crypto;
	struct ca_p12 p12;

	if (crypto == NULL)
		FUZZ_CHECK(ca_crypto_new(&crypto) == CA_OK);
	enum ca_err rc = ca_p12_open(crypto, data, size, password, &p12);
	FUZZ_CHECK(rc != CA_ERR_UNSET);
	if (rc != CA_OK) {
		FUZZ_CHECK(p12.nkeys == 0 && p12.certs == NULL);
		return;
	}
	FUZZ_CHECK(p12.nkeys <= CA_P12_KEYS_MAX);
	for (size_t i = 0; i < p12.nkeys; i++)
		FUZZ_CHECK(p12.key[i] != NULL);
	for (int i = 0; i < sk_X509_num(p12.certs); i++)
		FUZZ_CHECK(sk_X509_value(p12.certs, i) != NULL);
	ca_p12_free(&p12);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ca_secret *password = ca_secret_new("secret", 6);

	FUZZ_CHECK(password != NULL);
	one(data, size, NULL);
	one(data, size, password);
	ca_secret_free(password);
	return 0;
}
