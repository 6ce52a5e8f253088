/*
 * Names of locales, as setlocale(3) has them.
 */
#ifndef CA_BASE_LOCALE_H
#define CA_BASE_LOCALE_H

#include <stdbool.h>

/* Can text be the name of a locale that has a language: 1 to 64 letters, digits and
 * . _ - @, not beginning with a dot, and neither C nor POSIX? */
bool ca_locale_named(const char *text);

#endif
