/*
 * A worker that was taken over: linked into a verifier of the tests alone, which
 * calls this function once it has a client's bytes.  A response whose certificate has
 * the organizational unit `takeover-NAME' makes it try NAME, and so does PAM_RHOST.  What could be done is
 * logged as `takeover NAME: done', what failed as `takeover NAME: failed, ERROR'; a
 * worker that is killed logs nothing more.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "verifier/operation.h"

void ca_worker_hook(struct ca_operation *o, const struct ca_op_body *body);

static int
read_path(const char *path)
{
	char block[64];
	int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, block, sizeof block) > 0 ? 0 : -1;
}

/* Each returns 0 if it was done, -1 with errno. */

static int
open_write(struct ca_operation *o)
{
	(void)o;
	return openat(AT_FDCWD, "/etc/certauth/users", O_WRONLY) >= 0 ? 0 : -1;
}

static int
open_create(struct ca_operation *o)
{
	(void)o;
	return openat(AT_FDCWD, "/tmp/takeover", O_RDONLY | O_CREAT, 0600) >= 0
		   ? 0
		   : -1;
}

static int
read_shadow(struct ca_operation *o)
{
	(void)o;
	return read_path("/etc/shadow");
}

/* What everybody may read, but the configuration does not name. */
static int
read_passwd(struct ca_operation *o)
{
	(void)o;
	return read_path("/etc/passwd");
}

static int
read_mem(struct ca_operation *o)
{
	(void)o;
	return read_path("/proc/1/environ");
}

static int
ask_shadow(struct ca_operation *o)
{
	return ca_calls_open(o->calls, "/etc/shadow", false, NULL) >= 0 ? 0
									: -1;
}

static int
ask_above(struct ca_operation *o)
{
	return ca_calls_open(
		   o->calls, "/etc/certauth/ca/../../shadow", false, NULL) >= 0
		   ? 0
		   : -1;
}

static int
ask_sign(struct ca_operation *o)
{
	const struct ca_op_call call = {.leaf = {(const uint8_t *)"x", 1},
	    .transcript = {(const uint8_t *)"x", 1}};
	struct ca_op_reply reply;

	errno = EPERM;
	return ca_calls_ask(o->calls, CA_OP_SIGN, &call, &reply, NULL) == CA_OK
		   ? 0
		   : -1;
}

/* The host's key, by each name that leads to it in a directory that is granted. */
static int
ask_key(struct ca_operation *o)
{
	static const char *const names[] = {"/etc/certauth/ca/host.key",
	    "/etc/certauth/ca/hard.pem", "/etc/certauth/ca/soft.pem"};

	for (size_t i = 0; i < 3; i++) {
		if (openat(AT_FDCWD, names[i], O_RDONLY) >= 0 ||
		    ca_calls_open(o->calls, names[i], false, NULL) >= 0)
			return 0;
	}
	return -1;
}

/* ---- homes and accounts ---- */

static int
home_of(struct ca_operation *o, const char *name, char path[PATH_MAX])
{
	const struct ca_op_call call = {.name = name};
	struct ca_op_reply reply;
	int fd = -1;

	errno = EPERM;
	if (ca_calls_ask(o->calls, CA_OP_HOME, &call, &reply, &fd) != CA_OK)
		return -1;
	if (path != NULL && reply.path != NULL)
		(void)snprintf(path, PATH_MAX, "%s", reply.path);
	return 0;
}

static int
home_other(struct ca_operation *o)
{
	return home_of(o, "bob", NULL);
}

static int
home_own(struct ca_operation *o)
{
	return home_of(o, "alice", NULL);
}

static int
home_often(struct ca_operation *o)
{
	for (int i = 0; i < 5; i++) {
		if (home_of(o, "alice", NULL) != 0)
			return -1;
	}
	return 0;
}

static int
home_file(struct ca_operation *o)
{
	static char path[PATH_MAX];

	if (home_of(o, "alice", path) != 0)
		return -1;
	(void)snprintf(
	    path + strlen(path), sizeof path - strlen(path), "/secret");
	return ca_calls_open(o->calls, path, false, NULL) >= 0 ? 0 : -1;
}

/* A file of root's in the home, and no file at all. */
static int
home_root(struct ca_operation *o)
{
	static char path[PATH_MAX];

	if (home_of(o, "alice", path) != 0)
		return -1;
	size_t len = strlen(path);
	(void)snprintf(path + len, sizeof path - len, "/root.pem");
	if (ca_calls_open(o->calls, path, false, NULL) >= 0)
		return 0;
	(void)snprintf(path + len, sizeof path - len, "/directory.pem");
	return ca_calls_open(o->calls, path, true, NULL) >= 0 ? 0 : -1;
}

static int
accounts(struct ca_operation *o)
{
	const struct ca_op_call call = {.name = "bob"};
	struct ca_op_reply reply;

	errno = EPERM;
	for (unsigned i = 0; i < 65; i++) {
		if (ca_calls_ask(
			o->calls, CA_OP_ACCOUNT, &call, &reply, NULL) != CA_OK)
			return -1;
	}
	return 0;
}

/* Lines that never end, each soon enough for whoever waits for the next. */
static int
drip(struct ca_operation *o)
{
	const struct ca_op_msg msg = {.type = CA_OP_LOG,
	    .u.log = {.level = CA_LOG_DEBUG, .line = "still at work"}};

	while (ca_op_send(&o->calls->link, &msg, -1) == CA_OK)
		(void)poll(NULL, 0, 2);
	return -1;
}

static int
connect_tcp(struct ca_operation *o)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = 22 << 8};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)o;
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0
		   ? 0
		   : -1;
}

static int
connect_log(struct ca_operation *o)
{
	struct sockaddr_un sa = {AF_UNIX, "/dev/log"};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	(void)o;
	return fd >= 0 && connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0
		   ? 0
		   : -1;
}

static int
fork_(struct ca_operation *o)
{
	pid_t pid = fork();

	(void)o;
	if (pid == 0)
		_exit(0);
	return pid > 0 ? 0 : -1;
}

static int
exec_(struct ca_operation *o)
{
	char name[] = "true", *const argv[] = {name, NULL};

	(void)o;
	return execve("/bin/true", argv, NULL);
}

static int
signal_parent(struct ca_operation *o)
{
	(void)o;
	return kill(getppid(), SIGCONT);
}

static int
signal_init(struct ca_operation *o)
{
	(void)o;
	return (int)syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static int
trace_parent(struct ca_operation *o)
{
	(void)o;
	return (int)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

/* A descriptor of another worker, or of the module, if there were one. */
static int
write_other(struct ca_operation *o)
{
	for (int fd = 0; fd < 1024; fd++) {
		if (fd != o->calls->link.fd &&
		    (write(fd, "x", 1) == 1 || errno != EBADF))
			return errno == ENOSYS ? -1 : 0;
	}
	return -1;
}

static int
send_other(struct ca_operation *o)
{
	return send(o->calls->link.fd == 0 ? 1 : 0, "x", 1, MSG_NOSIGNAL) == 1
		   ? 0
		   : -1;
}

static int
exec_memory(struct ca_operation *o)
{
	(void)o;
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED
		   ? 0
		   : -1;
}

static int
become_root(struct ca_operation *o)
{
	(void)o;
	return setuid(0);
}

static int
more_time(struct ca_operation *o)
{
	const struct rlimit r = {RLIM_INFINITY, RLIM_INFINITY};

	(void)o;
	return setrlimit(RLIMIT_CPU, &r);
}

static int
allocate(struct ca_operation *o)
{
	size_t n = (size_t)1 << 30;
	char *volatile p = malloc(n); /* compilers leave out what nobody sees */

	(void)o;
	if (p == NULL)
		return -1;
	memset(p, 1, n);
	return p[n - 1] == 1 ? 0 : -1;
}

static int
spin(struct ca_operation *o)
{
	volatile unsigned long n = 0;

	(void)o;
	while (n < ~0UL)
		n++;
	return 0;
}

/* Until it is killed, or stopped, from outside. */
static int
hang(struct ca_operation *o)
{
	(void)o;
	while (poll(NULL, 0, 10000) == 0)
		continue;
	return -1;
}

static int
crash(struct ca_operation *o)
{
	(void)o;
	*(volatile int *)0 = 0;
	return 0;
}

/* ---- wrong answers ---- */

static int
answer(struct ca_operation *o, bool id, size_t cut)
{
	static uint8_t other[CA_OP_ID_LEN] = {1};
	struct ca_op_msg msg = {.type = CA_OP_ANSWER};
	struct ca_buf out = CA_BUF_INIT(1 << 16);

	msg.u.answer.id =
	    id ? o->args.id : (struct ca_bytes){other, sizeof other};
	msg.u.answer.err = CA_OK;
	msg.u.answer.login = "alice";
	msg.u.answer.line.v[0] = "outcome=granted reason=ok";
	msg.u.answer.line.n = 1;
	if (cut == 0)
		return ca_op_send(&o->calls->link, &msg, -1) == CA_OK ? 0 : -1;
	ca_op_write(&msg, &out);
	uint8_t head[5] = {
	    CA_OP_ANSWER, 0, 0, (uint8_t)(out.len >> 8), (uint8_t)out.len};
	if (send(o->calls->link.fd, head, 5, MSG_NOSIGNAL) != 5 ||
	    send(o->calls->link.fd, out.p, out.len - cut, MSG_NOSIGNAL) < 0)
		return -1;
	_exit(0);
}

static int
answer_half(struct ca_operation *o)
{
	return answer(o, true, 5);
}

static int
answer_other(struct ca_operation *o)
{
	return answer(o, false, 0);
}

/* No environment, and no name that the module would take. */
static int
answer_short(struct ca_operation *o)
{
	return answer(o, true, 0);
}

static int
answer_junk(struct ca_operation *o)
{
	char junk[512];

	memset(junk, 0xff, sizeof junk);
	return send(o->calls->link.fd, junk, sizeof junk, MSG_NOSIGNAL) > 0
		   ? 0
		   : -1;
}

static int
say_control(struct ca_operation *o)
{
	const struct ca_op_msg msg = {.type = CA_OP_LOG,
	    .u.log = {.level = CA_LOG_NOTICE, .line = "two\nlines \x1b[2J"}};

	return ca_op_send(&o->calls->link, &msg, -1) == CA_OK ? 0 : -1;
}

/* ---- what is no answer, but would be read as one ---- */

static int
say(struct ca_operation *o, const char *line)
{
	const struct ca_op_msg msg = {
	    .type = CA_OP_LOG, .u.log = {.level = CA_LOG_NOTICE, .line = line}};

	return ca_op_send(&o->calls->link, &msg, -1) == CA_OK ? 0 : -1;
}

static int
say_granted(struct ca_operation *o)
{
	return say(o, "outcome=granted reason=ok user=\"root\"");
}

static int
say_later(struct ca_operation *o)
{
	return say(o, "the verifier: Outcome=granted reason=ok user=\"root\"");
}

static int
say_json(struct ca_operation *o)
{
	return say(o, "{\"event\":\"login\",\"out\\u0063ome\":\"granted\"}");
}

/* A denial with other lines. */
static int
deny(struct ca_operation *o, const char *line, const char *more)
{
	struct ca_op_msg msg = {.type = CA_OP_ANSWER};

	msg.u.answer.id = o->args.id;
	msg.u.answer.err = CA_DENIED;
	msg.u.answer.line.v[0] = line;
	msg.u.answer.line.v[1] = more;
	msg.u.answer.line.n = more != NULL ? 2 : 1;
	return ca_op_send(&o->calls->link, &msg, -1) == CA_OK ? 0 : -1;
}

static int
deny_granted(struct ca_operation *o)
{
	return deny(o, "outcome=granted reason=ok user=\"alice\"", NULL);
}

static int
deny_both(struct ca_operation *o)
{
	return deny(o,
	    "outcome=denied reason=nonce user=\"alice\" outcome=granted", NULL);
}

static int
deny_more(struct ca_operation *o)
{
	return deny(o, "outcome=denied reason=nonce user=\"alice\"",
	    "outcome=granted reason=ok user=\"alice\"");
}

static int
deny_other(struct ca_operation *o)
{
	return deny(o, "outcome=denied reason=nonce user=\"bob\"", NULL);
}

/* A grant, complete in form, for a login that it chooses. */
static int
grant(struct ca_operation *o, const char *login, const char *line)
{
	struct ca_op_msg msg = {.type = CA_OP_ANSWER};
	static const char *const env[] = {"CERTAUTH_SUBJECT=x",
	    "CERTAUTH_ISSUER=x", "CERTAUTH_SERIAL=x", "CERTAUTH_SHA256=x",
	    "CERTAUTH_NOT_AFTER=x"};

	msg.u.answer.id = o->args.id;
	msg.u.answer.err = CA_OK;
	msg.u.answer.login = login;
	msg.u.answer.kept = (struct ca_bytes){(const uint8_t *)"x", 1};
	for (size_t i = 0; i < 5; i++)
		msg.u.answer.env.v[msg.u.answer.env.n++] = env[i];
	msg.u.answer.line.v[msg.u.answer.line.n++] = line;
	return ca_op_send(&o->calls->link, &msg, -1) == CA_OK ? 0 : -1;
}

static int
grant_root(struct ca_operation *o)
{
	return grant(o, "root", "outcome=granted reason=ok user=\"root\"");
}

static int
grant_nobody(struct ca_operation *o)
{
	return grant(
	    o, "virtual", "outcome=granted reason=ok user=\"virtual\"");
}

static int
grant_other(struct ca_operation *o)
{
	return grant(o, "alice", "outcome=granted reason=ok user=\"bob\"");
}

/* A verdict, and another one. */
static int
answer_twice(struct ca_operation *o)
{
	return deny(o, "outcome=denied reason=nonce user=\"alice\"", NULL) == 0
		   ? grant(
			 o, "alice", "outcome=granted reason=ok user=\"alice\"")
		   : -1;
}

/* Settings once more: a helper that is not the administrator's. */
static int
ready_again(struct ca_operation *o)
{
	struct ca_op_msg msg = {.type = CA_OP_READY};

	msg.u.ready.id = o->args.id;
	msg.u.ready.helper = "/tmp/takeover-helper";
	msg.u.ready.helper_free = 1;
	msg.u.ready.grant.v[0] = "/etc/shadow";
	msg.u.ready.grant.n = 1;
	return ca_op_send(&o->calls->link, &msg, -1) == CA_OK ? 0 : -1;
}

/* ---- uses of signed passwords ---- */

/* The parent's answer to n bytes, or -1. */
static int
claim_of(struct ca_operation *o, const void *bytes, size_t n)
{
	uint8_t answer;

	errno = ENOTCONN; /* this worker has no way to claim */
	if (o->claims == NULL)
		return -1;
	const int fd = *(const int *)o->claims->ctx;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	if (send(fd, bytes, n, MSG_NOSIGNAL) != (ssize_t)n ||
	    poll(&p, 1, 5000) != 1)
		return -1;
	ssize_t got = recv(fd, &answer, 1, 0);
	errno = got == 0 ? ECONNRESET : errno;
	return got == 1 ? answer : -1;
}

static struct ca_claim
claim_now(uint8_t content)
{
	return (struct ca_claim){.content = {content},
	    .issued_at = (uint64_t)time(NULL),
	    .lifetime = 120};
}

static int
claim_short(struct ca_operation *o)
{
	const struct ca_claim claim = claim_now(1);

	return claim_of(o, &claim, sizeof claim - 1) >= 0 ? 0 : -1;
}

static int
claim_long(struct ca_operation *o)
{
	struct ca_claim claim[2] = {claim_now(2), claim_now(3)};

	return claim_of(o, claim, sizeof claim[0] + 1) >= 0 ? 0 : -1;
}

/* A worker has one claim. */
static int
claim_twice(struct ca_operation *o)
{
	const struct ca_claim first = claim_now(4), second = claim_now(5);

	if (claim_of(o, &first, sizeof first) != CA_R_OK)
		return -1;
	ca_log(&o->log, CA_LOG_NOTICE, "takeover: one was claimed");
	return claim_of(o, &second, sizeof second) >= 0 ? 0 : -1;
}

/* The parent says nothing unasked. */
static int
claim_read(struct ca_operation *o)
{
	errno = ENOTCONN;
	if (o->claims == NULL)
		return -1;
	struct pollfd p = {
	    .fd = *(const int *)o->claims->ctx, .events = POLLIN};
	int n = poll(&p, 1, 200);
	errno = EAGAIN;
	return n != 0 ? 0 : -1;
}

/* The memory of the uses is a file without a name: no descriptor leads to it. */
static int
claim_file(struct ca_operation *o)
{
	struct stat st;

	(void)o;
	for (int fd = 3; fd < 1024; fd++)
		if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
			return 0;
	errno = ENOENT;
	return -1;
}

static const struct {
	const char *name;
	int (*run)(struct ca_operation *o);
} attacks[] = {
    {"open-write", open_write},
    {"open-create", open_create},
    {"read-shadow", read_shadow},
    {"read-passwd", read_passwd},
    {"read-environ", read_mem},
    {"ask-shadow", ask_shadow},
    {"ask-above", ask_above},
    {"ask-sign", ask_sign},
    {"connect-tcp", connect_tcp},
    {"connect-log", connect_log},
    {"fork", fork_},
    {"exec", exec_},
    {"signal-parent", signal_parent},
    {"signal-thread", signal_init},
    {"trace-parent", trace_parent},
    {"write-other", write_other},
    {"send-other", send_other},
    {"exec-memory", exec_memory},
    {"become-root", become_root},
    {"more-time", more_time},
    {"allocate", allocate},
    {"spin", spin},
    {"hang", hang},
    {"crash", crash},
    {"answer-half", answer_half},
    {"answer-other", answer_other},
    {"answer-short", answer_short},
    {"answer-twice", answer_twice},
    {"answer-junk", answer_junk},
    {"say-control", say_control},
    {"ask-key", ask_key},
    {"home-other", home_other},
    {"home-own", home_own},
    {"home-often", home_often},
    {"home-file", home_file},
    {"home-root", home_root},
    {"accounts", accounts},
    {"drip", drip},
    {"say-granted", say_granted},
    {"say-later", say_later},
    {"say-json", say_json},
    {"deny-granted", deny_granted},
    {"deny-both", deny_both},
    {"deny-more", deny_more},
    {"deny-other", deny_other},
    {"ready-again", ready_again},
    {"grant-root", grant_root},
    {"grant-nobody", grant_nobody},
    {"grant-other", grant_other},
    {"claim-short", claim_short},
    {"claim-long", claim_long},
    {"claim-twice", claim_twice},
    {"claim-read", claim_read},
    {"claim-file", claim_file},
};

/* PAM_RHOST is a client's too: the worker of a request, and that of a signed password,
 * which has no such certificate, see it. */
static struct ca_bytes
told_by(const struct ca_op_body *body)
{
	struct ca_bytes from = body->response;

	if ((from.len == 0 ||
		(from.len > 4 && memcmp(from.p, "ca1.", 4) == 0)) &&
	    body->rhost != NULL)
		from = (struct ca_bytes){
		    (const uint8_t *)body->rhost, strlen(body->rhost) + 1};
	return from;
}

void
ca_worker_hook(struct ca_operation *o, const struct ca_op_body *body)
{
	static const char mark[] = "takeover-";
	struct ca_bytes from = told_by(body);
	const uint8_t *at;

	if (from.len == 0)
		return;
	at = memmem(from.p, from.len, mark, sizeof mark - 1);
	if (at == NULL)
		return;
	at += sizeof mark - 1;
	size_t left = (size_t)(from.p + from.len - at);
	for (size_t i = 0; i < sizeof attacks / sizeof attacks[0]; i++) {
		size_t n = strlen(attacks[i].name);

		/* the next byte of a certificate is no letter */
		if (n >= left || memcmp(at, attacks[i].name, n) != 0 ||
		    (at[n] >= 'a' && at[n] <= 'z') || at[n] == '-')
			continue;
		ca_log(&o->log, CA_LOG_NOTICE, "takeover %-s: begins",
		    attacks[i].name);
		int done = attacks[i].run(o);
		int saved = errno;
		if (done == 0)
			ca_log(&o->log, CA_LOG_NOTICE, "takeover %-s: done",
			    attacks[i].name);
		errno = saved;
		if (done != 0)
			ca_log(&o->log, CA_LOG_NOTICE,
			    "takeover %-s: failed, %m", attacks[i].name);
	}
}
