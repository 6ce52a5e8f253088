/* What a certificate names as its OCSP responder, and the request about it. */
#include "ocspask/ocspask.h"

#include <openssl/ocsp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "pkimake.h"

static EVP_PKEY *ca_key, *leaf_key;
static X509 *ca;

static X509 *
leaf(const char *access, const char *serial)
{
	const struct spec s = {.subject = "alice",
	    .issuer = "CA",
	    .key = leaf_key,
	    .signer = ca_key,
	    .serial_hex = serial,
	    .ext = access};

	return make(&s);
}

/* A certificate with one address, whose bytes may be any. */
static X509 *
leaf_with_bytes(const void *url, int len)
{
	X509 *cert = X509_new();
	AUTHORITY_INFO_ACCESS *aia = sk_ACCESS_DESCRIPTION_new_null();
	ACCESS_DESCRIPTION *ad = ACCESS_DESCRIPTION_new();

	ad->method = OBJ_nid2obj(NID_ad_OCSP);
	ad->location->type = GEN_URI;
	ad->location->d.ia5 = ASN1_IA5STRING_new();
	assert_int_equal(ASN1_STRING_set(ad->location->d.ia5, url, len), 1);
	assert_true(sk_ACCESS_DESCRIPTION_push(aia, ad) > 0);
	assert_int_equal(
	    X509_add1_ext_i2d(cert, NID_info_access, aia, 0, 0), 1);
	AUTHORITY_INFO_ACCESS_free(aia);
	return cert;
}

/* The first address, or "none". */
static const char *
first(X509 *cert)
{
	static char url[CA_OCSP_URL_MAX];

	if (!ca_ocsp_address(cert, 0, url))
		(void)snprintf(url, sizeof url, "none");
	X509_free(cert);
	return url;
}

static void
addresses(void **state)
{
	char url[CA_OCSP_URL_MAX];
	X509 *cert =
	    leaf("authorityInfoAccess:caIssuers;URI:http://no/,"
		 "OCSP;URI:ldap://no/,OCSP;email:http@no,OCSP;URI:HTTP://a/,"
		 "OCSP;URI:https://b/,OCSP;URI:file:///no,OCSP;URI:http://c/,"
		 "OCSP;URI:http://d/,OCSP;URI:http://e/",
		NULL);
	static const char *const want[] = {
	    "HTTP://a/", "https://b/", "http://c/", "http://d/"};

	(void)state;
	for (size_t i = 0; i < CA_OCSP_ADDRESSES_MAX; i++) {
		assert_true(ca_ocsp_address(cert, i, url));
		assert_string_equal(url, want[i]);
	}
	/* the fifth is there, and not asked */
	assert_false(ca_ocsp_address(cert, CA_OCSP_ADDRESSES_MAX, url));
	X509_free(cert);
	assert_string_equal(first(leaf(NULL, NULL)), "none");
}

/* An address becomes a line of an order. */
static void
bytes_of_addresses(void **state)
{
	char text[CA_OCSP_URL_MAX + 1];

	(void)state;
	assert_string_equal(
	    first(leaf_with_bytes("http://a/!~", 11)), "http://a/!~");
	for (int c = 0; c < 256; c++) {
		char with[] = "http://a/?x";
		with[9] = (char)c;
		assert_string_equal(first(leaf_with_bytes(with, 11)),
		    c > ' ' && c < 0x7f ? with : "none");
	}
	assert_string_equal(first(leaf_with_bytes("http:/", 6)), "none");
	assert_string_equal(first(leaf_with_bytes("", 0)), "none");
	memset(text, 'a', sizeof text);
	memcpy(text, "http://", 7);
	text[CA_OCSP_URL_MAX - 1] = '\0';
	assert_string_equal(
	    first(leaf_with_bytes(text, CA_OCSP_URL_MAX - 1)), text);
	text[CA_OCSP_URL_MAX - 1] = 'a';
	assert_string_equal(
	    first(leaf_with_bytes(text, CA_OCSP_URL_MAX)), "none");
}

/* One CertID, by SHA-1; no nonce, no name, no signature. */
static void
request(void **state)
{
	X509 *cert = leaf(NULL, "0123456789abcdef");
	struct ca_buf der = CA_BUF_INIT(CA_FETCH_OCSP_MAX);

	(void)state;
	assert_int_equal(ca_ocspask_request(crypto, cert, ca, &der), CA_OK);
	const unsigned char *p = der.p;
	OCSP_REQUEST *req = d2i_OCSP_REQUEST(NULL, &p, (long)der.len);
	assert_non_null(req);
	assert_ptr_equal(p, der.p + der.len);
	assert_int_equal(OCSP_request_onereq_count(req), 1);
	assert_int_equal(OCSP_REQUEST_get_ext_count(req), 0);
	assert_false(OCSP_request_is_signed(req));
	OCSP_ONEREQ *one = OCSP_request_onereq_get0(req, 0);
	assert_int_equal(OCSP_ONEREQ_get_ext_count(one), 0);
	OCSP_CERTID *want = OCSP_cert_to_id(EVP_sha1(), cert, ca);
	assert_int_equal(OCSP_id_cmp(want, OCSP_onereq_get0_id(one)), 0);
	OCSP_CERTID_free(want);
	OCSP_REQUEST_free(req);
	ca_buf_free(&der);
	X509_free(cert);
}

/* A question that cannot be asked is no error, so that the others are asked. */
static void
long_serial(void **state)
{
	struct ca_buf serial = CA_BUF_INIT(4096);
	struct ca_buf der = CA_BUF_INIT(CA_FETCH_OCSP_MAX);

	(void)state;
	for (size_t i = 0; i < CA_FETCH_OCSP_MAX; i++)
		ca_buf_str(&serial, "11");
	X509 *cert = leaf(NULL, ca_buf_text(&serial));
	assert_int_equal(
	    ca_ocspask_request(crypto, cert, ca, &der), CA_ERR_LIMIT);
	const struct ca_fetch_limits limits = {.timeout = 1};
	struct ca_ocspask ask = {
	    .cert = cert, .issuer = ca, .url = "http://127.0.0.1:1/"};
	assert_int_equal(ca_ocspask_all(crypto, &ask, 1, &limits), CA_OK);
	assert_int_equal(ask.answer.status, CA_OCSP_NO_ANSWER);
	assert_non_null(strstr(ask.why, "no request can be made"));
	ca_ocspask_clear(&ask);
	assert_int_equal(
	    ca_ocspask_all(crypto, &ask, CA_OCSPASK_MAX + 1, &limits),
	    CA_ERR_LIMIT);
	ca_buf_free(&serial);
	ca_buf_free(&der);
	X509_free(cert);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses),
	    cmocka_unit_test(bytes_of_addresses),
	    cmocka_unit_test(request),
	    cmocka_unit_test(long_serial),
	};

	if (pki_start("ocspask") != 0)
		return 99;
	ca_key = new_key();
	leaf_key = new_key();
	const struct spec s = {.subject = "CA",
	    .issuer = "CA",
	    .key = ca_key,
	    .signer = ca_key,
	    .ca = true};
	ca = make(&s);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	X509_free(ca);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(leaf_key);
	return pki_stop() == 0 ? failed : 99;
}
