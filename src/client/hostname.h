/*
 * Host names: comparison, match by a pattern, search in a certificate.
 *
 * A name may be written with letters outside ASCII (bücher.example, U-labels of
 * RFC 5890) or as in DNS and certificates (xn--bcher-kva.example, A-labels);
 * both are the same host.  libidn2 converts them; in a build without it
 * (HAVE_IDN2), only A-labels can be compared, and a U-label equals no name.
 */
#ifndef CA_CLIENT_HOSTNAME_H
#define CA_CLIENT_HOSTNAME_H

#include <openssl/x509.h>
#include <stdbool.h>

#define CA_HOST_NAME_MAX 253 /* bytes, RFC 1035 section 2.3.4 */

/*
 * Write name in ASCII, U-labels as A-labels (RFC 5891), without a final dot.
 * False: it is empty, too long, not a name, or has U-labels that cannot be
 * converted.
 */
bool ca_host_ascii(const char *name, char out[CA_HOST_NAME_MAX + 1]);

/* Equal without regard to case, a final dot, and U-labels or A-labels. */
bool ca_host_equal(const char *a, const char *b);

/* The pattern (as for fnmatch(3)) matches name or its A-labels. */
bool ca_host_match(const char *pattern, const char *name);

/* True if name, a host name or IP address, is in cert's subjectAltName:
 * exactly, or by a wildcard for one whole label (RFC 6125 section 6.4).  The
 * subject's CN is ignored. */
bool ca_host_in_cert(X509 *cert, const char *name);

#endif
