/*
 * Private to src/key: files of keys and certificates, and what is said of one
 * that cannot be used.
 */
#ifndef CA_KEY_KEYFILE_H
#define CA_KEY_KEYFILE_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/log.h"
#include "crypto/filekind.h"

/*
 * Append the file, at most out's maximum, to out.  A key file grants nothing,
 * so its owner is not checked: the file system of a USB stick has none.  mode
 * (may be NULL) receives its mode.  CA_ERR_NOT_FOUND, CA_ERR_FORMAT (not a
 * regular file), CA_ERR_LIMIT, CA_ERR_IO: logged.
 */
CA_MUST_CHECK enum ca_err ca_keyfile_read(const char *path, struct ca_buf *out,
    mode_t *mode, const struct ca_log *log);

/* What a question calls the file: the last part of its path, because a greeter or a
 * locker has little place; `the key file' if that is longer than
 * CA_KEYFILE_NAME_MAX bytes.  It is a part of path, or static. */
#define CA_KEYFILE_NAME_MAX 64
const char *ca_keyfile_name(const char *path);

/* Log what the file is, and the next command.  True: it is known to be of
 * another kind than was wanted. */
bool ca_keyfile_tell(const char *path, const struct ca_buf *content,
    enum ca_file_want want, const struct ca_log *log);

/* Log that the file's private key has a type that only a later libcrypto has, see
 * ca_sigalg_newer. */
void ca_keyfile_newer(
    const char *path, const char *type, const struct ca_log *log);

#endif
