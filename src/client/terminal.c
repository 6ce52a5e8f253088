/*
 * Lines of text between the user and the program: on the controlling terminal,
 * and on standard input.
 */
#include "client/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Signals that would leave the terminal without echo. */
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
	sigset_t mask; /* before */
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
	/* they are delivered only while ca_line_read() waits: a signal just
	 * before the wait would not end the wait */
	(void)sigprocmask(SIG_BLOCK, &block, &t->mask);
	for (size_t i = 0; i < NCAUGHT; i++)
		(void)sigaction(caught[i], &sa, &t->old[i]);
}

static void
release_signals(const struct terminal *t)
{
	for (size_t i = 0; i < NCAUGHT; i++)
		(void)sigaction(caught[i], &t->old[i], NULL);
	/* the terminal is restored: now the signal may have its effect */
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
		/* flush: what the user typed before the question does not
		 * answer it */
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
			errno = EIO; /* affects only how the line looks */
	}
	(void)close(t->fd);
	release_signals(t);
}

void
ca_terminal_say(int fd, const char *text)
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

/* Byte by byte: what follows the line belongs to another reader. */
enum ca_err
ca_line_read(int fd, const sigset_t *mask, struct ca_buf *line, bool *eof)
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

enum ca_err
ca_terminal_ask(const char *prompt, bool echo, struct ca_buf *line)
{
	struct terminal t;
	bool eof;

	if (!terminal_open(&t, echo))
		return CA_ERR_NOT_FOUND;
	ca_terminal_say(t.fd, prompt);
	enum ca_err rc = ca_line_read(t.fd, &t.mask, line, &eof);
	terminal_close(&t);
	return rc == CA_OK && eof && line->len == 0 ? CA_ERR_CANCELLED : rc;
}

bool
ca_terminal_present(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return false;
	(void)close(fd);
	return true;
}

/* ---- standard input ---- */

/* A pasted line may be longer than the terminal's line buffer. */
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

/* Read one byte; *end: the line has ended.  CA_ERR_NOT_FOUND: end of file. */
static enum ca_err
stdin_byte(const struct terminal *t, struct ca_buf *line, bool *end)
{
	struct pollfd wait = {STDIN_FILENO, POLLIN, 0};
	ssize_t n = t->changed ? ppoll(&wait, 1, NULL, &t->mask) : 1;
	char c;

	if (t->changed && got_signal != 0)
		return CA_ERR_CANCELLED;
	if (n > 0)
		n = read(STDIN_FILENO, &c, 1);
	if (n < 0)
		return errno == EINTR ? CA_OK : CA_ERR_IO;
	if (n == 0 || (t->changed && c == 4)) /* ^D */
		return CA_ERR_NOT_FOUND;
	*end = c == '\n' || c == '\r';
	if (!*end)
		ca_buf_put(line, &c, 1);
	return CA_OK;
}

enum ca_err
ca_terminal_stdin_line(const char *prompt, struct ca_buf *line)
{
	enum ca_err rc = CA_OK;
	size_t begin = line->len;
	struct terminal t;
	bool end = false;

	stdin_open(&t);
	if (prompt != NULL)
		(void)fputs(prompt, stderr);
	while (rc == CA_OK && !end)
		rc = stdin_byte(&t, line, &end);
	stdin_close(&t);
	/* the last line may lack its line end */
	if (rc == CA_ERR_NOT_FOUND && line->len > begin)
		rc = CA_OK;
	return rc == CA_OK ? ca_buf_err(line) : rc;
}
