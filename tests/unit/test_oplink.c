/* The connection between the module and certauth-verifier: its ends, its time, its
 * descriptors, and a peer that keeps to nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "opmake.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct pair {
	struct ca_op_link link;
	int peer;
};

static void
connect_pair(struct pair *p)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	ca_op_link_init(&p->link, fd[0]);
	/* a test that hangs fails */
	p->link.deadline = ca_stream_clock() + 20000;
	p->peer = fd[1];
}

static void
disconnect(struct pair *p)
{
	ca_op_link_clear(&p->link);
	(void)close(p->link.fd);
	if (p->peer >= 0)
		(void)close(p->peer);
}

static unsigned
open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

/* Send bytes with n descriptors, as a peer that keeps to nothing. */
static void
send_raw(int fd, const void *p, size_t len, unsigned n)
{
	union {
		char bytes[CMSG_SPACE(8 * sizeof(int))];
		struct cmsghdr align;
	} c;
	struct iovec iov = {(void *)(uintptr_t)p, len};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	memset(&c, 0, sizeof c);
	if (n > 0) {
		m.msg_control = c.bytes;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		struct cmsghdr *h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(n * sizeof(int));
		for (unsigned i = 0; i < n; i++) {
			int in = STDIN_FILENO;

			memcpy(CMSG_DATA(h) + i * sizeof in, &in, sizeof in);
		}
	}
	assert_int_equal(sendmsg(fd, &m, MSG_NOSIGNAL), (ssize_t)len);
}

static void
over_a_socket(void **state)
{
	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		struct ca_op_msg m = whole(types[i].type), got;
		struct ca_buf b = written(&m), again;
		struct pair p;
		struct ca_op_link other;
		int fd = -1;

		connect_pair(&p);
		ca_op_link_init(&other, p.peer);
		assert_int_equal(ca_op_send(&other, &m, -1), CA_OK);
		assert_int_equal(ca_op_send(&other, &m, p.peer), CA_OK);
		assert_int_equal(ca_op_recv(&p.link, &got, NULL), CA_OK);
		again = written(&got);
		assert_int_equal(got.type, m.type);
		assert_int_equal(again.len, b.len);
		assert_memory_equal(again.p, b.p, b.len);
		/* the next one is another, with a descriptor */
		assert_int_equal(ca_op_recv(&p.link, &got, &fd), CA_OK);
		assert_int_equal(got.type, m.type);
		assert_true(fd >= 0);
		assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
		(void)close(fd);
		/* and then none */
		assert_int_equal(ca_op_send(&other, &m, -1), CA_OK);
		fd = 99;
		assert_int_equal(ca_op_recv(&p.link, &got, &fd), CA_OK);
		assert_int_equal(fd, -1);
		ca_buf_free(&again);
		ca_buf_free(&b);
		disconnect(&p);
	}
}

/* A header, and content that is LOG with a line. */
static size_t
log_message(uint8_t out[64])
{
	static const uint8_t line[] = {
	    CA_OP_LOG, 0, 0, 0, 7, 2, 0, 0, 3, 'h', 'i', 0};

	memcpy(out, line, sizeof line);
	return sizeof line;
}

/* What arrives one byte after the other is one message. */
static void
in_bytes(void **state)
{
	uint8_t raw[64];
	size_t len = log_message(raw);
	struct ca_op_msg got;
	struct pair p;
	int status;

	(void)state;
	connect_pair(&p);
	pid_t pid = fork();
	if (pid == 0) {
		for (size_t i = 0; i < len; i++) {
			(void)!write(p.peer, raw + i, 1);
			(void)usleep(1000);
		}
		_exit(0);
	}
	assert_int_equal(ca_op_recv(&p.link, &got, NULL), CA_OK);
	assert_string_equal(got.u.log.line, "hi");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	disconnect(&p);
}

/* The peer sends the first len bytes of a message, and closes its end. */
static enum ca_err
cut_after(size_t cut)
{
	uint8_t raw[64];
	struct ca_op_msg got;
	struct pair p;

	(void)log_message(raw);
	connect_pair(&p);
	if (cut > 0)
		send_raw(p.peer, raw, cut, 0);
	(void)close(p.peer);
	p.peer = -1;
	enum ca_err rc = ca_op_recv(&p.link, &got, NULL);
	if (rc != CA_OK)
		assert_int_equal(got.type, CA_OP_NONE);
	disconnect(&p);
	return rc;
}

static void
cut(void **state)
{
	uint8_t raw[64];
	size_t len = log_message(raw);

	(void)state;
	assert_int_equal(cut_after(0), CA_ERR_CANCELLED);
	for (size_t n = 1; n < len; n++)
		assert_int_equal(cut_after(n), CA_ERR_FORMAT);
	assert_int_equal(cut_after(len), CA_OK);
}

/* What is received of raw bytes.  No descriptor stays open. */
static enum ca_err
received(const uint8_t *raw, size_t len, unsigned descriptors, bool wanted)
{
	unsigned before = open_descriptors();
	struct ca_op_msg got;
	struct pair p;
	int fd = 77;

	connect_pair(&p);
	send_raw(p.peer, raw, len, descriptors);
	enum ca_err rc = ca_op_recv(&p.link, &got, wanted ? &fd : NULL);
	if (wanted && rc != CA_OK)
		assert_int_equal(fd, -1);
	if (wanted && rc == CA_OK && fd >= 0)
		(void)close(fd);
	disconnect(&p);
	assert_int_equal(open_descriptors(), before);
	return rc;
}

static void
descriptors(void **state)
{
	uint8_t raw[64];
	size_t len = log_message(raw);
	unsigned before = open_descriptors();
	struct ca_op_msg got;
	struct pair p;
	int fd;

	(void)state;
	assert_int_equal(received(raw, len, 0, true), CA_OK);
	assert_int_equal(received(raw, len, 1, true), CA_OK);
	for (unsigned n = 2; n <= 8; n++)
		assert_int_equal(received(raw, len, n, true), CA_ERR_FORMAT);
	/* where none may come */
	for (unsigned n = 1; n <= 8; n++)
		assert_int_equal(received(raw, len, n, false), CA_ERR_FORMAT);
	/* with the content, and with a later byte of the header */
	for (size_t at = 1; at < len; at++) {
		connect_pair(&p);
		send_raw(p.peer, raw, at, 0);
		send_raw(p.peer, raw + at, len - at, 1);
		enum ca_err rc = ca_op_recv(&p.link, &got, &fd);
		/* the header may come in parts */
		assert_int_equal(rc, at < 5 ? CA_OK : CA_ERR_FORMAT);
		if (fd >= 0)
			(void)close(fd);
		disconnect(&p);
	}
	/* a second one with the rest of the header, and one whose content is
	 * wrong: both are closed */
	connect_pair(&p);
	send_raw(p.peer, raw, 2, 1);
	send_raw(p.peer, raw + 2, len - 2, 1);
	assert_int_equal(ca_op_recv(&p.link, &got, &fd), CA_ERR_FORMAT);
	assert_int_equal(fd, -1);
	disconnect(&p);
	raw[5] = 9;
	assert_int_equal(received(raw, len, 1, true), CA_ERR_FORMAT);
	assert_int_equal(open_descriptors(), before);
}

static void
headers(void **state)
{
	uint8_t raw[64];
	size_t len = log_message(raw);

	(void)state;
	raw[0] = CA_OP_NONE;
	assert_int_equal(received(raw, len, 0, false), CA_ERR_FORMAT);
	raw[0] = CA_OP_TYPES;
	assert_int_equal(received(raw, len, 0, false), CA_ERR_FORMAT);
	raw[0] = 255;
	assert_int_equal(received(raw, len, 0, false), CA_ERR_FORMAT);
	(void)log_message(raw);
	for (unsigned v = 1; v < 256; v++) {
		raw[1] = (uint8_t)v;
		assert_int_equal(received(raw, len, 0, false), CA_ERR_FORMAT);
	}
	/* a length beyond the bound is not waited for */
	(void)log_message(raw);
	raw[2] = CA_OP_FRAME_MAX >> 16;
	raw[3] = 0;
	raw[4] = 1;
	assert_int_equal(received(raw, len, 0, false), CA_ERR_LIMIT);
	raw[2] = 0xff;
	assert_int_equal(received(raw, len, 0, false), CA_ERR_LIMIT);
}

static void
too_much_to_send(void **state)
{
	static uint8_t much[CA_OP_FRAME_MAX + 1];
	struct ca_op_msg m = {.type = CA_OP_BODY};
	struct pair p;

	(void)state;
	connect_pair(&p);
	m.u.body.response = (struct ca_bytes){much, sizeof much};
	assert_int_equal(ca_op_send(&p.link, &m, -1), CA_ERR_LIMIT);
	/* nothing of it was sent */
	assert_int_equal(recv(p.peer, much, 1, MSG_DONTWAIT), -1);
	disconnect(&p);
}

/* The largest message that there may be. */
static void
largest(void **state)
{
	static uint8_t much[CA_OP_FRAME_MAX - 4];
	struct ca_op_msg m = {.type = CA_OP_BODY}, got;
	struct ca_op_link other;
	struct pair p;
	int status;

	(void)state;
	much[0] = 1;
	much[sizeof much - 1] = 2;
	m.u.body.response = (struct ca_bytes){much, sizeof much};
	connect_pair(&p);
	pid_t pid = fork();
	if (pid == 0) {
		ca_op_link_init(&other, p.peer);
		_exit(ca_op_send(&other, &m, -1) == CA_OK ? 0 : 1);
	}
	assert_int_equal(ca_op_recv(&p.link, &got, NULL), CA_OK);
	bytes_equal(got.u.body.response, m.u.body.response);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	disconnect(&p);
}

static void
deadlines(void **state)
{
	static uint8_t much[CA_OP_FRAME_MAX / 2];
	struct ca_op_msg m = {.type = CA_OP_BODY}, got;
	uint8_t raw[64];
	struct pair p;
	enum ca_err rc;

	(void)state;
	connect_pair(&p);
	p.link.deadline = ca_stream_clock() + 20;
	assert_int_equal(ca_op_recv(&p.link, &got, NULL), CA_ERR_TIMEOUT);
	/* one that began is not waited for longer */
	(void)log_message(raw);
	send_raw(p.peer, raw, 7, 0);
	p.link.deadline = ca_stream_clock() + 20;
	assert_int_equal(ca_op_recv(&p.link, &got, NULL), CA_ERR_TIMEOUT);
	assert_int_equal(ca_op_greeted(&p.link), CA_ERR_TIMEOUT);
	/* nobody reads */
	p.link.deadline = ca_stream_clock() + 20;
	m.u.body.response = (struct ca_bytes){much, sizeof much};
	for (int i = 0; (rc = ca_op_send(&p.link, &m, -1)) == CA_OK; i++)
		assert_true(i < 100);
	assert_int_equal(rc, CA_ERR_TIMEOUT);
	/* when it reads again, nothing follows the part that was sent */
	while (recv(p.peer, much, sizeof much, MSG_DONTWAIT) > 0)
		continue;
	m.u.body.response.len = 1;
	p.link.deadline = ca_stream_clock() + 20000;
	assert_int_equal(ca_op_send(&p.link, &m, -1), CA_ERR_IO);
	assert_int_equal(errno, EPIPE);
	assert_true(recv(p.peer, much, 1, MSG_DONTWAIT) < 0);
	disconnect(&p);
}

/* A byte 0 before the first message puts the deadline off. */
static void
waits(void **state)
{
	struct ca_op_msg got;
	uint8_t raw[64];
	struct pair p;

	(void)state;
	size_t len = log_message(raw);
	connect_pair(&p);
	p.link.wait_ms = 20000;
	p.link.wait_end = ca_stream_clock() + 100000;
	long long before = ca_stream_clock();
	p.link.deadline = before + 1000;
	for (int i = 0; i < 3; i++)
		ca_op_waits(p.peer);
	send_raw(p.peer, raw, len, 0);
	assert_int_equal(ca_op_recv(&p.link, &got, NULL), CA_OK);
	assert_int_equal(got.type, CA_OP_LOG);
	assert_true(p.link.deadline >= before + 20000);
	/* after it, the byte is the type of a message that there is not */
	ca_op_waits(p.peer);
	send_raw(p.peer, raw, len, 0);
	assert_int_not_equal(ca_op_recv(&p.link, &got, NULL), CA_OK);
	disconnect(&p);
	/* and where nobody waits */
	connect_pair(&p);
	ca_op_waits(p.peer);
	send_raw(p.peer, raw, len, 0);
	assert_int_not_equal(ca_op_recv(&p.link, &got, NULL), CA_OK);
	disconnect(&p);
	/* the header may come in parts, or not at all, and brings nothing along */
	for (size_t at = 1; at <= len; at++) {
		connect_pair(&p);
		p.link.wait_ms = 20000;
		p.link.wait_end = ca_stream_clock() + 100000;
		ca_op_waits(p.peer);
		send_raw(p.peer, raw, at, 0);
		if (at < len) {
			(void)close(p.peer);
			p.peer = -1;
		}
		assert_int_equal(ca_op_recv(&p.link, &got, NULL),
		    at < len ? CA_ERR_FORMAT : CA_OK);
		disconnect(&p);
	}
	connect_pair(&p);
	p.link.wait_ms = 20000;
	p.link.wait_end = ca_stream_clock() + 100000;
	send_raw(p.peer, "", 1, 1);
	assert_int_equal(ca_op_recv(&p.link, &got, NULL), CA_ERR_FORMAT);
	disconnect(&p);
}

/* One that says so for ever is not waited for for ever. */
static void
waits_no_longer(void **state)
{
	struct ca_op_msg got;
	struct pair p;

	(void)state;
	connect_pair(&p);
	p.link.wait_ms = 10;
	p.link.wait_end = ca_stream_clock() - 1;
	ca_op_waits(p.peer);
	assert_int_equal(ca_op_recv(&p.link, &got, NULL), CA_ERR_TIMEOUT);
	for (int i = 0; i < 100; i++)
		ca_op_waits(p.peer);
	assert_int_equal(ca_op_recv(&p.link, &got, NULL), CA_ERR_TIMEOUT);
	disconnect(&p);
}

/* No signal: that would end the application. */
static void
gone(void **state)
{
	struct ca_op_msg m = whole(CA_OP_LOG);
	struct pair p;

	(void)state;
	assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	connect_pair(&p);
	(void)close(p.peer);
	p.peer = -1;
	errno = 0;
	assert_int_equal(ca_op_send(&p.link, &m, -1), CA_ERR_IO);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(ca_op_greet(&p.link, CA_OP_VERSION), CA_ERR_IO);
	assert_int_equal(ca_op_pass(p.link.fd, p.link.fd), CA_ERR_IO);
	disconnect(&p);
}

static void
greeting(void **state)
{
	static const uint8_t others[] = {0, CA_OP_VERSION + 1, 255};
	struct ca_op_link other;
	struct pair p;

	(void)state;
	connect_pair(&p);
	ca_op_link_init(&other, p.peer);
	assert_int_equal(ca_op_greet(&other, CA_OP_VERSION), CA_OK);
	assert_int_equal(ca_op_greeted(&p.link), CA_OK);
	for (size_t i = 0; i < sizeof others; i++) {
		send_raw(p.peer, &others[i], 1, 0);
		assert_int_equal(ca_op_greeted(&p.link), CA_ERR_UNSUPPORTED);
	}
	send_raw(p.peer, "\1", 1, 1);
	assert_int_equal(ca_op_greeted(&p.link), CA_ERR_FORMAT);
	(void)close(p.peer);
	p.peer = -1;
	assert_int_equal(ca_op_greeted(&p.link), CA_ERR_CANCELLED);
	disconnect(&p);
}

static void
passing(void **state)
{
	unsigned before = open_descriptors();
	struct stat a, b;
	struct pair p;
	int fd = 55;

	(void)state;
	connect_pair(&p);
	assert_int_equal(ca_op_pass(p.peer, p.link.fd), CA_OK);
	assert_int_equal(ca_op_passed(p.link.fd, &fd), CA_OK);
	assert_int_equal(fstat(fd, &a), 0);
	assert_int_equal(fstat(p.link.fd, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
	(void)close(fd);
	/* none, and too many */
	send_raw(p.peer, "", 1, 0);
	assert_int_equal(ca_op_passed(p.link.fd, &fd), CA_ERR_FORMAT);
	assert_int_equal(fd, -1);
	send_raw(p.peer, "", 1, 2);
	assert_int_equal(ca_op_passed(p.link.fd, &fd), CA_ERR_FORMAT);
	assert_int_equal(fd, -1);
	send_raw(p.peer, "", 1, 8);
	assert_int_equal(ca_op_passed(p.link.fd, &fd), CA_ERR_FORMAT);
	(void)close(p.peer);
	p.peer = -1;
	assert_int_equal(ca_op_passed(p.link.fd, &fd), CA_ERR_CANCELLED);
	assert_int_equal(fd, -1);
	disconnect(&p);
	assert_int_equal(open_descriptors(), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(over_a_socket),
	    cmocka_unit_test(in_bytes),
	    cmocka_unit_test(cut),
	    cmocka_unit_test(descriptors),
	    cmocka_unit_test(headers),
	    cmocka_unit_test(too_much_to_send),
	    cmocka_unit_test(largest),
	    cmocka_unit_test(deadlines),
	    cmocka_unit_test(waits),
	    cmocka_unit_test(waits_no_longer),
	    cmocka_unit_test(gone),
	    cmocka_unit_test(greeting),
	    cmocka_unit_test(passing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
