/*
 * `certauth pki`: a small CA for tests and small sites, in one folder.
 */
#ifndef CA_CLI_PKI_H
#define CA_CLI_PKI_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "tool/cli.h"
#include "crypto/crypto.h"

#define CA_PKI_SERIAL_LEN 16 /* bytes; RFC 5280 section 4.1.2.2 allows 20 */

/* The contents of a new certificate. A NULL text is left out. */
struct ca_pki_want {
	const char *cn;    /* UTF-8 */
	const char *email; /* rfc822Name, ASCII */
	const char *upn;   /* Microsoft's user principal name, UTF-8 */
	const char *dns;   /* dNSName, ASCII; makes it a server's certificate */
	bool ca;
	const struct ca_scheme *scheme; /* that its key signs by; not RSA */
	long days;                      /* of validity, from now on */
};

/* The first scheme of the table by which the key can sign, or NULL. */
const struct ca_scheme *ca_pki_scheme(const EVP_PKEY *key);

/*
 * Make a key and its certificate, signed by issuer_key, or self-signed if
 * issuer is NULL.  Its notAfter is at most that of issuer.  The caller frees
 * both.  CA_ERR_CRYPTO, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_pki_make(struct ca_crypto *c,
    const struct ca_pki_want *want, X509 *issuer, EVP_PKEY *issuer_key,
    EVP_PKEY **key, X509 **cert);

/* One revoked certificate. */
struct ca_pki_revoked {
	ASN1_INTEGER *serial; /* owned */
	long long when;       /* seconds since 1970 */
};

/* The contents of a new CRL. */
struct ca_pki_crl {
	const struct ca_pki_revoked *revoked;
	size_t n;    /* entries */
	long number; /* RFC 5280 section 5.2.3 */
	long days;   /* from now on until its nextUpdate */
};

/*
 * Make a CRL of issuer, signed by key.  The caller frees the CRL.  CA_ERR_CRYPTO, CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_pki_crl(struct ca_crypto *c, X509 *issuer,
    EVP_PKEY *key, const struct ca_pki_crl *want, X509_CRL **out);

#endif
