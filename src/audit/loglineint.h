/*
 * Private to logline.c, logcursor.c, logpairs.c and logjson.c: a cursor over one message, and
 * the storage of the texts in it.
 */
#ifndef CA_AUDIT_LOGLINEINT_H
#define CA_AUDIT_LOGLINEINT_H

#include "audit/logline.h"

struct ca_logline_cursor {
	const char *p, *end;
	struct ca_logline *a;
};

/* Skip the byte; false: another byte is next, or none. */
bool ca_logline_skip(struct ca_logline_cursor *c, char byte);

/* Skip the text, if it is next. */
bool ca_logline_skip_text(struct ca_logline_cursor *c, const char *text);

/* Store a text byte by byte, from begin on.  end returns it, or NULL if it has a
 * NUL or does not fit. */
size_t ca_logline_begin(const struct ca_logline *a);
void ca_logline_put(struct ca_logline *a, char byte);
const char *ca_logline_end(struct ca_logline *a, size_t begin);

/*
 * Store what the line has under a key.  false: it is one of our words in another
 * form, or the line has it already.  A key that is not known is ignored: a later
 * version of the module may have written it.
 */
bool ca_logline_set(
    struct ca_logline *a, const char *key, size_t len, const char *value);

/* The number of the fact with this name, or CA_FACTS. */
enum ca_fact ca_logline_fact(const char *key, size_t len);

/* Parse the rest of the message: KEY=VALUE pairs, or the object of
 * `audit = json'. */
bool ca_logline_pairs(struct ca_logline_cursor *c);
bool ca_logline_json(struct ca_logline_cursor *c);

#endif
