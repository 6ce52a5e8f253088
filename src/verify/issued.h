/*
 * Who issued a certificate, by signature: a name alone does not tell, since two
 * CAs may have the same name.
 */
#ifndef CA_VERIFY_ISSUED_H
#define CA_VERIFY_ISSUED_H

#include <openssl/x509.h>
#include <stdbool.h>

/*
 * True if cert names issuer as its issuer, and issuer's key verifies the
 * signature of cert.  Validity, purposes and key identifiers are not checked.
 * With the same certificate twice: is it self-signed?  False also if libcrypto
 * does not support the signature algorithm.
 */
bool ca_issued_by(X509 *cert, X509 *issuer);

/*
 * Does issuer fit as the issuer of cert, by names, key identifiers, the
 * kind of key and keyUsage?  X509_V_OK, or the X509_V_ERR_ code of the first
 * that does not.  The signature is not verified.  As X509_check_issued, but
 * alike with every libcrypto: that of OpenSSL 4 compares no key identifiers if
 * both have one issuer and serial number, and expects a self-signed one.
 */
int ca_issued_fits(X509 *issuer, X509 *cert);

/* Is cert among the first n of certs, byte by byte?  NULL certs has none. */
bool ca_issued_among(const STACK_OF(X509) *certs, int n, X509 *cert);

#endif
