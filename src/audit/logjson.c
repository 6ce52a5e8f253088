/*
 * The object of an attempt with `audit = json' (ca_report_json): objects and
 * strings only, no white space.
 */
#include "audit/loglineint.h"

#include <string.h>

#define DEPTH_MAX 4

static int
hex4(struct ca_logline_cursor *c)
{
	int v = 0;

	if (c->end - c->p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char d = *c->p++;

		if (d >= '0' && d <= '9')
			v = v << 4 | (d - '0');
		else if (d >= 'a' && d <= 'f')
			v = v << 4 | (d - 'a' + 10);
		else
			return -1;
	}
	return v;
}

/* Store a code point, 1 to 0x10ffff, in UTF-8. */
static void
put_utf8(struct ca_logline *a, unsigned v)
{
	if (v < 0x80) {
		ca_logline_put(a, (char)v);
		return;
	}
	if (v < 0x800) {
		ca_logline_put(a, (char)(0xc0 | v >> 6));
	} else if (v < 0x10000) {
		ca_logline_put(a, (char)(0xe0 | v >> 12));
		ca_logline_put(a, (char)(0x80 | (v >> 6 & 0x3f)));
	} else {
		ca_logline_put(a, (char)(0xf0 | v >> 18));
		ca_logline_put(a, (char)(0x80 | (v >> 12 & 0x3f)));
		ca_logline_put(a, (char)(0x80 | (v >> 6 & 0x3f)));
	}
	ca_logline_put(a, (char)(0x80 | (v & 0x3f)));
}

static bool
escape(struct ca_logline_cursor *c)
{
	int v, low;

	if (c->p < c->end && (*c->p == '"' || *c->p == '\\')) {
		ca_logline_put(c->a, *c->p++);
		return true;
	}
	if (!ca_logline_skip(c, 'u') || (v = hex4(c)) <= 0)
		return false;
	if (v >= 0xd800 && v < 0xe000) {
		if (v >= 0xdc00 || !ca_logline_skip_text(c, "\\u") ||
		    (low = hex4(c)) < 0xdc00 || low >= 0xe000)
			return false;
		v = 0x10000 + ((v - 0xd800) << 10) + (low - 0xdc00);
	}
	put_utf8(c->a, (unsigned)v);
	return true;
}

static const char *
string(struct ca_logline_cursor *c)
{
	size_t begin = ca_logline_begin(c->a);

	if (!ca_logline_skip(c, '"'))
		return NULL;
	while (c->p < c->end && *c->p != '"') {
		char byte = *c->p++;

		if (byte != '\\')
			ca_logline_put(c->a, byte);
		else if (!escape(c))
			return NULL;
	}
	return ca_logline_skip(c, '"') ? ca_logline_end(c->a, begin) : NULL;
}

/* The finding of one check. */
struct finding {
	const char *verdict, *reason, *detail;
};

static bool
find(struct finding *f, const char *key, const char *value)
{
	const char **to = strcmp(key, "verdict") == 0  ? &f->verdict
			  : strcmp(key, "reason") == 0 ? &f->reason
			  : strcmp(key, "detail") == 0 ? &f->detail
						       : NULL;

	if (to == NULL)
		return true;
	if (*to != NULL)
		return false;
	*to = value;
	return true;
}

/* The first failed check has the detail; others that failed are in `also' of a
 * text line, and a revocation that was waived in `waived'. */
static bool
conclude(struct ca_logline *a, const struct finding *f)
{
	if (f->verdict == NULL || f->reason == NULL)
		return false;
	if (strcmp(f->verdict, "waived") == 0)
		return ca_logline_set(a, "waived", strlen("waived"), f->reason);
	if (strcmp(f->verdict, "fail") != 0 || a->reason == NULL)
		return true;
	if (strcmp(f->reason, a->reason) == 0) {
		if (a->detail == NULL)
			a->detail = f->detail;
		return true;
	}
	/* the list ends where this reason is put after it */
	size_t begin = ca_logline_begin(a);
	for (const char *p = a->also; p != NULL && *p != '\0'; p++)
		ca_logline_put(a, *p);
	if (a->also != NULL)
		ca_logline_put(a, ',');
	for (const char *p = f->reason; *p != '\0'; p++)
		ca_logline_put(a, *p);
	const char *also = ca_logline_end(a, begin);
	a->also = NULL;
	return also != NULL && ca_logline_set(a, "also", strlen("also"), also);
}

enum place { TOP, CHECKS, CHECK, FACTS, OTHER };

static enum place
inside(enum place at, const char *key)
{
	if (at == TOP && strcmp(key, "checks") == 0)
		return CHECKS;
	if (at == TOP && strcmp(key, "facts") == 0)
		return FACTS;
	return at == CHECKS ? CHECK : OTHER;
}

/* A member with a string: facts are facts, and the words of the top level are
 * the pairs of a text line. */
static bool
member(struct ca_logline *a, enum place at, struct finding *f, const char *key,
    const char *value)
{
	size_t len = strlen(key);

	if (at == CHECK)
		return find(f, key, value);
	if (at == FACTS)
		return ca_logline_fact(key, len) == CA_FACTS ||
		       ca_logline_set(a, key, len, value);
	if (at == TOP && ca_logline_fact(key, len) == CA_FACTS)
		return ca_logline_set(a, key, len, value);
	return true;
}

static bool
object(struct ca_logline_cursor *c, enum place at, int depth)
{
	struct finding f = {0};

	if (depth == DEPTH_MAX || !ca_logline_skip(c, '{'))
		return false;
	if (ca_logline_skip(c, '}'))
		return at != CHECK;
	do {
		const char *key = string(c), *value;

		if (key == NULL || !ca_logline_skip(c, ':') || c->p == c->end)
			return false;
		if (*c->p == '{') {
			if (!object(c, inside(at, key), depth + 1))
				return false;
			continue;
		}
		if ((value = string(c)) == NULL ||
		    !member(c->a, at, &f, key, value))
			return false;
	} while (ca_logline_skip(c, ','));
	return ca_logline_skip(c, '}') && (at != CHECK || conclude(c->a, &f));
}

bool
ca_logline_json(struct ca_logline_cursor *c)
{
	return object(c, TOP, 0);
}
