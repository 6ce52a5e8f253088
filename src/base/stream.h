/*
 * Bytes and descriptors over a stream socket, until a deadline.
 */
#ifndef CA_BASE_STREAM_H
#define CA_BASE_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Milliseconds of a clock that cannot be set; -1: there is no clock. */
long long ca_stream_clock(void);

/*
 * Wait until fd, a descriptor of any kind, is ready for the events of poll(2).
 * deadline, here and below: milliseconds of ca_stream_clock; 0: none.
 * CA_ERR_TIMEOUT; CA_ERR_IO: there is no clock, or poll failed (errno).
 */
CA_MUST_CHECK enum ca_err ca_stream_wait(
    int fd, short events, long long deadline);

/*
 * Send len bytes, with the descriptor pass unless that is -1 (pass stays open).
 * SIGPIPE is not raised.  CA_ERR_IO: errno (EPIPE: the other side closed its end);
 * CA_ERR_TIMEOUT.
 */
CA_MUST_CHECK enum ca_err ca_stream_send(
    int fd, const void *p, size_t len, int pass, long long deadline);

/*
 * Receive len bytes.  *got, if got is not NULL and *got is -1, becomes a descriptor
 * that came with them, the caller's to close, also after an error.  CA_ERR_CANCELLED:
 * the other side closed its end before the first byte; CA_ERR_FORMAT: later, or a
 * descriptor too many; CA_ERR_IO (errno); CA_ERR_TIMEOUT.
 */
CA_MUST_CHECK enum ca_err ca_stream_recv(
    int fd, void *p, size_t len, int *got, long long deadline);

#endif
