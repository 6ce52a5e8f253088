/*
 * Logins from many processes at once, whose client is the process itself.
 *
 * usage: crowd [OPTION ...] CHAIN.pem KEY
 *
 *   -s SERVICE     (default: test)
 *   -u USER        PAM_USER (default: alice)
 *   -p N           N processes, which begin at the same moment (default: 1)
 *   -n N           each of them N logins, one after the other (default: 1)
 *   -l SECONDS     a login that takes longer hangs (default: 60)
 *   -d MS          the client takes MS milliseconds, or fewer, to answer
 *   -f FILE        until FILE exists; -n is then the most
 *   -w             a login before all others, which is not counted: libcrypto then
 *                  has what the client needs
 *
 * Prints `granted G denied D late L slowest MS wall MS`, where late are those that
 * took longer than -l, and wall is the time of all.  Exit status: 0 if every login came to an end.
 */
#include <fcntl.h>
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/responder.h"
#include "key/key.h"

static struct shared {
	long granted, denied, late, slowest;
} * shared;

static const char *service = "test", *user = "alice", *stop;
static int processes = 1, logins = 1, limit = 60, delay;
static bool warm;
static struct responder client;

static void
die(const char *what)
{
	perror(what);
	exit(2);
}

static long
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
emit(void *ctx, enum ca_log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	fprintf(stderr, "%s\n", line);
}

static char *
answer_to(const char *prompt)
{
	if (delay > 0 && strstr(prompt, " next=0 ") != NULL)
		(void)usleep((useconds_t)(random() % (delay * 1000)));
	return responder_piece(&client, prompt);
}

static int
converse(int n, const struct pam_message **msg, struct pam_response **resp,
    void *data)
{
	struct pam_response *r = calloc((size_t)n, sizeof *r);

	(void)data;
	for (int i = 0; r != NULL && i < n; i++) {
		if (msg[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			r[i].resp = answer_to(msg[i]->msg);
	}
	*resp = r;
	return r != NULL ? PAM_SUCCESS : PAM_CONV_ERR;
}

static void
one_login(void)
{
	struct pam_conv conv = {converse, NULL};
	pam_handle_t *pamh = NULL;
	long began = now(), took, was;

	if (pam_start(service, user, &conv, &pamh) != PAM_SUCCESS)
		die("pam_start");
	int code = pam_authenticate(pamh, 0);
	took = now() - began;
	(void)pam_end(pamh, code);
	__atomic_fetch_add(
	    code == PAM_SUCCESS ? &shared->granted : &shared->denied, 1,
	    __ATOMIC_RELAXED);
	if (took > limit * 1000L)
		__atomic_fetch_add(&shared->late, 1, __ATOMIC_RELAXED);
	was = __atomic_load_n(&shared->slowest, __ATOMIC_RELAXED);
	while (
	    took > was && !__atomic_compare_exchange_n(&shared->slowest, &was,
			      took, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static _Noreturn void
one_process(int gate)
{
	char c;

	srandom((unsigned)getpid());
	if (read(gate, &c, 1) != 0) /* until it is closed */
		_exit(2);
	for (int i = 0; i < logins; i++) {
		if (stop != NULL && access(stop, F_OK) == 0)
			break;
		one_login();
	}
	_exit(0);
}

int
main(int argc, char **argv)
{
	static const struct ca_log log = {emit, NULL, false};
	int opt, gate[2], status, bad = 0;

	while ((opt = getopt(argc, argv, "s:u:p:n:l:d:f:w")) != -1) {
		switch (opt) {
		case 's':
			service = optarg;
			break;
		case 'u':
			user = optarg;
			break;
		case 'p':
			processes = atoi(optarg);
			break;
		case 'n':
			logins = atoi(optarg);
			break;
		case 'l':
			limit = atoi(optarg);
			break;
		case 'd':
			delay = atoi(optarg);
			break;
		case 'f':
			stop = optarg;
			break;
		case 'w':
			warm = true;
			break;
		default:
			return 2;
		}
	}
	if (argc - optind != 2 || ca_crypto_new(&client.crypto) != CA_OK ||
	    ca_key_pem(client.crypto, argv[optind], argv[optind + 1], NULL,
		&log, &client.id) != CA_OK)
		return 2;
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || pipe2(gate, O_CLOEXEC) != 0)
		die("crowd");
	if (warm) {
		one_login();
		*shared = (struct shared){0};
	}
	for (int i = 0; i < processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid > 0)
			continue;
		(void)close(gate[1]);
		one_process(gate[0]);
	}
	(void)close(gate[0]);
	/* all have come to the gate */
	(void)usleep(200000);
	long began = now();
	(void)close(gate[1]);
	while (wait(&status) > 0)
		bad += status != 0;
	printf("granted %ld denied %ld late %ld slowest %ld wall %ld\n",
	    shared->granted, shared->denied, shared->late, shared->slowest,
	    now() - began);
	ca_identity_free(client.id);
	ca_crypto_free(client.crypto);
	return bad == 0 ? 0 : 1;
}
