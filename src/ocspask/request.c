/* The request (ocspask.h). */
#include "ocspask/ocspask.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

enum ca_err
ca_ocspask_request(
    struct ca_crypto *crypto, X509 *cert, X509 *issuer, struct ca_buf *out)
{
	enum ca_err ret = CA_ERR_UNSET;
	const EVP_MD *sha1 = ca_crypto_get0_md(crypto, "SHA1");
	OCSP_REQUEST *req = NULL;
	OCSP_CERTID *id = NULL;
	unsigned char *der = NULL;
	OSSL_LIB_CTX *before;
	int len;

	ERR_set_mark();
	before = ca_crypto_enter(crypto);
	if (sha1 == NULL || (req = OCSP_REQUEST_new()) == NULL ||
	    (id = OCSP_cert_to_id(sha1, cert, issuer)) == NULL ||
	    OCSP_request_add0_id(req, id) == NULL) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	id = NULL; /* transferred */
	if ((len = i2d_OCSP_REQUEST(req, &der)) <= 0) {
		ret = CA_ERR_CRYPTO;
		goto out;
	}
	ca_buf_put(out, der, (size_t)len);
	if (ca_buf_err(out) != CA_OK) {
		ret = ca_buf_err(out);
		goto out;
	}
	ret = CA_OK;
out:
	ca_crypto_leave(before);
	OCSP_CERTID_free(id);
	OCSP_REQUEST_free(req);
	OPENSSL_free(der);
	ERR_pop_to_mark();
	return ret;
}
