/* The names of the host, and its proof. */
#include "authworld.h"

/* ---- names ---- */

static void
test_fqdn(void **state)
{
	static const struct {
		const char *hosts, *node, *full;
	} c[] = {
	    {"127.0.1.1 web1.example.com web1\n", "web1", "web1.example.com"},
	    {"127.0.1.1\tWEB1.example.com", "web1", "WEB1.example.com"},
	    {"# 1.2.3.4 web1.a\n::1 localhost\n10.0.0.1 web1.b # web1.c\n",
		"web1", "web1.b"},
	    {"1.1.1.1 mail.a\n1.1.1.2 web1.b\n", "web1", "web1.b"},
	    {"1.1.1.1 mail.a\n", "web1", NULL},
	    {"127.0.1.1 web1\n", "web1", NULL},
	    {"127.0.1.1 web1.\n", "web1", NULL},
	    {"127.0.1.1 web10.example.com web1\n", "web1", NULL},
	    {"127.0.1.1 localhost web1.example.com\n", "web1", NULL},
	    {"127.0.1.1", "web1", NULL},
	    {"", "web1", NULL},
	    {"\n\n\n", "web1", NULL},
	    {"1.1.1.1 .a\n", "", NULL},
	};
	char out[32];

	(void)state;
	for (size_t i = 0; i < sizeof c / sizeof c[0]; i++) {
		bool found =
		    ca_host_fqdn(c[i].hosts, c[i].node, out, sizeof out);

		assert_int_equal(found, c[i].full != NULL);
		if (found)
			assert_string_equal(out, c[i].full);
	}
	assert_false(ca_host_fqdn("1.1.1.1 web1.example.com", "web1", out,
	    strlen("web1.example.com")));
}

static void
test_own_names(void **state)
{
	struct world *w = *state;
	char *name[CA_HOST_NAMES_MAX], node[256];
	size_t n;

	assert_int_equal(gethostname(node, sizeof node), 0);
	set(w, "host_names", "%s", "");
	assert_int_equal(
	    ca_host_names(w->cfg, name, CA_HOST_NAMES_MAX, &n), CA_OK);
	assert_true(n >= 1 && n <= 3);
	bool there = false;
	for (size_t i = 0; i < n; i++) {
		there = there || strcmp(name[i], node) == 0;
		free(name[i]);
	}
	assert_true(there);
	/* a repeated name is sent once; an invalid name is an error */
	set(w, "host_names", "web, WEB, db");
	assert_int_equal(
	    ca_host_names(w->cfg, name, CA_HOST_NAMES_MAX, &n), CA_OK);
	assert_int_equal(n, 2);
	assert_string_equal(name[0], "web");
	assert_string_equal(name[1], "db");
	free(name[0]);
	free(name[1]);
	assert_int_equal(ca_host_names(w->cfg, name, 1, &n), CA_ERR_FORMAT);
	assert_int_equal(n, 1);
	free(name[0]);
	char longest[257], *bad[] = {longest, (char[]){""}, (char[]){"a\nb"},
			       (char[]){"a\xff"}};
	memset(longest, 'a', 256);
	longest[256] = '\0';
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct ca_config cfg = *w->cfg;

		cfg.host_names.v = &bad[i];
		cfg.host_names.n = 1;
		assert_int_equal(
		    ca_host_names(&cfg, name, CA_HOST_NAMES_MAX, &n),
		    CA_ERR_FORMAT);
		assert_int_equal(n, 0);
	}
	longest[255] = '\0';
	struct ca_config cfg = *w->cfg;
	cfg.host_names.v = bad;
	cfg.host_names.n = 1;
	assert_int_equal(
	    ca_host_names(&cfg, name, CA_HOST_NAMES_MAX, &n), CA_OK);
	free(name[0]);
	set(w, "host_names", "host.example, host");
}

/* ---- the host's proof ---- */

static enum ca_err
host_check(struct world *w, time_t now)
{
	const struct ca_context ctx = context_at(w, now);

	return ca_host_check(&ctx);
}

static void
host_files(struct world *w, const char *cert, const char *key)
{
	run("cp " VECTORS_DIR "%s %s/h.pem; cp " VECTORS_DIR "%s %s/h.key; "
	    "chmod 600 %s/h.key",
	    cert, w->dir, key, w->dir, w->dir);
	set(w, "host_cert", "%s/h.pem", w->dir);
	set(w, "host_key", "%s/h.key", w->dir);
}

static void
test_host_proof(void **state)
{
	struct world *w = *state;
	uint8_t hash[CA_TRANSCRIPT_HASH_LEN], tbs[CA_SIGNED_CONTENT_MAX];
	X509 *cert = NULL;
	struct ca_request *req;

	host_files(w, "host.pem", "host.key");
	req = request(w, &sshd_alice);
	assert_non_null(req);
	assert_true(req->host_proved);
	const struct ca_bytes part[] = {req->request, req->host.certificate};
	assert_int_equal(ca_crypto_transcript(w->crypto, part, 2, hash), CA_OK);
	size_t len = ca_signed_content(CA_SIGNER_HOST, hash, tbs);
	assert_int_equal(ca_crypto_cert(w->crypto, req->host.cert[0].p,
			     req->host.cert[0].len, &cert),
	    CA_OK);
	assert_int_equal(
	    ca_crypto_verify(w->crypto, ca_scheme_by_code(req->host.scheme),
		X509_get0_pubkey(cert),
		&(struct ca_signed){
		    tbs, len, req->host.signature.p, req->host.signature.len}),
	    CA_OK);
	X509_free(cert);
	ca_request_free(req);
	set(w, "host_proof", "off");
	req = request(w, &sshd_alice);
	assert_false(req->host_proved);
	ca_request_free(req);
	set(w, "host_proof", "optional");
}

/* A proof that cannot be made is logged as an error; the request has no proof,
 * or there is no request. */
static void
no_proof(struct world *w, const char *says)
{
	struct ca_request *req;

	set(w, "host_proof", "optional");
	req = request(w, &sshd_alice);
	assert_non_null(req);
	assert_false(req->host_proved);
	if (strstr(w->lines, says) == NULL)
		fail_msg("`%s' not in: %s", says, w->lines);
	ca_request_free(req);
	set(w, "host_proof", "auto");
	assert_null(request(w, &sshd_alice));
	set(w, "host_proof", "require");
	assert_null(request(w, &sshd_alice));
	assert_non_null(strstr(w->lines, says));
	w->lines[0] = '\0';
	assert_int_not_equal(host_check(w, time(NULL)), CA_OK);
	assert_non_null(strstr(w->lines, says));
	set(w, "host_proof", "auto");
}

/* The intermediates are sent, but not the root: a client uses its own root. */
static void
test_host_chain(void **state)
{
	struct world *w = *state;
	struct ca_request *req;
	X509 *cert;

	host_files(w, "host.pem", "host.key");
	run("cat " VECTORS_DIR "root.pem " VECTORS_DIR
	    "intermediate.pem >>%s/h.pem",
	    w->dir);
	req = request(w, &sshd_alice);
	assert_non_null(req);
	assert_int_equal(req->host.ncerts, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(ca_crypto_cert(w->crypto, req->host.cert[i].p,
				     req->host.cert[i].len, &cert),
		    CA_OK);
		assert_int_equal(X509_self_signed(cert, 0), 0);
		X509_free(cert);
	}
	ca_request_free(req);
	set(w, "host_key", "%s", "");
	set(w, "host_cert", "%s", "");
}

static void
test_no_host_proof(void **state)
{
	struct world *w = *state;

	host_files(w, "p256.pem", "host.key");
	no_proof(w, "is not the key of");
	host_files(w, "host.pem", "host.key");
	run("chmod 640 %s/h.key", w->dir);
	no_proof(w, "readable by group");
	run("chmod 620 %s/h.key", w->dir);
	no_proof(w, "it must be a file owned by root");
	run("rm %s/h.key", w->dir);
	no_proof(w, "cannot be opened");
	run("echo junk >%s/h.key; chmod 600 %s/h.key", w->dir, w->dir);
	no_proof(w, "is not a PEM private key");
	run("openssl pkey -in " VECTORS_DIR "host.key -aes256 -passout pass:x "
	    "-out %s/h.key && chmod 600 %s/h.key",
	    w->dir, w->dir);
	no_proof(w, "is not a PEM private key");
	host_files(w, "rsa1024.pem", "rsa1024.key");
	no_proof(w, "no signature scheme fits");
	host_files(w, "host.pem", "host.key");
	run(": >%s/h.pem", w->dir);
	no_proof(w, "is not a file of PEM certificates");
	/* a private key in the file is refused, although it is not sent */
	run("cat " VECTORS_DIR "host.pem " VECTORS_DIR "host.key >%s/h.pem",
	    w->dir);
	no_proof(w, "is not a file of PEM certificates");
	run("for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do "
	    "cat " VECTORS_DIR "host.pem; done >%s/h.pem",
	    w->dir);
	assert_null(request(w, &sshd_alice));
	run("rm %s/h.pem", w->dir);
	no_proof(w, "host_cert");
	set(w, "host_key", "pkcs11:token=x");
	no_proof(w, "host_");
	set(w, "host_key", "%s", "");
	no_proof(w, "host_key is not");
	set(w, "host_cert", "%s", "");
	set(w, "host_proof", "require");
	assert_null(request(w, &sshd_alice));
	set(w, "host_proof", "auto");
}

/* A token, played by a key in a file: it does what a helper does. */
enum token_flaw {
	TOKEN_GOOD,
	TOKEN_SILENT, /* reports success, and gives no message */
	TOKEN_TYPE,   /* another message */
	TOKEN_CUT,    /* a byte is missing */
	TOKEN_MORE,   /* an extra byte after the message */
	TOKEN_INSIDE, /* an extra byte inside the message */
	TOKEN_SCHEME, /* an unknown signature scheme */
	TOKEN_CLIENT, /* as a client signs */
	TOKEN_OTHER,  /* other bytes are signed */
	TOKEN_FLAWS
};
static struct {
	struct ca_crypto *crypto;
	const char *key;
	uint16_t code;
	enum token_flaw flaw;
} token;

static enum ca_err
by_token(void *ctx, const struct ca_config *cfg, const struct ca_bytes *leaf,
    const struct ca_bytes *transcript, struct ca_buf *out)
{
	uint8_t hash[CA_TRANSCRIPT_HASH_LEN], tbs[CA_SIGNED_CONTENT_MAX];
	struct ca_buf sig = CA_BUF_INIT(4096);
	FILE *f = fopen(token.key, "r");
	EVP_PKEY *key =
	    f != NULL ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;
	uint16_t code = token.code;

	(void)ctx;
	assert_string_equal(cfg->host_key, "pkcs11:token=x");
	assert_true(leaf->len > 0);
	assert_non_null(key);
	fclose(f);
	assert_int_equal(
	    ca_crypto_transcript(token.crypto, transcript, 1, hash), CA_OK);
	if (token.flaw == TOKEN_OTHER)
		hash[31] ^= 1;
	size_t n = ca_signed_content(
	    token.flaw == TOKEN_CLIENT ? CA_SIGNER_CLIENT : CA_SIGNER_HOST,
	    hash, tbs);
	assert_int_equal(ca_crypto_sign(token.crypto, ca_scheme_by_code(code),
			     key, tbs, n, &sig),
	    CA_OK);
	EVP_PKEY_free(key);
	if (token.flaw == TOKEN_SCHEME)
		code = 0x0404;
	if (token.flaw != TOKEN_SILENT)
		assert_int_equal(
		    ca_certificate_verify_write(out, code, sig.p, sig.len),
		    CA_OK);
	ca_buf_free(&sig);
	if (token.flaw == TOKEN_TYPE)
		out->p[0] = CA_MSG_CERTIFICATE;
	if (token.flaw == TOKEN_CUT)
		out->len--;
	if (token.flaw == TOKEN_MORE || token.flaw == TOKEN_INSIDE)
		ca_buf_u8(out, 0);
	if (token.flaw == TOKEN_INSIDE)
		out->p[3]++;
	return CA_OK;
}

/* Return the request with the token's proof, or NULL. */
static struct ca_request *
by_token_request(struct world *w)
{
	static const struct ca_host_signer signer = {by_token, NULL};
	struct ca_request *req = NULL;
	enum ca_reason reason = CA_R_OK;

	w->lines[0] = '\0';
	const struct ca_context ctx = context_at(w, NOW);
	if (ca_auth_request(&ctx, &sshd_alice, &signer, &req, &reason) != CA_OK)
		assert_int_equal(reason, CA_R_HOST_PROOF);
	return req;
}

static void
test_token_host_proof(void **state)
{
	struct world *w = *state;
	static const struct {
		const char *cert, *key;
		uint16_t code;
		const char *rsa_pkcs1;
		bool good;
	} t[] = {
	    {"host.pem", "host.key", 0x0403, "yes", true},
	    {"host.pem", "p256.key", 0x0403, "yes", false},
	    {"rsa2048.pem", "rsa2048.key", 0x0804, "no", true},
	    {"rsa2048.pem", "rsa2048.key", 0x0401, "yes", true},
	    {"rsa2048.pem", "rsa2048.key", 0x0401, "no", false},
	};

	token.crypto = w->crypto;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		char key[256];

		host_files(w, t[i].cert, t[i].key);
		set(w, "host_key", "pkcs11:token=x");
		set(w, "rsa_pkcs1", "%s", t[i].rsa_pkcs1);
		(void)snprintf(key, sizeof key, "%s%s", VECTORS_DIR, t[i].key);
		token.key = key;
		token.code = t[i].code;
		for (int f = TOKEN_GOOD; f < TOKEN_FLAWS; f++) {
			token.flaw = (enum token_flaw)f;
			struct ca_request *req = by_token_request(w);

			if ((req != NULL) != (t[i].good && f == TOKEN_GOOD))
				fail_msg(
				    "case %zu, flaw %d: %s", i, f, w->lines);
			if (req != NULL)
				assert_true(req->host_proved);
			else
				assert_non_null(strstr(w->lines, "host_key"));
			ca_request_free(req);
		}
	}
	set(w, "rsa_pkcs1", "yes");
	set(w, "host_key", "%s", "");
	set(w, "host_cert", "%s", "");
}

/* The result for `certauth doctor`. */
static void
test_host_check(void **state)
{
	struct world *w = *state;
	time_t now = time(NULL);

	w->lines[0] = '\0';
	assert_int_equal(host_check(w, now), CA_ERR_NOT_FOUND);
	assert_string_equal(w->lines, "");
	host_files(w, "host.pem", "host.key");
	set(w, "host_names", "web1.example.com, web1");
	assert_int_equal(host_check(w, now), CA_OK);
	assert_string_equal(w->lines, "");
	set(w, "host_names", "web1, web1.example.com");
	assert_int_equal(host_check(w, now), CA_OK);
	assert_non_null(strstr(
	    w->lines, "does not contain the first name of this host, web1"));
	set(w, "host_names", "other.example, localhost");
	assert_int_equal(host_check(w, now), CA_OK);
	assert_non_null(strstr(w->lines, "none of the names of this host"));
	/* a client's certificate */
	host_files(w, "p256.pem", "p256.key");
	assert_int_equal(host_check(w, now), CA_OK);
	assert_non_null(strstr(w->lines, "not valid for TLS servers"));
	set(w, "warn_expiry", "3650d");
	assert_int_equal(host_check(w, now), CA_OK);
	set(w, "host_names", "host.example, host");
	set(w, "host_key", "%s", "");
	set(w, "host_cert", "%s", "");
}

/* By the clock of the host. */
static void
test_host_proof_validity(void **state)
{
	struct world *w = *state;
	static const uint8_t nonce[CA_NONCE_LEN] = {1};
	static const struct {
		time_t now;
		const char *says;
	} c[] = {{1, "is not yet valid"}, {4000000000, "has expired"}};

	host_files(w, "host.pem", "host.key");
	for (size_t i = 0; i < 2; i++) {
		struct ca_buf msg = CA_BUF_INIT(CA_REQUEST_MAX);
		const struct ca_context ctx = context_at(w, c[i].now);

		w->lines[0] = '\0';
		ca_buf_str(&msg, "request");
		assert_int_equal(
		    ca_host_proof(&ctx, nonce, NULL, &msg), CA_ERR_EXPIRED);
		assert_string_equal(ca_buf_text(&msg), "request");
		assert_non_null(strstr(w->lines, c[i].says));
		ca_buf_free(&msg);
	}
	set(w, "host_key", "%s", "");
	set(w, "host_cert", "%s", "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_fqdn),
	    cmocka_unit_test(test_own_names),
	    cmocka_unit_test(test_host_proof),
	    cmocka_unit_test(test_host_chain),
	    cmocka_unit_test(test_no_host_proof),
	    cmocka_unit_test(test_token_host_proof),
	    cmocka_unit_test(test_host_check),
	    cmocka_unit_test(test_host_proof_validity),
	};

	return cmocka_run_group_tests_name("host", tests, setup, teardown);
}
