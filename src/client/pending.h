/*
 * Responses kept between two askpass calls: a new process is asked for each
 * piece, and a second ECDSA or PSS signature differs from the first.
 *
 * Each is a file of mode 0600 in a directory of mode 0700, both owned by the
 * user, named after the SHA-256 of the request.  Its modification time is the
 * time when it expires.
 */
#ifndef CA_CLIENT_PENDING_H
#define CA_CLIENT_PENDING_H

#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

/*
 * Open a directory in which len bytes can be kept, and create it if it does not
 * exist: certauth in XDG_RUNTIME_DIR or, if that cannot be written,
 * ~/.cache/certauth.  Not in /tmp, where another user could create the name
 * first.  path gets the directory's name; the caller closes *fd.
 * CA_ERR_UNTRUSTED: it is owned by another user, open to others, or a symbolic
 * link; CA_ERR_IO: neither can be written.  Errors are logged.
 */
CA_MUST_CHECK enum ca_err ca_pending_open(
    const struct ca_log *log, size_t len, struct ca_buf *path, int *fd);

/*
 * Append the text kept for the request with that hash, from either directory;
 * no directory is created.  Files that have expired by now are removed.  The
 * caller closes *fd (the directory).  CA_ERR_NOT_FOUND: no such file, or it has
 * expired; CA_ERR_UNTRUSTED: this program did not create the file; CA_ERR_IO.
 */
CA_MUST_CHECK enum ca_err ca_pending_load(
    const unsigned char hash[32], time_t now, struct ca_buf *text, int *fd);

/* Keep the len bytes of text until end.  CA_ERR_IO: also if the file exists. */
CA_MUST_CHECK enum ca_err ca_pending_save(int dir, const unsigned char hash[32],
    time_t end, const void *text, size_t len);

void ca_pending_remove(int dir, const unsigned char hash[32]);

#endif
