#include "config/config.h"
#include "base/buf.h"
#include "config/ini.h"
#include "config/keys.h"

#include <stdlib.h>
#include <string.h>

struct ca_config *
ca_config_new(void)
{
	struct ca_config *cfg = calloc(1, sizeof *cfg);

	if (cfg == NULL)
		return NULL;
	if ((cfg->origin = calloc(1, sizeof *cfg->origin)) == NULL) {
		ca_config_free(cfg);
		return NULL;
	}
	for (const struct ca_key *k = ca_keys; k->name != NULL; k++)
		if (ca_config_set(cfg, k->name, k->def, "built-in default",
			NULL) != CA_OK) {
			ca_config_free(cfg);
			return NULL;
		}
	return cfg;
}

void
ca_config_free(struct ca_config *cfg)
{
	if (cfg == NULL)
		return;
	for (const struct ca_key *k = ca_keys; k->name != NULL; k++) {
		if (k->type == CA_KEY_PATH || k->type == CA_KEY_STRING)
			free(*(char **)ca_key_member(cfg, k));
		else if (k->type == CA_KEY_LIST || k->type == CA_KEY_PRINTS ||
			 k->type == CA_KEY_VARIABLES)
			ca_key_list_free(ca_key_member(cfg, k));
	}
	free(cfg->origin);
	free(cfg);
}

/* ---- the table, for other rooms ---- */

static const struct ca_key *
key_number(size_t i)
{
	for (const struct ca_key *k = ca_keys; k->name != NULL; k++)
		if (i-- == 0)
			return k;
	return NULL;
}

const char *
ca_config_key_name(size_t i)
{
	const struct ca_key *k = key_number(i);

	return k != NULL ? k->name : NULL;
}

const char *
ca_config_key_default(size_t i)
{
	const struct ca_key *k = key_number(i);

	return k != NULL ? k->def : NULL;
}

static const char *
word_of(const struct ca_key_word *words, int value)
{
	for (const struct ca_key_word *w = words; w->word != NULL; w++)
		if (w->value == value)
			return w->word;
	return "?";
}

static void
put_list(struct ca_buf *out, const struct ca_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		ca_buf_fmt(out, "%s%s", i > 0 ? " " : "", list->v[i]);
}

static void
put_value(struct ca_buf *out, const struct ca_key *k, const void *p)
{
	const char *text;
	int v;

	switch (k->type) {
	case CA_KEY_BOOL:
		ca_buf_str(out, *(const bool *)p ? "yes" : "no");
		break;
	case CA_KEY_ENUM:
		memcpy(&v, p, sizeof v);
		ca_buf_str(out, word_of(k->words, v));
		break;
	case CA_KEY_UINT:
		ca_buf_fmt(out, "%u", *(const unsigned *)p);
		break;
	case CA_KEY_SECONDS:
		ca_buf_fmt(out, "%us", *(const unsigned *)p);
		break;
	case CA_KEY_DURATION:
		ca_buf_fmt(
		    out, "%llus", (unsigned long long)*(const uint64_t *)p);
		break;
	case CA_KEY_PATH:
	case CA_KEY_STRING:
		text = *(char *const *)p;
		ca_buf_str(out, text != NULL ? text : "");
		break;
	case CA_KEY_LIST:
	case CA_KEY_PRINTS:
	case CA_KEY_VARIABLES:
		put_list(out, p);
		break;
	case CA_KEY_PROOF:
		for (const enum ca_proof *q = p, *e = q + 2;
		     q < e && (int)*q != 0; q++)
			ca_buf_fmt(out, "%s%s", q == p ? "" : " ",
			    word_of(k->words, (int)*q));
		break;
	}
}

char *
ca_config_key_value(const struct ca_config *cfg, size_t i)
{
	const struct ca_key *k = key_number(i);
	struct ca_buf out = CA_BUF_INIT((size_t)2 * CA_INI_VALUE_MAX);

	if (k == NULL)
		return NULL;
	ca_buf_str(&out, "");
	put_value(&out, k, (const char *)cfg + k->offset);
	return ca_buf_take(&out, NULL);
}

bool
ca_list_has(const struct ca_list *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i], text) == 0)
			return true;
	return false;
}
