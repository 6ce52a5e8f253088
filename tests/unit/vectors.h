/*
 * The stanzas of the files in tests/data/vectors, for the unit tests: a list
 * of `name = value` lines, an empty line between stanzas.
 */
#ifndef VECTORS_H
#define VECTORS_H

#include "base/base64url.h"
#include "base/buf.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VECTORS_DIR "tests/data/vectors/"
#define STANZA_KEYS 16

struct stanza {
	char *key[STANZA_KEYS], *value[STANZA_KEYS];
	size_t n;
};

static inline void
stanza_clear(struct stanza *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->key[i]); /* value is in the same block */
	s->n = 0;
}

/* The value, or NULL. */
static inline const char *
stanza_get(const struct stanza *s, const char *key)
{
	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->key[i], key) == 0)
			return s->value[i];
	}
	return NULL;
}

static inline void
stanza_line(struct stanza *s, const char *line)
{
	char *copy = strdup(line), *sep;

	assert_non_null(copy);
	sep = strstr(copy, " = ");
	if (sep == NULL) { /* `response = ` with nothing behind it */
		sep = strstr(copy, " =");
		assert_non_null(sep);
		s->value[s->n] = copy + strlen(copy);
	} else {
		s->value[s->n] = sep + 3;
	}
	*sep = '\0';
	assert_true(s->n < STANZA_KEYS);
	s->key[s->n++] = copy;
}

/* Call each for every stanza; returns how many there were. */
static inline size_t
stanzas(const char *path, void (*each)(const struct stanza *s, void *ctx),
    void *ctx)
{
	FILE *f = fopen(path, "r");
	struct stanza s = {.n = 0};
	char *line = NULL;
	size_t cap = 0, count = 0;
	ssize_t len;

	if (f == NULL)
		fail_msg("%s: cannot be opened", path);
	do {
		len = getline(&line, &cap, f);
		if (len > 0 && line[len - 1] == '\n')
			line[--len] = '\0';
		if (len > 0 && line[0] != '#') {
			stanza_line(&s, line);
		} else if (len <= 0 && s.n > 0) {
			each(&s, ctx);
			count++;
			stanza_clear(&s);
		}
	} while (len >= 0);
	free(line);
	fclose(f);
	return count;
}

/* Decode base64url; the caller frees with ca_buf_free. */
static inline struct ca_buf
unbase64(const char *text)
{
	struct ca_buf b = CA_BUF_INIT(1 << 20);

	if (ca_base64url_decode(&b, text, strlen(text)) != CA_OK)
		fail_msg("not base64url: %s", text);
	return b;
}

static inline int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	fail_msg("not a hex digit: %c", c);
	return -1;
}

/* Decode lower case hex; the caller frees with ca_buf_free. */
static inline struct ca_buf
unhex(const char *text)
{
	struct ca_buf b = CA_BUF_INIT(1 << 20);

	for (; text[0] != '\0' && text[1] != '\0'; text += 2)
		ca_buf_u8(&b,
		    (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1])));
	assert_int_equal(*text, '\0');
	assert_int_equal(ca_buf_err(&b), CA_OK);
	return b;
}

#endif
