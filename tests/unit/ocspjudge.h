/*
 * A CA, two leaves and a responder, and what an OCSP response says of the first
 * leaf.  Include it behind cmocka.h.  The group's set-up is start, its end finish.
 */
#ifndef CA_TESTS_OCSPJUDGE_H
#define CA_TESTS_OCSPJUDGE_H

#include "ocsp/ocsp.h"

#include <stdint.h>
#include "pkimake.h"
#include "ocspmake.h"

#define WEEK (7 * 86400)

static EVP_PKEY *ca_key, *leaf_key, *ocsp_key, *other_key;
static X509 *ca, *leaf, *second, *other_ca;
static X509 *responder; /* as it should be */

static inline int
start(void **state)
{
	(void)state;
	if (pki_start("test-ocsp") != 0)
		return -1;
	ca_key = new_key();
	leaf_key = new_key();
	ocsp_key = new_key();
	other_key = new_key();
	ca = make(&(struct spec){"CA", "CA", ca_key, ca_key, .ca = true});
	other_ca = make(
	    &(struct spec){"Other", "Other", other_key, other_key, .ca = true});
	leaf = make(&(struct spec){
	    "alice", "CA", leaf_key, ca_key, .serial_hex = "80A1B2C3D4E5F6"});
	second = make(&(struct spec){"bob", "CA", leaf_key, ca_key});
	responder = make(&(struct spec){"OCSP", "CA", ocsp_key, ca_key,
	    .eku = "OCSPSigning", .ext = "noCheck:yes"});
	return 0;
}

static inline int
finish(void **state)
{
	(void)state;
	X509_free(ca);
	X509_free(other_ca);
	X509_free(leaf);
	X509_free(second);
	X509_free(responder);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(leaf_key);
	EVP_PKEY_free(ocsp_key);
	EVP_PKEY_free(other_key);
	return pki_stop();
}

/* ---- judge ---- */

static const struct ca_ocsp_question usual = {.now = NOW, .max_age = WEEK};

/* The answer about leaf, without its responder. */
static inline struct ca_ocsp_answer
asked(const struct ca_buf *der, const struct ca_ocsp_question *how)
{
	struct ca_ocsp_question q = *how;
	struct ca_ocsp_answer answer;
	/* exactly as long as it is, for the sanitizers */
	uint8_t *copy = malloc(der->len > 0 ? der->len : 1);

	if (der->len > 0)
		memcpy(copy, der->p, der->len);
	if (q.cert == NULL)
		q.cert = leaf;
	if (q.issuer == NULL)
		q.issuer = ca;
	assert_int_equal(ca_ocsp_judge(crypto,
			     &(struct ca_bytes){copy, der->len}, &q, &answer),
	    CA_OK);
	assert_int_equal(
	    answer.status == CA_OCSP_NO_ANSWER, answer.reason != CA_R_OK);
	assert_int_equal(
	    answer.status == CA_OCSP_NO_ANSWER, answer.why[0] != '\0');
	if (answer.status == CA_OCSP_NO_ANSWER)
		assert_null(answer.responder);
	free(copy);
	return answer;
}

static inline struct ca_ocsp_answer
judged(const struct reply *r)
{
	struct ca_buf der = reply_der(r);
	struct ca_ocsp_answer answer = asked(&der, &usual);

	ca_buf_free(&der);
	return answer;
}

/* No answer, for that reason. */
static inline void
none(const struct reply *r, enum ca_reason reason)
{
	struct ca_ocsp_answer a = judged(r);

	assert_int_equal(a.status, CA_OCSP_NO_ANSWER);
	assert_string_equal(ca_reason_code(a.reason), ca_reason_code(reason));
	ca_ocsp_answer_clear(&a);
}

static inline void
is(const struct reply *r, enum ca_ocsp_status status)
{
	struct ca_ocsp_answer a = judged(r);

	if (a.status != status)
		fail_msg("%d: %s", a.status, a.why);
	ca_ocsp_answer_clear(&a);
}

#define GOOD                                                                   \
	{                                                                      \
		.cert = leaf, .issuer = ca, .status = V_OCSP_CERTSTATUS_GOOD,  \
		.this_update = -60, .next_update = 3600                        \
	}
#define REVOKED                                                                \
	{                                                                      \
		.cert = leaf, .issuer = ca,                                    \
		.status = V_OCSP_CERTSTATUS_REVOKED, .reason = 1,              \
		.this_update = -60, .next_update = 3600                        \
	}
#define BY_CA .signer = ca, .key = ca_key
#define BY_RESPONDER .signer = responder, .key = ocsp_key

#endif
