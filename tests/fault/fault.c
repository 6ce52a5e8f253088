/*
 * Logins through the module while one call after the other fails.
 *
 * usage: fault -e granted|denied [OPTION ...] [MODULE-ARGUMENT ...]
 *
 *   -e WHAT      how the login ends when nothing fails
 *   -u USER      PAM_USER (default: unset)
 *   -c FILE      the client's certificates; -k FILE its key
 *   -i FILE      sends the certificates of FILE, which are not those of its
 *                key
 *   -r           the client sends no certificate: it is registered
 *   -O HOW       the login is recorded, and its session opened and closed: in this
 *                process ("own"), or as in another one ("forked")
 *   -S FILE      the client answers with the signed password in FILE
 *   -R           which was used before
 *   -G           the application is of GDM, shows lists, and chooses the second line
 *   -s N, -o N   try call number o, o + s, o + 2s ... of each point
 *   -p NAME[:N]  only this point, only its call number N
 *   -a           without those that say ENOENT
 *   -n NAME      without this point
 *   -l           only what is not libcrypto's
 *   -m           let every allocation in the process fail in turn, also those
 *                that libraries make, instead of the calls of the module
 *   -f           from the call on that is tried, all later ones fail too
 *   -v           say what the module logs
 *   -V FILE      start FILE for the verifier, as the module does; otherwise its
 *                worker is a process that is forked here, whose calls fail, too
 *   -L HOW       a resident verifier, in whose parent alone calls fail: "own"
 *                makes its socket, "passed" has it of its supervisor
 *   -x KIND      no login: make the index of the file that is the first
 *                argument; see make_begin in app.h.  "granted": it was made
 *
 * The client answers rightly as far as its key and certificate go.  Prints
 * `tried N points, granted G`, and what was wrong; exit status 0 if nothing.
 *
 * Each run must end with a code that lets nobody in, or grant what would be
 * granted anyway.  It must log what it returns, leave no data in the
 * transaction after a refusal, libcrypto's queue of errors as it was, no
 * descriptor, no child, and no memory: a run that leaves some is repeated,
 * and what grows with each repetition is a leak (libraries keep some things
 * for the next time).
 *
 * With -O no failure in the recording of a login refuses it; a session is recorded, or it
 * is logged that it is not; no part of a record is left, and none after the close.
 *
 * With -L a run has a parent from its start to its end, which executes itself again
 * after the first of three logins.  Each ends in time; then a login ends as it does
 * when nothing fails, since the parent has gone on, or has ended with a line in its log and
 * was started again; and none of its processes is left.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app.h"
#include "point.h"

#define STATE_FD 300    /* its number for a parent that has executed itself */
#define LOGINS_MORE 200 /* after three, until one is served */

/* Shared with the processes that a login makes: a worker, a helper. */
struct state {
	bool again; /* every later call fails, too */
	int target; /* point, -1: none */
	long call;  /* of it */
	bool fired, crashed;
	long hits[4096];
};
static struct state *st;
static bool armed;     /* of this process */
static bool bystander; /* calls fail in others alone */

static const char *making, *without;
static bool libc_only, verbose, absent_is_fine, listening, may_grant;
static int stride = 1, offset;
static long tried, granted, wrong, runs;
static long clean[4096]; /* how often each is called when nothing fails */

/* ---- points ---- */

bool
fault_hits(int i, bool openssl)
{
	if (st == NULL || !armed)
		return false;
	long n = __atomic_fetch_add(&st->hits[i], 1, __ATOMIC_RELAXED);
	if (i != st->target || (st->again ? n < st->call : n != st->call))
		return false;
	st->fired = true;
	if (openssl) {
		armed = false;
		ERR_raise(ERR_LIB_X509, ERR_R_MALLOC_FAILURE);
		armed = true;
	} else if (fault_point[i].err != 0) {
		errno = fault_point[i].err;
	}
	return true;
}

void
fault_arm(bool on)
{
	armed = on && !bystander;
}

bool
fault_fired(void)
{
	return st->fired;
}

bool
fault_is(const char *name)
{
	return st->target >= 0 &&
	       strcmp(fault_point[st->target].name, name) == 0;
}

bool
fault_is_absence(void)
{
	return st->target >= 0 && fault_point[st->target].err == ENOENT;
}

void
fault_take_part(void)
{
	bystander = false;
}

/* ---- memory: how many blocks there are ---- */

#ifndef __SANITIZE_ADDRESS__
#define FOR_ALL __attribute__((visibility("default"))) /* libraries, too */
static long blocks;
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void __libc_free(void *);

FOR_ALL void *
malloc(size_t n)
{
	void *p = fault_hits(0, false) ? NULL : __libc_malloc(n);

	blocks += p != NULL;
	return p;
}

FOR_ALL void *
calloc(size_t n, size_t size)
{
	void *p = fault_hits(0, false) ? NULL : __libc_calloc(n, size);

	blocks += p != NULL;
	return p;
}

FOR_ALL void *
realloc(void *old, size_t n)
{
	if (fault_hits(0, false))
		return NULL;
	void *p = __libc_realloc(old, n);
	blocks += old == NULL && p != NULL;
	blocks -= old != NULL && n == 0;
	return p;
}

FOR_ALL void
free(void *p)
{
	blocks -= p != NULL;
	__libc_free(p);
}
#else
static const long blocks; /* AddressSanitizer looks for leaks at the end */
#endif

/* ---- one run ---- */

static int
open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		closedir(d);
	return n;
}

static void
complain(const char *what)
{
	wrong++;
	printf("%s: call %ld of %s failing with %ld (errno %d)\n", what,
	    st->call, st->target >= 0 ? fault_point[st->target].name : "none",
	    st->target >= 0 ? fault_point[st->target].value : 0,
	    st->target >= 0 ? fault_point[st->target].err : 0);
	app_print_log();
	if (listening)
		listen_print_log();
}

static bool
known_refusal(int code)
{
	switch (code) {
	case PAM_AUTH_ERR:
	case PAM_PERM_DENIED:
	case PAM_AUTHINFO_UNAVAIL:
	case PAM_SERVICE_ERR:
	case PAM_BUF_ERR:
	case PAM_CONV_ERR:
		return true;
	default:
		return false;
	}
}

static int
logged_granted(void)
{
	return app_logged("outcome=granted") +
	       app_logged("\"outcome\":\"granted\"");
}

static void
judge(const struct app_end *end)
{
	if (end->code == PAM_SUCCESS) {
		granted++;
		if (!may_grant)
			complain("GRANTED");
		if (logged_granted() != 1)
			complain("granted, and not logged so");
		if (end->user == NULL || !end->has_data)
			complain("granted, and not all was done");
		if (end->other_user)
			complain("granted to another user");
		if (end->account != PAM_SUCCESS && !known_refusal(end->account))
			complain("pam_sm_acct_mgmt returned a wrong code");
	} else {
		if (!known_refusal(end->code))
			complain("pam_sm_authenticate returned a wrong code");
		if (logged_granted() != 0)
			complain("logged as granted, and not granted");
		if (end->has_data)
			complain("refused, and remembered as a login");
		if (end->user_changed)
			complain("refused, and PAM_USER changed");
		if (app_logged("") == 0)
			complain("refused, and nothing logged");
	}
	if (end->session != NULL)
		complain(end->session);
	/* without memory, libcrypto loses marks and errors of its own; and
	 * its queue holds 16, so that many new ones push an old one out */
	if (end->errors && st->target != 0 && !st->again)
		complain("the queue of libcrypto's errors is not what it was");
}

/* A login ended as it does when nothing fails. */
static bool
is_right(const struct app_end *end)
{
	return may_grant ? end->code == PAM_SUCCESS
			 : app_logged("reason=revoked") > 0;
}

/* What the loop of the parent does; the last login is the one of *end. */
static void
listen_once(struct app_end *end)
{
	bool right = false;
	const char *what;

	listen_start();
	/* the third shows what the second has left */
	for (int i = 0; i < 3 + LOGINS_MORE && (i < 3 || !right); i++) {
		if (i > 0)
			app_forget();
		app_login(end);
		judge(end);
		right = is_right(end);
		if (i == 0)
			listen_again();
		else if (!right)
			(void)usleep(20000);
	}
	if (!right)
		complain("no login was served any more");
	if ((what = listen_stop()) != NULL)
		complain(what);
}

static void
run_once(struct app_end *end)
{
	for (int i = 0; i < fault_points; i++)
		st->hits[i] = 0;
	st->fired = st->crashed = false;
	if (listening) {
		listen_once(end);
	} else if (making == NULL) {
		app_login(end);
	} else {
		bool made;
		const char *what = make_once(&made);

		if (what != NULL)
			complain(what);
		*end = (struct app_end){
		    .code = made ? PAM_SUCCESS : PAM_SERVICE_ERR};
		end->account = end->code;
	}
	ERR_clear_error();
	OPENSSL_thread_stop(); /* the queue's memory */
	runs++;
}

static bool
leaves_memory(void)
{
	struct app_end end;

	for (int i = 0; i < 3; i++) {
		long before = blocks;

		run_once(&end);
		app_forget();
		if (blocks <= before)
			return false;
	}
	return true;
}

/* One run, judged.  False: the point was not reached. */
static bool
try(int point, long call)
{
	struct app_end end;
	int fds = open_descriptors();
	long before = blocks;

	st->target = point;
	st->call = call;
	run_once(&end);
	if (point >= 0 && !st->fired) {
		app_forget();
		return false;
	}
	if (making == NULL && !listening)
		judge(&end);
	else if (making != NULL)
		granted += end.code == PAM_SUCCESS;
	app_forget();
	if (st->crashed)
		complain("a worker crashed");
	if (open_descriptors() != fds)
		complain("left a descriptor");
	if (waitpid(-1, NULL, __WALL | WNOHANG) >= 0 || errno != ECHILD)
		complain("left a child");
	/* libcrypto loses blocks of its own when it has no memory */
	if (point != 0 && blocks > before && leaves_memory())
		complain("left memory");
	return true;
}

/* ---- all of them ---- */

static void
on_crash(int sig)
{
	armed = false;
	st->crashed = true;
	printf("%s, signal %d: call %ld of %s failing with %ld\n",
	    sig == SIGALRM ? "HANGS" : "CRASH", sig, st->call,
	    st->target >= 0 ? fault_point[st->target].name : "none",
	    st->target >= 0 ? fault_point[st->target].value : 0);
	fflush(stdout);
	signal(sig, SIG_DFL);
	raise(sig);
}

static bool
is_chosen(int i, const char *only, size_t only_len, bool inner)
{
	const char *name = fault_point[i].name;

	if (only != NULL)
		return strlen(name) == only_len &&
		       strncmp(name, only, only_len) == 0;
	if (inner != (i == 0) ||
	    (without != NULL && strcmp(name, without) == 0) ||
	    (absent_is_fine && fault_point[i].err == ENOENT))
		return false;
	return !libc_only || fault_is_libc(name);
}

bool
fault_is_libc(const char *name)
{
	bool lower = true;

	for (const char *p = name; *p != '\0'; p++)
		lower = lower && (*p < 'A' || *p > 'Z');
	return lower;
}

static void
all_points(const char *only, bool inner)
{
	size_t len = only != NULL ? strcspn(only, ":") : 0;
	long call =
	    only != NULL && only[len] == ':' ? atol(only + len + 1) : -1;

	for (int i = 0; i < fault_points; i++) {
		if (!is_chosen(i, only, len, inner))
			continue;
		if (call >= 0) {
			tried += try(i, call);
			continue;
		}
		/* each run of the parent takes long */
		if (listening && clean[i] == 0)
			continue;
		long n = (offset + i) % stride;
		while (try(i, n)) {
			tried++;
			n += stride;
		}
	}
}

/* again: this is the parent of a resident verifier, which has executed itself. */
static bool
share_state(bool again)
{
	if (fault_points > 4096)
		return false;
	if (!again) {
		int fd = memfd_create("state", 0);

		if (fd < 0 || ftruncate(fd, sizeof *st) != 0 ||
		    dup2(fd, STATE_FD) != STATE_FD || close(fd) != 0)
			return false;
	}
	st = mmap(
	    NULL, sizeof *st, PROT_READ | PROT_WRITE, MAP_SHARED, STATE_FD, 0);
	if (st != MAP_FAILED && again)
		listen_parent();
	return st != MAP_FAILED;
}

int
main(int argc, char **argv)
{
	const char *expect = "", *only = NULL;
	bool inner = false;
	struct app_end end;
	int opt;

	if (!share_state(argc == 2 && strcmp(argv[1], "--listen") == 0))
		return 2;
	st->target = -1;
	while ((opt = getopt(argc, argv,
		    "e:u:c:k:i:s:o:p:x:n:C:V:L:O:S:almfrRvG")) != -1) {
		switch (opt) {
		case 'e':
			expect = optarg;
			break;
		case 's':
			stride = atoi(optarg);
			break;
		case 'o':
			offset = atoi(optarg);
			break;
		case 'p':
			only = optarg;
			break;
		case 'a':
			absent_is_fine = true;
			break;
		case 'l':
			libc_only = true;
			break;
		case 'm':
			inner = true;
			break;
		case 'f':
			st->again = true;
			break;
		case 'v':
			verbose = true;
			break;
		case 'n':
			without = optarg;
			break;
		case 'x':
			making = optarg;
			break;
		case 'L':
			bystander = listening = true;
			/* fall through */
		default:
			if (!app_option(opt, optarg))
				return 2;
		}
	}
	may_grant = strcmp(expect, "granted") == 0;
	if ((!may_grant && strcmp(expect, "denied") != 0) || stride < 1)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < 5; i++)
		signal((int[]){SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGALRM}[i],
		    on_crash);
	argv += optind;
	argc -= optind;
	if (making != NULL ? !make_begin(making, argv[0], argv[1])
			   : !app_begin(argc, (const char **)argv))
		return 2;
	/* the first two warm up what libraries keep */
	for (int i = 0; i < 3; i++) {
		run_once(&end);
		if (verbose) {
			app_print_log();
			listen_print_log();
		}
		if ((end.code == PAM_SUCCESS) != may_grant ||
		    (may_grant && end.account != PAM_SUCCESS) ||
		    end.session != NULL) {
			printf("without a failure: %d, account %d%s%s\n",
			    end.code, end.account,
			    end.session != NULL ? ", " : "",
			    end.session != NULL ? end.session : "");
			app_print_log();
			return 1;
		}
		app_forget();
	}
	memcpy(clean, st->hits, sizeof clean);
	all_points(only, inner);
	app_finish();
	make_finish();
	printf("tried %ld points, granted %ld, %ld wrong\n", tried, granted,
	    wrong);
	return wrong == 0 && tried > 0 ? 0 : 1;
}
