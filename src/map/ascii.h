/*
 * Characters of ASCII, whatever the locale.
 */
#ifndef CA_MAP_ASCII_H
#define CA_MAP_ASCII_H

#include <stddef.h>

/* Replace A-Z by a-z in the len bytes at p; every other byte, also of UTF-8,
 * stays. */
void ca_ascii_lower(void *p, size_t len);

/* The value of a hexadecimal digit, 0 to 15, or -1. */
int ca_ascii_hex(char c);

#endif
