#include "channel/kept.h"

#include <string.h>

void
ca_kept_note(struct ca_kept *k, const char *text)
{
	k->full =
	    k->full || strlen(text) + 1 > CA_KEPT_NOTES_MAX - k->notes.len;
	if (k->full)
		return;
	ca_buf_str(&k->notes, text);
	ca_buf_u8(&k->notes, '\n');
}

void
ca_kept_error(struct ca_kept *k, const char *text)
{
	ca_buf_reset(&k->text);
	ca_buf_str(&k->text, text);
	ca_buf_u8(&k->text, '\n');
}

const char *
ca_kept_question(struct ca_kept *k, const char *text)
{
	if (ca_buf_text(&k->notes) == NULL)
		return NULL;
	ca_buf_put(&k->text, k->notes.p, k->notes.len);
	ca_buf_str(&k->text, text);
	return ca_buf_text(&k->text);
}

void
ca_kept_clear(struct ca_kept *k)
{
	ca_buf_free(&k->notes);
	ca_buf_free(&k->text);
	*k = CA_KEPT_INIT;
}
