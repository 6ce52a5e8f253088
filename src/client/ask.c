#include "client/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"

#define LINE_MAX_BYTES 4096

/* ---- the terminal ---- */

/* Signals that would leave a terminal without echo behind. */
static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define NCAUGHT (sizeof caught / sizeof caught[0])
static volatile sig_atomic_t got_signal;

static void
note(int sig)
{
	got_signal = sig;
}

struct terminal {
	int fd;
	struct termios before;
	bool changed;
	struct sigaction old[NCAUGHT];
	sigset_t mask; /* as it was */
};

static void
catch_signals(struct terminal *t)
{
	struct sigaction sa = {.sa_handler = note};
	sigset_t block;

	got_signal = 0;
	(void)sigemptyset(&sa.sa_mask);
	(void)sigemptyset(&block);
	for (size_t i = 0; i < NCAUGHT; i++)
		(void)sigaddset(&block, caught[i]);
	/* they arrive only while read_line() waits: one that came just before
	 * the wait would not end it */
	(void)sigprocmask(SIG_BLOCK, &block, &t->mask);
	for (size_t i = 0; i < NCAUGHT; i++)
		(void)sigaction(caught[i], &sa, &t->old[i]);
}

static void
release_signals(const struct terminal *t)
{
	for (size_t i = 0; i < NCAUGHT; i++)
		(void)sigaction(caught[i], &t->old[i], NULL);
	/* the terminal is right again: now it may do what it does */
	if (got_signal != 0)
		(void)raise(got_signal);
	(void)sigprocmask(SIG_SETMASK, &t->mask, NULL);
}

static bool
terminal_open(struct terminal *t, bool echo)
{
	struct termios now;

	t->changed = false;
	if ((t->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) < 0)
		return false;
	catch_signals(t);
	if (!echo && tcgetattr(t->fd, &t->before) == 0) {
		now = t->before;
		now.c_lflag &= (tcflag_t) ~(ECHO | ECHOE | ECHOK | ECHONL);
		/* flush: what was typed before the question answers another */
		t->changed = tcsetattr(t->fd, TCSAFLUSH, &now) == 0;
	}
	return true;
}

static void
terminal_close(struct terminal *t)
{
	if (t->changed) {
		(void)tcsetattr(t->fd, TCSAFLUSH, &t->before);
		if (write(t->fd, "\n", 1) != 1)
			errno = EIO; /* the look of the line only */
	}
	(void)close(t->fd);
	release_signals(t);
}

static void
say(int fd, const char *text)
{
	struct ca_buf line = CA_BUF_INIT(32768);
	size_t at = 0;

	ca_buf_printable(&line, text, strlen(text));
	while (ca_buf_err(&line) == CA_OK && at < line.len) {
		ssize_t n = write(fd, line.p + at, line.len - at);
		if (n <= 0 && errno != EINTR)
			break;
		at += n > 0 ? (size_t)n : 0;
	}
	ca_buf_free(&line);
}

/* Read up to a line end or the end of file.  Byte by byte: what comes behind
 * the line is not ours.  mask: signals while waiting; NULL: as they are. */
static enum ca_err
read_line(int fd, const sigset_t *mask, struct ca_buf *line, bool *eof)
{
	struct pollfd wait = {fd, POLLIN, 0};
	char c;

	*eof = false;
	for (;;) {
		ssize_t n = ppoll(&wait, 1, NULL, mask);

		if (mask != NULL && got_signal != 0)
			return CA_ERR_CANCELLED;
		if (n > 0)
			n = read(fd, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return CA_ERR_IO;
		if (n == 0 || c == '\n' || c == '\r') {
			*eof = n == 0;
			return ca_buf_err(line);
		}
		ca_buf_put(line, &c, 1);
	}
}

static enum ca_err
take_line(struct ca_buf *line, struct ca_secret **answer)
{
	*answer = ca_secret_new(line->p, line->len);
	return *answer != NULL ? CA_OK : CA_ERR_MEMORY;
}

static enum ca_err
ask_terminal(const char *prompt, bool echo, struct ca_secret **answer)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf line = CA_BUF_INIT(LINE_MAX_BYTES);
	struct terminal t;
	bool eof;

	if (!terminal_open(&t, echo))
		return CA_ERR_NOT_FOUND;
	say(t.fd, prompt);
	rc = read_line(t.fd, &t.mask, &line, &eof);
	terminal_close(&t);
	if (rc == CA_OK && eof && line.len == 0)
		rc = CA_ERR_CANCELLED;
	if (rc == CA_OK)
		rc = take_line(&line, answer);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_buf_free(&line);
	return ret;
}

bool
ca_ask_has_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return false;
	(void)close(fd);
	return true;
}

/* ---- standard input ---- */

/* A pasted line may be longer than the terminal's own line buffer. */
static void
stdin_open(struct terminal *t)
{
	struct termios now;

	t->changed = false;
	if (tcgetattr(STDIN_FILENO, &t->before) != 0)
		return;
	catch_signals(t);
	now = t->before;
	now.c_lflag &= (tcflag_t)~ICANON;
	now.c_cc[VMIN] = 1;
	now.c_cc[VTIME] = 0;
	t->changed = tcsetattr(STDIN_FILENO, TCSADRAIN, &now) == 0;
	if (!t->changed)
		release_signals(t);
}

static void
stdin_close(const struct terminal *t)
{
	if (!t->changed)
		return;
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &t->before);
	release_signals(t);
}

enum ca_err
ca_ask_stdin_line(const char *prompt, struct ca_buf *line)
{
	struct pollfd wait = {STDIN_FILENO, POLLIN, 0};
	struct terminal t;
	bool first = true;
	char c;

	stdin_open(&t);
	if (prompt != NULL)
		(void)fputs(prompt, stderr);
	enum ca_err rc = CA_OK;
	while (rc == CA_OK) {
		ssize_t n = t.changed ? ppoll(&wait, 1, NULL, &t.mask) : 1;

		if (t.changed && got_signal != 0) {
			rc = CA_ERR_CANCELLED;
			break;
		}
		if (n > 0)
			n = read(STDIN_FILENO, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = CA_ERR_IO;
		else if (n == 0 || (t.changed && c == 4)) /* ^D */
			rc = first ? CA_ERR_NOT_FOUND : CA_ERR_TRUNCATED;
		else if (c == '\n' || c == '\r')
			break;
		else
			ca_buf_put(line, &c, 1);
		first = false;
	}
	stdin_close(&t);
	if (rc == CA_ERR_TRUNCATED) /* the last line, without its end */
		rc = CA_OK;
	return rc == CA_OK ? ca_buf_err(line) : rc;
}

/* ---- a program ---- */

static _Noreturn void
child(const char *program, const char *prompt, int out)
{
	/* ssh leaks the write end of a pipe into its askpass: whoever keeps it
	 * keeps ssh waiting */
	if (dup2(out, STDOUT_FILENO) < 0)
		_exit(127);
	closefrom(3);
	(void)signal(SIGPIPE, SIG_DFL);
	execlp(program, program, prompt, (char *)NULL);
	_exit(127);
}

static enum ca_err
reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return CA_ERR_IO;
	if (!WIFEXITED(status))
		return CA_ERR_CANCELLED;
	if (WEXITSTATUS(status) == 127)
		return CA_ERR_IO;
	return WEXITSTATUS(status) == 0 ? CA_OK : CA_ERR_CANCELLED;
}

enum ca_err
ca_ask_program(
    const char *program, const char *prompt, struct ca_secret **answer)
{
	enum ca_err ret = CA_ERR_UNSET, rc, ended;
	struct ca_buf line = CA_BUF_INIT(LINE_MAX_BYTES);
	bool eof;
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) != 0)
		return CA_ERR_IO;
	pid_t pid = fork();
	if (pid == 0)
		child(program, prompt, fd[1]);
	(void)close(fd[1]);
	rc = pid > 0 ? read_line(fd[0], NULL, &line, &eof) : CA_ERR_IO;
	(void)close(fd[0]);
	ended = pid > 0 ? reap(pid) : CA_ERR_IO;
	if (rc == CA_OK)
		rc = ended;
	if (rc == CA_OK)
		rc = take_line(&line, answer);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_buf_free(&line);
	return ret;
}

/* ---- both ---- */

enum ca_err
ca_ask_line(const struct ca_ask *ask, const char *prompt, bool echo,
    struct ca_secret **answer)
{
	enum ca_err rc = CA_ERR_NOT_FOUND;

	*answer = NULL;
	if (ask->program == NULL || !ask->program_first)
		rc = ask_terminal(prompt, echo, answer);
	if (rc == CA_ERR_NOT_FOUND && ask->program != NULL)
		return ca_ask_program(ask->program, prompt, answer);
	return rc == CA_ERR_NOT_FOUND ? CA_ERR_IO : rc;
}

enum ca_err
ca_ask_yes(const struct ca_ask *ask, const char *question)
{
	struct ca_secret *answer = NULL;
	struct ca_buf text = CA_BUF_INIT(16384);
	enum ca_err rc = CA_ERR_MEMORY;

	ca_buf_fmt(&text, "%s [yes/no] ", question);
	if (ca_buf_text(&text) != NULL)
		rc = ca_ask_line(ask, ca_buf_text(&text), true, &answer);
	ca_buf_free(&text);
	if (rc == CA_OK && strcasecmp(ca_secret_get0(answer), "y") != 0 &&
	    strcasecmp(ca_secret_get0(answer), "yes") != 0)
		rc = CA_ERR_CANCELLED;
	ca_secret_free(answer);
	return rc;
}

static void
ui_info(void *ctx, const char *text)
{
	(void)ctx;
	say(STDERR_FILENO, "certauth: ");
	say(STDERR_FILENO, text);
	(void)!write(STDERR_FILENO, "\n", 1);
}

static enum ca_err
ui_ask(void *ctx, const char *prompt, struct ca_secret **answer)
{
	enum ca_err rc = ca_ask_line(ctx, prompt, false, answer);
	struct ca_buf text = CA_BUF_INIT(65536);

	if (rc == CA_ERR_IO) {
		ca_buf_str(&text, "no terminal, and no askpass program that "
				  "works (SSH_ASKPASS, or `askpass =' in "
				  "~/.config/certauth/config), to ask: ");
		ca_buf_str(&text, prompt);
		if (ca_buf_text(&text) != NULL)
			ui_info(ctx, ca_buf_text(&text));
		ca_buf_free(&text);
	}
	return rc;
}

static enum ca_err
ui_confirm(void *ctx, const char *question)
{
	return ca_ask_yes(ctx, question);
}

static enum ca_err
ui_choose(void *ctx, const char *title, const char *const *line, size_t n,
    size_t *index)
{
	struct ca_secret *answer = NULL;
	struct ca_buf text = CA_BUF_INIT(64);
	unsigned long number;
	char *end;
	enum ca_err rc;

	ui_info(ctx, title);
	for (size_t i = 0; i < n; i++) {
		struct ca_buf item = CA_BUF_INIT(16384);
		ca_buf_fmt(&item, "%3zu  %s", i + 1, line[i]);
		if (ca_buf_text(&item) != NULL)
			ui_info(ctx, ca_buf_text(&item));
		ca_buf_free(&item);
	}
	ca_buf_fmt(&text, "Which one, 1 to %zu? ", n);
	rc = ca_ask_line(ctx, ca_buf_text(&text), true, &answer);
	ca_buf_free(&text);
	if (rc != CA_OK)
		return rc;
	number = strtoul(ca_secret_get0(answer), &end, 10);
	if (end == ca_secret_get0(answer) || *end != '\0' || number < 1 ||
	    number > n)
		rc = CA_ERR_CANCELLED;
	else
		*index = number - 1;
	ca_secret_free(answer);
	return rc;
}

struct ca_key_ui
ca_ask_ui(struct ca_ask *ask)
{
	return (struct ca_key_ui){ui_ask, ui_confirm, ui_choose, ui_info, ask};
}
