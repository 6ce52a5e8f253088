#include "client/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/tr.h"
#include "client/terminal.h"

#define LINE_MAX_BYTES 4096

static enum ca_err
take_line(struct ca_buf *line, struct ca_secret **answer)
{
	*answer = ca_secret_new(line->p, line->len);
	return *answer != NULL ? CA_OK : CA_ERR_MEMORY;
}

/* ---- a program ---- */

static _Noreturn void
child(const char *program, const char *prompt, int out)
{
	/* ssh leaks the write end of a pipe into its askpass: a process that
	 * keeps it open keeps ssh waiting */
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
	rc = pid > 0 ? ca_line_read(fd[0], NULL, &line, &eof) : CA_ERR_IO;
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

/* ---- which program ---- */

/* The value of a variable, or NULL if it is empty. */
static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static bool
is_own(const char *program)
{
	const char *slash = strrchr(program, '/');

	return strcmp(slash != NULL ? slash + 1 : program,
		   "certauth-askpass") == 0;
}

void
ca_ask_configure(struct ca_ask *ask, const char *configured)
{
	const char *program = variable("SSH_ASKPASS");
	const char *require = variable("SSH_ASKPASS_REQUIRE");
	bool display =
	    variable("DISPLAY") != NULL || variable("WAYLAND_DISPLAY") != NULL;
	bool force = false, prefer = false;

	if (require != NULL) {
		force = strcasecmp(require, "force") == 0;
		prefer = strcasecmp(require, "prefer") == 0;
		if (strcasecmp(require, "never") == 0)
			configured = program = NULL;
	}
	if (program != NULL && ((!display && !force) || is_own(program)))
		program = NULL;
	ask->program = program != NULL ? program : configured;
	ask->program_first = force || (prefer && display);
}

/* ---- both ---- */

static enum ca_err
ask_terminal(const char *prompt, bool echo, struct ca_secret **answer)
{
	struct ca_buf line = CA_BUF_INIT(LINE_MAX_BYTES);
	enum ca_err rc = ca_terminal_ask(prompt, echo, &line);

	if (rc == CA_OK)
		rc = take_line(&line, answer);
	ca_buf_free(&line);
	return rc;
}

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

	ca_buf_fmt(&text, _("%s [yes/no] "), question);
	if (ca_buf_text(&text) != NULL)
		rc = ca_ask_line(ask, ca_buf_text(&text), true, &answer);
	ca_buf_free(&text);
	if (rc == CA_OK && !ca_key_is_yes(ca_secret_get0(answer)))
		rc = CA_ERR_CANCELLED;
	ca_secret_free(answer);
	return rc;
}

static void
ui_info(void *ctx, const char *text)
{
	(void)ctx;
	ca_terminal_say(STDERR_FILENO, "certauth: ");
	ca_terminal_say(STDERR_FILENO, text);
	(void)!write(STDERR_FILENO, "\n", 1);
}

/* Nobody reads standard error where a program asks; a list has no hole. */
static void
ui_note(void *ctx, const char *text)
{
	struct ca_ask *ask = ctx;
	size_t had = strlen(ask->notes), len = strlen(text);

	ui_info(ctx, text);
	ask->full = ask->full || len + 2 > sizeof ask->notes - had;
	if (!ask->full)
		(void)snprintf(
		    ask->notes + had, sizeof ask->notes - had, "%s\n", text);
}

static bool
by_program(const struct ca_ask *ask)
{
	return ask->program != NULL &&
	       (ask->program_first || !ca_terminal_present());
}

static enum ca_err
ui_ask(void *ctx, const char *prompt, bool echo, struct ca_secret **answer)
{
	struct ca_ask *ask = ctx;
	struct ca_buf text = CA_BUF_INIT(65536);
	const char *whole = NULL;
	enum ca_err rc;

	ca_buf_str(&text, ask->notes);
	ca_buf_str(&text, prompt);
	if (by_program(ask))
		whole = ca_buf_text(&text);
	rc = ca_ask_line(ask, whole != NULL ? whole : prompt, echo, answer);
	ask->notes[0] = '\0';
	ask->full = false;
	ca_buf_free(&text);
	text = CA_BUF_INIT(65536);
	if (rc == CA_ERR_IO) {
		ca_buf_str(&text,
		    _("there is no terminal and no working askpass program to "
		      "ask you; set SSH_ASKPASS (with DISPLAY, or with "
		      "SSH_ASKPASS_REQUIRE=force), or `askpass =' in "
		      "~/.config/certauth/config. The question is: "));
		ca_buf_str(&text, prompt);
		if (ca_buf_text(&text) != NULL)
			ui_info(ctx, ca_buf_text(&text));
		ca_buf_free(&text);
	}
	return rc;
}

static void
ui_error(void *ctx, const char *text, const char *english)
{
	(void)english;
	ui_info(ctx, text);
}

struct ca_key_ui
ca_ask_ui(struct ca_ask *ask)
{
	return (struct ca_key_ui){ui_ask, ui_info, ui_note, ui_error, ask};
}
