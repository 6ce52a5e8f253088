/*
 * Where a certificate is registered, for `certauth log`.
 */
#include "map/map.h"
#include "map/registered.h"

#include <string.h>

struct search {
	struct ca_crypto *crypto;
	const char *sha256;
	struct ca_buf *path;
	bool found;
};

static enum ca_err
compare(void *ctx, const char *login, const char *path, bool first,
    const unsigned char *der, size_t len)
{
	struct search *s = ctx;
	struct ca_buf hex = CA_BUF_INIT(65);
	uint8_t hash[32];
	enum ca_err rc = ca_crypto_sha256(s->crypto, der, len, hash);

	(void)login;
	(void)first;
	if (rc != CA_OK)
		return rc;
	ca_buf_hex(&hex, hash, sizeof hash);
	const char *text = ca_buf_text(&hex);
	s->found = text != NULL && strcmp(text, s->sha256) == 0;
	ca_buf_free(&hex);
	if (!s->found)
		return CA_OK;
	ca_buf_str(s->path, path);
	return CA_ERR_LIMIT; /* ends the walk without a message */
}

enum ca_err
ca_map_registered_path(const struct ca_context *ctx, const char *user,
    const char *sha256, struct ca_buf *path)
{
	struct search s = {ctx->crypto, sha256, path, false};
	enum ca_err rc =
	    ca_registered_walk(ctx->cfg, ctx->log, user, compare, &s);

	if (s.found)
		return ca_buf_err(path);
	return rc == CA_OK ? CA_ERR_NOT_FOUND : rc;
}
