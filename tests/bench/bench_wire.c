/*
 * What the wire and crypto rooms cost, part by part: medians in microseconds.
 * `make bench-wire`.  The first use of libcrypto in a process is another thing
 * than the next one; for that, each round of the first block is a new process.
 */
#include "base/base64url.h"
#include "crypto/crypto.h"
#include "wire/message.h"
#include "channel/pieces.h"
#include "client/prompt.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 101

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
need(bool ok, const char *what)
{
	if (!ok) {
		(void)fprintf(stderr, "bench_wire: %s failed\n", what);
		exit(1);
	}
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
report(const char *what, double *t)
{
	qsort(t, ROUNDS, sizeof *t, by_size);
	(void)printf("%-44s %9.1f us\n", what, t[ROUNDS / 2]);
}

/* ---- a process that has not used libcrypto before ---- */

enum { CONTEXT, DIGEST, NONCE, CERT, VERIFY, FREE, DRBG, STEPS };
static const char *const step_name[STEPS] = {
    "library context",
    "first digest",
    "nonce (getrandom)",
    "first certificate, key included",
    "first P-256 verification",
    "free it all",
    "for comparison: nonce by RAND_bytes_ex",
};

static void
first_use(const struct ca_bytes *der, const struct ca_bytes *sig, double *out)
{
	struct ca_crypto *c;
	X509 *cert;
	uint8_t sum[32];
	double t[STEPS + 1];

	t[0] = now();
	need(ca_crypto_new(&c) == CA_OK, "context");
	t[1] = now();
	need(ca_crypto_sha256(c, "abc", 3, sum) == CA_OK, "digest");
	t[2] = now();
	need(ca_crypto_random(c, sum, 32) == CA_OK, "nonce");
	t[3] = now();
	need(ca_crypto_cert(c, der->p, der->len, &cert) == CA_OK, "cert");
	t[4] = now();
	/* of another text: it is refused at the same cost */
	need(ca_crypto_verify(c, ca_scheme_by_code(0x0403),
		 X509_get0_pubkey(cert),
		 &(struct ca_signed){"abc", 3, sig->p, sig->len}) == CA_DENIED,
	    "verification");
	t[5] = now();
	X509_free(cert);
	ca_crypto_free(c);
	t[6] = now();
	need(ca_crypto_new(&c) == CA_OK, "context");
	double drbg = now();
	need(RAND_bytes_ex(ca_crypto_get0_libctx(c), sum, 32, 0) == 1, "RAND");
	out[DRBG] = now() - drbg;
	ca_crypto_free(c);
	for (int i = 0; i < DRBG; i++)
		out[i] = t[i + 1] - t[i];
}

static void
in_new_processes(const struct ca_bytes *der, const struct ca_bytes *sig)
{
	double *t = mmap(NULL, sizeof(double) * ROUNDS * STEPS,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double column[ROUNDS], total[ROUNDS] = {0};

	need(t != MAP_FAILED, "mmap");
	for (int i = 0; i < ROUNDS; i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			first_use(der, sig, t + i * STEPS);
			_exit(0);
		}
		need(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0,
		    "child");
	}
	for (int s = 0; s < STEPS; s++) {
		for (int i = 0; i < ROUNDS; i++) {
			column[i] = t[i * STEPS + s];
			if (s < DRBG)
				total[i] += column[i];
		}
		report(step_name[s], column);
	}
	report("all but the comparison", total);
}

/* ---- from then on ---- */

static void
verifications(struct ca_crypto *c)
{
	static const struct {
		const char *scheme, *type, *arg;
	} k[] = {{"ecdsa_secp256r1_sha256", "EC", "P-256"},
	    {"ecdsa_secp384r1_sha384", "EC", "P-384"},
	    {"ecdsa_secp521r1_sha512", "EC", "P-521"},
	    {"ed25519", "ED25519", NULL}, {"ed448", "ED448", NULL},
	    {"rsa_pss_rsae_sha256", "RSA", NULL},
	    {"rsa_pkcs1_sha256", "RSA", NULL}};
	OSSL_LIB_CTX *lib = ca_crypto_get0_libctx(c);

	for (size_t i = 0; i < sizeof k / sizeof *k; i++) {
		const struct ca_scheme *s = ca_scheme_by_name(k[i].scheme);
		struct ca_buf sig = CA_BUF_INIT(1000);
		double t[ROUNDS];
		EVP_PKEY *key =
		    k[i].arg != NULL
			? EVP_PKEY_Q_keygen(lib, NULL, "EC", k[i].arg)
		    : strcmp(k[i].type, "RSA") == 0
			? EVP_PKEY_Q_keygen(lib, NULL, "RSA", (size_t)2048)
			: EVP_PKEY_Q_keygen(lib, NULL, k[i].type);

		need(key != NULL &&
			 ca_crypto_sign(c, s, key, "abc", 3, &sig) == CA_OK,
		    k[i].scheme);
		for (int r = 0; r < ROUNDS; r++) {
			double at = now();

			need(ca_crypto_verify(c, s, key,
				 &(struct ca_signed){
				     "abc", 3, sig.p, sig.len}) == CA_OK,
			    "verify");
			t[r] = now() - at;
		}
		report(k[i].scheme, t);
		EVP_PKEY_free(key);
		ca_buf_free(&sig);
	}
}

static void
exchange(const struct ca_buf *request, const char *response)
{
	struct ca_buf text = CA_BUF_INIT(CA_REQUEST_CHARS_MAX);
	double t[3][ROUNDS];

	ca_base64url_encode(&text, request->p, request->len);
	for (int r = 0; r < ROUNDS; r++) {
		struct ca_buf got = CA_BUF_INIT(CA_RESPONSE_MAX);
		struct ca_request *req;
		struct ca_proof_msgs m;
		bool done = false;
		double at = now();

		need(ca_request_parse(request->p, request->len, &req) == CA_OK,
		    "request");
		t[0][r] = now() - at;
		at = now();
		struct ca_pieces *ps = ca_pieces_new(ca_buf_text(&text), 500);
		while (!done) {
			struct ca_buf answer = CA_BUF_INIT(500);
			struct ca_prompt p;

			need(ca_prompt_find(ca_pieces_prompt(ps), &p) == CA_OK,
			    "prompt");
			need(ca_answer_cut(response, p.next, p.max, &answer) ==
				 CA_OK,
			    "cut");
			need(ca_pieces_add(ps, ca_buf_text(&answer), &done) ==
				 CA_OK,
			    "add");
			free(p.request);
			ca_buf_free(&answer);
		}
		need(ca_pieces_response(ps, &got) == CA_OK, "pieces");
		ca_pieces_free(ps);
		t[1][r] = now() - at;
		at = now();
		need(ca_response_parse(got.p, got.len, req->nonce, &m) == CA_OK,
		    "response");
		t[2][r] = now() - at;
		ca_request_free(req);
		ca_buf_free(&got);
	}
	report("parse a request", t[0]);
	report("prompts and pieces of a response, both sides", t[1]);
	report("parse a response", t[2]);
	ca_buf_free(&text);
}

int
main(void)
{
	FILE *f = fopen("tests/data/vectors/protocol.txt", "r");
	struct ca_buf request = CA_BUF_INIT(CA_REQUEST_MAX);
	struct ca_buf response = CA_BUF_INIT(CA_RESPONSE_MAX);
	static char line[65536], text[65536];
	struct ca_proof_msgs m;
	struct ca_crypto *c;

	need(f != NULL, "protocol.txt");
	while (text[0] == '\0' && fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "request = ", 10) == 0)
			need(ca_base64url_decode(&request, line + 10,
				 strlen(line + 10)) == CA_OK,
			    "request");
		else if (strncmp(line, "response = ", 11) == 0)
			strcpy(text, line + 11);
	}
	(void)fclose(f);
	need(ca_base64url_decode(&response, text, strlen(text)) == CA_OK &&
		 ca_response_parse(
		     response.p, response.len, request.p + 5, &m) == CA_OK,
	    "response");
	(void)printf("%s\n", OpenSSL_version(OPENSSL_VERSION));
	in_new_processes(&m.cert[0], &m.signature);
	need(ca_crypto_new(&c) == CA_OK, "context");
	verifications(c);
	exchange(&request, text);
	ca_crypto_free(c);
	ca_buf_free(&request);
	ca_buf_free(&response);
	return 0;
}
