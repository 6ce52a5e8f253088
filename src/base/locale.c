#include "base/locale.h"

#include <string.h>

#define NAME_BYTES 64

bool
ca_locale_named(const char *text)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789._-@";
	size_t len = strnlen(text, NAME_BYTES + 1);

	return len > 0 && len <= NAME_BYTES && text[0] != '.' &&
	       strspn(text, allowed) == len && strcmp(text, "C") != 0 &&
	       strcmp(text, "POSIX") != 0;
}
