/*
 * Who issued a certificate, by signature: names alone say little, as two CAs
 * may have one name.
 */
#ifndef CA_VERIFY_ISSUED_H
#define CA_VERIFY_ISSUED_H

#include <openssl/x509.h>
#include <stdbool.h>

/*
 * cert names issuer as its issuer, and issuer's key verifies its signature.
 * Validity, purposes and key identifiers are not looked at.  The same
 * certificate twice: is it self-signed?  False also where libcrypto cannot
 * verify such a signature.
 */
bool ca_issued_by(X509 *cert, X509 *issuer);

#endif
