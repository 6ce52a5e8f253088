/*
 * Secrets (PINs, passphrases, answers) that are wiped before they are freed.
 */
#ifndef CA_BASE_SECRET_H
#define CA_BASE_SECRET_H

#include <stddef.h>

struct ca_secret;

/* A copy of the len bytes at p, with a NUL after them.  NULL: no memory, or len
 * is over 16 MiB. */
struct ca_secret *ca_secret_new(const void *p, size_t len);

/* Copy a string from malloc, then wipe and free it, even if the copy fails
 * (NULL).  A NULL text gives NULL. */
struct ca_secret *ca_secret_take(char *text);

const char *ca_secret_get0(const struct ca_secret *s); /* NUL-terminated */
size_t ca_secret_len(const struct ca_secret *s);       /* bytes, without NUL */

/* Wipe and free; NULL is allowed. */
void ca_secret_free(struct ca_secret *s);

/* Wipe and free a string from malloc; NULL is allowed. */
void ca_secret_wipe_text(char *text);

#endif
