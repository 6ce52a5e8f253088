/*
 * noRevAvail (RFC 9608): the CA publishes no revocation information for the
 * certificate.
 */
#ifndef CA_VERIFY_NOREVAVAIL_H
#define CA_VERIFY_NOREVAVAIL_H

#include <openssl/x509.h>

/*
 * What makes a certificate with noRevAvail invalid (RFC 9608 section 3): it is a
 * CA's, or it names CRLs or an OCSP responder.  A static phrase that begins with
 * "its"; NULL: nothing, or the extension is absent.
 */
const char *ca_norevavail_flaw(X509 *cert);

#endif
