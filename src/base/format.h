/*
 * Format lines that contain text of others.
 */
#ifndef CA_BASE_FORMAT_H
#define CA_BASE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * As vsnprintf, without allocating memory, and with
 *
 *	%s    a text of others: unchanged if it is one plain word
 *	      (ca_text_plain), else in double quotes with escapes
 *	%-s   a text of ours, from the source or from a function that quotes:
 *	      unchanged, except that unprintable characters are escaped
 *
 * If the result with its NUL does not fit into size bytes, every text of others
 * is truncated to the same length, inside its quotes; if that does not suffice,
 * the end of the line is dropped.  errno is kept.
 *
 * fmt: %s and %-s, with .N or .*; %d %i %u %x %o with 0, a width, and h, l, ll
 * or z; %c (quoted as %s), %m, %%.  After any other conversion the text ends
 * with "(bad conversion)".
 */
void ca_format(char *out, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same; text, if it is not NULL, gives fmt, texts of ours and that of %m in another
 * language (base/tr.h). */
void ca_vformat(char *out, size_t size, const char *(*text)(const char *),
    const char *fmt, va_list ap) __attribute__((format(printf, 4, 0)));

#endif
