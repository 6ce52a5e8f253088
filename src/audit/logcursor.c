/*
 * The cursor over one message, and the storage of its texts.
 */
#include "audit/loglineint.h"

#include <string.h>

#define WORD "abcdefghijklmnopqrstuvwxyz0123456789-"

bool
ca_logline_skip(struct ca_logline_cursor *c, char byte)
{
	if (c->p == c->end || *c->p != byte)
		return false;
	c->p++;
	return true;
}

bool
ca_logline_skip_text(struct ca_logline_cursor *c, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(c->end - c->p) < len || memcmp(c->p, text, len) != 0)
		return false;
	c->p += len;
	return true;
}

/* ---- storage ---- */

size_t
ca_logline_begin(const struct ca_logline *a)
{
	return a->used;
}

void
ca_logline_put(struct ca_logline *a, char byte)
{
	/* the last byte stays free for a NUL; ca_logline_end sees that it is full */
	if (a->used < sizeof a->text - 1)
		a->text[a->used++] = byte;
}

const char *
ca_logline_end(struct ca_logline *a, size_t begin)
{
	if (a->used == sizeof a->text - 1 ||
	    memchr(a->text + begin, '\0', a->used - begin) != NULL)
		return NULL;
	a->text[a->used++] = '\0';
	return a->text + begin;
}

enum ca_fact
ca_logline_fact(const char *key, size_t len)
{
	int i = 0;

	while (i < CA_FACTS &&
	       (strlen(ca_fact_name((enum ca_fact)i)) != len ||
		   memcmp(ca_fact_name((enum ca_fact)i), key, len) != 0))
		i++;
	return (enum ca_fact)i;
}

/* One of our words, or with list several, separated by commas. */
static bool
our_word(const char *value, bool list)
{
	for (;;) {
		size_t n = strspn(value, WORD);

		if (n == 0 || n > 32)
			return false;
		value += n;
		if (*value == '\0')
			return true;
		if (!list || *value++ != ',')
			return false;
	}
}

bool
ca_logline_set(
    struct ca_logline *a, const char *key, size_t len, const char *value)
{
	const struct {
		const char *name;
		const char **to;
		bool word, list;
	} t[] = {{"event", &a->event, true, false},
	    {"proof", &a->proof, true, false}, {"mode", &a->mode, true, false},
	    {"outcome", &a->outcome, true, false},
	    {"reason", &a->reason, true, false}, {"also", &a->also, true, true},
	    {"waived", &a->waived, true, false},
	    {"detail", &a->detail, false, false}};
	enum ca_fact fact = ca_logline_fact(key, len);

	if (fact < CA_FACTS) {
		if (a->fact[fact] != NULL)
			return false;
		a->fact[fact] = value;
		return true;
	}
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		if (strlen(t[i].name) == len &&
		    memcmp(t[i].name, key, len) == 0) {
			if (*t[i].to != NULL ||
			    (t[i].word && !our_word(value, t[i].list)))
				return false;
			*t[i].to = value;
			return true;
		}
	return true;
}
