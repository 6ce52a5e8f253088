/*
 * What several tokens have in common: one token behind two modules, and two tokens
 * of one label.
 */
#include "key/p11scan.h"
#include "base/tr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READER_BYTES 64 /* of slotDescription */

/* ---- one token behind two modules ---- */

/*
 * The token is in the same reader.  Labels and serial numbers prove nothing: two modules
 * give one token different ones, and a card can be made that has those of another.  A
 * reader's name that fills its field may be cut.
 */
static bool
same_place(const struct ca_p11_token *a, const struct ca_p11_token *b)
{
	const size_t len = strlen(a->reader);

	return len > 0 && len < READER_BYTES &&
	       strcmp(a->reader, b->reader) == 0;
}

static bool
is_double(const struct ca_identity *a, const struct ca_identity *b)
{
	const struct ca_p11_token *at = &ca_p11_key_held(a->key)->token;
	const struct ca_p11_token *bt = &ca_p11_key_held(b->key)->token;

	return at->f != bt->f && same_place(at, bt) &&
	       X509_cmp(a->leaf, b->leaf) == 0;
}

void
ca_p11_merge(struct ca_identities *ids)
{
	size_t kept = 0;

	for (size_t i = 0; i < ids->n; i++) {
		struct ca_identity *id = ids->v[i];
		size_t first = 0;

		while (first < kept && !is_double(ids->v[first], id))
			first++;
		if (first == kept) {
			ids->v[kept++] = id;
			continue;
		}
		ca_p11_key_join(ids->v[first]->key, id->key);
		id->key = NULL; /* transferred */
		ca_identity_free(id);
	}
	ids->n = kept;
}

/* ---- two tokens of one label ---- */

/* Two modules show one token. */
static bool
is_of(const struct ca_p11_held *a, const struct ca_p11_held *b)
{
	return a->token.f != b->token.f && same_place(&a->token, &b->token);
}

static bool
shares_name(const struct ca_identities *ids, const struct ca_p11_held *held)
{
	for (size_t i = 0; i < ids->n; i++) {
		const struct ca_p11_held *h = ca_p11_key_held(ids->v[i]->key);

		if (h != held && !is_of(h, held) &&
		    memcmp(h->token.info.label, held->token.info.label,
			sizeof h->token.info.label) == 0)
			return true;
	}
	return false;
}

static bool
shares_serial(const struct ca_identities *ids, const struct ca_p11_held *held)
{
	for (size_t i = 0; i < ids->n; i++) {
		const struct ca_p11_held *h = ca_p11_key_held(ids->v[i]->key);

		if (h != held && !is_of(h, held) &&
		    strcmp(h->token.serial, held->token.serial) == 0)
			return true;
	}
	return held->token.serial[0] == '\0';
}

/* Replace the old name at the beginning of a label. */
static enum ca_err
relabel(struct ca_identity *id, size_t old, const char *name)
{
	struct ca_buf text = CA_BUF_INIT(CA_P11_ATTRIBUTE_MAX);

	ca_buf_str(&text, name);
	ca_buf_str(&text, id->label + old);
	char *label = ca_buf_take(&text, NULL);
	ca_buf_free(&text);
	if (label == NULL)
		return CA_ERR_MEMORY;
	free(id->label);
	id->label = label;
	return CA_OK;
}

static enum ca_err
rename_token(struct ca_identities *ids, struct ca_p11_held *held)
{
	struct ca_p11_token *t = &held->token;
	const size_t old = strlen(t->name);
	const bool reader = shares_serial(ids, held);
	enum ca_err rc = CA_OK;

	if (reader && t->reader[0] == '\0')
		(void)snprintf(t->name + old, sizeof t->name - old,
		    _(" (slot %lu)"), t->slot);
	else
		(void)snprintf(t->name + old, sizeof t->name - old, " (%s %s)",
		    reader ? _("reader") : _("serial number"),
		    reader ? t->reader : t->serial);
	for (size_t i = 0; rc == CA_OK && i < ids->n; i++)
		if (ca_p11_key_held(ids->v[i]->key) == held)
			rc = relabel(ids->v[i], old, t->name);
	return rc;
}

enum ca_err
ca_p11_distinguish(struct ca_identities *ids)
{
	enum ca_err rc = CA_OK;

	for (size_t i = 0; rc == CA_OK && i < ids->n; i++) {
		struct ca_p11_held *held = ca_p11_key_held(ids->v[i]->key);
		bool first = true;

		for (size_t k = 0; k < i; k++)
			first =
			    first && ca_p11_key_held(ids->v[k]->key) != held;
		if (first && shares_name(ids, held))
			rc = rename_token(ids, held);
	}
	return rc;
}
