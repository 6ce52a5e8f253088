/*
 * The user's cache of OCSP responses: $XDG_CACHE_HOME/certauth/ocsp, or
 * ~/.cache/certauth/ocsp.  A file for each certificate has the name that
 * ca_ocsp_file gives it, the response as its content, and as its time the time
 * after which it is fetched again.  An empty file says that the last fetch failed.
 * Nothing in it is believed: a response is judged again each time.
 */
#ifndef CA_CLIENT_STAPLECACHE_H
#define CA_CLIENT_STAPLECACHE_H

#include <openssl/x509.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "crypto/crypto.h"

/* Open the directory, make it if it is not there, and remove files that are due
 * since a month before now.  -1: there is none that only this user can write, and
 * the functions below do nothing. */
int ca_staplecache_open(const struct ca_log *log, time_t now);

/* Read the file about cert.  CA_ERR_NOT_FOUND: there is none, or another user may
 * have written it; CA_ERR_IO, CA_ERR_LIMIT, CA_ERR_MEMORY, CA_ERR_CRYPTO. */
CA_MUST_CHECK enum ca_err ca_staplecache_load(struct ca_crypto *crypto, int dir,
    X509 *cert, struct ca_buf *out, time_t *due);

/* Replace the file about cert, change its time, or remove it.  Without success, the next login fetches again. */
void ca_staplecache_save(struct ca_crypto *crypto, int dir, X509 *cert,
    const struct ca_buf *response, time_t due);
void ca_staplecache_delay(
    struct ca_crypto *crypto, int dir, X509 *cert, time_t due);
void ca_staplecache_remove(struct ca_crypto *crypto, int dir, X509 *cert);

#endif
