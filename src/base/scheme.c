/*
 * The scheme of a URI.  Apart from text.c, because applications link that file and
 * read no URI.
 */
#include "base/text.h"

#include <strings.h>

bool
ca_text_pkcs11(const char *text)
{
	static const char scheme[] = "pkcs11:";

	return strncasecmp(text, scheme, sizeof scheme - 1) == 0;
}
