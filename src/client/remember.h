/*
 * Which certificate the user chose for a host, if `remember = yes`: the file
 * $XDG_STATE_HOME/certauth/choices (default ~/.local/state) has a line
 * "HOST SHA256-OF-THE-CERTIFICATE" for each host, the newest last.
 *
 * A section of the configuration can name the certificate for a host too, but
 * needs a file or the ID of the object on the token.  This needs only the
 * answer that the user gives once.
 */
#ifndef CA_CLIENT_REMEMBER_H
#define CA_CLIENT_REMEMBER_H

#include <openssl/x509.h>
#include <stddef.h>

#include "base/err.h"
#include "base/log.h"

/*
 * Find in cert[0..n-1] the certificate that was chosen for the host last time.
 * CA_ERR_NOT_FOUND: none of them was; also if the file cannot be read or is
 * writable by other users, which is logged.
 */
CA_MUST_CHECK enum ca_err ca_remember_find(const char *host, X509 *const *cert,
    size_t n, const struct ca_log *log, size_t *index);

/* Remember cert for the host.  A failure is only logged: the login continues.
 */
void ca_remember_keep(const char *host, X509 *cert, const struct ca_log *log);

#endif
