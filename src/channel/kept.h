/*
 * Private to src/channel: what an application with PAM_SILENT is not shown at once,
 * kept for the next question of the same helper.  The conversation's own prompts
 * never have it in front: a program reads them.
 */
#ifndef CA_CHANNEL_KEPT_H
#define CA_CHANNEL_KEPT_H

#include "base/buf.h"
#include "channel/helper.h"

#define CA_KEPT_NOTES_MAX 16384 /* bytes of notes, the LF of each included */

/* Begin with CA_KEPT_INIT; ca_kept_clear frees the content. */
struct ca_kept {
	struct ca_buf notes; /* lines, each with its LF */
	struct ca_buf text; /* the last error, with its LF; then the question */
	bool full;          /* a note was dropped, and each later one is */
};

#define CA_KEPT_INIT                                                           \
	((struct ca_kept){CA_BUF_INIT(CA_KEPT_NOTES_MAX),                      \
	    CA_BUF_INIT(CA_KEPT_NOTES_MAX + 2 * CA_HELPER_TEXT_MAX + 2),       \
	    false})

/* Keep a line; text is copied, printable UTF-8 of at most CA_HELPER_TEXT_MAX bytes.
 * A note that would exceed CA_KEPT_NOTES_MAX is dropped, with all later ones, so that
 * no list has a hole.  An error takes the place of the one before.  A lack of memory
 * is reported by ca_kept_question. */
void ca_kept_note(struct ca_kept *k, const char *text);
void ca_kept_error(struct ca_kept *k, const char *text);

/* The question with what was kept in front of it: the error, the notes, the text.
 * It is owned by k until ca_kept_clear, which must follow it.  NULL: no memory. */
const char *ca_kept_question(struct ca_kept *k, const char *text);

/* Forget what was kept; k may be used again. */
void ca_kept_clear(struct ca_kept *k);

#endif
