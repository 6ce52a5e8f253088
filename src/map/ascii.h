/*
 * ASCII characters, independent of the locale.
 */
#ifndef CA_MAP_ASCII_H
#define CA_MAP_ASCII_H

#include <stddef.h>

/* Replace A-Z by a-z in the len bytes at p; all other bytes,
 * those of UTF-8 too, are kept. */
void ca_ascii_lower(void *p, size_t len);

/* Return the value of a hexadecimal digit, 0 to 15, or -1. */
int ca_ascii_hex(char c);

#endif
