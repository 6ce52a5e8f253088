/*
 * Responses kept between two askpass calls: each piece is asked of a new
 * process, and ECDSA and PSS signatures differ when they are made again.
 *
 * A file of mode 0600 in a directory of mode 0700, both the user's own, named
 * after the SHA-256 of the request.  Its modification time is when it ends.
 */
#ifndef CA_CLIENT_PENDING_H
#define CA_CLIENT_PENDING_H

#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

/*
 * Open the directory to keep len bytes in, making it where it is absent, and
 * try that they can be written: certauth in XDG_RUNTIME_DIR, or where that
 * cannot be, ~/.cache/certauth.  Both belong to the user alone: a name in /tmp
 * could be taken by anybody before.  One that belongs to somebody else or is
 * open to others is CA_ERR_UNTRUSTED, a symbolic link too; CA_ERR_IO: neither
 * can be written.  path gets its name; *fd is the caller's to close.  Failures
 * are logged.
 */
CA_MUST_CHECK enum ca_err ca_pending_open(
    const struct ca_log *log, size_t len, struct ca_buf *path, int *fd);

/*
 * Append the text kept for the request with that hash, in whichever directory;
 * none is made.  What has ended by now is removed.  *fd (of the directory) is
 * the caller's to close.  CA_ERR_NOT_FOUND: none, or it has ended;
 * CA_ERR_UNTRUSTED: not a file that we made; CA_ERR_IO.
 */
CA_MUST_CHECK enum ca_err ca_pending_load(
    const unsigned char hash[32], time_t now, struct ca_buf *text, int *fd);

/* Keep the len bytes of text until end.  CA_ERR_IO: also if there is one. */
CA_MUST_CHECK enum ca_err ca_pending_save(int dir, const unsigned char hash[32],
    time_t end, const void *text, size_t len);

void ca_pending_remove(int dir, const unsigned char hash[32]);

#endif
