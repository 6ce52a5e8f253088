/*
 * The ssh-agent's messages, with an agent that means harm.
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include <openssl/pem.h>

#include "key/agent.h"
#include "crypto/ecdsa.h"
#include "key/sig.h"

static EVP_PKEY *
pub_of(const char *name)
{
	char path[256];
	FILE *f;

	(void)snprintf(path, sizeof path, "tests/data/vectors/%s.key", name);
	f = fopen(path, "r");
	assert_non_null(f);
	EVP_PKEY *key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	fclose(f);
	assert_non_null(key);
	return key;
}

static void
put_u32(struct ca_buf *b, uint32_t v)
{
	ca_buf_u16(b, (uint16_t)(v >> 16));
	ca_buf_u16(b, (uint16_t)v);
}

static void
put_string(struct ca_buf *b, const void *p, size_t len)
{
	put_u32(b, (uint32_t)len);
	ca_buf_put(b, p, len);
}

static void
ed25519_blob(const EVP_PKEY *key, const char *type, const char *application,
    struct ca_buf *out)
{
	unsigned char raw[32];
	size_t len = sizeof raw;

	assert_int_equal(EVP_PKEY_get_raw_public_key(key, raw, &len), 1);
	put_string(out, type, strlen(type));
	put_string(out, raw, len);
	if (application != NULL)
		put_string(out, application, strlen(application));
}

/* A list of these blobs. */
static void
list_of(struct ca_buf *reply, const struct ca_buf *blob, uint32_t n)
{
	ca_buf_u8(reply, 12);
	put_u32(reply, n);
	for (uint32_t i = 0; i < n; i++) {
		put_string(reply, blob[i].p, blob[i].len);
		put_string(reply, "comment", 7);
	}
}

static enum ca_err
find(const struct ca_buf *reply, const EVP_PKEY *pub, bool *found, bool *sk)
{
	struct ca_agent_match m;
	enum ca_err rc = ca_agent_find(reply, pub, &m);

	*found = m.found;
	*sk = m.security_key;
	ca_buf_free(&m.blob);
	return rc;
}

static void
test_find(void **state)
{
	EVP_PKEY *key = pub_of("ed25519");
	struct ca_buf blob[3] = {
	    CA_BUF_INIT(1000), CA_BUF_INIT(1000), CA_BUF_INIT(1000)};
	struct ca_buf reply = CA_BUF_INIT(10000);
	bool found, sk;

	(void)state;
	put_string(&blob[0], "ssh-unknown", 11);
	ed25519_blob(key, "sk-ssh-ed25519@openssh.com", "ssh:", &blob[1]);
	ed25519_blob(key, "ssh-ed25519", NULL, &blob[2]);
	list_of(&reply, blob, 3);
	assert_int_equal(find(&reply, key, &found, &sk), CA_OK);
	assert_true(found);
	assert_false(sk); /* the one that can sign wins */

	/* every shorter form of it is malformed, and none is read past */
	for (size_t n = 0; n < reply.len; n++) {
		uint8_t *copy = malloc(n + 1);
		struct ca_buf cut = {copy, n, n, n, CA_OK};

		memcpy(copy, reply.p, n);
		assert_int_equal(find(&cut, key, &found, &sk), CA_ERR_FORMAT);
		free(copy);
	}
	ca_buf_u8(&reply, 0);
	assert_int_equal(find(&reply, key, &found, &sk), CA_ERR_FORMAT);

	ca_buf_reset(&reply);
	list_of(&reply, blob, 2);
	assert_int_equal(find(&reply, key, &found, &sk), CA_OK);
	assert_true(found && sk);
	ca_buf_reset(&reply);
	list_of(&reply, blob, 1);
	assert_int_equal(find(&reply, key, &found, &sk), CA_OK);
	assert_false(found);
	for (int i = 0; i < 3; i++)
		ca_buf_free(&blob[i]);
	ca_buf_free(&reply);
	EVP_PKEY_free(key);
}

static void
test_find_refuses(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum ca_err rc;
	} c[] = {
	    {"\5", 1, CA_DENIED},
	    {"\x0c\0\0\0\0", 5, CA_OK},
	    {"\x0c\xff\xff\xff\xff", 5, CA_ERR_LIMIT},
	    {"\x0c\0\0\0\1\xff\xff\xff\xff", 9, CA_ERR_FORMAT},
	    {"\x0c\0\0\0\1\0\0\0\0", 9, CA_ERR_FORMAT},
	    {"\x0c\0\0\0\1\0\0\0\0\0\0\0\0", 13, CA_OK},
	    {"\x0e\0\0\0\0", 5, CA_ERR_FORMAT},
	};
	EVP_PKEY *key = pub_of("p256");
	bool found, sk;

	(void)state;
	for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
		struct ca_buf b = CA_BUF_INIT(100);

		ca_buf_put(&b, c[i].bytes, c[i].len);
		assert_int_equal(find(&b, key, &found, &sk), c[i].rc);
		assert_false(found);
		ca_buf_free(&b);
	}
	EVP_PKEY_free(key);
}

static enum ca_err
signature(const char *scheme, const char *name, const void *blob, size_t len,
    struct ca_buf *sig)
{
	struct ca_buf inner = CA_BUF_INIT(4096), reply = CA_BUF_INIT(8192);

	put_string(&inner, name, strlen(name));
	put_string(&inner, blob, len);
	ca_buf_u8(&reply, 14);
	put_string(&reply, inner.p, inner.len);
	enum ca_err rc =
	    ca_agent_signature(&reply, ca_scheme_by_name(scheme), 256, sig);
	ca_buf_free(&inner);
	ca_buf_free(&reply);
	return rc;
}

static void
test_signature_forms(void **state)
{
	struct ca_buf sig = CA_BUF_INIT(1000);
	uint8_t raw[300] = {0};

	(void)state;
	memset(raw, 7, sizeof raw);
	assert_int_equal(
	    signature("ed25519", "ssh-ed25519", raw, 64, &sig), CA_OK);
	assert_int_equal(sig.len, 64);
	assert_int_equal(
	    signature("ed25519", "ssh-ed25519", raw, 63, &sig), CA_ERR_FORMAT);
	assert_int_equal(
	    signature("ed25519", "ssh-rsa", raw, 64, &sig), CA_ERR_FORMAT);
	/* leading zeros come back (RFC 8332 section 3) */
	ca_buf_reset(&sig);
	assert_int_equal(
	    signature("rsa_pkcs1_sha256", "rsa-sha2-256", raw, 254, &sig),
	    CA_OK);
	assert_int_equal(sig.len, 256);
	assert_int_equal(sig.p[0], 0);
	assert_int_equal(sig.p[2], 7);
	assert_int_equal(
	    signature("rsa_pkcs1_sha256", "rsa-sha2-256", raw, 257, &sig),
	    CA_ERR_FORMAT);
	assert_int_equal(
	    signature("rsa_pkcs1_sha256", "rsa-sha2-256", raw, 0, &sig),
	    CA_ERR_FORMAT);
	assert_int_equal(
	    signature("rsa_pkcs1_sha256", "rsa-sha2-512", raw, 256, &sig),
	    CA_ERR_FORMAT);
	assert_int_equal(
	    signature("rsa_pkcs1_sha256", "ssh-rsa", raw, 256, &sig),
	    CA_ERR_FORMAT);
	assert_int_equal(
	    signature("rsa_pss_rsae_sha256", "rsa-sha2-256", raw, 256, &sig),
	    CA_ERR_UNSUPPORTED);
	ca_buf_free(&sig);
}

static void
test_signature_ecdsa(void **state)
{
	static const char *name = "ecdsa-sha2-nistp256";
	static const char *scheme = "ecdsa_secp256r1_sha256";
	struct ca_buf sig = CA_BUF_INIT(1000);

	(void)state;
	assert_int_equal(
	    signature(scheme, name, "\0\0\0\1\x05\0\0\0\2\0\xff", 11, &sig),
	    CA_OK);
	assert_int_equal(sig.len, 9);
	assert_memory_equal(sig.p, "\x30\x07\x02\x01\x05\x02\x02\x00\xff", 9);
	/* negative, zero, empty, too long, cut, left over */
	assert_int_equal(
	    signature(scheme, name, "\0\0\0\1\x85\0\0\0\1\5", 10, &sig),
	    CA_ERR_FORMAT);
	assert_int_equal(
	    signature(scheme, name, "\0\0\0\1\0\0\0\0\1\5", 10, &sig),
	    CA_ERR_FORMAT);
	assert_int_equal(signature(scheme, name, "\0\0\0\0\0\0\0\1\5", 9, &sig),
	    CA_ERR_FORMAT);
	assert_int_equal(
	    signature(scheme, name, "\0\0\0\1\5\0\0\0\2\5", 10, &sig),
	    CA_ERR_FORMAT);
	assert_int_equal(
	    signature(scheme, name, "\0\0\0\1\5\0\0\0\1\5\0", 11, &sig),
	    CA_ERR_FORMAT);
	ca_buf_reset(&sig);
	uint8_t r[67];
	memset(r, 1, sizeof r);
	assert_int_equal(ca_ecdsa_der(r, 67, r, 1, &sig), CA_ERR_FORMAT);
	assert_int_equal(ca_ecdsa_der(r, 66, r, 66, &sig), CA_OK);
	ca_buf_free(&sig);
}

static void
test_signature_refused(void **state)
{
	static const char *bad[] = {"\x0e", "\x0e\0\0\0\0", "\x0c\0\0\0\0"};
	const struct ca_scheme *s = ca_scheme_by_name("ed25519");
	struct ca_buf b = CA_BUF_INIT(100), sig = CA_BUF_INIT(1000);

	(void)state;
	assert_int_equal(ca_agent_signature(&b, s, 64, &sig), CA_ERR_FORMAT);
	ca_buf_u8(&b, 5);
	assert_int_equal(ca_agent_signature(&b, s, 64, &sig), CA_DENIED);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ca_buf_reset(&b);
		ca_buf_put(&b, bad[i], i == 0 ? 1 : 5);
		assert_int_equal(
		    ca_agent_signature(&b, s, 64, &sig), CA_ERR_FORMAT);
	}
	assert_int_equal(sig.len, 0);
	ca_buf_free(&b);
	ca_buf_free(&sig);
}

/* ---- the exchange, with a thread that plays the agent ---- */

struct player {
	int fd;
	const char *says;
	size_t len;
	bool stays; /* open until the client closes */
};

static void *
play(void *arg)
{
	struct player *p = arg;
	char c[64];

	for (size_t i = 0; i < p->len; i++)
		if (send(p->fd, p->says + i, 1, MSG_NOSIGNAL) != 1)
			break;
	while (p->stays && recv(p->fd, c, sizeof c, 0) > 0)
		continue;
	close(p->fd);
	return NULL;
}

static enum ca_err
exchange(const char *says, size_t len, bool stays, int ms, struct ca_buf *reply)
{
	struct ca_buf msg = CA_BUF_INIT(10);
	struct player p = {-1, says, len, stays};
	pthread_t thread;
	int fd[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	/* the other end waits as long as it takes */
	assert_int_equal(fcntl(fd[1], F_SETFL, 0), 0);
	p.fd = fd[1];
	ca_buf_u8(&msg, 11);
	assert_int_equal(pthread_create(&thread, NULL, play, &p), 0);
	enum ca_err rc = ca_agent_exchange(fd[0], &msg, ms, reply);
	close(fd[0]);
	pthread_join(thread, NULL);
	ca_buf_free(&msg);
	return rc;
}

static void
test_exchange(void **state)
{
	struct ca_buf reply = CA_BUF_INIT(CA_AGENT_REPLY_MAX);

	(void)state;
	assert_int_equal(
	    exchange("\0\0\0\3abc", 7, true, 30000, &reply), CA_OK);
	assert_int_equal(reply.len, 3);
	assert_memory_equal(reply.p, "abc", 3);
	assert_int_equal(
	    exchange("\0\0\0\0", 4, true, 30000, &reply), CA_ERR_FORMAT);
	assert_int_equal(
	    exchange("\0\4\0\1x", 5, true, 30000, &reply), CA_ERR_LIMIT);
	assert_int_equal(
	    exchange("\0\0\0\3ab", 6, false, 30000, &reply), CA_ERR_IO);
	assert_int_equal(exchange("", 0, false, 30000, &reply), CA_ERR_IO);
	/* silence, before and within the message */
	assert_int_equal(exchange("", 0, true, 50, &reply), CA_ERR_TIMEOUT);
	assert_int_equal(
	    exchange("\0\0\0\3ab", 6, true, 50, &reply), CA_ERR_TIMEOUT);
	ca_buf_free(&reply);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_find),
	    cmocka_unit_test(test_find_refuses),
	    cmocka_unit_test(test_signature_forms),
	    cmocka_unit_test(test_signature_ecdsa),
	    cmocka_unit_test(test_signature_refused),
	    cmocka_unit_test(test_exchange),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
