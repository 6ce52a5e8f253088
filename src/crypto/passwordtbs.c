#include "crypto/passwordtbs.h"

#define CONTENT_MAX (CA_RESPONSE_MAX + 1024) /* the certificates, three names */

enum ca_err
ca_password_tbs(struct ca_crypto *crypto, const struct ca_password *p,
    const struct ca_password_for *meant,
    uint8_t content[CA_TRANSCRIPT_HASH_LEN], uint8_t *tbs, size_t *len)
{
	struct ca_buf b = CA_BUF_INIT(CONTENT_MAX);
	enum ca_err rc = ca_password_content(&b, p, meant);

	if (rc == CA_OK) {
		const struct ca_bytes part = {b.p, b.len};

		rc = ca_crypto_transcript(crypto, &part, 1, content);
	}
	if (rc == CA_OK)
		*len = ca_signed_content(CA_SIGNER_PASSWORD, content, tbs);
	ca_buf_free(&b);
	return rc;
}
