/*
 * OCSP responses made by libcrypto, with everything that a responder can get wrong.
 * Behind pkimake.h.
 */
#ifndef CA_TESTS_OCSPMAKE_H
#define CA_TESTS_OCSPMAKE_H

#include "base/buf.h"

#include <openssl/ocsp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

/* One SingleResponse. */
struct single {
	X509 *cert, *issuer; /* NULL: no entry */
	const EVP_MD *id;    /* of the CertID; NULL: SHA-1 */
	int status;          /* V_OCSP_CERTSTATUS_... */
	int reason;          /* of a revocation */
	long this_update;    /* seconds from NOW */
	long next_update;    /* the same; 0: none */
	bool critical;       /* with an unknown critical extension */
};

#define SINGLES_MAX 3

struct reply {
	struct single single[SINGLES_MAX];
	X509 *signer;
	EVP_PKEY *key;
	const EVP_MD *md; /* NULL: SHA-256 */
	bool pss;         /* RSASSA-PSS */
	bool by_key;      /* the responderID */
	bool no_certs;    /* the signer's certificate is left out */
	bool critical;    /* with an unknown critical extension */
	bool nonce, critical_nonce;
	int again;            /* how many more times the first entry is there */
	int error;            /* an OCSPResponseStatus instead; 0: none */
	STACK_OF(X509) *more; /* further certificates; or NULL */
};

static inline X509_EXTENSION *
unknown_extension(void)
{
	ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	assert_int_equal(
	    ASN1_OCTET_STRING_set(value, (const uint8_t *)"\x05\x00", 2), 1);
	ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, value);
	assert_non_null(ext);
	ASN1_OBJECT_free(oid);
	ASN1_OCTET_STRING_free(value);
	return ext;
}

static inline ASN1_GENERALIZEDTIME *
ocsp_time(long from_now)
{
	ASN1_GENERALIZEDTIME *t =
	    ASN1_GENERALIZEDTIME_set(NULL, NOW + from_now);

	assert_non_null(t);
	return t;
}

static inline void
add_single(OCSP_BASICRESP *bs, const struct single *s)
{
	ASN1_GENERALIZEDTIME *this_update = ocsp_time(s->this_update);
	ASN1_GENERALIZEDTIME *next =
	    s->next_update != 0 ? ocsp_time(s->next_update) : NULL;
	ASN1_GENERALIZEDTIME *revoked = ocsp_time(-DAY);
	OCSP_CERTID *id = OCSP_cert_to_id(
	    s->id != NULL ? s->id : EVP_sha1(), s->cert, s->issuer);
	OCSP_SINGLERESP *single = OCSP_basic_add1_status(
	    bs, id, s->status, s->reason, revoked, this_update, next);

	assert_non_null(single);
	if (s->critical) {
		X509_EXTENSION *ext = unknown_extension();

		assert_int_equal(OCSP_SINGLERESP_add_ext(single, ext, -1), 1);
		X509_EXTENSION_free(ext);
	}
	OCSP_CERTID_free(id);
	ASN1_GENERALIZEDTIME_free(this_update);
	ASN1_GENERALIZEDTIME_free(next);
	ASN1_GENERALIZEDTIME_free(revoked);
}

static inline void
add_response_extensions(OCSP_BASICRESP *bs, const struct reply *r)
{
	if (r->nonce || r->critical_nonce)
		assert_int_equal(OCSP_basic_add1_nonce(bs, NULL, 16), 1);
	if (r->critical_nonce)
		assert_int_equal(
		    X509_EXTENSION_set_critical(
			(X509_EXTENSION *)OCSP_BASICRESP_get_ext(bs, 0), 1),
		    1);
	if (r->critical) {
		X509_EXTENSION *ext = unknown_extension();

		assert_int_equal(OCSP_BASICRESP_add_ext(bs, ext, -1), 1);
		X509_EXTENSION_free(ext);
	}
}

static inline void
sign_reply(OCSP_BASICRESP *bs, const struct reply *r)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key = NULL;
	unsigned long flags = (r->by_key ? OCSP_RESPID_KEY : 0u) |
			      (r->no_certs ? OCSP_NOCERTS : 0u);
	/* Ed25519 signs the message itself */
	const EVP_MD *md = EVP_PKEY_is_a(r->key, "ED25519") ? NULL
			   : r->md != NULL                  ? r->md
							    : EVP_sha256();

	assert_int_equal(EVP_DigestSignInit(ctx, &key, md, NULL, r->key), 1);
	if (r->pss)
		assert_true(EVP_PKEY_CTX_set_rsa_padding(
				key, RSA_PKCS1_PSS_PADDING) > 0 &&
			    EVP_PKEY_CTX_set_rsa_pss_saltlen(
				key, RSA_PSS_SALTLEN_DIGEST) > 0);
	assert_int_equal(
	    OCSP_basic_sign_ctx(bs, r->signer, ctx, r->more, flags), 1);
	EVP_MD_CTX_free(ctx);
}

/* The DER of the response, in memory of its own. */
static inline struct ca_buf
reply_der(const struct reply *r)
{
	struct ca_buf out = CA_BUF_INIT(1 << 20);
	OCSP_BASICRESP *bs = OCSP_BASICRESP_new();
	OCSP_RESPONSE *response;
	unsigned char *der = NULL;

	for (size_t i = 0; i < SINGLES_MAX; i++)
		if (r->single[i].cert != NULL)
			add_single(bs, &r->single[i]);
	for (int i = 0; i < r->again; i++)
		add_single(bs, &r->single[0]);
	add_response_extensions(bs, r);
	sign_reply(bs, r);
	response = OCSP_response_create(r->error, r->error == 0 ? bs : NULL);
	assert_non_null(response);
	int len = i2d_OCSP_RESPONSE(response, &der);
	assert_true(len > 0);
	ca_buf_put(&out, der, (size_t)len);
	OPENSSL_free(der);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(bs);
	return out;
}

#endif
