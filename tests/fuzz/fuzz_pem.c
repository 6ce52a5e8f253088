/*
 * PEM as people have it: every block lies in the input, a block that was written
 * again is the same to this reader and to libcrypto's, and a file of any content
 * has a kind.
 */
#include "fuzz.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "data/pem.h"
#include "crypto/filekind.h"
#include "key/pemkey.h"
#include "verify/certfile.h"

#define INPUT_MAX 65536

/* libcrypto reads what ca_pem_put wrote as the same label and bytes; it refuses
 * an empty block. */
static void
libcrypto_agrees(const struct ca_buf *text, const struct ca_pem *pem,
    const struct ca_buf *der)
{
	BIO *bio = BIO_new_mem_buf(text->p, (int)text->len);
	char *name = NULL, *header = NULL;
	unsigned char *data = NULL;
	long len = 0;

	FUZZ_CHECK(bio != NULL);
	if (PEM_read_bio(bio, &name, &header, &data, &len) == 1) {
		FUZZ_CHECK(strlen(name) == pem->label.left);
		FUZZ_CHECK(memcmp(name, pem->label.p, pem->label.left) == 0);
		FUZZ_CHECK((size_t)len == der->len);
		FUZZ_CHECK(memcmp(data, der->p, der->len) == 0);
	} else {
		FUZZ_CHECK(der->len == 0 || ca_pem_has_headers(pem) ||
			   pem->label.p[pem->label.left - 1] == ' ');
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(data);
	BIO_free(bio);
	ERR_clear_error();
}

static void
one_block(const struct ca_pem *pem)
{
	struct ca_buf der = CA_BUF_INIT(INPUT_MAX),
		      again = CA_BUF_INIT(INPUT_MAX);
	struct ca_buf text = CA_BUF_INIT(4 * INPUT_MAX);
	enum ca_err rc = ca_pem_decode(pem, &der);
	struct ca_pem copy;

	FUZZ_CHECK(rc == CA_OK || rc == CA_ERR_FORMAT);
	ca_pem_put(pem, &text);
	FUZZ_CHECK(ca_buf_err(&text) == CA_OK);
	struct ca_reader r = ca_reader_of(text.p, text.len);
	FUZZ_CHECK(ca_pem_next(&r, &copy) == CA_OK);
	FUZZ_CHECK(copy.label.left == pem->label.left);
	FUZZ_CHECK(ca_pem_has_headers(&copy) == ca_pem_has_headers(pem));
	FUZZ_CHECK(ca_pem_decode(&copy, &again) == rc);
	if (rc == CA_OK) {
		FUZZ_CHECK(again.len == der.len);
		FUZZ_CHECK(
		    der.len == 0 || memcmp(again.p, der.p, der.len) == 0);
		libcrypto_agrees(&text, pem, &der);
	}
	ca_buf_free(&der);
	ca_buf_free(&again);
	ca_buf_free(&text);
}

static enum ca_err
count(void *ctx, const uint8_t *der, size_t len)
{
	(void)der;
	(void)len;
	++*(size_t *)ctx;
	return CA_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ca_crypto *crypto;
	struct ca_reader r = ca_reader_of(data, size);
	size_t certs = 0, found = 0;
	struct ca_pem pem;
	bool legacy, any = false;

	if (size > INPUT_MAX)
		return 0;
	if (crypto == NULL)
		FUZZ_CHECK(ca_crypto_new(&crypto) == CA_OK);
	while (ca_pem_next(&r, &pem) == CA_OK) {
		any = true;
		FUZZ_CHECK(pem.label.p > data && pem.label.left > 0);
		FUZZ_CHECK(pem.body.p + pem.body.left < r.p);
		FUZZ_CHECK(r.p + r.left == data + size);
		found += ca_pem_label(&pem, "CERTIFICATE");
		one_block(&pem);
		if (ca_pem_is_encrypted(&pem))
			FUZZ_CHECK(
			    ca_pem_cipher(&pem, ca_crypto_get0_keys(crypto),
				"x", NULL, &legacy) != CA_ERR_UNSET);
	}
	FUZZ_CHECK(!any || ca_pem_is(data, size));
	enum ca_file_kind kind = ca_file_kind(data, size);
	FUZZ_CHECK(ca_file_kind_name(kind) != NULL);
	FUZZ_CHECK(size > 0 || kind == CA_FILE_EMPTY);
	if (ca_certfile_each(data, size, count, &certs) == CA_OK && any)
		FUZZ_CHECK(certs >= found && certs > 0);
	return 0;
}
