/*
 * The messages of the SSH agent protocol.  The agent may be hostile (the other
 * end of a forwarded agent), so only a signature that verifies is trusted.
 */
#include "key/agent.h"
#include "crypto/ecdsa.h"
#include "key/sig.h"

#include <openssl/core_names.h>
#include <string.h>

enum {
	MSG_FAILURE = 5,
	MSG_IDENTITIES = 12,
	MSG_SIGN_REQUEST = 13,
	MSG_SIGN_RESPONSE = 14,
};
#define FLAG_RSA_SHA256 2
#define FLAG_RSA_SHA512 4

/* The key types of RFC 4253, 5656 and 8709, and OpenSSH's security keys. */
enum kind { KIND_RSA, KIND_EC, KIND_ED25519 };
static const struct {
	const char *name;
	const char *curve; /* SSH's name */
	const char *group; /* OpenSSL's name */
	enum kind kind;
	bool security_key;
} key_types[] = {
    {"ssh-rsa", NULL, NULL, KIND_RSA, false},
    {"ssh-ed25519", NULL, NULL, KIND_ED25519, false},
    {"ecdsa-sha2-nistp256", "nistp256", "prime256v1", KIND_EC, false},
    {"ecdsa-sha2-nistp384", "nistp384", "secp384r1", KIND_EC, false},
    {"ecdsa-sha2-nistp521", "nistp521", "secp521r1", KIND_EC, false},
    {"sk-ssh-ed25519@openssh.com", NULL, NULL, KIND_ED25519, true},
    {"sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", "prime256v1", KIND_EC,
	true},
};

/* The name that the agent must give to a signature by the scheme. */
static const struct {
	const char *scheme, *name;
	uint32_t flags;
	enum kind kind;
} sig_types[] = {
    {"rsa_pkcs1_sha256", "rsa-sha2-256", FLAG_RSA_SHA256, KIND_RSA},
    {"rsa_pkcs1_sha512", "rsa-sha2-512", FLAG_RSA_SHA512, KIND_RSA},
    {"ecdsa_secp256r1_sha256", "ecdsa-sha2-nistp256", 0, KIND_EC},
    {"ecdsa_secp384r1_sha384", "ecdsa-sha2-nistp384", 0, KIND_EC},
    {"ecdsa_secp521r1_sha512", "ecdsa-sha2-nistp521", 0, KIND_EC},
    {"ed25519", "ssh-ed25519", 0, KIND_ED25519},
};

/* ---- SSH's data types (RFC 4251 section 5) ---- */

static enum ca_err
read_string(struct ca_reader *r, struct ca_reader *out)
{
	struct ca_reader at = *r;
	const uint8_t *p;
	uint32_t len;

	if (ca_read_u32(&at, &len) != CA_OK ||
	    ca_read_bytes(&at, len, &p) != CA_OK)
		return CA_ERR_FORMAT;
	*out = ca_reader_of(p, len);
	*r = at;
	return CA_OK;
}

/* A positive mpint, given without its leading zero. */
static enum ca_err
read_mpint(struct ca_reader *r, struct ca_reader *out)
{
	if (read_string(r, out) != CA_OK || out->left == 0 ||
	    (out->p[0] & 0x80) != 0)
		return CA_ERR_FORMAT;
	while (out->left > 0 && out->p[0] == 0) {
		out->p++;
		out->left--;
	}
	return CA_OK;
}

static void
put_string(struct ca_buf *b, const void *p, size_t len)
{
	if (len > UINT32_MAX) {
		b->err = CA_ERR_LIMIT;
		return;
	}
	ca_buf_u16(b, (uint16_t)(len >> 16));
	ca_buf_u16(b, (uint16_t)len);
	ca_buf_put(b, p, len);
}

static bool
text_is(const struct ca_reader *r, const char *text)
{
	return r->left == strlen(text) && memcmp(r->p, text, r->left) == 0;
}

/* ---- comparing keys ---- */

static bool
number_is(const EVP_PKEY *pub, const char *param, const struct ca_reader *r)
{
	BIGNUM *own = NULL, *other = NULL;
	bool same = false;

	/* no key has more than 16,384 bits */
	if (r->left <= 2048 && EVP_PKEY_get_bn_param(pub, param, &own) == 1 &&
	    (other = BN_bin2bn(r->p, (int)r->left, NULL)) != NULL)
		same = BN_cmp(own, other) == 0;
	BN_free(own);
	BN_free(other);
	return same;
}

static bool
rsa_is(const EVP_PKEY *pub, struct ca_reader *r)
{
	struct ca_reader e, n;

	return EVP_PKEY_is_a(pub, "RSA") && read_mpint(r, &e) == CA_OK &&
	       read_mpint(r, &n) == CA_OK &&
	       number_is(pub, OSSL_PKEY_PARAM_RSA_E, &e) &&
	       number_is(pub, OSSL_PKEY_PARAM_RSA_N, &n);
}

static bool
ed25519_is(const EVP_PKEY *pub, struct ca_reader *r)
{
	unsigned char own[32];
	size_t len = sizeof own;
	struct ca_reader raw;

	return EVP_PKEY_is_a(pub, "ED25519") && read_string(r, &raw) == CA_OK &&
	       raw.left == sizeof own &&
	       EVP_PKEY_get_raw_public_key(pub, own, &len) == 1 &&
	       len == sizeof own && memcmp(raw.p, own, sizeof own) == 0;
}

/* SSH writes points uncompressed, but the certificate's point may be
 * compressed, so the coordinates are compared. */
static bool
ec_is(const EVP_PKEY *pub, const char *curve, const char *group,
    struct ca_reader *r)
{
	char own[80];
	size_t len;
	struct ca_reader name, point, x, y;

	if (!EVP_PKEY_is_a(pub, "EC") ||
	    EVP_PKEY_get_group_name(pub, own, sizeof own, &len) != 1 ||
	    strcmp(own, group) != 0)
		return false;
	if (read_string(r, &name) != CA_OK || !text_is(&name, curve) ||
	    read_string(r, &point) != CA_OK || point.left < 3 ||
	    point.left % 2 != 1 || point.p[0] != 4)
		return false;
	x = ca_reader_of(point.p + 1, point.left / 2);
	y = ca_reader_of(x.p + x.left, x.left);
	return number_is(pub, OSSL_PKEY_PARAM_EC_PUB_X, &x) &&
	       number_is(pub, OSSL_PKEY_PARAM_EC_PUB_Y, &y);
}

/* True if the blob holds pub. */
static bool
blob_is(struct ca_reader blob, const EVP_PKEY *pub, bool *security_key)
{
	struct ca_reader type, application;

	if (read_string(&blob, &type) != CA_OK)
		return false;
	for (size_t i = 0; i < sizeof key_types / sizeof *key_types; i++) {
		bool same = false;

		if (!text_is(&type, key_types[i].name))
			continue;
		switch (key_types[i].kind) {
		case KIND_RSA:
			same = rsa_is(pub, &blob);
			break;
		case KIND_EC:
			same = ec_is(
			    pub, key_types[i].curve, key_types[i].group, &blob);
			break;
		case KIND_ED25519:
			same = ed25519_is(pub, &blob);
			break;
		}
		*security_key = key_types[i].security_key;
		if (same && *security_key)
			same = read_string(&blob, &application) == CA_OK;
		return same && ca_read_end(&blob) == CA_OK;
	}
	return false;
}

/* ---- messages ---- */

enum ca_err
ca_agent_find(const struct ca_buf *reply, const EVP_PKEY *pub,
    struct ca_agent_match *match)
{
	struct ca_reader r = ca_reader_of(reply->p, reply->len);
	uint32_t n;
	uint8_t type;

	*match =
	    (struct ca_agent_match){.blob = CA_BUF_INIT(CA_AGENT_REPLY_MAX)};
	if (ca_read_u8(&r, &type) != CA_OK)
		return CA_ERR_FORMAT;
	if (type == MSG_FAILURE)
		return CA_DENIED;
	if (type != MSG_IDENTITIES || ca_read_u32(&r, &n) != CA_OK)
		return CA_ERR_FORMAT;
	if (n > CA_AGENT_KEYS_MAX)
		return CA_ERR_LIMIT;
	match->listed = n;
	for (uint32_t i = 0; i < n; i++) {
		struct ca_reader blob, comment;
		bool security_key = false;

		if (read_string(&r, &blob) != CA_OK ||
		    read_string(&r, &comment) != CA_OK)
			return CA_ERR_FORMAT;
		if (!blob_is(blob, pub, &security_key))
			continue;
		/* a key that can sign is better than one that cannot */
		if (match->found && (security_key || !match->security_key))
			continue;
		match->found = true;
		match->security_key = security_key;
		ca_buf_reset(&match->blob);
		ca_buf_put(&match->blob, blob.p, blob.left);
		if (ca_buf_err(&match->blob) != CA_OK)
			return ca_buf_err(&match->blob);
	}
	return ca_read_end(&r);
}

static size_t
sig_type(const struct ca_scheme *scheme)
{
	size_t i;

	for (i = 0; i < sizeof sig_types / sizeof *sig_types; i++)
		if (strcmp(sig_types[i].scheme, scheme->name) == 0)
			break;
	return i;
}

bool
ca_agent_scheme(const struct ca_scheme *scheme)
{
	return sig_type(scheme) < sizeof sig_types / sizeof *sig_types;
}

void
ca_agent_sign_request(const struct ca_buf *blob, const struct ca_scheme *scheme,
    const void *tbs, size_t len, struct ca_buf *msg)
{
	size_t i = sig_type(scheme);

	ca_buf_u8(msg, MSG_SIGN_REQUEST);
	put_string(msg, blob->p, blob->len);
	put_string(msg, tbs, len);
	ca_buf_u16(msg, 0);
	ca_buf_u16(msg, (uint16_t)sig_types[i].flags);
}

static enum ca_err
convert(size_t i, struct ca_reader blob, size_t sig_max, struct ca_buf *sig)
{
	struct ca_reader a, b;

	switch (sig_types[i].kind) {
	case KIND_EC:
		if (read_mpint(&blob, &a) != CA_OK ||
		    read_mpint(&blob, &b) != CA_OK ||
		    ca_read_end(&blob) != CA_OK)
			return CA_ERR_FORMAT;
		return ca_ecdsa_der(a.p, a.left, b.p, b.left, sig);
	case KIND_ED25519:
		if (blob.left != 64)
			return CA_ERR_FORMAT;
		break;
	case KIND_RSA:
		if (blob.left == 0 || blob.left > sig_max)
			return CA_ERR_FORMAT;
		/* RFC 8332 section 3: the agent may drop leading zeros,
		 * which RFC 8017 wants back */
		for (size_t n = blob.left; n < sig_max; n++)
			ca_buf_u8(sig, 0);
		break;
	}
	ca_buf_put(sig, blob.p, blob.left);
	return ca_buf_err(sig);
}

enum ca_err
ca_agent_signature(const struct ca_buf *reply, const struct ca_scheme *scheme,
    size_t sig_max, struct ca_buf *sig)
{
	struct ca_reader r = ca_reader_of(reply->p, reply->len);
	struct ca_reader outer, name, blob;
	size_t i = sig_type(scheme);
	uint8_t type;

	if (!ca_agent_scheme(scheme))
		return CA_ERR_UNSUPPORTED;
	if (ca_read_u8(&r, &type) != CA_OK)
		return CA_ERR_FORMAT;
	if (type == MSG_FAILURE)
		return CA_DENIED;
	if (type != MSG_SIGN_RESPONSE || read_string(&r, &outer) != CA_OK ||
	    ca_read_end(&r) != CA_OK)
		return CA_ERR_FORMAT;
	if (read_string(&outer, &name) != CA_OK ||
	    read_string(&outer, &blob) != CA_OK || ca_read_end(&outer) != CA_OK)
		return CA_ERR_FORMAT;
	/* an old agent ignores the flags and signs by SHA-1 */
	if (!text_is(&name, sig_types[i].name))
		return CA_ERR_FORMAT;
	return convert(i, blob, sig_max, sig);
}
