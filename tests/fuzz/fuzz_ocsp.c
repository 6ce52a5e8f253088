/*
 * An OCSP response of anybody's making: what has an answer for us is well formed for
 * OpenSSL, and signed for it by somebody who may.  (The other way round does not
 * hold: ours is stricter.)
 */
#include "fuzz.h"

#include "ocsp/ocspint.h"

#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#define NOW 4102444800 /* 2100: the seeds are old, and have no nextUpdate */
#define LONG_AGO (80 * UINT64_C(366) * 86400)

static struct ca_crypto *crypto;
static X509 *cert, *issuer;

/* The responder of the seeds has this key; the CertID has the name, the key and the
 * serial number, and nothing else of the certificates. */
static X509 *
make(EVP_PKEY *key, long serial, const char *cn)
{
	X509 *x = X509_new(), *out = NULL;
	X509_NAME *name = X509_NAME_new(), *ca = X509_NAME_new();
	unsigned char *der = NULL;
	int len;

	FUZZ_CHECK(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		       (const unsigned char *)cn, -1, -1, 0) == 1);
	FUZZ_CHECK(X509_NAME_add_entry_by_txt(ca, "CN", MBSTRING_ASC,
		       (const unsigned char *)"CA", -1, -1, 0) == 1);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
	ASN1_TIME_set(X509_getm_notBefore(x), 0);
	ASN1_TIME_set(X509_getm_notAfter(x), NOW + 86400);
	X509_set_subject_name(x, name);
	X509_set_issuer_name(x, ca);
	X509_set_pubkey(x, key);
	X509_EXTENSION *ext =
	    X509V3_EXT_conf(NULL, NULL, "basicConstraints", "critical,CA:TRUE");
	FUZZ_CHECK(ext != NULL && X509_add_ext(x, ext, -1) == 1);
	X509_EXTENSION_free(ext);
	FUZZ_CHECK(X509_sign(x, key, EVP_sha256()) > 0);
	len = i2d_X509(x, &der);
	FUZZ_CHECK(len > 0);
	FUZZ_CHECK(ca_crypto_cert(crypto, der, (size_t)len, &out) == CA_OK);
	OPENSSL_free(der);
	X509_NAME_free(name);
	X509_NAME_free(ca);
	X509_free(x);
	return out;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	FILE *f = fopen("tests/data/vectors/p256.key", "r");
	EVP_PKEY *key =
	    f != NULL ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;

	(void)argc;
	(void)argv;
	FUZZ_CHECK(key != NULL);
	FUZZ_CHECK(ca_crypto_new(&crypto) == CA_OK);
	issuer = make(key, 1, "CA");
	cert = make(key, 2, "leaf");
	EVP_PKEY_free(key);
	(void)fclose(f);
	return 0;
}

static void
element(struct ca_buf *out, uint8_t tag, const struct ca_buf *content)
{
	ca_buf_u8(out, tag);
	ca_buf_u8(out, 0x82);
	ca_buf_u16(out, (uint16_t)content->len);
	ca_buf_put(out, content->p, content->len);
}

/* The BasicOCSPResponse without the certificates that nobody needs: those may be
 * anything.  OpenSSL does not insist on the shortest form of a length. */
static OCSP_BASICRESP *
needed(const struct ca_bytes *der, X509 *responder)
{
	struct ca_ocsp_response r;
	struct ca_buf all = CA_BUF_INIT(65535), bits = CA_BUF_INIT(65535);
	struct ca_buf certs = CA_BUF_INIT(65535), list = CA_BUF_INIT(65535);
	struct ca_buf out = CA_BUF_INIT(65535);
	unsigned char *cert_der = NULL;
	int len = responder != NULL ? i2d_X509(responder, &cert_der) : 0;

	FUZZ_CHECK(ca_ocsp_parse(der, &r) == CA_OK);
	ca_buf_put(&all, r.tbs.p, r.tbs.len);
	ca_buf_put(&all, r.algorithm.p, r.algorithm.len);
	ca_buf_u8(&bits, 0);
	ca_buf_put(&bits, r.signature.p, r.signature.len);
	element(&all, 0x03, &bits);
	if (len > 0) {
		ca_buf_put(&list, cert_der, (size_t)len);
		element(&certs, 0x30, &list);
		element(&all, 0xa0, &certs);
	}
	element(&out, 0x30, &all);
	const unsigned char *p = out.p;
	OCSP_BASICRESP *bs = d2i_OCSP_BASICRESP(NULL, &p, (long)out.len);

	OPENSSL_free(cert_der);
	ca_buf_free(&all);
	ca_buf_free(&bits);
	ca_buf_free(&certs);
	ca_buf_free(&list);
	ca_buf_free(&out);
	return bs;
}

static int
openssl_verifies(const struct ca_bytes *der, X509 *responder)
{
	OCSP_BASICRESP *bs = needed(der, responder);
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *certs = sk_X509_new_null();
	int ok;

	FUZZ_CHECK(store != NULL && certs != NULL);
	X509_STORE_add_cert(store, issuer);
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), NOW);
	X509_VERIFY_PARAM_set_flags(
	    X509_STORE_get0_param(store), X509_V_FLAG_PARTIAL_CHAIN);
	sk_X509_push(certs, issuer);
	ok = bs != NULL && OCSP_basic_verify(bs, certs, store, 0) == 1;
	sk_X509_free(certs);
	X509_STORE_free(store);
	OCSP_BASICRESP_free(bs);
	return ok;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ca_ocsp_question q = {
	    .cert = cert, .issuer = issuer, .now = NOW, .max_age = LONG_AGO};
	const struct ca_bytes der = {data, size};
	struct ca_ocsp_answer a;
	bool about;

	FUZZ_CHECK(ca_ocsp_judge(crypto, &der, &q, &a) == CA_OK);
	FUZZ_CHECK((a.status == CA_OCSP_NO_ANSWER) == (a.reason != CA_R_OK));
	FUZZ_CHECK(
	    ca_ocsp_is_about(crypto, &der, cert, issuer, &about) == CA_OK);
	if (a.status != CA_OCSP_NO_ANSWER)
		FUZZ_CHECK(about && openssl_verifies(&der, a.responder));
	ca_ocsp_answer_clear(&a);
	return 0;
}
