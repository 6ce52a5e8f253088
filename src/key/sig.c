#include "key/sig.h"

#include <string.h>

enum ca_err
ca_sig_digest(struct ca_crypto *crypto, const struct ca_scheme *scheme,
    const void *tbs, size_t len, struct ca_buf *out)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int n = 0;
	const EVP_MD *type;

	if (scheme->digest == NULL)
		return CA_ERR_UNSUPPORTED;
	type = ca_crypto_get0_md(crypto, scheme->digest);
	if (type == NULL || EVP_Digest(tbs, len, md, &n, type, NULL) != 1)
		return CA_ERR_CRYPTO;
	ca_buf_put(out, md, n);
	return ca_buf_err(out);
}

/* AlgorithmIdentifiers with NULL parameters, RFC 8017 section 9.2 note 1. */
static const struct {
	const char *digest;
	uint8_t head[19];
} digestinfo[] = {
    {"SHA256", {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
		   0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}},
    {"SHA384", {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
		   0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30}},
    {"SHA512", {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
		   0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40}},
};

/* "SHA2-256" and "SHA256" are the same to OpenSSL. */
static bool
digest_is(const char *name, const char *short_name)
{
	return strcasecmp(name, short_name) == 0 ||
	       (strncasecmp(name, "SHA2-", 5) == 0 &&
		   strcmp(name + 5, short_name + 3) == 0);
}

enum ca_err
ca_sig_digestinfo(struct ca_crypto *crypto, const struct ca_scheme *scheme,
    const void *tbs, size_t len, struct ca_buf *out)
{
	if (scheme->digest == NULL)
		return CA_ERR_UNSUPPORTED;
	for (size_t i = 0; i < sizeof digestinfo / sizeof *digestinfo; i++) {
		if (!digest_is(scheme->digest, digestinfo[i].digest))
			continue;
		ca_buf_put(out, digestinfo[i].head, sizeof digestinfo[i].head);
		return ca_sig_digest(crypto, scheme, tbs, len, out);
	}
	return CA_ERR_UNSUPPORTED;
}

enum ca_err
ca_sig_block(struct ca_crypto *crypto, const struct ca_scheme *scheme,
    const void *tbs, size_t len, size_t size, struct ca_buf *out)
{
	struct ca_buf info = CA_BUF_INIT(19 + EVP_MAX_MD_SIZE);
	enum ca_err rc = ca_sig_digestinfo(crypto, scheme, tbs, len, &info);

	if (rc == CA_OK && size < info.len + 11)
		rc = CA_ERR_LIMIT;
	if (rc == CA_OK) {
		ca_buf_u8(out, 0);
		ca_buf_u8(out, 1);
		for (size_t i = info.len + 3; i < size; i++)
			ca_buf_u8(out, 0xff);
		ca_buf_u8(out, 0);
		ca_buf_put(out, info.p, info.len);
		rc = ca_buf_err(out);
	}
	ca_buf_free(&info);
	return rc;
}

/* ---- EMSA-PSS, RFC 8017 section 9.1.1 ---- */

#define PSS_MAX 2048 /* bytes of a modulus of 16,384 bits */

/* MGF1 (appendix B.2.1): mask the n bytes at at by the seed of hlen bytes. */
static enum ca_err
mask(
    const EVP_MD *type, const uint8_t *seed, size_t hlen, uint8_t *at, size_t n)
{
	uint8_t block[EVP_MAX_MD_SIZE + 4], out[EVP_MAX_MD_SIZE];

	memcpy(block, seed, hlen);
	for (uint32_t i = 0; i * hlen < n; i++) {
		for (size_t k = 0; k < 4; k++)
			block[hlen + k] = (uint8_t)(i >> (24 - 8 * k));
		if (EVP_Digest(block, hlen + 4, out, NULL, type, NULL) != 1)
			return CA_ERR_CRYPTO;
		for (size_t k = 0; k < hlen && i * hlen + k < n; k++)
			at[i * hlen + k] ^= out[k];
	}
	return CA_OK;
}

/* Fill em, of emlen zero bytes; digest of hlen bytes. */
static enum ca_err
encode(struct ca_crypto *crypto, const EVP_MD *type,
    const struct ca_buf *digest, uint8_t *em, size_t emlen)
{
	const size_t hlen = digest->len, dblen = emlen - hlen - 1;
	uint8_t in[8 + 2 * EVP_MAX_MD_SIZE] = {0}, *salt = in + 8 + hlen;
	enum ca_err rc = ca_crypto_random(crypto, salt, hlen);

	if (rc != CA_OK)
		return rc;
	memcpy(in + 8, digest->p, hlen);
	if (EVP_Digest(in, 8 + 2 * hlen, em + dblen, NULL, type, NULL) != 1)
		return CA_ERR_CRYPTO;
	em[dblen - hlen - 1] = 1;
	memcpy(em + dblen - hlen, salt, hlen);
	em[emlen - 1] = 0xbc;
	return mask(type, em + dblen, hlen, em, dblen);
}

enum ca_err
ca_sig_pssblock(struct ca_crypto *crypto, const struct ca_scheme *scheme,
    const void *tbs, size_t len, size_t bits, struct ca_buf *out)
{
	struct ca_buf digest = CA_BUF_INIT(EVP_MAX_MD_SIZE);
	enum ca_err rc = ca_sig_digest(crypto, scheme, tbs, len, &digest);
	const size_t embits = bits - 1, emlen = (embits + 7) / 8;
	uint8_t em[PSS_MAX] = {0};

	if (rc == CA_OK &&
	    (bits < 2 || emlen > sizeof em || emlen < 2 * digest.len + 2))
		rc = CA_ERR_LIMIT;
	if (rc == CA_OK)
		rc = encode(crypto, ca_crypto_get0_md(crypto, scheme->digest),
		    &digest, em, emlen);
	if (rc == CA_OK) {
		em[0] &= (uint8_t)(0xff >> (8 * emlen - embits));
		if (emlen < (bits + 7) / 8)
			ca_buf_u8(out, 0);
		ca_buf_put(out, em, emlen);
		rc = ca_buf_err(out);
	}
	ca_buf_free(&digest);
	return rc;
}
