/*
 * Sentences with text of others in them.
 */
#ifndef CA_BASE_FORMAT_H
#define CA_BASE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/*
 * As vsnprintf, in memory of the caller alone, and with
 *
 *	%s    a text of others: as it is where it is one plain word
 *	      (ca_text_plain), else in double quotes with escapes
 *	%-s   a text of ours, which stands in the source or was made by a
 *printer that quotes: as it is, but for what cannot be printed
 *
 * Where the whole would have size bytes or more, its NUL included, each text of
 * others is cut to the same length, in its quotes; only after that is the end
 * cut off.  errno is kept.
 *
 * fmt: %s and %-s, with .N or .*; %d %i %u %x %o with 0, a width, and h, l, ll
 * or z; %c (quoted as %s), %m, %%.  Anything else ends the text with a mark.
 */
void ca_format(char *out, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void ca_vformat(char *out, size_t size, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

#endif
