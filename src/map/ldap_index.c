#include "map/ldap_index.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>

const struct ca_index_kind ca_ldap_index_kind = {
    "certauth directory 1\n", 19, "M", CA_LDAP_RECORD_MAX};

/* ---- the source ---- */

static void
put_text(struct ca_buf *b, const char *text)
{
	if (text != NULL)
		ca_buf_str(b, text);
	ca_buf_u8(b, 0);
}

enum ca_err
ca_ldap_source(struct ca_crypto *crypto, const struct ca_config *cfg,
    uint8_t out[CA_INDEX_HASH])
{
	struct ca_buf b = CA_BUF_INIT(1 << 20);
	enum ca_err rc;

	for (size_t i = 0; i < cfg->directory_uri.n; i++)
		put_text(&b, cfg->directory_uri.v[i]);
	/* no server is empty, so this ends them */
	put_text(&b, NULL);
	put_text(&b, cfg->directory_base);
	put_text(&b, cfg->directory_filter);
	put_text(&b, cfg->directory_login);
	put_text(&b, cfg->directory_weak ? "weak" : NULL);
	if ((rc = ca_buf_err(&b)) == CA_OK)
		rc = ca_crypto_sha256(crypto, b.p, b.len, out);
	ca_buf_free(&b);
	return rc;
}

/* ---- the file ---- */

uint32_t
ca_ldap_bucket(const uint8_t key[CA_LDAP_KEY], uint64_t buckets)
{
	uint64_t first = (uint64_t)key[0] << 24 | (uint64_t)key[1] << 16 |
			 (uint64_t)key[2] << 8 | key[3];

	return (uint32_t)(first * buckets >> 32);
}

static enum ca_err
read_rest(const struct ca_index *index, struct ca_ldap_facts *out)
{
	struct ca_reader r = ca_index_rest(index);
	uint64_t made;

	if (ca_read_u64(&r, &out->buckets) != CA_OK || out->buckets == 0 ||
	    out->buckets > UINT32_MAX ||
	    ca_read_u64(&r, &out->accounts) != CA_OK ||
	    ca_read_u64(&r, &out->values) != CA_OK ||
	    ca_read_u64(&r, &made) != CA_OK ||
	    ca_read_u32(&r, &out->kinds) != CA_OK || ca_read_end(&r) != CA_OK)
		return CA_ERR_FORMAT;
	out->made = (time_t)made;
	return CA_OK;
}

/* Open the index, which must be of the source that cfg names. */
static enum ca_err
open_index(struct ca_crypto *crypto, const struct ca_config *cfg,
    struct ca_index **out, struct ca_ldap_facts *facts)
{
	static const struct stat no_file;
	uint8_t source[CA_INDEX_HASH];
	enum ca_err rc;

	if ((rc = ca_ldap_source(crypto, cfg, source)) != CA_OK)
		return rc;
	rc = ca_index_open(&ca_ldap_index_kind,
	    ca_crypto_get0_md(crypto, "SHA256"), AT_FDCWD, cfg->directory_index,
	    &no_file, out);
	if (rc != CA_OK)
		return rc;
	if (memcmp(source, ca_index_source_hash(*out), sizeof source) != 0)
		return CA_ERR_STALE;
	return read_rest(*out, facts);
}

enum ca_err
ca_ldap_index_facts(struct ca_crypto *crypto, const struct ca_config *cfg,
    struct ca_ldap_facts *out)
{
	struct ca_index *index = NULL;
	enum ca_err rc = open_index(crypto, cfg, &index, out);

	ca_index_close(index);
	return rc;
}

/* ---- one certificate ---- */

struct lookup {
	struct ca_crypto *crypto;
	const struct ca_ident *id;
	struct ca_index *index;
	struct ca_ldap_facts facts;
	struct ca_buf record;
	ca_ldap_visit *visit;
	void *ctx;
};

/* Visit the logins of one value of the certificate. */
static enum ca_err
look_up(struct lookup *l, enum ca_ldap_kind kind, const void *p, size_t len)
{
	uint8_t key[CA_LDAP_KEY], name[5], entry_kind, n;
	char login[UINT8_MAX + 1];
	const uint8_t *entry, *text;
	enum ca_err rc;

	if ((rc = ca_ldap_key(l->crypto, kind, p, len, key)) != CA_OK)
		return rc;
	uint32_t bucket = ca_ldap_bucket(key, l->facts.buckets);
	name[0] = 'B';
	for (int i = 0; i < 4; i++)
		name[1 + i] = (uint8_t)(bucket >> (24 - 8 * i));
	rc = ca_index_get(l->index, name, sizeof name, &l->record);
	struct ca_reader r = ca_reader_of(l->record.p, l->record.len);
	while (rc == CA_OK && r.left > 0) {
		if (ca_read_bytes(&r, CA_LDAP_KEY, &entry) != CA_OK ||
		    ca_read_u8(&r, &entry_kind) != CA_OK ||
		    ca_read_u8(&r, &n) != CA_OK ||
		    ca_read_bytes(&r, n, &text) != CA_OK)
			return CA_ERR_FORMAT;
		if (memcmp(entry, key, CA_LDAP_KEY) != 0)
			continue;
		memcpy(login, text, n);
		login[n] = '\0';
		if (entry_kind != (uint8_t)kind ||
		    ca_ldap_login_refusal(login, n) != NULL)
			return CA_ERR_FORMAT;
		rc = l->visit(l->ctx, kind, login);
	}
	return rc;
}

/* All values of a selector. */
static enum ca_err
look_up_all(struct lookup *l, enum ca_ldap_kind kind, enum ca_selector sel)
{
	const struct ca_ident *id = l->id;
	enum ca_err rc = CA_OK;

	for (size_t i = 0; i < id->n && rc == CA_OK; i++)
		if (id->v[i].sel == sel)
			rc = look_up(
			    l, kind, id->bytes.p + id->v[i].at, id->v[i].len);
	return rc;
}

/* Issuer and each SID. */
static enum ca_err
look_up_issuer_sid(struct lookup *l)
{
	const struct ca_ident *id = l->id;
	struct ca_buf b = CA_BUF_INIT(CA_IDENT_VALUE_MAX);
	enum ca_err rc = CA_OK;

	for (size_t i = 0; i < id->n && rc == CA_OK; i++) {
		if (id->v[i].sel != CA_SEL_SID)
			continue;
		ca_buf_reset(&b);
		ca_buf_put(&b, id->issuer.p, id->issuer.len);
		ca_buf_u8(&b, ';');
		ca_buf_put(&b, id->bytes.p + id->v[i].at, id->v[i].len);
		if ((rc = ca_buf_err(&b)) == CA_OK)
			rc = look_up(l, CA_LDAP_ISSUER_SID, b.p, b.len);
	}
	ca_buf_free(&b);
	return rc == CA_ERR_LIMIT ? CA_OK : rc;
}

/* SHA-1 of the bytes, as hexadecimal digits. */
static enum ca_err
look_up_sha1(struct lookup *l, const void *p, size_t len)
{
	const EVP_MD *md = ca_crypto_get0_md(l->crypto, "SHA1");
	struct ca_buf hex = CA_BUF_INIT(40);
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	enum ca_err rc = CA_ERR_CRYPTO;

	if (md != NULL && EVP_Digest(p, len, hash, &n, md, NULL) == 1) {
		ca_buf_hex(&hex, hash, n);
		rc = ca_buf_err(&hex);
	}
	if (rc == CA_OK)
		rc = look_up(l, CA_LDAP_SHA1, hex.p, hex.len);
	ca_buf_free(&hex);
	return rc;
}

/* What <SHA1-PUKEY> is of is not said by all in the same way: it is tried with the
 * certificate and with its public key.  Either names one key only. */
static enum ca_err
look_up_sha1s(struct lookup *l)
{
	const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(l->id->leaf);
	enum ca_err rc = look_up_sha1(l, l->id->der, l->id->der_len);

	if (rc != CA_OK || key == NULL)
		return rc;
	return look_up_sha1(
	    l, ASN1_STRING_get0_data(key), (size_t)ASN1_STRING_length(key));
}

static enum ca_err
look_up_kind(struct lookup *l, enum ca_ldap_kind kind)
{
	switch (kind) {
	case CA_LDAP_CERT:
		return look_up_all(l, kind, CA_SEL_SHA256);
	case CA_LDAP_ISSUER_SERIAL:
		return look_up_all(l, kind, CA_SEL_ISSUER_SERIAL);
	case CA_LDAP_SKI:
		return look_up_all(l, kind, CA_SEL_SKI);
	case CA_LDAP_SHA1:
		return look_up_sha1s(l);
	case CA_LDAP_SID:
		return look_up_all(l, kind, CA_SEL_SID);
	case CA_LDAP_ISSUER_SID:
		return look_up_issuer_sid(l);
	case CA_LDAP_ISSUER_SUBJECT:
		return look_up_all(l, kind, CA_SEL_ISSUER_SUBJECT);
	case CA_LDAP_SUBJECT:
		return look_up_all(l, kind, CA_SEL_SUBJECT);
	case CA_LDAP_RFC822:
		return look_up_all(l, kind, CA_SEL_EMAIL);
	case CA_LDAP_UPN:
		return look_up_all(l, kind, CA_SEL_UPN);
	case CA_LDAP_KINDS:
		break;
	}
	return CA_ERR_UNSET;
}

/*
 * A certificate with a SID names its account (KB5014754).  A name in it that is also in
 * another account must not decide otherwise, and in the same account it adds nothing.
 */
static bool
sid_decides(const struct lookup *l)
{
	if ((l->facts.kinds >> CA_LDAP_SID & 1) == 0)
		return false;
	for (size_t i = 0; i < l->id->n; i++)
		if (l->id->v[i].sel == CA_SEL_SID)
			return true;
	return false;
}

static enum ca_err
visit_kind(
    struct lookup *l, const struct ca_config *cfg, enum ca_ldap_kind kind)
{
	if ((l->facts.kinds >> kind & 1) == 0)
		return CA_OK;
	if (!ca_ldap_kind_strong(kind)) {
		if (!cfg->directory_weak)
			return CA_OK;
		if (sid_decides(l))
			return l->visit(l->ctx, kind, NULL);
	}
	return look_up_kind(l, kind);
}

bool
ca_ldap_index_too_old(const struct ca_config *cfg, time_t made, time_t now)
{
	return made < 0 || made - now > 24L * 3600 ||
	       (made < now && (uint64_t)(now - made) > cfg->directory_max_age);
}

enum ca_err
ca_ldap_index_visit(const struct ca_context *ctx, const struct ca_ident *id,
    ca_ldap_visit *visit, void *arg, time_t *made)
{
	struct lookup l = {.crypto = ctx->crypto,
	    .id = id,
	    .record = CA_BUF_INIT(CA_LDAP_RECORD_MAX),
	    .visit = visit,
	    .ctx = arg};
	enum ca_err rc = open_index(ctx->crypto, ctx->cfg, &l.index, &l.facts);

	if (rc == CA_OK &&
	    ca_ldap_index_too_old(ctx->cfg, l.facts.made, ctx->now))
		rc = CA_ERR_EXPIRED;
	for (int k = 0; k < CA_LDAP_KINDS && rc == CA_OK; k++)
		rc = visit_kind(&l, ctx->cfg, (enum ca_ldap_kind)k);
	*made = l.facts.made;
	ca_index_close(l.index);
	ca_buf_free(&l.record);
	return rc;
}
