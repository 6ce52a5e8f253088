/*
 * What the module makes of a worker of certauth-verifier that was taken over.  The
 * first byte is the operation; the rest is all that the worker sends.  The id of the
 * operation is 16 times 'I', and the user's home is TEMPLATE "/home".
 */
#include "fuzz.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/passwd.h"
#include "base/sys.h"
#include "base/utf8.h"
#include "channel/channel.h"
#include "module/verifier.h"

#define MAX 16384 /* bytes that the worker sends: they fit into the socket */

#define TEMPLATE "/tmp/certauth-fuzz.XXXXXX"

static char dir[] = TEMPLATE;
static ino_t secret;
static struct ca_verifier verifier;
static unsigned signatures;
static int worker;
static pthread_t reader;
static uint8_t sent[MAX];
static size_t sent_len;

static void
clean_up(void)
{
	char cmd[256];

	(void)snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	(void)!system(cmd);
}

/* ---- the worker ---- */

/* Read what the module says.  No descriptor is of the file that a link in the home
 * leads to. */
static void *
read_all(void *arg)
{
	uint8_t block[4096];
	int fd = *(int *)arg;

	for (;;) {
		union {
			char bytes[CMSG_SPACE(sizeof(int))];
			struct cmsghdr align;
		} c;
		struct iovec iov = {block, sizeof block};
		struct msghdr m = {.msg_iov = &iov,
		    .msg_iovlen = 1,
		    .msg_control = c.bytes,
		    .msg_controllen = sizeof c.bytes};

		if (recvmsg(fd, &m, 0) <= 0)
			return NULL;
		for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h != NULL;
		     h = CMSG_NXTHDR(&m, h)) {
			struct stat st;
			int got;

			memcpy(&got, CMSG_DATA(h), sizeof got);
			FUZZ_CHECK(fstat(got, &st) == 0);
			FUZZ_CHECK(st.st_ino != secret);
			(void)close(got);
		}
	}
}

/* ---- in place of functions that the module calls ---- */

ssize_t
getrandom(void *buf, size_t len, unsigned flags)
{
	if (len != CA_OP_ID_LEN)
		return syscall(SYS_getrandom, buf, len, flags);
	memset(buf, 'I', len);
	return (ssize_t)len;
}

enum ca_err
ca_verifier_connect(struct ca_verifier *v, int *fd)
{
	int pair[2], size = 1 << 20;

	(void)v;
	FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	(void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	FUZZ_CHECK(
	    send(pair[1], sent, sent_len, MSG_DONTWAIT) == (ssize_t)sent_len);
	FUZZ_CHECK(shutdown(pair[1], SHUT_WR) == 0);
	*fd = pair[0];
	worker = pair[1];
	FUZZ_CHECK(pthread_create(&reader, NULL, read_all, &worker) == 0);
	return CA_OK;
}

enum ca_err
ca_passwd_find(const char *name, uid_t uid, struct ca_passwd *out)
{
	static char login[] = "alice", home[64];

	(void)snprintf(home, sizeof home, "%s/home", dir);
	(void)uid;
	out->pw = (struct passwd){
	    .pw_name = login, .pw_dir = home, .pw_uid = geteuid()};
	return strcmp(name, login) == 0 ? CA_OK : CA_ERR_NOT_FOUND;
}

/* Is path one of the paths of READY, or below one? */
static bool
is_granted(const char *path)
{
	const struct ca_op_texts *grant = &verifier.said.grant;

	for (size_t i = 0; i < grant->n; i++) {
		const char *p = grant->v[i];
		size_t len = strlen(p);

		while (len > 0 && p[len - 1] == '/')
			len--;
		if (len > 0 && strncmp(path, p, len) == 0 &&
		    (path[len] == '/' || path[len] == '\0'))
			return true;
	}
	return false;
}

enum ca_err
ca_channel_host_sign(const struct ca_channel_settings *set,
    const struct ca_log *log, const char *uri, const struct ca_bytes *leaf,
    const struct ca_bytes *transcript, struct ca_buf *out)
{
	(void)log;
	(void)leaf;
	(void)transcript;
	/* only a worker that reads no response has the host's signature */
	FUZZ_CHECK(verifier.op == CA_OP_REQUEST && verifier.ready);
	FUZZ_CHECK(set->helper != NULL && set->helper == verifier.said.helper);
	FUZZ_CHECK(uri != NULL && uri == verifier.said.host_key);
	FUZZ_CHECK(uri[0] != '/');
	FUZZ_CHECK(++signatures == 1);
	ca_buf_str(out, "signature");
	return CA_OK;
}

int
ca_sys_openat(int dirfd, const char *path, int flags)
{
	char file[64];

	(void)dirfd;
	(void)flags;
	FUZZ_CHECK(path[0] == '/');
	if (verifier.ready)
		FUZZ_CHECK(is_granted(path) && strstr(path, "/../") == NULL &&
			   strcmp(path + strlen(path) - 1, ".") != 0);
	(void)snprintf(file, sizeof file, "%s/file", dir);
	return open(file, O_RDONLY | O_CLOEXEC);
}

bool
ca_sys_link(int dirfd, const char *name, char target[PATH_MAX])
{
	(void)dirfd;
	(void)name;
	target[0] = '\0';
	return false;
}

uid_t
ca_sys_owner(void)
{
	return geteuid();
}

/* ---- what must hold ---- */

static void
emit(void *ctx, enum ca_log_level level, const char *line)
{
	size_t len = strlen(line);

	(void)ctx;
	FUZZ_CHECK(level <= CA_LOG_DEBUG);
	FUZZ_CHECK(len > 0 && len < CA_LOG_LINE_MAX);
	FUZZ_CHECK(ca_utf8_text(line, len));
	FUZZ_CHECK(strcasestr(line, "outcome=granted") == NULL);
}

static void
check_answer(const struct ca_op_answer *a)
{
	FUZZ_CHECK(verifier.ready);
	if (verifier.said.err != 0) {
		FUZZ_CHECK(a->err == verifier.said.err && a->line.n == 0);
		return;
	}
	FUZZ_CHECK(a->id.len == CA_OP_ID_LEN &&
		   memcmp(a->id.p, "IIIIIIIIIIIIIIII", CA_OP_ID_LEN) == 0);
	FUZZ_CHECK(a->err != CA_ERR_UNSET && a->err <= CA_ERR_SIGNATURE);
	for (size_t i = 0; i < a->line.n; i++)
		FUZZ_CHECK(strlen(a->line.v[i]) < CA_LOG_LINE_MAX &&
			   ca_utf8_text(a->line.v[i], strlen(a->line.v[i])));
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char path[128], link[128];
	struct stat st;

	(void)argc;
	(void)argv;
	FUZZ_CHECK(mkdtemp(dir) != NULL);
	(void)atexit(clean_up);
	(void)snprintf(path, sizeof path, "%s/home", dir);
	FUZZ_CHECK(mkdir(path, 0755) == 0);
	(void)snprintf(path, sizeof path, "%s/home/.certauth", dir);
	FUZZ_CHECK(mkdir(path, 0755) == 0);
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = {
		    "home/.certauth/a.pem", "file", "secret"};

		(void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		int fd = open(path, O_CREAT | O_WRONLY, 0644);
		FUZZ_CHECK(fd >= 0 && fstat(fd, &st) == 0);
		(void)close(fd);
	}
	secret = st.st_ino;
	(void)snprintf(link, sizeof link, "%s/home/.certauth/b.pem", dir);
	FUZZ_CHECK(symlink(path, link) == 0);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ca_log log = {emit, NULL, true};
	static const struct ca_verifier_args args = {0};
	const struct ca_op_body body = {.user = "alice", .now = 1};
	struct ca_op_answer answer;

	if (size == 0 || size > MAX)
		return 0;
	sent_len = size - 1;
	memcpy(sent, data + 1, sent_len);
	/* the name that the folder has in this run is as long */
	for (uint8_t *at = sent;
	     (at = memmem(at, sent_len - (size_t)(at - sent), TEMPLATE,
		  strlen(TEMPLATE))) != NULL;)
		memcpy(at, dir, strlen(TEMPLATE));
	signatures = 0;
	ca_verifier_init(&verifier, &args, &log, "test");
	enum ca_op op = (enum ca_op)(data[0] % 4 + CA_OP_REQUEST);
	enum ca_err rc = ca_verifier_ask(&verifier, op, &body, &answer);
	if (rc == CA_OK)
		check_answer(&answer);
	ca_verifier_clear(&verifier);
	FUZZ_CHECK(pthread_join(reader, NULL) == 0);
	(void)close(worker);
	return 0;
}
