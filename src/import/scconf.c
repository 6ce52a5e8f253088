#include "import/scconf.h"

#include <stdlib.h>
#include <string.h>

enum token { END, WORD, PUNCT, BROKEN };

struct lexer {
	const char *p, *end;
	unsigned line;
	struct ca_scconf *conf;
	/* the current token */
	enum token token;
	char punct;
	unsigned at; /* its line */
	char *word;
};

static enum token
broken(struct lexer *l, const char *why)
{
	l->conf->why = why;
	l->conf->line = l->line;
	return BROKEN;
}

static void
skip_blanks(struct lexer *l)
{
	while (l->p < l->end) {
		if (*l->p == '#') {
			while (l->p < l->end && *l->p != '\n')
				l->p++;
		} else if (*l->p == '\n') {
			l->line++;
			l->p++;
		} else if (*l->p == ' ' || *l->p == '\t' || *l->p == '\r') {
			l->p++;
		} else {
			return;
		}
	}
}

static enum token
quoted(struct lexer *l)
{
	size_t n = 0;

	l->p++;
	if ((l->word = malloc((size_t)(l->end - l->p) + 1)) == NULL)
		return broken(l, NULL);
	for (; l->p < l->end && *l->p != '"' && *l->p != '\n'; l->p++) {
		if (*l->p == '\\' && l->p + 1 < l->end && l->p[1] != '\n')
			l->p++;
		l->word[n++] = *l->p;
	}
	l->word[n] = '\0';
	if (l->p == l->end || *l->p != '"')
		return broken(l, "a quoted string does not end in its line");
	l->p++;
	char *fit = realloc(l->word, n + 1);
	if (fit != NULL)
		l->word = fit;
	return WORD;
}

static enum token
bare(struct lexer *l)
{
	const char *begin = l->p;

	/* memchr: a NUL in the file separates nothing
	 * NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
	while (l->p < l->end && memchr(" \t\r\n{}=,;\"#", *l->p, 11) == NULL)
		l->p++;
	l->word = strndup(begin, (size_t)(l->p - begin));
	return l->word != NULL ? WORD : broken(l, NULL);
}

static enum token
next(struct lexer *l)
{
	free(l->word);
	l->word = NULL;
	skip_blanks(l);
	l->at = l->line;
	if (l->p == l->end)
		l->token = END;
	/* as above; NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
	else if (memchr("{}=,;", *l->p, 5) != NULL) {
		l->punct = *l->p++;
		l->token = PUNCT;
	} else
		l->token = *l->p == '"' ? quoted(l) : bare(l);
	return l->token;
}

static bool
is_punct(const struct lexer *l, char c)
{
	return l->token == PUNCT && l->punct == c;
}

/* ---- items ---- */

static enum ca_err
wrong(struct lexer *l, const char *why)
{
	if (l->token != BROKEN)
		(void)broken(l, why);
	return l->conf->why == NULL ? CA_ERR_MEMORY : CA_ERR_FORMAT;
}

static enum ca_err
add_item(struct lexer *l, size_t parent, struct ca_scconf_item **out)
{
	struct ca_scconf *c = l->conf;

	if (c->n == CA_SCCONF_ITEMS) {
		(void)broken(l, "there are too many settings");
		return CA_ERR_LIMIT;
	}
	if ((c->n & (c->n - 1)) == 0) {
		struct ca_scconf_item *v =
		    realloc(c->item, (c->n == 0 ? 1 : c->n * 2) * sizeof *v);
		if (v == NULL)
			return CA_ERR_MEMORY;
		c->item = v;
	}
	*out = &c->item[c->n++];
	**out = (struct ca_scconf_item){
	    .parent = parent, .line = l->at, .name = l->word};
	l->word = NULL; /* transferred */
	return CA_OK;
}

static enum ca_err
add_value(struct lexer *l, struct ca_scconf_item *item)
{
	if (item->nvalues == CA_SCCONF_VALUES) {
		(void)broken(l, "a list is too long");
		return CA_ERR_LIMIT;
	}
	if (item->value == NULL &&
	    /* NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers */
	    (item->value = calloc(CA_SCCONF_VALUES, sizeof(*item->value))) ==
		NULL)
		return CA_ERR_MEMORY;
	item->value[item->nvalues++] = l->word;
	l->word = NULL; /* transferred */
	return CA_OK;
}

/* Read the values after `='; the next token is then current. */
static enum ca_err
read_values(struct lexer *l, struct ca_scconf_item *item)
{
	enum ca_err rc;

	while (next(l) == WORD) {
		/* the end of the line replaces a missing semicolon */
		if (l->at != item->line && item->nvalues == 0)
			return CA_OK;
		if ((rc = add_value(l, item)) != CA_OK)
			return rc;
		if (next(l) == WORD && l->at == item->line) {
			return wrong(
			    l, "two values have no comma between them");
		}
		if (!is_punct(l, ',')) {
			if (is_punct(l, ';'))
				(void)next(l);
			return l->token == BROKEN ? wrong(l, NULL) : CA_OK;
		}
		item->line = l->at; /* the list may go on in the next line */
	}
	if (is_punct(l, ';'))
		(void)next(l);
	return l->token == BROKEN ? wrong(l, NULL) : CA_OK;
}

/* At a name: an item with values, or the head of a block (*parent). */
static enum ca_err
read_item(struct lexer *l, size_t *parent)
{
	struct ca_scconf_item *item;
	enum ca_err rc = add_item(l, *parent, &item);

	if (rc != CA_OK)
		return rc;
	if (next(l) == WORD) {
		item->label = l->word;
		l->word = NULL; /* transferred */
		if (!(next(l) == PUNCT && l->punct == '{'))
			return wrong(l, "two words must be followed by `{'");
	}
	if (is_punct(l, '=') && item->label == NULL)
		return read_values(l, item);
	if (!is_punct(l, '{'))
		return wrong(l, "a name must be followed by `=' or `{'");
	item->block = true;
	*parent = l->conf->n - 1;
	return next(l) == BROKEN ? wrong(l, NULL) : CA_OK;
}

static enum ca_err
read_all(struct lexer *l)
{
	size_t parent = CA_SCCONF_TOP;
	unsigned depth = 0;
	enum ca_err rc = CA_OK;

	(void)next(l);
	while (rc == CA_OK && l->token != END) {
		size_t before = parent;

		if (l->token == WORD) {
			rc = read_item(l, &parent);
			depth += parent != before;
			if (rc == CA_OK && depth > CA_SCCONF_DEPTH)
				return wrong(l, "blocks are nested too deep");
		} else if (is_punct(l, '}') && depth > 0) {
			parent = l->conf->item[parent].parent;
			depth--;
			(void)next(l);
		} else if (is_punct(l, ';')) {
			(void)next(l);
		} else {
			return wrong(l, "a name was expected here");
		}
	}
	if (rc == CA_OK && depth > 0)
		return wrong(l, "a block is not closed");
	return rc;
}

enum ca_err
ca_scconf_parse(const void *text, size_t len, struct ca_scconf *conf)
{
	struct lexer l = {.p = text, .line = 1, .conf = conf};
	enum ca_err rc;

	*conf = (struct ca_scconf){NULL, 0, 0, NULL};
	if (len > CA_SCCONF_BYTES) {
		conf->why = "the file is too long";
		return CA_ERR_LIMIT;
	}
	if (len == 0)
		return CA_OK;
	l.end = l.p + len;
	if (memchr(text, '\0', len) != NULL) {
		conf->why = "the file has a NUL byte";
		return CA_ERR_FORMAT;
	}
	rc = read_all(&l);
	free(l.word);
	return rc;
}

void
ca_scconf_clear(struct ca_scconf *conf)
{
	for (size_t i = 0; i < conf->n; i++) {
		struct ca_scconf_item *item = &conf->item[i];

		for (size_t k = 0; k < item->nvalues; k++)
			free(item->value[k]);
		free(item->value);
		free(item->name);
		free(item->label);
	}
	free(conf->item);
	conf->item = NULL;
	conf->n = 0;
}

/* ---- reading the parsed items ---- */

const char *
ca_scconf_value(const struct ca_scconf_item *item)
{
	return item != NULL && item->nvalues > 0 ? item->value[0] : "";
}

bool
ca_scconf_true(const struct ca_scconf_item *item)
{
	const char *v = ca_scconf_value(item);

	/* as scconf reads it: by the first letter */
	return v[0] == 't' || v[0] == 'T' || v[0] == 'y' || v[0] == 'Y';
}

const struct ca_scconf_item *
ca_scconf_find(const struct ca_scconf *conf, size_t parent, const char *name,
    const char *label)
{
	for (size_t i = 0; i < conf->n; i++) {
		const struct ca_scconf_item *item = &conf->item[i];

		if (item->parent == parent && strcmp(item->name, name) == 0 &&
		    item->block == (label != NULL) &&
		    (label == NULL || (item->label != NULL &&
					  strcmp(item->label, label) == 0)))
			return item;
	}
	return NULL;
}
