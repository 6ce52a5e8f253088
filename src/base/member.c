/*
 * One member of a JSON object.  Apart from quote.c, because applications link that
 * file and write no JSON of their own.
 */
#include "base/buf.h"

#include <string.h>

void
ca_buf_member(
    struct ca_buf *b, const char *before, const char *name, const char *value)
{
	if (value == NULL)
		return;
	ca_buf_fmt(b, "%s\"%s\":", before, name);
	ca_buf_json(b, value, strlen(value));
}
