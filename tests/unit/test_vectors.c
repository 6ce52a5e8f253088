/* Every stanza of the protocol's test vectors; new signatures by the same keys.
 */
#include "vectorcert.h"

#include "crypto/crypto.h"
#include "wire/message.h"
#include "channel/pieces.h"
#include "client/prompt.h"
#include "wire/scheme.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

static EVP_PKEY *
load_key(struct ca_crypto *c, const char *cert_name)
{
	char path[256];
	EVP_PKEY *key;

	(void)snprintf(path, sizeof path, VECTORS_DIR "%.*s.key",
	    (int)(strlen(cert_name) - strlen(".pem")), cert_name);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	key = PEM_read_PrivateKey_ex(
	    f, NULL, NULL, NULL, ca_crypto_get0_keys(c), NULL);
	assert_non_null(key);
	fclose(f);
	return key;
}

/* The bytes that are signed, for the parts of a transcript. */
static size_t
content(struct ca_crypto *c, enum ca_signer who, const struct ca_bytes *part,
    size_t n, uint8_t *out)
{
	uint8_t hash[CA_TRANSCRIPT_HASH_LEN];

	assert_int_equal(ca_crypto_transcript(c, part, n, hash), CA_OK);
	return ca_signed_content(who, hash, out);
}

static bool
offered(const struct ca_request *req, uint16_t scheme)
{
	for (size_t i = 0; i < req->nschemes; i++) {
		if (req->scheme[i] == scheme)
			return true;
	}
	return false;
}

/* Every certificate decodes; *leaf is the first. */
static enum ca_err
decode_certs(struct ca_crypto *c, const struct ca_proof_msgs *m, X509 **leaf)
{
	for (size_t i = 0; i < m->ncerts; i++) {
		X509 *cert;
		enum ca_err rc =
		    ca_crypto_cert(c, m->cert[i].p, m->cert[i].len, &cert);

		if (rc != CA_OK)
			return rc;
		if (i == 0)
			*leaf = cert;
		else
			X509_free(cert);
	}
	return CA_OK;
}

/* Judge a response in the order of protocol.md, as a host does. */
static const char *
judge(struct ca_crypto *c, const struct ca_request *req, struct ca_buf *resp,
    const char *registered, uint8_t *tbs, size_t *tbslen)
{
	struct ca_proof_msgs m;
	const struct ca_scheme *scheme;
	X509 *leaf = NULL;
	const char *verdict = "nothing";

	switch (ca_response_parse(resp->p, resp->len, req->nonce, &m)) {
	case CA_OK:
		break;
	case CA_ERR_FORMAT:
		return "invalid format";
	case CA_DENIED:
		return "invalid context";
	default:
		return "another error";
	}
	if (decode_certs(c, &m, &leaf) != CA_OK) {
		X509_free(leaf);
		return "invalid format";
	}
	if (m.ncerts == 0)
		leaf = load_cert(c, registered);
	scheme = ca_scheme_by_code(m.scheme);
	const struct ca_bytes part[] = {{req->raw, req->len}, m.certificate};
	*tbslen = content(c, CA_SIGNER_CLIENT, part, 2, tbs);
	if (scheme == NULL || !offered(req, m.scheme)) {
		verdict = "invalid scheme";
	} else {
		switch (ca_crypto_verify(c, scheme, X509_get0_pubkey(leaf),
		    &(struct ca_signed){
			tbs, *tbslen, m.signature.p, m.signature.len})) {
		case CA_OK:
			verdict = "valid";
			break;
		case CA_ERR_UNSUPPORTED:
			verdict = "invalid scheme";
			break;
		case CA_DENIED:
			verdict = "invalid signature";
			break;
		default:
			verdict = "another error";
		}
	}
	X509_free(leaf);
	return verdict;
}

static void
check_valid(struct ca_crypto *c, const struct stanza *s,
    const struct ca_request *req, const struct ca_buf *resp, const uint8_t *tbs,
    size_t tbslen)
{
	struct ca_buf want = unhex(stanza_get(s, "signed_content"));
	struct ca_proof_msgs m;
	const char *scheme = stanza_get(s, "scheme");
	unsigned long now = strtoul(stanza_get(s, "now"), NULL, 10);

	assert_int_equal(want.len, tbslen);
	assert_memory_equal(want.p, tbs, tbslen);
	ca_buf_free(&want);
	assert_int_equal(
	    ca_response_parse(resp->p, resp->len, req->nonce, &m), CA_OK);
	assert_int_equal(m.scheme, strtoul(scheme, NULL, 16));
	assert_string_equal(ca_scheme_by_code(m.scheme)->name, scheme + 5);
	assert_ptr_equal(
	    ca_scheme_by_name(scheme + 5), ca_scheme_by_code(m.scheme));
	assert_true(req->issued_at <= now);
	assert_true(now <= req->issued_at + req->lifetime);
	(void)c;
}

/* Sign by the key beside the leaf, and judge that. */
static void
check_again(struct ca_crypto *c, const struct stanza *s,
    const struct ca_request *req, const struct ca_buf *resp)
{
	const struct ca_scheme *scheme =
	    ca_scheme_by_name(stanza_get(s, "scheme") + 5);
	struct ca_buf sig = CA_BUF_INIT(CA_RESPONSE_MAX);
	struct ca_buf again = CA_BUF_INIT(CA_RESPONSE_MAX);
	uint8_t tbs[CA_SIGNED_CONTENT_MAX];
	EVP_PKEY *key = load_key(c, stanza_get(s, "leaf"));
	struct ca_proof_msgs m;
	size_t len;

	assert_int_equal(
	    ca_response_parse(resp->p, resp->len, req->nonce, &m), CA_OK);
	assert_int_equal(
	    ca_certificate_write(&again, req->nonce, m.cert, NULL, m.ncerts),
	    CA_OK);
	assert_int_equal(again.len, m.certificate.len);
	assert_memory_equal(again.p, m.certificate.p, again.len);
	const struct ca_bytes part[] = {
	    {req->raw, req->len}, {again.p, again.len}};
	len = content(c, CA_SIGNER_CLIENT, part, 2, tbs);
	assert_int_equal(ca_crypto_sign(c, scheme, key, tbs, len, &sig), CA_OK);
	assert_int_equal(
	    ca_certificate_verify_write(&again, scheme->code, sig.p, sig.len),
	    CA_OK);
	const char *got =
	    judge(c, req, &again, stanza_get(s, "leaf"), tbs, &len);
	if (strcmp(got, "valid") != 0)
		fail_msg("%s: signed anew: %s", stanza_get(s, "name"), got);
	EVP_PKEY_free(key);
	ca_buf_free(&sig);
	ca_buf_free(&again);
}

static void
each_stanza(const struct stanza *s, void *ctx)
{
	struct ca_crypto *c = ctx;
	struct ca_buf reqbytes = unbase64(stanza_get(s, "request"));
	struct ca_buf resp = unbase64(stanza_get(s, "response"));
	struct ca_request *req;
	uint8_t tbs[CA_SIGNED_CONTENT_MAX];
	size_t tbslen = 0;

	if (ca_request_parse(reqbytes.p, reqbytes.len, &req) != CA_OK)
		fail_msg(
		    "%s: the request does not parse", stanza_get(s, "name"));
	const char *got =
	    judge(c, req, &resp, stanza_get(s, "leaf"), tbs, &tbslen);
	if (strcmp(got, stanza_get(s, "outcome")) != 0)
		fail_msg("%s: %s instead of %s", stanza_get(s, "name"), got,
		    stanza_get(s, "outcome"));
	if (strcmp(got, "valid") == 0) {
		print_message("# %s\n", stanza_get(s, "name"));
		check_valid(c, s, req, &resp, tbs, tbslen);
		check_again(c, s, req, &resp);
	}
	ca_request_free(req);
	ca_buf_free(&reqbytes);
	ca_buf_free(&resp);
}

static void
vectors(void **state)
{
	struct ca_crypto *c;

	(void)state;
	assert_int_equal(ca_crypto_new(&c), CA_OK);
	assert_int_equal(
	    stanzas(VECTORS_DIR "protocol.txt", each_stanza, c), 41);
	ca_crypto_free(c);
}

struct host_proof {
	struct ca_crypto *c;
	size_t seen;
};

static void
each_host_proof(const struct stanza *s, void *ctx)
{
	struct host_proof *hp = ctx;
	struct ca_buf bytes = unbase64(stanza_get(s, "request"));
	uint8_t tbs[CA_SIGNED_CONTENT_MAX];
	struct ca_request *req;
	X509 *cert = NULL;

	assert_int_equal(ca_request_parse(bytes.p, bytes.len, &req), CA_OK);
	if (req->host_proved) {
		const struct ca_bytes part[] = {
		    req->request, req->host.certificate};
		size_t len = content(hp->c, CA_SIGNER_HOST, part, 2, tbs);
		const struct ca_scheme *scheme =
		    ca_scheme_by_code(req->host.scheme);

		hp->seen++;
		assert_int_equal(decode_certs(hp->c, &req->host, &cert), CA_OK);
		assert_int_equal(
		    ca_crypto_verify(hp->c, scheme, X509_get0_pubkey(cert),
			&(struct ca_signed){tbs, len, req->host.signature.p,
			    req->host.signature.len}),
		    CA_OK);
		/* not in the client's place */
		len = content(hp->c, CA_SIGNER_CLIENT, part, 2, tbs);
		assert_int_equal(
		    ca_crypto_verify(hp->c, scheme, X509_get0_pubkey(cert),
			&(struct ca_signed){tbs, len, req->host.signature.p,
			    req->host.signature.len}),
		    CA_DENIED);
	}
	X509_free(cert);
	ca_request_free(req);
	ca_buf_free(&bytes);
}

static void
host_proofs(void **state)
{
	struct host_proof hp = {NULL, 0};

	(void)state;
	assert_int_equal(ca_crypto_new(&hp.c), CA_OK);
	(void)stanzas(VECTORS_DIR "protocol.txt", each_host_proof, &hp);
	assert_int_equal(hp.seen, 1);
	ca_crypto_free(hp.c);
}

/* Every response also goes through prompts and pieces, of any size. */
static void
each_in_pieces(const struct stanza *s, void *ctx)
{
	static const unsigned sizes[] = {64, 128, 500, 511, 1023, 32768};
	const char *response = stanza_get(s, "response");

	(void)ctx;
	for (size_t i = 0; i < 6 && response[0] != '\0'; i++) {
		struct ca_pieces *ps =
		    ca_pieces_new(stanza_get(s, "request"), sizes[i]);
		struct ca_buf got = CA_BUF_INIT(CA_RESPONSE_MAX);
		struct ca_buf want = unbase64(response);
		bool done = false;

		while (!done) {
			struct ca_prompt prompt;
			struct ca_buf answer = CA_BUF_INIT(40000);

			assert_int_equal(
			    ca_prompt_find(ca_pieces_prompt(ps), &prompt),
			    CA_OK);
			assert_string_equal(
			    prompt.request, stanza_get(s, "request"));
			assert_int_equal(ca_answer_cut(response, prompt.next,
					     prompt.max, &answer),
			    CA_OK);
			assert_int_equal(
			    ca_pieces_add(ps, ca_buf_text(&answer), &done),
			    CA_OK);
			free(prompt.request);
			ca_buf_free(&answer);
		}
		assert_int_equal(ca_pieces_response(ps, &got), CA_OK);
		assert_int_equal(got.len, want.len);
		assert_memory_equal(got.p, want.p, want.len);
		ca_pieces_free(ps);
		ca_buf_free(&got);
		ca_buf_free(&want);
	}
}

static void
in_pieces(void **state)
{
	(void)state;
	(void)stanzas(VECTORS_DIR "protocol.txt", each_in_pieces, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(vectors),
	    cmocka_unit_test(host_proofs),
	    cmocka_unit_test(in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
