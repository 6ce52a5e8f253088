#include "crypto/ecdsa.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <string.h>

#define EC_BYTES_MAX 66 /* P-521 */

static BIGNUM *
number(const uint8_t *p, size_t len)
{
	while (len > 0 && *p == 0) {
		p++;
		len--;
	}
	if (len == 0 || len > EC_BYTES_MAX)
		return NULL;
	return BN_bin2bn(p, (int)len, NULL);
}

enum ca_err
ca_ecdsa_der(const uint8_t *r, size_t rlen, const uint8_t *s, size_t slen,
    struct ca_buf *out)
{
	enum ca_err ret = CA_ERR_UNSET;
	BIGNUM *rn = number(r, rlen), *sn = number(s, slen);
	ECDSA_SIG *pair = ECDSA_SIG_new();
	unsigned char *der = NULL;
	int len;

	if (pair == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if (rn == NULL || sn == NULL || ECDSA_SIG_set0(pair, rn, sn) != 1) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	rn = sn = NULL; /* transferred */
	if ((len = i2d_ECDSA_SIG(pair, &der)) <= 0) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	ca_buf_put(out, der, (size_t)len);
	if (ca_buf_err(out) != CA_OK) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	ret = CA_OK;
out:
	OPENSSL_free(der);
	ECDSA_SIG_free(pair);
	BN_free(rn);
	BN_free(sn);
	return ret;
}

size_t
ca_ecdsa_bytes(const struct ca_scheme *scheme)
{
	static const struct {
		const char *group;
		size_t bytes;
	} size[] = {{"prime256v1", 32}, {"secp384r1", 48}, {"secp521r1", 66}};

	if (scheme->key != CA_KEY_EC)
		return 0;
	for (size_t i = 0; i < sizeof size / sizeof *size; i++)
		if (strcmp(scheme->group, size[i].group) == 0)
			return size[i].bytes;
	return 0;
}

enum ca_err
ca_ecdsa_raw(const struct ca_scheme *scheme, const void *der, size_t len,
    struct ca_buf *out)
{
	uint8_t raw[2 * EC_BYTES_MAX];
	const int n = (int)ca_ecdsa_bytes(scheme);
	const unsigned char *p = der;

	ERR_set_mark();
	ECDSA_SIG *sig = n > 0 ? d2i_ECDSA_SIG(NULL, &p, (long)len) : NULL;
	/* a negative or longer number does not fit */
	bool good = sig != NULL && p == (const unsigned char *)der + len &&
		    !BN_is_negative(ECDSA_SIG_get0_r(sig)) &&
		    !BN_is_negative(ECDSA_SIG_get0_s(sig)) &&
		    BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, n) == n &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + n, n) == n;
	ECDSA_SIG_free(sig);
	ERR_pop_to_mark();
	if (!good)
		return CA_ERR_FORMAT;
	ca_buf_put(out, raw, 2 * (size_t)n);
	return ca_buf_err(out);
}
