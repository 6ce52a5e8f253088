/*
 * Registered certificates: the *.pem files of LOGIN in users_dir, and those of
 * the user in ~/.certauth.  Private to this room.
 */
#ifndef CA_MAP_REGISTERED_H
#define CA_MAP_REGISTERED_H

#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/log.h"
#include "config/config.h"

#define CA_REGISTERED_FILES 64 /* of one login; more is an error */
#define CA_REGISTERED_BYTES ((size_t)64 * 1024) /* of one file */
#define CA_REGISTERED_LOGINS 10000 /* directories under users_dir */
/* entries of a login's directory, of any kind */
#define CA_REGISTERED_ENTRIES 4096
/* of all files of a home: any client can make the module read them, by naming
 * the user */
#define CA_REGISTERED_HOME_BYTES ((size_t)256 * 1024)

/*
 * Visit the DER of one certificate, not decoded yet.  first: it is the first of
 * its file.  A CA certificate after the first belongs to the chain of those
 * before it, and is not registered itself.  CA_ERR_FORMAT: the file's walk
 * continues, and its last result counts.  Other errors end the walk.
 * CA_ERR_LIMIT means that the visitor has logged why it accepts no more; the
 * walk then returns it without another message, also in a home.
 */
typedef enum ca_err ca_registered_visit(void *ctx, const char *login,
    const char *path, bool first, const unsigned char *der, size_t len);

/*
 * Visit the certificates registered for user, in the order of their files'
 * names.  If user is NULL, visit those of every login in users_dir, and none of
 * the homes.
 *
 * A fault in users_dir is an error, and logged: CA_ERR_UNTRUSTED, CA_ERR_IO,
 * CA_ERR_LIMIT or CA_ERR_FORMAT.  A fault in a home, which its user can make, is
 * a warning, and the file is not used.
 */
CA_MUST_CHECK enum ca_err ca_registered_walk(const struct ca_config *cfg,
    const struct ca_log *log, const char *user, ca_registered_visit *visit,
    void *ctx);

/* A CA certificate; after the first of a file it belongs to the chain. */
static inline bool
ca_registered_is_link(X509 *cert)
{
	return X509_check_ca(cert) == 1;
}

#endif
