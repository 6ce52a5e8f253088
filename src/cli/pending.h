/*
 * Responses kept between two askpass calls: each piece is asked of a new
 * process, and ECDSA and PSS signatures differ when they are made again.
 *
 * A file of mode 0600 in a directory of mode 0700, both the user's own, named
 * after the SHA-256 of the request.  Its modification time is when it ends.
 */
#ifndef CA_CLI_PENDING_H
#define CA_CLI_PENDING_H

#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

/*
 * Open the directory, making it where it is absent: certauth in
 * XDG_RUNTIME_DIR, else /tmp/certauth-UID.  One that belongs to somebody else
 * or is open to others is CA_ERR_UNTRUSTED, a symbolic link too.  path gets
 * its name; *fd is the caller's to close.  Failures are logged.
 */
CA_MUST_CHECK enum ca_err ca_pending_open(
    const struct ca_log *log, struct ca_buf *path, int *fd);

/* Remove what has ended by now. */
void ca_pending_clean(int dir, time_t now);

/* Append the text kept for the request with that hash.  CA_ERR_NOT_FOUND: none
 * or it has ended; CA_ERR_UNTRUSTED: not a file that we made; CA_ERR_IO. */
CA_MUST_CHECK enum ca_err ca_pending_load(
    int dir, const unsigned char hash[32], time_t now, struct ca_buf *text);

/* Keep the len bytes of text until end.  CA_ERR_IO: also if there is one. */
CA_MUST_CHECK enum ca_err ca_pending_save(int dir, const unsigned char hash[32],
    time_t end, const void *text, size_t len);

void ca_pending_remove(int dir, const unsigned char hash[32]);

#endif
