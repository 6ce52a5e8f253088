/*
 * Opening files that decide about logins.
 *
 * A file decides (configuration, CA, CRL, map) only if it is owned by root or
 * by the user that the process runs as, and nobody else can write to it.  The
 * checks are made on the open descriptor, so nothing can be swapped between.
 * Absent, unreadable and untrusted are three different answers.
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
 * Open a regular file for reading (O_CLOEXEC, O_NOCTTY, never blocking on a
 * FIFO).  A symbolic link in it is followed, as `openssl rehash` makes them;
 * what it leads to is checked.  dirfd is AT_FDCWD or an open directory.
 * st may be NULL.  On success *fd is the caller's to close.
 * CA_ERR_NOT_FOUND (ENOENT, ENOTDIR), CA_ERR_UNTRUSTED (owner, mode, or not a
 * regular file), CA_ERR_IO (errno: EACCES and the rest).
 */
CA_MUST_CHECK enum ca_err ca_file_open(
    int dirfd, const char *path, int *fd, struct stat *st);

/* The same for a directory. */
CA_MUST_CHECK enum ca_err ca_file_opendir(
    int dirfd, const char *path, int *fd, struct stat *st);

/* Read all that is left of fd, at most max bytes (more: CA_ERR_LIMIT), onto
 * the end of out. */
CA_MUST_CHECK enum ca_err ca_file_read_fd(
    int fd, size_t max, struct ca_buf *out);

/* ca_file_open and ca_file_read_fd. */
CA_MUST_CHECK enum ca_err ca_file_read(
    int dirfd, const char *path, size_t max, struct ca_buf *out);

/*
 * What is wrong with a file's or directory's owner or mode, as a phrase
 * ("is writable by its group"), or NULL if nothing is.  Static storage.
 */
const char *ca_file_distrust(const struct stat *st);

/*
 * Log at error level, in words, why one of the functions above gave err for
 * path (which may be relative to a directory that is no longer known; then
 * name it in full).  Call it at once: errno counts.
 */
void ca_file_log(const struct ca_log *log, const char *path, enum ca_err err);

/*
 * Replace path by the len bytes at p, all or nothing: a temporary file in the
 * same directory with the given mode, fsync, rename, fsync of the directory.
 * The temporary file is removed when something fails.
 */
CA_MUST_CHECK enum ca_err ca_file_replace(
    const char *path, const void *p, size_t len, mode_t mode);

#endif
