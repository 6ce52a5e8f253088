/*
 * Which certificate a person chose for a host, where `remember = yes`:
 * $XDG_STATE_HOME/certauth/choices (else below ~/.local/state), a line
 * "HOST SHA256-OF-THE-CERTIFICATE" each, the newest last.
 */
#ifndef CA_CLIENT_REMEMBER_H
#define CA_CLIENT_REMEMBER_H

#include <openssl/x509.h>
#include <stddef.h>

#include "base/err.h"
#include "base/log.h"

/*
 * The place in cert[0..n-1] of the certificate that was chosen for the host
 * the last time.  CA_ERR_NOT_FOUND: none of these was; a file that cannot be
 * read, or is not the user's own, is said to log and counts as none.
 */
CA_MUST_CHECK enum ca_err ca_remember_find(const char *host, X509 *const *cert,
    size_t n, const struct ca_log *log, size_t *index);

/* Remember cert for the host.  What fails is said to log and no more: the
 * login goes on. */
void ca_remember_keep(const char *host, X509 *cert, const struct ca_log *log);

#endif
