/*
 * Text for people, into a buffer (base/buf.h).
 */
#include "base/buf.h"

void
ca_buf_escape(struct ca_buf *b, const void *p, size_t len)
{
	ca_buf_escaped(b, p, len, "\\");
}

void
ca_buf_printable(struct ca_buf *b, const void *p, size_t len)
{
	ca_buf_escaped(b, p, len, "");
}
