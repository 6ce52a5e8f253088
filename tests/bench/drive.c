/*
 * drive: run commands again and again, in turn, and measure each.
 *
 * usage: drive [-r ROUNDS] [-t SECONDS] [-o DIR] JOBS
 *
 * A line of JOBS is NAME, ANSWER and COMMAND with tabs between:
 *
 *   ANSWER   -                      the command is asked nothing
 *            text:TEXT              TEXT answers each prompt
 *            cert:CHAIN.pem:KEY     certauth1 prompts are answered by that key;
 *                                   the time that takes us is not counted
 *            Where there is an answer, the command's input is a terminal, from
 *            which a line is read at once; from a pipe PAM's own conversation
 *            reads each character by a system call.
 *   COMMAND  split at spaces, started without a shell
 *
 * Prints for each job, with tabs between: NAME, number of runs, medians of wall
 * clock and of CPU time (children that it waited for included) in microseconds,
 * the largest peak of memory in KiB, and the mean of CPU time.  Every run must end with status 0; one
 * that does not ends it all, since the time of a refusal says nothing.
 *
 * -t: a job gets no further run once it has had 3 and used that much time.
 * -o: what a job's last run printed is left in DIR/NAME.
 */
#include "client/client.h"
#include "channel/pieces.h"
#include "client/prompt.h"
#include "base/base64url.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX 128
#define ROUNDS_MAX 1000
#define ARGS_MAX 64
#define OUTPUT_MAX 65536
#define LEAST 3

#define DIE(...)                                                               \
	(fprintf(stderr, "drive: " __VA_ARGS__), fputc('\n', stderr), exit(2))

struct job {
	char *name, *text, *argv[ARGS_MAX];
	struct ca_identity *id;
	double wall[ROUNDS_MAX], cpu[ROUNDS_MAX], used;
	long peak;
	int n;
};

/* One run: what was printed, and the response that is being given. */
struct run {
	char out[OUTPUT_MAX + 1];
	size_t len, seen;
	struct ca_buf response;
	double ours; /* microseconds spent on answers */
};

static struct ca_crypto *crypto;
static struct ca_log logger;

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
emit(void *ctx, enum ca_log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	fprintf(stderr, "drive: %s\n", line);
}

/* ---- answers ---- */

static void
respond(struct job *job, const char *text, struct ca_buf *out)
{
	struct ca_buf raw = CA_BUF_INIT(CA_REQUEST_MAX);
	struct ca_buf answer = CA_BUF_INIT(CA_RESPONSE_MAX);
	const struct ca_key_ui ui = {NULL, NULL, NULL, NULL, NULL};
	struct ca_request *req = NULL;

	if (ca_base64url_decode(&raw, text, strlen(text)) != CA_OK ||
	    ca_request_parse(raw.p, raw.len, &req) != CA_OK ||
	    ca_respond(crypto, req, job->id, &ui, &answer) != CA_OK)
		DIE("%s: cannot answer the request", job->name);
	ca_base64url_encode(out, answer.p, answer.len);
	ca_request_free(req);
	ca_buf_free(&raw);
	ca_buf_free(&answer);
}

static void
say(const struct job *job, int to, const void *p, size_t len)
{
	if (write(to, p, len) != (ssize_t)len || write(to, "\n", 1) != 1)
		DIE("%s: hears no answer", job->name);
}

static void
answer(struct job *job, struct run *run, int to)
{
	struct ca_buf piece = CA_BUF_INIT(CA_RESPONSE_CHARS_MAX + 2);
	struct ca_prompt p;
	double from = now();

	run->out[run->len] = '\0';
	if (job->text != NULL && run->len > run->seen + 2 &&
	    strcmp(run->out + run->len - 2, ": ") == 0) {
		run->seen = run->len;
		say(job, to, job->text, strlen(job->text));
	}
	if (job->id == NULL ||
	    ca_prompt_find(run->out + run->seen, &p) != CA_OK)
		return;
	run->seen += p.end;
	if (p.next == 0)
		respond(job, p.request, &run->response);
	if (ca_answer_cut(ca_buf_text(&run->response), p.next, p.max, &piece) !=
	    CA_OK)
		DIE("%s: cannot cut the answer", job->name);
	run->ours += now() - from;
	say(job, to, piece.p, piece.len);
	free(p.request);
	ca_buf_free(&piece);
}

/* ---- a run ---- */

static void
terminal(int *ours, int *its)
{
	struct termios t;

	if ((*ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0 ||
	    grantpt(*ours) != 0 || unlockpt(*ours) != 0 ||
	    (*its = open(ptsname(*ours), O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0 ||
	    tcgetattr(*its, &t) != 0)
		DIE("no terminal: %s", strerror(errno));
	t.c_lflag &= ~(tcflag_t)ECHO;
	(void)tcsetattr(*its, TCSANOW, &t);
}

/* Its input is in, both ends of its output are out. */
static pid_t
start(const struct job *job, int in, const int out[2])
{
	/* not vfork: the peak of memory would be ours */
	pid_t pid = fork();

	if (pid < 0)
		DIE("fork: %s", strerror(errno));
	if (pid == 0) {
		(void)dup2(in, 0);
		(void)dup2(out[1], 1);
		(void)dup2(out[1], 2);
		(void)signal(SIGPIPE, SIG_DFL);
		(void)execvp(job->argv[0], job->argv);
		_exit(127);
	}
	(void)close(out[1]);
	return pid;
}

static void
keep(const char *dir, const struct job *job, const struct run *run)
{
	char path[4096];
	FILE *f;

	if (dir == NULL)
		return;
	(void)snprintf(path, sizeof path, "%s/%s", dir, job->name);
	if ((f = fopen(path, "w")) == NULL ||
	    fwrite(run->out, 1, run->len, f) != run->len || fclose(f) != 0)
		DIE("%s: cannot be written", path);
}

static void
once(struct job *job, const char *dir)
{
	static struct run run;
	struct rusage use;
	char rest[4096];
	int to = -1, in = -1, out[2], status;
	ssize_t n;

	run.len = run.seen = 0;
	run.ours = 0;
	run.response = CA_BUF_INIT(CA_RESPONSE_CHARS_MAX);
	if (pipe2(out, O_CLOEXEC) != 0)
		DIE("pipe: %s", strerror(errno));
	if (job->text != NULL || job->id != NULL)
		terminal(&to, &in);
	else if ((in = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
		DIE("/dev/null: %s", strerror(errno));
	double at = now();
	pid_t pid = start(job, in, out);
	for (;;) {
		if (run.len == OUTPUT_MAX)
			n = read(out[0], rest, sizeof rest);
		else if ((n = read(out[0], run.out + run.len,
			      OUTPUT_MAX - run.len)) > 0) {
			run.len += (size_t)n;
			answer(job, &run, to);
		}
		if (n <= 0)
			break;
	}
	if (wait4(pid, &status, 0, &use) != pid)
		DIE("wait4: %s", strerror(errno));
	int i = job->n++;
	job->wall[i] = now() - at - run.ours;
	job->cpu[i] =
	    (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1e6 +
	    (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
	job->used += job->wall[i];
	if (use.ru_maxrss > job->peak)
		job->peak = use.ru_maxrss;
	if (to >= 0)
		(void)close(to);
	(void)close(in);
	(void)close(out[0]);
	ca_buf_free(&run.response);
	keep(dir, job, &run);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		DIE("%s ended with status %#x:\n%.*s", job->name,
		    (unsigned)status, (int)run.len, run.out);
}

/* ---- jobs ---- */

static void
set_answer(struct job *job, char *how)
{
	if (strcmp(how, "-") == 0)
		return;
	if (strncmp(how, "text:", 5) == 0) {
		job->text = strdup(how + 5);
		return;
	}
	char *key = strrchr(how, ':');
	if (strncmp(how, "cert:", 5) != 0 || key == how + 4)
		DIE("%s: no such answer: %s", job->name, how);
	*key++ = '\0';
	if (ca_key_pem(crypto, how + 5, key, NULL, &logger, &job->id) != CA_OK)
		DIE("%s: no key", job->name);
}

static size_t
read_jobs(const char *path, struct job *job)
{
	FILE *f = fopen(path, "r");
	char *line = NULL, *save, *word;
	size_t room = 0, n = 0;

	if (f == NULL)
		DIE("%s: %s", path, strerror(errno));
	while (getline(&line, &room, f) > 0) {
		struct job *j = &job[n];
		size_t args = 0;

		if (n++ == JOBS_MAX)
			DIE("%s: too many jobs", path);
		char *name = strtok_r(line, "\t\n", &save);
		char *how = strtok_r(NULL, "\t\n", &save);
		if (name == NULL || how == NULL)
			DIE("%s:%zu: not a job", path, n);
		j->name = strdup(name);
		set_answer(j, how);
		while ((word = strtok_r(NULL, " \t\n", &save)) != NULL &&
		       args + 1 < ARGS_MAX)
			j->argv[args++] = strdup(word);
		if (args == 0)
			DIE("%s:%zu: no command", path, n);
	}
	free(line);
	(void)fclose(f);
	return n;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof *v, by_size);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static double
mean(const double *v, int n)
{
	double sum = 0;

	for (int i = 0; i < n; i++)
		sum += v[i];
	return sum / n;
}

int
main(int argc, char **argv)
{
	static struct job job[JOBS_MAX];
	const char *dir = NULL;
	double limit = 1e12;
	int rounds = 1, c;

	while ((c = getopt(argc, argv, "r:t:o:")) != -1) {
		if (c == 'r')
			rounds = atoi(optarg);
		else if (c == 't')
			limit = atof(optarg) * 1e6;
		else if (c == 'o')
			dir = optarg;
		else
			DIE("usage: drive [-r N] [-t SECONDS] [-o DIR] JOBS");
	}
	if (argc - optind != 1 || rounds < 1 || rounds > ROUNDS_MAX)
		DIE("usage: drive [-r N] [-t SECONDS] [-o DIR] JOBS");
	(void)signal(SIGPIPE, SIG_IGN);
	logger = (struct ca_log){emit, NULL, false};
	if (ca_crypto_new(&crypto) != CA_OK)
		DIE("no libcrypto");
	size_t n = read_jobs(argv[optind], job);
	for (int r = 0; r < rounds; r++)
		for (size_t i = 0; i < n; i++)
			if (job[i].n < LEAST || job[i].used < limit)
				once(&job[i], dir);
	for (size_t i = 0; i < n; i++)
		printf("%s\t%d\t%.0f\t%.0f\t%ld\t%.0f\n", job[i].name, job[i].n,
		    median(job[i].wall, job[i].n), median(job[i].cpu, job[i].n),
		    job[i].peak, mean(job[i].cpu, job[i].n));
	return 0;
}
