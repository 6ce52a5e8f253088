#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

struct ca_secret {
	size_t len;
	char text[];
};

struct ca_secret *
ca_secret_new(const void *p, size_t len)
{
	struct ca_secret *s;

	if (len > ((size_t)1 << 24))
		return NULL;
	s = malloc(sizeof *s + len + 1);
	if (s == NULL)
		return NULL;
	s->len = len;
	if (len > 0)
		memcpy(s->text, p, len);
	s->text[len] = '\0';
	return s;
}

struct ca_secret *
ca_secret_take(char *text)
{
	struct ca_secret *s;

	if (text == NULL)
		return NULL;
	s = ca_secret_new(text, strlen(text));
	ca_secret_wipe_text(text);
	return s;
}

const char *
ca_secret_get0(const struct ca_secret *s)
{
	return s->text;
}

size_t
ca_secret_len(const struct ca_secret *s)
{
	return s->len;
}

void
ca_secret_free(struct ca_secret *s)
{
	if (s == NULL)
		return;
	explicit_bzero(s, sizeof *s + s->len + 1);
	free(s);
}

void
ca_secret_wipe_text(char *text)
{
	if (text == NULL)
		return;
	explicit_bzero(text, strlen(text));
	free(text);
}
