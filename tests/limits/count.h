/*
 * A count of signature verifications, those within libcrypto too: the methods
 * of EC and RSA keys are exchanged for such as count, which the keys of the
 * default provider take as well.  EdDSA keys have none, and are not counted.
 */
#ifndef LIMITS_COUNT_H
#define LIMITS_COUNT_H

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <stdlib.h>

static unsigned long counted;
static unsigned long *counter = &counted;
static int (*ec_verify)(int type, const unsigned char *hash, int len,
    const unsigned char *sig, int siglen, EC_KEY *key);
static int (*ec_verify_sig)(
    const unsigned char *hash, int len, const ECDSA_SIG *sig, EC_KEY *key);
static int (*rsa_public)(int len, const unsigned char *from, unsigned char *to,
    RSA *rsa, int padding);

static int
count_ec(int type, const unsigned char *hash, int len, const unsigned char *sig,
    int siglen, EC_KEY *key)
{
	(void)__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
	return ec_verify(type, hash, len, sig, siglen, key);
}

static int
count_rsa(int len, const unsigned char *from, unsigned char *to, RSA *rsa,
    int padding)
{
	(void)__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
	return rsa_public(len, from, to, rsa, padding);
}

/* For the rest of the process, and for keys made from now on. */
static void
count_begin(void)
{
	EC_KEY_METHOD *ec = EC_KEY_METHOD_new(EC_KEY_get_default_method());
	RSA_METHOD *rsa = RSA_meth_dup(RSA_get_default_method());

	if (ec == NULL || rsa == NULL)
		abort();
	EC_KEY_METHOD_get_verify(ec, &ec_verify, &ec_verify_sig);
	EC_KEY_METHOD_set_verify(ec, count_ec, ec_verify_sig);
	EC_KEY_set_default_method(ec);
	rsa_public = RSA_meth_get_pub_dec(rsa);
	(void)RSA_meth_set_pub_dec(rsa, count_rsa);
	RSA_set_default_method(rsa);
}

#endif
