/*
 * Judgements by the resident verifier: one request is answered, and that response is
 * judged again and again.  No operation of the verifier knows of another one.
 *
 * usage: judge -p PROCESSES -n JUDGEMENTS CHAIN.pem KEY [ARG ...]
 *
 * Each process has so many judgements, one after the other, for alice and the service
 * bench; the ARGs are those of the module.  Prints the number of all, and the seconds
 * that they took.  Exit status: 0 if each of them was a grant.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client/client.h"
#include "key/key.h"
#include "module/verifier.h"

#define DIE(...)                                                               \
	(fprintf(stderr, "judge: " __VA_ARGS__), fputc('\n', stderr), exit(2))

static struct ca_log logger;
static struct ca_verifier_args args;
static struct ca_buf request = CA_BUF_INIT(CA_REQUEST_MAX);
static struct ca_buf response = CA_BUF_INIT(CA_RESPONSE_MAX);

static void
emit(void *ctx, enum ca_log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	fprintf(stderr, "judge: %s\n", line);
}

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct ca_op_body
body(void)
{
	return (struct ca_op_body){
	    .user = "alice", .now = (uint64_t)time(NULL)};
}

static void
ask(void)
{
	struct ca_verifier v;
	struct ca_op_answer a;
	struct ca_op_body b = body();

	ca_verifier_init(&v, &args, &logger, "bench");
	if (ca_verifier_ask(&v, CA_OP_REQUEST, &b, &a) != CA_OK ||
	    a.err != CA_OK)
		DIE("no request: %s", a.line.n > 0 ? a.line.v[0] : "no answer");
	ca_buf_put(&request, a.request.p, a.request.len);
	ca_verifier_clear(&v);
}

static void
respond(const char *chain, const char *key)
{
	struct ca_crypto *crypto;
	struct ca_identity *id;
	struct ca_request *req;

	if (ca_crypto_new(&crypto) != CA_OK ||
	    ca_key_pem(crypto, chain, key, NULL, &logger, &id) != CA_OK ||
	    ca_request_parse(request.p, request.len, &req) != CA_OK ||
	    ca_respond(crypto, req, id, NULL, &response) != CA_OK)
		DIE("no response");
	ca_request_free(req);
	ca_identity_free(id);
	ca_crypto_free(crypto);
}

static _Noreturn void
judge(int n)
{
	for (int i = 0; i < n; i++) {
		struct ca_verifier v;
		struct ca_op_answer a;
		struct ca_op_body b = body();

		b.request = (struct ca_bytes){request.p, request.len};
		b.response = (struct ca_bytes){response.p, response.len};
		ca_verifier_init(&v, &args, &logger, "bench");
		if (ca_verifier_ask(&v, CA_OP_JUDGE, &b, &a) != CA_OK ||
		    a.err != CA_OK)
			DIE("no grant: %s",
			    a.line.n > 0 ? a.line.v[0] : "no verdict");
		ca_verifier_clear(&v);
	}
	_exit(0);
}

int
main(int argc, char **argv)
{
	int processes = 1, n = 1, c, status, bad = 0;

	while ((c = getopt(argc, argv, "p:n:")) != -1) {
		if (c == 'p')
			processes = atoi(optarg);
		else if (c == 'n')
			n = atoi(optarg);
		else
			DIE("usage: judge -p N -n N CHAIN KEY [ARG ...]");
	}
	argc -= optind;
	argv += optind;
	logger = (struct ca_log){emit, NULL, false};
	if (argc < 2 || ca_verifier_arguments(argc - 2, (const char **)argv + 2,
			    &logger, &args) != CA_OK)
		DIE("usage: judge -p N -n N CHAIN KEY [ARG ...]");
	ask();
	respond(argv[0], argv[1]);
	double at = now();
	for (int i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			DIE("no process");
		if (pid == 0)
			judge(n);
	}
	while (wait(&status) > 0)
		bad += status != 0;
	printf("%d\t%.3f\n", processes * n, now() - at);
	ca_buf_free(&request);
	ca_buf_free(&response);
	return bad == 0 ? 0 : 1;
}
