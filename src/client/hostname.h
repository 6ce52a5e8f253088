/*
 * Names of hosts: compared, matched by a pattern, looked for in a certificate.
 *
 * A name may be written with letters beyond ASCII (bücher.example, U-labels of
 * RFC 5890) or as DNS and certificates have it (xn--bcher-kva.example,
 * A-labels); both are the same host.  The conversion is libidn2's; built
 * without it (HAVE_IDN2), only A-labels can be compared, and a U-label equals
 * nothing.
 */
#ifndef CA_CLIENT_HOSTNAME_H
#define CA_CLIENT_HOSTNAME_H

#include <openssl/x509.h>
#include <stdbool.h>

#define CA_HOST_NAME_MAX 253 /* bytes, RFC 1035 section 2.3.4 */

/*
 * Write name as ASCII, U-labels as A-labels (RFC 5891), without a final dot.
 * False: it is empty, too long, no name, or has U-labels that cannot be
 * converted.
 */
bool ca_host_ascii(const char *name, char out[CA_HOST_NAME_MAX + 1]);

/* Compared without case, without a final dot, U-labels like A-labels. */
bool ca_host_equal(const char *a, const char *b);

/* A pattern as of fnmatch(3), against the name and against its A-labels. */
bool ca_host_match(const char *pattern, const char *name);

/* True if name, a host name or IP address, stands in cert's subjectAltName:
 * exactly, or by a wildcard for one whole label (RFC 6125 section 6.4); the
 * subject's CN never counts. */
bool ca_host_in_cert(X509 *cert, const char *name);

#endif
