/*
 * A key as its users see it, and the identity that it belongs to.
 */
#include "key/key.h"

#include <stdlib.h>

struct ca_key {
	const struct ca_key_ops *ops; /* static */
	void *impl;                   /* owned */
};

struct ca_key *
ca_key_new(const struct ca_key_ops *ops, void *impl)
{
	struct ca_key *key = malloc(sizeof *key);

	if (key == NULL)
		return NULL;
	key->ops = ops;
	key->impl = impl;
	return key;
}

bool
ca_key_can(const struct ca_key *key, const struct ca_scheme *scheme)
{
	return key != NULL && scheme != NULL &&
	       key->ops->can(key->impl, scheme);
}

enum ca_err
ca_key_sign(struct ca_key *key, const struct ca_scheme *scheme, const void *tbs,
    size_t len, const struct ca_key_ui *ui, struct ca_buf *sig)
{
	if (!ca_key_can(key, scheme))
		return CA_ERR_UNSUPPORTED;
	return key->ops->sign(key->impl, scheme, tbs, len, ui, sig);
}

bool
ca_key_end(struct ca_key *key, enum ca_err rc)
{
	return key->ops->end != NULL && key->ops->end(key->impl, rc);
}

void *
ca_key_impl(const struct ca_key *key, const struct ca_key_ops *ops)
{
	return key != NULL && key->ops == ops ? key->impl : NULL;
}

void *
ca_key_take(struct ca_key *key, const struct ca_key_ops *ops)
{
	void *impl = ca_key_impl(key, ops);

	if (impl != NULL)
		free(key);
	return impl;
}

void
ca_key_free(struct ca_key *key)
{
	if (key == NULL)
		return;
	key->ops->free(key->impl);
	free(key);
}

void
ca_identity_free(struct ca_identity *id)
{
	if (id == NULL)
		return;
	ca_key_free(id->key);
	X509_free(id->leaf);
	sk_X509_pop_free(id->chain, X509_free);
	free(id->label);
	free(id);
}

bool
ca_identity_turn(struct ca_identity *id)
{
	if (sk_X509_num(id->chain) < 1)
		return true;
	if (sk_X509_push(id->chain, id->leaf) <= 0)
		return false;
	id->leaf = sk_X509_shift(id->chain);
	return true;
}

void
ca_identities_free(struct ca_identities *ids)
{
	if (ids == NULL)
		return;
	for (size_t i = 0; i < ids->n; i++)
		ca_identity_free(ids->v[i]);
	free(ids->v);
	ids->v = NULL;
	ids->n = 0;
}
