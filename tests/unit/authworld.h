/*
 * For the tests of requests, hosts and checks: a host with the CA of the test
 * vectors, whose clients are valid at NOW.
 */
#ifndef CA_TESTS_UNIT_AUTHWORLD_H
#define CA_TESTS_UNIT_AUTHWORLD_H

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

static inline void
keep(void *ctx, enum ca_log_level level, const char *line)
{
	struct world *w = ctx;
	size_t n = strlen(w->lines);

	(void)level;
	(void)snprintf(w->lines + n, sizeof w->lines - n, "%s\n", line);
}

static inline void __attribute__((format(printf, 1, 2)))
run(const char *fmt, ...)
{
	char cmd[2048];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(cmd, sizeof cmd, fmt, ap);
	va_end(ap);
	assert_int_equal(system(cmd), 0);
}

static inline void __attribute__((format(printf, 3, 4)))
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

static inline int
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

static inline int
teardown(void **state)
{
	struct world *w = *state;

	run("rm -rf %s", w->dir);
	ca_config_free(w->cfg);
	ca_crypto_free(w->crypto);
	free(w);
	return 0;
}

static inline struct ca_context
context_at(const struct world *w, time_t now)
{
	return (struct ca_context){w->crypto, w->cfg, &w->log, now};
}

static const struct ca_auth_peer sshd_alice = {"sshd", "alice", "192.0.2.7"};

static inline struct ca_request *
request(struct world *w, const struct ca_auth_peer *peer)
{
	struct ca_request *req = NULL;
	enum ca_reason reason;

	w->lines[0] = '\0';
	const struct ca_context ctx = context_at(w, NOW);
	if (ca_auth_request(&ctx, peer, NULL, &req, &reason) != CA_OK) {
		assert_null(req);
		assert_int_not_equal(reason, CA_R_OK);
		return NULL;
	}
	return req;
}

#endif
