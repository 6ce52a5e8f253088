/*
 * CA certificates that a process decoded before it forked the one that needs them.
 *
 * The parent of certauth-verifier reads the files of the administrator's directories;
 * a worker opens and checks each file as without this, and takes the decoded
 * certificates only if the open file is the one that was read: the same device, inode,
 * size, time of modification and time of change.  A file that was changed within a
 * second before it was read is not kept, because a further change in the same tick of
 * the kernel's clock would leave these numbers as they are.  So a worker that was
 * forked before a CA was removed or replaced does not trust it.
 *
 * A process has one table.
 */
#ifndef CA_VERIFY_CAREADY_H
#define CA_VERIFY_CAREADY_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "crypto/crypto.h"

#define CA_CAREADY_FILES_MAX 1024
#define CA_CAREADY_BYTES_MAX 65536 /* of one file */

/*
 * Decode the files of the directories (NULL: none) that are new or were changed, and
 * forget those that are gone.  What cannot be read, is not trusted, or is not a
 * certificate is left out: who needs it reads it, and logs why not.  crypto: the
 * context of all who take from the table.  owner: besides root's, files of this user
 * are read.
 */
void ca_caready_read(struct ca_crypto *crypto, uid_t owner,
    const char *const *path, size_t npaths);

/*
 * Append the certificates of the open file with that status to out, which owns a
 * reference to each.  Each file is given once, because a certificate of another name
 * of the same file must be another object.  False: the file has to be read, and
 * nothing is appended.
 */
bool ca_caready_take(const struct stat *st, STACK_OF(X509) *out);

/* Forget all. */
void ca_caready_clear(void);

#endif
