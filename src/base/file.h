/*
 * Opening files that decide about logins.
 *
 * Such a file (configuration, CA, CRL, users file) must be owned by root or by
 * the user of the process, and must not be writable by group or others.  The
 * checks use the open descriptor, so that the file cannot be replaced between
 * check and use.  Absent, unreadable and untrusted are different errors.
 */
#ifndef CA_BASE_FILE_H
#define CA_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

/*
 * Open a regular file for reading (O_CLOEXEC, O_NOCTTY; a FIFO does not block).
 * Symbolic links are followed, for `openssl rehash` makes them; the target is
 * checked.  dirfd is AT_FDCWD or an open directory.  st may be NULL.  The
 * caller closes *fd.  CA_ERR_NOT_FOUND (ENOENT, ENOTDIR), CA_ERR_UNTRUSTED
 * (owner, mode, or not a regular file), CA_ERR_IO (errno: EACCES and the rest).
 */
CA_MUST_CHECK enum ca_err ca_file_open(
    int dirfd, const char *path, int *fd, struct stat *st);

/* The same for a directory.  CA_ERR_NOT_FOUND also if path is not a directory
 * (ENOTDIR). */
CA_MUST_CHECK enum ca_err ca_file_opendir(
    int dirfd, const char *path, int *fd, struct stat *st);

/* Append the rest of fd to out.  CA_ERR_LIMIT: more than max bytes; CA_ERR_IO,
 * CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_file_read_fd(
    int fd, size_t max, struct ca_buf *out);

/* Write all of the len bytes at p to fd.  CA_ERR_IO: errno. */
CA_MUST_CHECK enum ca_err ca_file_write_fd(int fd, const void *p, size_t len);

/* ca_file_open, then ca_file_read_fd. */
CA_MUST_CHECK enum ca_err ca_file_read(
    int dirfd, const char *path, size_t max, struct ca_buf *out);

/*
 * Why the owner or mode of a file or directory is not accepted, as a phrase
 * ("is writable by its group"), or NULL if it is accepted.  Static storage.
 */
const char *ca_file_distrust(const struct stat *st);

/*
 * Log at error level why one of the functions above returned err for path,
 * which must be a full path if dirfd was a directory.  Call it at once: it uses
 * errno.
 */
void ca_file_log(const struct ca_log *log, const char *path, enum ca_err err);

/*
 * Replace the content of path with the len bytes at p, completely or not at
 * all: a temporary file with the given mode in the same directory, fsync,
 * rename, fsync of the directory.  After an error the temporary file is
 * removed.  CA_ERR_LIMIT: path is too long; CA_ERR_IO (errno), CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_file_replace(
    const char *path, const void *p, size_t len, mode_t mode);

#endif
