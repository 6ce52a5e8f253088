/*
 * Bytes that must not stay in memory: PINs, passphrases, answers.
 */
#ifndef CA_BASE_SECRET_H
#define CA_BASE_SECRET_H

#include <stddef.h>

struct ca_secret;

/* A copy of the len bytes at p, with a NUL behind them; NULL: no memory. */
struct ca_secret *ca_secret_new(const void *p, size_t len);

/* Take a string of malloc: it is copied, wiped and freed, even if the copy
 * fails (NULL).  A NULL text gives NULL. */
struct ca_secret *ca_secret_take(char *text);

const char *ca_secret_get0(const struct ca_secret *s); /* NUL-terminated */
size_t ca_secret_len(const struct ca_secret *s);       /* bytes, without NUL */

/* Wipe and free; NULL is allowed. */
void ca_secret_free(struct ca_secret *s);

/* Wipe and free a string of malloc; NULL is allowed. */
void ca_secret_wipe_text(char *text);

#endif
