/*
 * systemd-logind, by loginctl: which process leads which session.
 */
#include "sessions/sessionsint.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/stream.h"
#include "process/start.h"

#define PROGRAM "/usr/bin/loginctl"
#define OUTPUT_MAX (4u << 20) /* bytes */
#define IDS_MAX 4096          /* sessions of one question */
#define ANSWER_MS 5000
#define ASK_TIMES 3 /* sessions end meanwhile */

/* ---- run it ---- */

/* One that does not answer must not hold up the others. */
static enum ca_err
read_in_time(int from, struct ca_buf *out)
{
	const long long end = ca_stream_clock() + ANSWER_MS;
	uint8_t part[4096];

	for (;;) {
		struct pollfd p = {from, POLLIN, 0};
		long long left = end - ca_stream_clock();

		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			return CA_ERR_TIMEOUT;
		ssize_t n = read(from, part, sizeof part);
		if (n == 0)
			return ca_buf_err(out);
		if (n < 0 && errno != EINTR)
			return CA_ERR_IO;
		if (n > 0)
			ca_buf_put(out, part, (size_t)n);
		if (ca_buf_err(out) != CA_OK)
			return ca_buf_err(out);
	}
}

/* Its output is appended to out. */
static bool
run(char *const *argv, struct ca_buf *out)
{
	static char locale[] = "LC_ALL=C", search[] = "PATH=/usr/bin:/bin";
	char *const envp[] = {locale, search, NULL};
	int program = open(PROGRAM, O_RDONLY | O_CLOEXEC), from;
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	bool good = false;
	pid_t pid;

	if (program >= 0 && in >= 0) {
		const struct ca_start start = {
		    program, in, -1, NULL, argv, envp};

		if (ca_start_reading(&start, &from, &pid) == CA_OK) {
			good = read_in_time(from, out) == CA_OK;
			(void)close(from);
			if (!good)
				(void)kill(pid, SIGKILL);
			good = ca_start_succeeded(pid) && good;
		}
	}
	if (program >= 0)
		(void)close(program);
	if (in >= 0)
		(void)close(in);
	return good;
}

bool
ca_logind_order(const char *verb, const char *id)
{
	char name[] = "loginctl", end[] = "--", *order = strdup(verb),
	     *session = strdup(id);
	char *const argv[] = {name, order, end, session, NULL};
	struct ca_buf out = CA_BUF_INIT(OUTPUT_MAX);
	bool good = order != NULL && session != NULL && run(argv, &out);

	ca_buf_free(&out);
	free(order);
	free(session);
	return good;
}

bool
ca_logind_expected(void)
{
	/* sd_booted(3) */
	return access("/run/systemd/system", F_OK) == 0;
}

/* ---- what it says ---- */

static bool
is_name(const char *id)
{
	size_t len = strlen(id);

	return len > 0 && len < sizeof((struct ca_logind_one *)NULL)->id &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyz"
			  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == len;
}

/* The first word of each line of list-sessions. */
static size_t
take_ids(char *text, char **id, size_t max)
{
	char *rest = NULL;
	size_t n = 0;

	for (char *line = strtok_r(text, "\n", &rest); line != NULL && n < max;
	     line = strtok_r(NULL, "\n", &rest)) {
		line += strspn(line, " \t");
		line[strcspn(line, " \t")] = '\0';
		if (is_name(line))
			id[n++] = line;
	}
	return n;
}

static bool
take_pair(struct ca_logind_one *one, const char *line)
{
	const char *value = strchr(line, '=');
	char *end;

	if (value++ == NULL)
		return true;
	if (strncmp(line, "Id=", 3) == 0) {
		if (!is_name(value))
			return false;
		(void)stpcpy(one->id, value);
		return true;
	}
	uint64_t *to = strncmp(line, "User=", 5) == 0     ? &one->uid
		       : strncmp(line, "Leader=", 7) == 0 ? &one->leader
							  : NULL;
	if (to == NULL)
		return true;
	errno = 0;
	*to = strtoull(value, &end, 10);
	return errno == 0 && end != value && *end == '\0';
}

static bool
add(struct ca_logind *l, const struct ca_logind_one *one)
{
	struct ca_logind_one *v;

	if (one->id[0] == '\0')
		return true;
	v = realloc(l->v, (l->n + 1) * sizeof *v);
	if (v == NULL)
		return false;
	l->v = v;
	v[l->n++] = *one;
	return true;
}

/* Blocks of show-session, with an empty line between two. */
static bool
take_blocks(struct ca_logind *l, char *text)
{
	const struct ca_logind_one none = {"", (uint64_t)-1, 0};
	struct ca_logind_one one = none;

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");
		bool last = text[len] == '\0';

		text[len] = '\0';
		if (len == 0) {
			if (!add(l, &one))
				return false;
			one = none;
		} else if (!take_pair(&one, text))
			return false;
		text += last ? len : len + 1;
	}
	return add(l, &one);
}

/* It stops at the first session that has ended since it was listed: only an answer about
 * each of them counts. */
static bool
show(struct ca_logind *l, char **id, size_t n)
{
	static char name[] = "loginctl", order[] = "show-session",
		    ids[] = "--property=Id", users[] = "--property=User",
		    leaders[] = "--property=Leader", end[] = "--";
	struct ca_buf out = CA_BUF_INIT(OUTPUT_MAX);
	char *const before[] = {name, order, ids, users, leaders, end};
	const size_t first = sizeof before / sizeof before[0];
	char **argv = calloc(first + n + 1, sizeof *argv);
	bool good = argv != NULL;

	if (good) {
		memcpy(argv, before, sizeof before);
		memcpy(argv + first, id, n * sizeof *argv);
		l->n = 0;
		good = run(argv, &out);
		ca_buf_u8(&out, 0);
		good = good && ca_buf_err(&out) == CA_OK &&
		       take_blocks(l, (char *)out.p) && l->n == n;
	}
	free(argv);
	ca_buf_free(&out);
	return good;
}

static bool
ask_once(struct ca_logind *l)
{
	static char name[] = "loginctl", order[] = "list-sessions",
		    legend[] = "--no-legend", pager[] = "--no-pager";
	char *const argv[] = {name, order, legend, pager, NULL};
	struct ca_buf out = CA_BUF_INIT(OUTPUT_MAX);
	char **id = calloc(IDS_MAX, sizeof *id);
	bool good = id != NULL && run(argv, &out);

	ca_buf_u8(&out, 0);
	good = good && ca_buf_err(&out) == CA_OK;
	if (good) {
		size_t n = take_ids((char *)out.p, id, IDS_MAX);

		good = n == 0 || (n < IDS_MAX && show(l, id, n));
	}
	free(id);
	ca_buf_free(&out);
	return good;
}

bool
ca_logind_ask(struct ca_logind *l, const struct ca_log *log)
{
	for (int i = 0; !l->asked && !l->known && i < ASK_TIMES; i++)
		l->known = ask_once(l);
	if (!l->asked && !l->known && ca_logind_expected())
		ca_log_err(log,
		    "systemd-logind does not answer: %s list-sessions, or "
		    "show-session of each of them, failed; no session of it "
		    "is ended",
		    PROGRAM);
	l->asked = true;
	return l->known;
}

void
ca_logind_clear(struct ca_logind *l)
{
	free(l->v);
	*l = (struct ca_logind){0};
}

const struct ca_logind_one *
ca_logind_of(const struct ca_logind *l, uint64_t leader)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].leader == leader)
			return &l->v[i];
	return NULL;
}
