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

#endif
