/* The request, and the one sequence of checks over every test vector. */
#include "vectors.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/auth.h"

#define NOW                                                                    \
	((time_t)1795000000) /* the vectors' certificates are valid then       \
			      */

struct world {
	char dir[64];
	struct ca_crypto *crypto;
	struct ca_config *cfg;
	struct ca_log log;
	char lines[8192]; /* what was logged */
};

static void
keep(void *ctx, enum ca_log_level level, const char *line)
{
	struct world *w = ctx;
	size_t n = strlen(w->lines);

	(void)level;
	(void)snprintf(w->lines + n, sizeof w->lines - n, "%s\n", line);
}

static void
run(const char *fmt, ...)
{
	char cmd[2048];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(cmd, sizeof cmd, fmt, ap);
	va_end(ap);
	assert_int_equal(system(cmd), 0);
}

static void
set(struct world *w, const char *key, const char *fmt, ...)
{
	char value[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(value, sizeof value, fmt, ap);
	va_end(ap);
	assert_int_equal(
	    ca_config_set(w->cfg, key, value, "test", &w->log), CA_OK);
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	strcpy(w->dir, "/tmp/certauth-auth.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(ca_crypto_new(&w->crypto), CA_OK);
	w->cfg = ca_config_new();
	assert_non_null(w->cfg);
	w->log = (struct ca_log){keep, w, true};
	(void)umask(022);
	run("cd %s && mkdir ca none inter users.d users.d/alice && "
	    "echo 'alice email:alice@example.com' >users",
	    w->dir);
	run("cp " VECTORS_DIR "root.pem %s/ca/", w->dir);
	run("cp " VECTORS_DIR "intermediate.pem %s/inter/", w->dir);
	set(w, "ca_dir", "%s/ca", w->dir);
	set(w, "intermediates_dir", "%s/inter", w->dir);
	set(w, "users", "%s/users", w->dir);
	set(w, "users_dir", "%s/users.d", w->dir);
	set(w, "crl", "off");
	set(w, "host_names", "host.example, host");
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	run("rm -rf %s", w->dir);
	ca_config_free(w->cfg);
	ca_crypto_free(w->crypto);
	free(w);
	return 0;
}

static const struct ca_auth_peer sshd_alice = {"sshd", "alice", "192.0.2.7"};

static struct ca_request *
request(struct world *w, const struct ca_auth_peer *peer)
{
	struct ca_request *req = NULL;
	enum ca_reason reason;

	w->lines[0] = '\0';
	if (ca_auth_request(w->crypto, w->cfg, &w->log, peer, NOW, &req,
		&reason) != CA_OK) {
		assert_null(req);
		assert_int_not_equal(reason, CA_R_OK);
		return NULL;
	}
	return req;
}

/* ---- the request ---- */

static void
test_request(void **state)
{
	struct world *w = *state;
	struct ca_request *a = request(w, &sshd_alice);
	struct ca_request *b = request(w, &sshd_alice);

	assert_non_null(a);
	assert_non_null(b);
	assert_string_equal(a->service, "sshd");
	assert_string_equal(a->user, "alice");
	assert_string_equal(a->rhost, "192.0.2.7");
	assert_int_equal(a->issued_at, NOW);
	assert_int_equal(a->lifetime, 120);
	assert_int_equal(a->nhost_names, 2);
	assert_string_equal(a->host_name[0], "host.example");
	assert_string_equal(a->host_name[1], "host");
	assert_true(a->authorities.len > 0);
	assert_false(a->host_proved);
	assert_memory_not_equal(a->nonce, b->nonce, CA_NONCE_LEN);
	ca_request_free(a);
	ca_request_free(b);
}

static bool
offers(const struct ca_request *req, uint16_t code)
{
	for (size_t i = 0; i < req->nschemes; i++)
		if (req->scheme[i] == code)
			return true;
	return false;
}

static void
test_schemes(void **state)
{
	struct world *w = *state;
	static const uint16_t pkcs1[] = {0x0401, 0x0501, 0x0601};
	struct ca_request *req = request(w, &sshd_alice);

	for (size_t i = 0; i < 3; i++)
		assert_true(offers(req, pkcs1[i]));
	assert_true(offers(req, 0x0804));
	ca_request_free(req);
	set(w, "rsa_pkcs1", "no");
	req = request(w, &sshd_alice);
	for (size_t i = 0; i < 3; i++)
		assert_false(offers(req, pkcs1[i]));
	assert_true(offers(req, 0x0804));
	assert_true(offers(req, 0x0403));
	ca_request_free(req);
	set(w, "rsa_pkcs1", "yes");
}

static void
test_unclean_text(void **state)
{
	struct world *w = *state;
	char longest[300];
	memset(longest, 'a', sizeof longest);
	longest[256] = '\0';
	const struct ca_auth_peer bad[] = {
	    {"sshd", "ali\nce", ""},
	    {"sshd", "\xff", NULL},
	    {"sshd", longest, NULL},
	    {"", "alice", NULL},
	    {"ss\thd", "alice", NULL},
	    {"sshd", "alice", "\x1b[2J"},
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct ca_request *req = request(w, &bad[i]);

		assert_non_null(req);
		assert_true(strcmp(req->service, "?") == 0 ||
			    strcmp(req->user, "?") == 0 ||
			    strcmp(req->rhost, "?") == 0);
		ca_request_free(req);
	}
}

/* However many CAs there are, the request stays short, and has all their
 * names or none. */
static void
test_authorities_bound(void **state)
{
	struct world *w = *state;
	struct ca_request *req;

	run("cd %s && mkdir many && for i in $(seq 60); do openssl req -x509 "
	    "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem "
	    "-subj \"/O=A name of some length/CN=Authority $i\" -out "
	    "many/$i.pem 2>/dev/null; done",
	    w->dir);
	set(w, "ca_dir", "%s/many", w->dir);
	req = request(w, &sshd_alice);
	assert_non_null(req);
	assert_int_equal(req->authorities.len, 0);
	assert_true(req->len <= CA_AUTHORITIES_BYTES);
	ca_request_free(req);
	run("cd %s/many && rm [23456]?.pem", w->dir);
	req = request(w, &sshd_alice);
	assert_true(req->authorities.len > 0);
	assert_true(req->len <= CA_AUTHORITIES_BYTES);
	ca_request_free(req);
	/* an unreadable one is the check's to report */
	set(w, "ca_dir", "%s/absent", w->dir);
	req = request(w, &sshd_alice);
	assert_non_null(req);
	assert_int_equal(req->authorities.len, 0);
	ca_request_free(req);
	set(w, "ca_dir", "%s/ca", w->dir);
}

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
		    ca_auth_host_fqdn(c[i].hosts, c[i].node, out, sizeof out);

		assert_int_equal(found, c[i].full != NULL);
		if (found)
			assert_string_equal(out, c[i].full);
	}
	assert_false(ca_auth_host_fqdn("1.1.1.1 web1.example.com", "web1", out,
	    strlen("web1.example.com")));
}

static void
test_own_names(void **state)
{
	struct world *w = *state;
	char *name[CA_HOST_NAMES_MAX], node[256];
	size_t n;

	assert_int_equal(gethostname(node, sizeof node), 0);
	set(w, "host_names", "");
	assert_int_equal(
	    ca_auth_host_names(w->cfg, name, CA_HOST_NAMES_MAX, &n), CA_OK);
	assert_in_range(n, 1, 3);
	bool there = false;
	for (size_t i = 0; i < n; i++) {
		there = there || strcmp(name[i], node) == 0;
		free(name[i]);
	}
	assert_true(there);
	/* twice is once; what no client can be shown is an error */
	set(w, "host_names", "web, WEB, db");
	assert_int_equal(
	    ca_auth_host_names(w->cfg, name, CA_HOST_NAMES_MAX, &n), CA_OK);
	assert_int_equal(n, 2);
	assert_string_equal(name[0], "web");
	assert_string_equal(name[1], "db");
	free(name[0]);
	free(name[1]);
	assert_int_equal(
	    ca_auth_host_names(w->cfg, name, 1, &n), CA_ERR_FORMAT);
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
		    ca_auth_host_names(&cfg, name, CA_HOST_NAMES_MAX, &n),
		    CA_ERR_FORMAT);
		assert_int_equal(n, 0);
	}
	longest[255] = '\0';
	struct ca_config cfg = *w->cfg;
	cfg.host_names.v = bad;
	cfg.host_names.n = 1;
	assert_int_equal(
	    ca_auth_host_names(&cfg, name, CA_HOST_NAMES_MAX, &n), CA_OK);
	free(name[0]);
	set(w, "host_names", "host.example, host");
}

/* ---- the log ---- */

/* A client may write names of 20,000 bytes into its certificate, each of which
 * is four in the log: user, host and outcome are there all the same, and JSON
 * is whole. */
static void
test_long_names_in_log(void **state)
{
	struct world *w = *state;
	struct ca_report *r;
	char name[20001];

	memset(name, '\n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	w->log.debug = false;
	for (int json = 0; json < 2; json++) {
		set(w, "audit", json ? "json" : "text");
		r = ca_report_new();
		ca_auth_facts(&sshd_alice, r);
		for (int f = CA_FACT_SUBJECT; f < CA_FACTS; f++)
			ca_report_fact(r, (enum ca_fact)f, name);
		for (int c = 0; c < CA_CHECKS; c++)
			ca_report_set(r, (enum ca_check)c, CA_FAIL,
			    CA_R_CHAIN_PROFILE, "%s", name);
		ca_report_abort(r, CA_R_INTERNAL, "%s", name);
		w->lines[0] = '\0';
		ca_auth_log(w->cfg, &w->log, r, CA_REPORT_ALL, "login");
		ca_report_free(r);
		if (json) {
			assert_non_null(
			    strstr(w->lines, "\"outcome\":\"denied\""));
			assert_non_null(strstr(w->lines, "\"user\":\"alice\""));
			assert_non_null(
			    strstr(w->lines, "\"rhost\":\"192.0.2.7\""));
			assert_string_equal(
			    w->lines + strlen(w->lines) - 3, "}}\n");
		} else {
			assert_non_null(strstr(w->lines, "outcome=denied"));
			assert_non_null(strstr(w->lines, "user=\"alice\""));
			assert_non_null(
			    strstr(w->lines, "rhost=\"192.0.2.7\""));
		}
	}
	set(w, "audit", "text");
	w->log.debug = true;
}

/* Cut, but not within a character. */
static void
test_clip(void **state)
{
	static const char text[] = "CN=\xc3\xa4\xc3\xa4\xc3\xa4";
	struct ca_report *r = ca_report_new();

	(void)state;
	ca_report_fact(r, CA_FACT_SUBJECT, text);
	ca_report_clip(r, 6);
	assert_string_equal(ca_report_get0_fact(r, CA_FACT_SUBJECT), text);
	ca_report_clip(r, 4);
	assert_string_equal(ca_report_get0_fact(r, CA_FACT_SUBJECT), "CN=...");
	ca_report_free(r);
}

/* ---- the host's proof ---- */

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
		X509_get0_pubkey(cert), tbs, len, req->host.signature.p,
		req->host.signature.len),
	    CA_OK);
	X509_free(cert);
	ca_request_free(req);
	set(w, "host_proof", "off");
	req = request(w, &sshd_alice);
	assert_false(req->host_proved);
	ca_request_free(req);
	set(w, "host_proof", "optional");
}

/* Wrong in some way: an error in the log, and a request without, or none. */
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
	assert_int_not_equal(
	    ca_auth_host_check(w->crypto, w->cfg, &w->log, time(NULL)), CA_OK);
	assert_non_null(strstr(w->lines, says));
	set(w, "host_proof", "auto");
}

/* What a client needs, and no root: it has its own, or it does not trust us. */
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
	set(w, "host_key", "");
	set(w, "host_cert", "");
}

static void
test_no_host_proof(void **state)
{
	struct world *w = *state;

	host_files(w, "p256.pem", "host.key");
	no_proof(w, "does not belong to");
	host_files(w, "host.pem", "host.key");
	run("chmod 640 %s/h.key", w->dir);
	no_proof(w, "others may read it");
	run("chmod 620 %s/h.key", w->dir);
	no_proof(w, "must be a file owned by root");
	run("rm %s/h.key", w->dir);
	no_proof(w, "cannot be opened");
	run("echo junk >%s/h.key; chmod 600 %s/h.key", w->dir, w->dir);
	no_proof(w, "is no private key");
	run("openssl pkey -in " VECTORS_DIR "host.key -aes256 -passout pass:x "
	    "-out %s/h.key && chmod 600 %s/h.key",
	    w->dir, w->dir);
	no_proof(w, "is no private key");
	host_files(w, "rsa1024.pem", "rsa1024.key");
	no_proof(w, "no signature scheme fits");
	host_files(w, "host.pem", "host.key");
	run(": >%s/h.pem", w->dir);
	no_proof(w, "is no file of certificates");
	/* the key beside it, though no client ever sees it */
	run("cat " VECTORS_DIR "host.pem " VECTORS_DIR "host.key >%s/h.pem",
	    w->dir);
	no_proof(w, "is no file of certificates");
	run("for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do "
	    "cat " VECTORS_DIR "host.pem; done >%s/h.pem",
	    w->dir);
	assert_null(request(w, &sshd_alice));
	run("rm %s/h.pem", w->dir);
	no_proof(w, "host_cert");
	set(w, "host_key", "pkcs11:token=x");
	no_proof(w, "host_");
	set(w, "host_key", "");
	no_proof(w, "host_key is not");
	set(w, "host_cert", "");
	set(w, "host_proof", "require");
	assert_null(request(w, &sshd_alice));
	set(w, "host_proof", "auto");
}

/* A token as the helper speaks for it, by a key in a file. */
enum token_flaw {
	TOKEN_GOOD,
	TOKEN_SILENT, /* says it could, and gives nothing */
	TOKEN_TYPE,   /* another message */
	TOKEN_CUT,    /* a byte less */
	TOKEN_MORE,   /* a byte more, behind the message */
	TOKEN_INSIDE, /* a byte more, in it */
	TOKEN_SCHEME, /* one that does not exist */
	TOKEN_CLIENT, /* as a client signs */
	TOKEN_OTHER,  /* something else is signed */
	TOKEN_FLAWS
};
static struct {
	struct ca_crypto *crypto;
	const char *key;
	uint16_t code;
	enum token_flaw flaw;
} token;

static enum ca_err
by_token(const struct ca_config *cfg, const struct ca_log *log, const char *uri,
    const struct ca_bytes *leaf, const struct ca_bytes *transcript,
    struct ca_buf *out)
{
	uint8_t hash[CA_TRANSCRIPT_HASH_LEN], tbs[CA_SIGNED_CONTENT_MAX];
	struct ca_buf sig = CA_BUF_INIT(4096);
	FILE *f = fopen(token.key, "r");
	EVP_PKEY *key =
	    f != NULL ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;
	uint16_t code = token.code;

	(void)cfg;
	(void)log;
	assert_string_equal(uri, "pkcs11:token=x");
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

/* The request with the token's proof; NULL: there is none. */
static struct ca_request *
by_token_request(struct world *w)
{
	struct ca_request *req = NULL;
	enum ca_reason reason = CA_R_OK;

	w->lines[0] = '\0';
	if (ca_auth_request_by(w->crypto, w->cfg, &w->log, &sshd_alice, NOW,
		by_token, &req, &reason) != CA_OK)
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
	set(w, "host_key", "");
	set(w, "host_cert", "");
}

/* What `certauth doctor' is told. */
static void
test_host_check(void **state)
{
	struct world *w = *state;
	time_t now = time(NULL);

	w->lines[0] = '\0';
	assert_int_equal(ca_auth_host_check(w->crypto, w->cfg, &w->log, now),
	    CA_ERR_NOT_FOUND);
	assert_string_equal(w->lines, "");
	host_files(w, "host.pem", "host.key");
	set(w, "host_names", "web1.example.com, web1");
	assert_int_equal(
	    ca_auth_host_check(w->crypto, w->cfg, &w->log, now), CA_OK);
	assert_string_equal(w->lines, "");
	set(w, "host_names", "web1, web1.example.com");
	assert_int_equal(
	    ca_auth_host_check(w->crypto, w->cfg, &w->log, now), CA_OK);
	assert_non_null(strstr(w->lines, "first name, web1, does not stand"));
	set(w, "host_names", "other.example, localhost");
	assert_int_equal(
	    ca_auth_host_check(w->crypto, w->cfg, &w->log, now), CA_OK);
	assert_non_null(strstr(w->lines, "none of this host's names"));
	assert_non_null(strstr(w->lines, "localhost, as others do"));
	/* a client's certificate */
	host_files(w, "p256.pem", "p256.key");
	assert_int_equal(
	    ca_auth_host_check(w->crypto, w->cfg, &w->log, now), CA_OK);
	assert_non_null(strstr(w->lines, "not for TLS servers"));
	set(w, "warn_expiry", "3650d");
	assert_int_equal(
	    ca_auth_host_check(w->crypto, w->cfg, &w->log, now), CA_OK);
	set(w, "host_names", "host.example, host");
	set(w, "host_key", "");
	set(w, "host_cert", "");
}

/* As the clock of the host has it. */
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

		w->lines[0] = '\0';
		ca_buf_str(&msg, "request");
		assert_int_equal(ca_auth_host_proof(w->crypto, w->cfg, &w->log,
				     nonce, c[i].now, NULL, &msg),
		    CA_ERR_EXPIRED);
		assert_string_equal(ca_buf_text(&msg), "request");
		assert_non_null(strstr(w->lines, c[i].says));
		ca_buf_free(&msg);
	}
	set(w, "host_key", "");
	set(w, "host_cert", "");
}

/* ---- the checks ---- */

struct verdict {
	enum ca_err err;
	enum ca_reason reason;
	enum ca_verdict signature, chain, mapping;
	bool granted;
};

static struct verdict
judge(struct world *w, const struct ca_auth_peer *peer,
    const struct ca_request *req, const struct ca_buf *response, time_t now)
{
	struct ca_report *report = ca_report_new();
	struct ca_auth_result result;
	struct verdict v;

	v.err = ca_auth_check(w->crypto, w->cfg, &w->log, peer, req,
	    response->p, response->len, now, report, &result);
	v.reason = ca_report_reason(report);
	v.granted = ca_report_granted(report, CA_REPORT_ALL);
	v.signature = ca_report_verdict(report, CA_CHECK_SIGNATURE);
	v.chain = ca_report_verdict(report, CA_CHECK_CHAIN);
	v.mapping = ca_report_verdict(report, CA_CHECK_MAPPING);
	assert_int_equal(v.err == CA_OK, result.login != NULL);
	if (v.err == CA_OK) {
		assert_true(v.granted);
		assert_string_equal(result.login, "alice");
		assert_non_null(result.leaf);
		assert_non_null(result.chain);
	} else {
		assert_null(result.leaf);
		assert_null(result.chain);
	}
	ca_auth_result_clear(&result);
	ca_report_free(report);
	return v;
}

static void
must_be_denied(struct verdict v, enum ca_reason reason)
{
	assert_int_not_equal(v.err, CA_OK);
	assert_string_equal(ca_reason_code(v.reason), ca_reason_code(reason));
	assert_false(v.granted);
}

/* A good answer, and all that must make it a bad one. */
static void
judge_valid(struct world *w, const struct ca_request *req,
    const struct ca_buf *response, time_t now)
{
	const struct ca_auth_peer good = {req->service, req->user, req->rhost};
	struct ca_auth_peer other = good;
	struct verdict v = judge(w, &good, req, response, now);

	if (v.err != CA_OK)
		fail_msg("denied: %s", ca_reason_code(v.reason));
	time_t issued = (time_t)req->issued_at;
	assert_int_equal(
	    judge(w, &good, req, response, issued + req->lifetime).err, CA_OK);
	v = judge(w, &good, req, response, issued + req->lifetime + 1);
	must_be_denied(v, CA_R_REQUEST_EXPIRED);
	assert_int_equal(v.signature, CA_NOT_RUN);
	assert_int_equal(v.chain, CA_NOT_RUN);
	must_be_denied(
	    judge(w, &good, req, response, issued - req->lifetime - 1),
	    CA_R_REQUEST_EXPIRED);
	must_be_denied(
	    judge(w, &good, req, response, -1), CA_R_REQUEST_EXPIRED);
	other.user = "bob";
	must_be_denied(judge(w, &other, req, response, now), CA_R_NONCE);
	other = good;
	other.service = "sudo";
	must_be_denied(judge(w, &other, req, response, now), CA_R_NONCE);
	other = good;
	other.rhost = "192.0.2.8";
	must_be_denied(judge(w, &other, req, response, now), CA_R_NONCE);

	/* a check that fails, though nothing went wrong */
	set(w, "ca_dir", "%s/none", w->dir);
	v = judge(w, &good, req, response, now);
	must_be_denied(v, CA_R_CHAIN_UNKNOWN_CA);
	assert_int_equal(v.err, CA_DENIED);
	assert_int_equal(v.mapping, CA_NOT_RUN);
	/* the map is not even looked for then */
	set(w, "users", "%s/none", w->dir);
	v = judge(w, &good, req, response, now);
	must_be_denied(v, CA_R_CHAIN_UNKNOWN_CA);
	assert_int_equal(v.err, CA_DENIED);
	set(w, "users", "%s/users", w->dir);
	set(w, "ca_dir", "%s/ca", w->dir);

	/* no mapping: every other check still runs; no CA: no mapping */
	set(w, "users", "%s/none", w->dir);
	v = judge(w, &good, req, response, now);
	assert_int_not_equal(v.err, CA_OK);
	assert_int_equal(v.chain, CA_PASS);
	set(w, "users", "%s/users", w->dir);
	set(w, "ca_dir", "%s/absent", w->dir);
	v = judge(w, &good, req, response, now);
	assert_int_not_equal(v.err, CA_OK);
	assert_int_equal(v.signature, CA_PASS);
	assert_int_equal(v.chain, CA_FAIL);
	assert_int_equal(v.mapping, CA_NOT_RUN);
	set(w, "ca_dir", "%s/ca", w->dir);
}

static void
judge_stanza(const struct stanza *s, void *ctx)
{
	struct world *w = ctx;
	struct ca_buf raw = unbase64(stanza_get(s, "request"));
	struct ca_buf response = unbase64(stanza_get(s, "response"));
	const char *outcome = stanza_get(s, "outcome");
	const char *leaf = stanza_get(s, "leaf");
	time_t now = (time_t)atoll(stanza_get(s, "now"));
	struct ca_request *req = NULL;

	print_message("%s\n", stanza_get(s, "name"));
	run("rm -f %s/users.d/alice/*", w->dir);
	if (leaf != NULL)
		run("cp " VECTORS_DIR "%s %s/users.d/alice/", leaf, w->dir);
	assert_int_equal(ca_request_parse(raw.p, raw.len, &req), CA_OK);
	if (strcmp(outcome, "valid") == 0) {
		judge_valid(w, req, &response, now);
	} else {
		const struct ca_auth_peer peer = {
		    req->service, req->user, req->rhost};
		struct verdict v = judge(w, &peer, req, &response, now);

		assert_int_not_equal(v.err, CA_OK);
		assert_int_not_equal(v.signature, CA_PASS);
		/* nothing further was looked at */
		assert_int_equal(v.chain, CA_NOT_RUN);
		assert_int_equal(v.mapping, CA_NOT_RUN);
		if (strstr(outcome, "context") != NULL)
			must_be_denied(v, CA_R_NONCE);
		if (strstr(outcome, "signature") != NULL)
			must_be_denied(v, CA_R_SIGNATURE);
		if (strstr(outcome, "scheme") != NULL &&
		    v.reason != CA_R_KEY_WEAK)
			must_be_denied(v, CA_R_SCHEME);
	}
	ca_request_free(req);
	ca_buf_free(&raw);
	ca_buf_free(&response);
}

static void
test_vectors(void **state)
{
	assert_true(
	    stanzas(VECTORS_DIR "protocol.txt", judge_stanza, *state) > 40);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_request),
	    cmocka_unit_test(test_schemes),
	    cmocka_unit_test(test_unclean_text),
	    cmocka_unit_test(test_authorities_bound),
	    cmocka_unit_test(test_fqdn),
	    cmocka_unit_test(test_own_names),
	    cmocka_unit_test(test_long_names_in_log),
	    cmocka_unit_test(test_clip),
	    cmocka_unit_test(test_host_proof),
	    cmocka_unit_test(test_host_chain),
	    cmocka_unit_test(test_no_host_proof),
	    cmocka_unit_test(test_token_host_proof),
	    cmocka_unit_test(test_host_check),
	    cmocka_unit_test(test_host_proof_validity),
	    cmocka_unit_test(test_vectors),
	};

	return cmocka_run_group_tests_name("auth", tests, setup, teardown);
}
