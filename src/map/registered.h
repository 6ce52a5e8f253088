/*
 * Registered certificates: the *.pem of LOGIN in users_dir, and the user's own
 * in
 * ~/.certauth.  Private to this room.
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
#define CA_REGISTERED_ENTRIES                                                  \
	4096 /* names of a login's directory, any kind                         \
	      */
/* of all files of a home, which anybody can have read by naming its user */
#define CA_REGISTERED_HOME_BYTES ((size_t)256 * 1024)

/*
 * DER of one certificate, not decoded yet; first: of its file.  A CA's
 * certificate behind the first is the chain of those before it, and not
 * registered itself.  Anything but CA_OK ends the walk and is its result.
 */
typedef enum ca_err ca_registered_visit(void *ctx, const char *login,
    const char *path, bool first, const unsigned char *der, size_t len);

/*
 * Visit the certificates registered for user, in the order of their files'
 * names; or, with user NULL, those of every login in users_dir (then without
 * the users' own).
 *
 * What is wrong in users_dir is an error: logged, CA_ERR_UNTRUSTED, CA_ERR_IO,
 * CA_ERR_LIMIT or CA_ERR_FORMAT.  What is wrong in a home is the user's
 * affair: a warning, and no certificate from there.
 */
CA_MUST_CHECK enum ca_err ca_registered_walk(const struct ca_config *cfg,
    const struct ca_log *log, const char *user, ca_registered_visit *visit,
    void *ctx);

/* A CA's certificate: behind the first of a file it is the chain. */
static inline bool
ca_registered_is_link(X509 *cert)
{
	return X509_check_ca(cert) == 1;
}

#endif
