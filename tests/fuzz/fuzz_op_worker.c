/*
 * What a worker of certauth-verifier makes of any bytes of a module: ARGS, BODY and
 * the replies to what it asks for.  The worker's own code runs here, but for what
 * takes rights from the process.  config=/fuzz/conf is a configuration that lets
 * alice in, with certificates of tests/data/vectors.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sys.h"
#include "base/utf8.h"

#define MESSAGE_MS 60000
#include "verifier/worker.c"

int sys_openat(int dirfd, const char *path, int flags);
#define ca_sys_openat sys_openat
#include "verifier/sys.c"
#undef ca_sys_openat

#define VECTORS "tests/data/vectors/"
#define MAX 65536

static char dir[] = "/tmp/certauth-fuzz.XXXXXX";
static struct ca_crypto *crypto;
static uint8_t *said; /* what the worker said */
static size_t said_len, said_room;

/* ---- in place of what the worker calls ---- */

int
ca_sys_openat(int dirfd, const char *path, int flags)
{
	char file[64];

	if (strcmp(path, "/fuzz/conf") == 0) {
		(void)snprintf(file, sizeof file, "%s/conf", dir);
		path = file;
	}
	return sys_openat(dirfd, path, flags);
}

enum ca_err
ca_confine_user(const struct ca_become *who, const char **step)
{
	(void)who;
	(void)step;
	return CA_OK;
}

enum ca_err
ca_confine_limits(
    const struct ca_confine_limits *limits, pid_t parent, const char **step)
{
	(void)limits;
	(void)parent;
	(void)step;
	return CA_OK;
}

enum ca_err
ca_confine_files(const struct ca_confine_files *files, const char **step)
{
	(void)files;
	(void)step;
	return CA_OK;
}

enum ca_err
ca_confine_calls_make(enum ca_confine_mode mode,
    const struct ca_confine_sockets *sockets, struct ca_confine_calls *filter)
{
	(void)mode;
	(void)sockets;
	(void)filter;
	return CA_OK;
}

size_t
ca_confine_refused(int *number, size_t max)
{
	(void)number;
	(void)max;
	return 0;
}

enum ca_err
ca_confine_calls_enter(const struct ca_confine_calls *filter, const char **step)
{
	(void)filter;
	(void)step;
	return CA_OK;
}

/* ---- what must hold ---- */

static void *
read_all(void *arg)
{
	int fd = *(int *)arg;
	ssize_t n;

	said_len = 0;
	do {
		if (said_room - said_len < MAX) {
			said_room += (size_t)4 * MAX;
			FUZZ_CHECK((said = realloc(said, said_room)) != NULL);
		}
		n = read(fd, said + said_len, said_room - said_len);
		if (n > 0)
			said_len += (size_t)n;
	} while (n > 0);
	return NULL;
}

static void
check_message(const struct ca_op_msg *msg, const struct ca_operation *o,
    unsigned *ready, unsigned *answers)
{
	FUZZ_CHECK(*answers == 0); /* the answer is the last */
	switch (msg->type) {
	case CA_OP_LOG:
		FUZZ_CHECK(msg->u.log.line != NULL &&
			   msg->u.log.level <= CA_LOG_DEBUG);
		FUZZ_CHECK(
		    ca_utf8_text(msg->u.log.line, strlen(msg->u.log.line)));
		break;
	case CA_OP_OPEN:
		FUZZ_CHECK(
		    msg->u.call.path != NULL && msg->u.call.path[0] == '/');
		break;
	case CA_OP_ACCOUNT:
	case CA_OP_HOME:
		FUZZ_CHECK(*ready == 1 && msg->u.call.name != NULL);
		break;
	case CA_OP_SIGN:
		FUZZ_CHECK(*ready == 1 && o->op == CA_OP_REQUEST);
		break;
	case CA_OP_READY:
		FUZZ_CHECK(++*ready == 1 && msg->u.ready.id.len == 16);
		/* with a mistake in the configuration, that is the answer */
		if (msg->u.ready.err != 0)
			++*answers;
		FUZZ_CHECK((msg->u.ready.err != 0) == (o->cfg == NULL));
		break;
	case CA_OP_ANSWER:
		FUZZ_CHECK(++*answers == 1 && *ready == 1);
		FUZZ_CHECK(msg->u.answer.id.len == CA_OP_ID_LEN);
		/* by the answers of the test vectors, which are alice's */
		FUZZ_CHECK(
		    o->op != CA_OP_JUDGE || (msg->u.answer.err == CA_OK) ==
						(msg->u.answer.login != NULL));
		FUZZ_CHECK(msg->u.answer.login == NULL ||
			   strcmp(msg->u.answer.login, "alice") == 0);
		break;
	default:
		FUZZ_CHECK(!"a type that no worker sends");
	}
}

static void
check_all(const struct ca_operation *o, enum ca_err rc)
{
	unsigned ready = 0, answers = 0;

	for (size_t at = 0; at < said_len;) {
		struct ca_op_msg msg;

		FUZZ_CHECK(said_len - at >= 5 && said[at + 1] == 0);
		size_t len = (size_t)said[at + 2] << 16 |
			     (size_t)said[at + 3] << 8 | said[at + 4];
		FUZZ_CHECK(len <= said_len - at - 5);
		FUZZ_CHECK(
		    ca_op_parse(said[at], said + at + 5, len, &msg) == CA_OK);
		check_message(&msg, o, &ready, &answers);
		at += 5 + len;
	}
	FUZZ_CHECK((rc == CA_OK) == (answers == 1));
}

/* ---- the world ---- */

static void
clean_up(void)
{
	char cmd[256];

	(void)snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	(void)!system(cmd);
}

static void
put(const char *to, const void *p, size_t len)
{
	char path[256];

	(void)snprintf(path, sizeof path, "%s%s", dir, to);
	FUZZ_CHECK(ca_file_replace(path, p, len, 0600) == CA_OK);
}

static void
copy_vector(const char *from, const char *to)
{
	struct ca_buf b = CA_BUF_INIT(1 << 20);

	FUZZ_CHECK(ca_file_read(AT_FDCWD, from, 1 << 20, &b) == CA_OK);
	put(to, b.p, b.len);
	ca_buf_free(&b);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const folders[] = {"/ca", "/inter", "/users.d"};
	static const char users[] = "alice email:alice@example.com\n";
	char text[1024];

	(void)argc;
	(void)argv;
	FUZZ_CHECK(mkdtemp(dir) != NULL);
	(void)atexit(clean_up);
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(text, sizeof text, "%s%s", dir, folders[i]);
		FUZZ_CHECK(mkdir(text, 0755) == 0);
	}
	copy_vector(VECTORS "root.pem", "/ca/root.pem");
	copy_vector(VECTORS "intermediate.pem", "/inter/i.pem");
	copy_vector(VECTORS "host.pem", "/host.pem");
	copy_vector(VECTORS "host.key", "/host.key");
	put("/users", users, strlen(users));
	int n = snprintf(text, sizeof text,
	    "[default]\nca_dir = %s/ca\nintermediates_dir = %s/inter\n"
	    "users = %s/users\nusers_dir = %s/users.d\ncrl = off\n"
	    "host_names = host.example\n"
	    "[host]\nhost_cert = %s/host.pem\nhost_key = %s/host.key\n"
	    "[token]\nhost_cert = %s/host.pem\nhost_key = pkcs11:token=x\n"
	    "proof = command conversation\nuser_certificates = yes\n",
	    dir, dir, dir, dir, dir, dir, dir);
	put("/conf", text, (size_t)n);
	FUZZ_CHECK(ca_crypto_new(&crypto) == CA_OK);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ca_worker w = {
	    .claims = -1, .owner = geteuid(), .parent = getppid()};
	struct ca_operation o = {.crypto = crypto};
	struct ca_calls link = {.owner = geteuid(), .message_ms = MESSAGE_MS};
	struct ca_buf args = CA_BUF_INIT(0), body = CA_BUF_INIT(0);
	int pair[2], room = 1 << 20;
	pthread_t thread;

	if (size > MAX)
		return 0;
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	(void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	FUZZ_CHECK(send(pair[1], data, size, MSG_DONTWAIT) == (ssize_t)size);
	FUZZ_CHECK(shutdown(pair[1], SHUT_WR) == 0);
	FUZZ_CHECK(pthread_create(&thread, NULL, read_all, &pair[1]) == 0);
	ca_op_link_init(&link.link, pair[0]);
	o.calls = &link;
	/* what is new in each process */
	memset(directory, 0, sizeof directory);
	next_directory = 0;
	enum ca_err rc = run(&w, &o, &args, &body);
	calls = NULL;
	(void)close(pair[0]);
	FUZZ_CHECK(pthread_join(thread, NULL) == 0);
	(void)close(pair[1]);
	check_all(&o, rc);
	ca_operation_clear(&o);
	ca_op_link_clear(&link.link);
	ca_buf_free(&args);
	ca_buf_free(&body);
	return 0;
}
