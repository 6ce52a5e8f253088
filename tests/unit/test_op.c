/* The messages between the module and certauth-verifier: every type, every bound,
 * and bytes of a peer that was taken over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "op/op.h"

#define ROOM ((size_t)CA_OP_FRAME_MAX * 2)

/* How many fields each type has: a change of this table is a new version of the
 * protocol. */
static const struct {
	enum ca_op_type type;
	unsigned fields;
} types[] = {
    {CA_OP_ARGS, 5},
    {CA_OP_BODY, 10},
    {CA_OP_REPLY, 7},
    {CA_OP_READY, 2},
    {CA_OP_LOG, 2},
    {CA_OP_OPEN, 8},
    {CA_OP_ACCOUNT, 8},
    {CA_OP_HOME, 8},
    {CA_OP_SIGN, 8},
    {CA_OP_ANSWER, 29},
};

#define TYPES (sizeof types / sizeof types[0])

/* ---- messages that have every field ---- */

#define B(text)                                                                \
	{                                                                      \
		(const uint8_t *)(text), sizeof(text) - 1                      \
	}

static struct ca_op_msg
whole(enum ca_op_type type)
{
	struct ca_op_msg m = {.type = type};

	switch (type) {
	case CA_OP_ARGS:
		m.u.args =
		    (struct ca_op_args){CA_OP_JUDGE, B("0123456789abcdef"),
			"sshd", {{"debug", "", "a=b"}, 3}, UINT64_MAX};
		break;
	case CA_OP_READY:
		m.u.ready = (struct ca_op_ready){
		    B("fedcba9876543210"), {{"/etc/certauth/ca", "/x"}, 2}};
		break;
	case CA_OP_BODY:
		m.u.body = (struct ca_op_body){"alice", "", 1, 1, B("nonce"),
		    B("\0request\0"), B("response"), 3, 4, B("kept")};
		break;
	case CA_OP_LOG:
		m.u.log = (struct ca_op_log){CA_OP_RECHECK, "a line"};
		break;
	case CA_OP_OPEN:
	case CA_OP_ACCOUNT:
	case CA_OP_HOME:
	case CA_OP_SIGN:
		m.u.call =
		    (struct ca_op_call){"/path", "name", 1, "pkcs11:token=x",
			"/usr/bin/helper", 30, B("leaf"), B("transcript")};
		break;
	case CA_OP_REPLY:
		m.u.reply = (struct ca_op_reply){CA_OK, ENOENT, "alice",
		    "/home/alice", 2001, "/real", B("verify")};
		break;
	case CA_OP_ANSWER:
		m.u.answer = (struct ca_op_answer){B("0123456789abcdef"), CA_OK,
		    1, 1, 1, 7, B("request"), CA_OP_COMMAND, CA_OP_CONVERSATION,
		    500, 60, 30, 10, 1, 2, 3, 4, "helper", "token", "key", 1000,
		    60000, {{B("der1"), B("der2")}, 2}, 5, "alice", B("kept"),
		    {{"A=1", "B=2"}, 2}, "expires", {{"line", "more"}, 2}};
		break;
	case CA_OP_NONE:
	case CA_OP_TYPES:
		fail();
	}
	return m;
}

static struct ca_buf
written(const struct ca_op_msg *msg)
{
	struct ca_buf b = CA_BUF_INIT(ROOM);

	ca_op_write(msg, &b);
	assert_int_equal(ca_buf_err(&b), CA_OK);
	return b;
}

/* Parse a copy that ends where its memory does, so that a sanitizer sees a read
 * behind it.  *copy is to free(). */
static enum ca_err
parse(uint8_t type, const void *p, size_t len, struct ca_op_msg *msg,
    uint8_t **copy)
{
	*copy = malloc(len > 0 ? len : 1);
	assert_non_null(*copy);
	if (len > 0)
		memcpy(*copy, p, len);
	enum ca_err rc = ca_op_parse(type, *copy, len, msg);

	if (rc != CA_OK) {
		assert_true(rc == CA_ERR_FORMAT || rc == CA_ERR_LIMIT);
		assert_int_equal(msg->type, CA_OP_NONE);
	}
	return rc;
}

static enum ca_err
verdict(uint8_t type, const void *p, size_t len)
{
	struct ca_op_msg msg;
	uint8_t *copy;
	enum ca_err rc = parse(type, p, len, &msg, &copy);

	free(copy);
	return rc;
}

static void
bytes_equal(struct ca_bytes a, struct ca_bytes b)
{
	assert_int_equal(a.len, b.len);
	if (a.len > 0)
		assert_memory_equal(a.p, b.p, a.len);
}

/* ---- fields ---- */

/* What is written is read again, each field in its own place. */
static void
round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		struct ca_op_msg m = whole(types[i].type), back;
		struct ca_buf b = written(&m), again;
		uint8_t *copy;

		assert_int_equal(
		    parse((uint8_t)m.type, b.p, b.len, &back, &copy), CA_OK);
		assert_int_equal(back.type, m.type);
		again = written(&back);
		assert_int_equal(again.len, b.len);
		assert_memory_equal(again.p, b.p, b.len);
		ca_buf_free(&again);
		ca_buf_free(&b);
		free(copy);
	}
}

static void
members(void **state)
{
	struct ca_op_msg m = whole(CA_OP_BODY), back;
	struct ca_buf b = written(&m);
	uint8_t *copy;

	(void)state;
	assert_int_equal(parse(CA_OP_BODY, b.p, b.len, &back, &copy), CA_OK);
	const struct ca_op_body *want = &m.u.body, *got = &back.u.body;
	assert_string_equal(got->user, want->user);
	assert_string_equal(got->rhost, "");
	assert_int_equal(got->now, want->now);
	assert_int_equal(got->helper, want->helper);
	bytes_equal(got->nonce, want->nonce);
	bytes_equal(got->request, want->request);
	bytes_equal(got->response, want->response);
	assert_int_equal(got->reason, want->reason);
	assert_int_equal(got->err, want->err);
	bytes_equal(got->kept, want->kept);
	ca_buf_free(&b);
	free(copy);

	m = whole(CA_OP_ARGS);
	b = written(&m);
	assert_int_equal(parse(CA_OP_ARGS, b.p, b.len, &back, &copy), CA_OK);
	assert_int_equal(back.u.args.owner, UINT64_MAX);
	assert_int_equal(back.u.args.argv.n, 3);
	assert_string_equal(back.u.args.argv.v[1], "");
	assert_string_equal(back.u.args.argv.v[2], "a=b");
	ca_buf_free(&b);
	free(copy);
}

/* Nothing of an earlier message stays: what is not sent is 0, NULL or empty. */
static void
not_sent(void **state)
{
	static const struct ca_op_msg none;

	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		struct ca_op_msg m, back;
		uint8_t *copy;

		memset(&m, 0, sizeof m);
		m.type = types[i].type;
		struct ca_buf b = written(&m);
		assert_int_equal(b.len, 0);
		memset(&back, 0xa5, sizeof back);
		assert_int_equal(
		    parse((uint8_t)m.type, "", 0, &back, &copy), CA_OK);
		assert_memory_equal(&back.u, &none.u, sizeof none.u);
		ca_buf_free(&b);
		free(copy);
	}
}

/* The offsets in content at which a field begins, and its end. */
static size_t
boundaries(const struct ca_buf *b, size_t at[], size_t max)
{
	size_t n = 0, pos = 0;

	while (pos < b->len) {
		assert_true(n + 1 < max);
		at[n++] = pos;
		pos += 4 + ((size_t)b->p[pos + 1] << 16 |
			       (size_t)b->p[pos + 2] << 8 | b->p[pos + 3]);
	}
	assert_int_equal(pos, b->len);
	at[n++] = pos;
	return n;
}

#define BOUNDARIES 64

static void
truncated(void **state)
{
	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		struct ca_op_msg m = whole(types[i].type);
		struct ca_buf b = written(&m);
		size_t at[BOUNDARIES], n = boundaries(&b, at, BOUNDARIES);
		size_t next = 0;

		for (size_t len = 0; len <= b.len; len++) {
			bool ends = next < n && at[next] == len;

			assert_int_equal(verdict((uint8_t)m.type, b.p, len),
			    ends ? CA_OK : CA_ERR_FORMAT);
			next += ends;
		}
		assert_int_equal(next, n);
		ca_buf_free(&b);
	}
}

/* Put a field with len bytes of content in front of nothing. */
static enum ca_err
one_field(uint8_t type, uint8_t tag, const void *p, size_t len)
{
	struct ca_buf b = CA_BUF_INIT(ROOM);

	ca_buf_u8(&b, tag);
	ca_buf_u24(&b, (uint32_t)len);
	ca_buf_put(&b, p, len);
	assert_int_equal(ca_buf_err(&b), CA_OK);
	enum ca_err rc = verdict(type, b.p, b.len);
	ca_buf_free(&b);
	return rc;
}

static void
unknown(void **state)
{
	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		uint8_t type = (uint8_t)types[i].type;

		assert_int_equal(one_field(type, 0, "x", 2), CA_ERR_FORMAT);
		/* a value that a text or bytes would be, and one of a number */
		for (unsigned tag = types[i].fields + 1; tag < 256; tag++) {
			assert_int_equal(one_field(type, (uint8_t)tag, "x", 2),
			    CA_ERR_FORMAT);
			assert_int_equal(
			    one_field(type, (uint8_t)tag, "1234567", 8),
			    CA_ERR_FORMAT);
		}
		/* and the last one is known: an eight byte text will do for it */
		assert_int_equal(
		    one_field(type, (uint8_t)types[i].fields, "1234567", 8),
		    CA_OK);
	}
	for (unsigned type = 0; type < 256; type++) {
		bool known = false;

		for (size_t i = 0; i < TYPES; i++)
			known = known || (unsigned)types[i].type == type;
		assert_int_equal(verdict((uint8_t)type, "", 0),
		    known ? CA_OK : CA_ERR_FORMAT);
	}
}

/* Each pair of fields that is out of order, and each field twice. */
static void
order(void **state)
{
	(void)state;
	for (size_t i = 0; i < TYPES; i++) {
		struct ca_op_msg m = whole(types[i].type);
		struct ca_buf b = written(&m), two = CA_BUF_INIT(ROOM);
		size_t at[BOUNDARIES], n = boundaries(&b, at, BOUNDARIES) - 1;
		unsigned lists = 0;

		for (size_t j = 0; j < n; j++) {
			for (size_t k = 0; k < n; k++) {
				uint8_t first = b.p[at[j]], second = b.p[at[k]];

				ca_buf_reset(&two);
				ca_buf_put(
				    &two, b.p + at[j], at[j + 1] - at[j]);
				ca_buf_put(
				    &two, b.p + at[k], at[k + 1] - at[k]);
				enum ca_err rc =
				    verdict((uint8_t)m.type, two.p, two.len);
				if (first != second)
					assert_int_equal(
					    rc, first < second ? CA_OK
							       : CA_ERR_FORMAT);
				else
					lists += rc == CA_OK && j == k;
			}
		}
		/* argv has 3 values in whole(), the other lists 2 each */
		assert_int_equal(lists, m.type == CA_OP_ARGS     ? 3
					: m.type == CA_OP_READY  ? 2
					: m.type == CA_OP_ANSWER ? 6
								 : 0);
		ca_buf_free(&two);
		ca_buf_free(&b);
	}
}

/* ---- bounds ---- */

static void
texts(void **state)
{
	static char text[CA_OP_TEXT_MAX + 1];

	(void)state;
	assert_int_equal(one_field(CA_OP_LOG, 2, "", 1), CA_OK);
	assert_int_equal(one_field(CA_OP_LOG, 2, "", 0), CA_ERR_FORMAT);
	assert_int_equal(one_field(CA_OP_LOG, 2, "line", 4), CA_ERR_FORMAT);
	assert_int_equal(one_field(CA_OP_LOG, 2, "a\0b", 4), CA_ERR_FORMAT);
	assert_int_equal(one_field(CA_OP_LOG, 2, "\0", 2), CA_ERR_FORMAT);
	memset(text, 'x', sizeof text);
	text[CA_OP_TEXT_MAX - 1] = '\0';
	assert_int_equal(one_field(CA_OP_LOG, 2, text, CA_OP_TEXT_MAX), CA_OK);
	text[CA_OP_TEXT_MAX - 1] = 'x';
	text[CA_OP_TEXT_MAX] = '\0';
	assert_int_equal(
	    one_field(CA_OP_LOG, 2, text, CA_OP_TEXT_MAX + 1), CA_ERR_LIMIT);
	/* in a list too */
	assert_int_equal(
	    one_field(CA_OP_ARGS, 4, text, CA_OP_TEXT_MAX + 1), CA_ERR_LIMIT);
	assert_int_equal(one_field(CA_OP_ARGS, 4, "a\0b", 4), CA_ERR_FORMAT);
}

static void
numbers(void **state)
{
	static const uint8_t zero[16];

	(void)state;
	for (size_t len = 0; len <= sizeof zero; len++)
		assert_int_equal(one_field(CA_OP_LOG, 1, zero, len),
		    len == 8 ? CA_OK : CA_ERR_FORMAT);
}

/* n values of a field */
static enum ca_err
many(uint8_t type, uint8_t tag, size_t n)
{
	struct ca_buf b = CA_BUF_INIT(ROOM);

	for (size_t i = 0; i < n; i++) {
		ca_buf_u8(&b, tag);
		ca_buf_u24(&b, 2);
		ca_buf_put(&b, "x", 2);
	}
	enum ca_err rc = verdict(type, b.p, b.len);
	ca_buf_free(&b);
	return rc;
}

static void
lists(void **state)
{
	static const struct {
		uint8_t type, tag;
	} list[] = {{CA_OP_ARGS, 4}, {CA_OP_READY, 2}, {CA_OP_ANSWER, 23},
	    {CA_OP_ANSWER, 27}, {CA_OP_ANSWER, 29}};

	(void)state;
	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
		assert_int_equal(
		    many(list[i].type, list[i].tag, CA_OP_LIST_MAX), CA_OK);
		assert_int_equal(
		    many(list[i].type, list[i].tag, CA_OP_LIST_MAX + 1),
		    CA_ERR_LIMIT);
	}
}

/* ---- random bytes ---- */

static uint64_t seed = 0x9e3779b97f4a7c15;

static unsigned
below(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 32) % n;
}

/* What parses, is written again so that it is the same message. */
static bool
holds(uint8_t type, const uint8_t *p, size_t len)
{
	struct ca_op_msg msg, back;
	uint8_t *copy, *more;

	if (parse(type, p, len, &msg, &copy) != CA_OK) {
		free(copy);
		return false;
	}
	struct ca_buf b = written(&msg);
	assert_true(b.len <= len);
	assert_int_equal(parse(type, b.p, b.len, &back, &more), CA_OK);
	struct ca_buf again = written(&back);
	assert_int_equal(again.len, b.len);
	if (b.len > 0)
		assert_memory_equal(again.p, b.p, b.len);
	ca_buf_free(&again);
	ca_buf_free(&b);
	free(more);
	free(copy);
	return true;
}

static void
random_bytes(void **state)
{
	const char *runs = getenv("CERTAUTH_PROPERTY_RUNS");
	long n = runs != NULL ? atol(runs) : 20000;
	long good = 0, bad = 0;

	(void)state;
	for (long i = 0; i < n; i++) {
		struct ca_op_msg m = whole(types[below(TYPES)].type);
		struct ca_buf b = written(&m);
		size_t len = b.len;

		/* a whole message with a few bytes changed, or only bytes */
		for (unsigned k = below(4); k > 0; k--)
			b.p[below((unsigned)len)] =
			    (uint8_t)(below(2) ? below(256) : below(32));
		if (below(4) == 0)
			len = below((unsigned)len + 1);
		if (below(8) == 0)
			for (size_t k = 0; k < len; k++)
				b.p[k] = (uint8_t)below(below(2) ? 4 : 256);
		if (holds((uint8_t)(below(8) ? m.type : below(256)), b.p, len))
			good++;
		else
			bad++;
		ca_buf_free(&b);
	}
	/* both were tried */
	assert_true(good > n / 20);
	assert_true(bad > n / 20);
}

/* ---- a connection ---- */

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
	p->link.deadline = ca_op_clock() + 20000;
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
	p.link.deadline = ca_op_clock() + 20;
	assert_int_equal(ca_op_recv(&p.link, &got, NULL), CA_ERR_TIMEOUT);
	/* one that began is not waited for longer */
	(void)log_message(raw);
	send_raw(p.peer, raw, 7, 0);
	p.link.deadline = ca_op_clock() + 20;
	assert_int_equal(ca_op_recv(&p.link, &got, NULL), CA_ERR_TIMEOUT);
	assert_int_equal(ca_op_greeted(&p.link), CA_ERR_TIMEOUT);
	/* nobody reads */
	p.link.deadline = ca_op_clock() + 20;
	m.u.body.response = (struct ca_bytes){much, sizeof much};
	for (int i = 0; (rc = ca_op_send(&p.link, &m, -1)) == CA_OK; i++)
		assert_true(i < 100);
	assert_int_equal(rc, CA_ERR_TIMEOUT);
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
	assert_int_equal(ca_op_greet(&p.link), CA_ERR_IO);
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
	assert_int_equal(ca_op_greet(&other), CA_OK);
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
	    cmocka_unit_test(round_trip),
	    cmocka_unit_test(members),
	    cmocka_unit_test(not_sent),
	    cmocka_unit_test(truncated),
	    cmocka_unit_test(unknown),
	    cmocka_unit_test(order),
	    cmocka_unit_test(texts),
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(lists),
	    cmocka_unit_test(random_bytes),
	    cmocka_unit_test(over_a_socket),
	    cmocka_unit_test(in_bytes),
	    cmocka_unit_test(cut),
	    cmocka_unit_test(descriptors),
	    cmocka_unit_test(headers),
	    cmocka_unit_test(too_much_to_send),
	    cmocka_unit_test(largest),
	    cmocka_unit_test(deadlines),
	    cmocka_unit_test(gone),
	    cmocka_unit_test(greeting),
	    cmocka_unit_test(passing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
