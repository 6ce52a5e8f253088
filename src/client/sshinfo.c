#include "client/sshinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

#define KEYBOARD "keyboard-interactive"
#define OUTPUT_MAX ((size_t)1 << 18)

const char *
ca_ssh_program(void)
{
	const char *name = getenv("CERTAUTH_SSH");

	return name != NULL && name[0] != '\0' ? name : "ssh";
}

/* Run argv with an empty standard input, and take what it writes to descriptor
 * from (1 or 2); the other output is discarded. */
static enum ca_err
capture(char *const *argv, int from, struct ca_buf *out)
{
	enum ca_err rc;
	int fd[2], status;

	if (pipe2(fd, O_CLOEXEC) != 0)
		return CA_ERR_IO;
	pid_t pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
		    dup2(null, 2) < 0 || dup2(fd[1], from) < 0)
			_exit(127);
		closefrom(3);
		(void)signal(SIGPIPE, SIG_DFL);
		execvp(argv[0], argv);
		_exit(127);
	}
	(void)close(fd[1]);
	rc = pid > 0 ? ca_file_read_fd(fd[0], OUTPUT_MAX, out) : CA_ERR_IO;
	(void)close(fd[0]);
	if (pid < 0)
		return CA_ERR_IO;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return CA_ERR_IO;
	if (rc != CA_OK)
		return rc;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? CA_OK
							     : CA_ERR_NOT_FOUND;
}

/* "OpenSSH_9.2p1 ..." */
static int
version_of(const char *text)
{
	char *end;

	if (strncmp(text, "OpenSSH_", 8) != 0)
		return 0;
	long major = strtol(text + 8, &end, 10);
	if (end == text + 8 || *end != '.' || major < 0 || major > 999)
		return 0;
	text = end + 1;
	long minor = strtol(text, &end, 10);
	return end == text || minor < 0 || minor > 99
		   ? 0
		   : (int)(major * 100 + minor);
}

int
ca_ssh_version(void)
{
	char *const argv[] = {
	    (char *)(uintptr_t)ca_ssh_program(), (char[]){"-V"}, NULL};
	struct ca_buf out = CA_BUF_INIT(OUTPUT_MAX);
	int version = 0;

	if (capture(argv, STDERR_FILENO, &out) == CA_OK &&
	    ca_buf_text(&out) != NULL)
		version = version_of(ca_buf_text(&out));
	ca_buf_free(&out);
	return version;
}

void
ca_ssh_host_clear(struct ca_ssh_host *host)
{
	ca_client_names_clear(&host->names);
	free(host->user);
	free(host->jump);
	*host = (struct ca_ssh_host){0};
}

static enum ca_err
keep(char **at, const char *value)
{
	free(*at);
	*at = strdup(value);
	return *at != NULL ? CA_OK : CA_ERR_MEMORY;
}

/* The state while the lines of a host are read. */
struct reading {
	struct ca_ssh_host *host;
	bool seen[4];
};

static enum ca_err
take_name(struct reading *r, size_t which, const char *value)
{
	r->host->twice = r->host->twice || r->seen[which];
	r->seen[which] = true;
	return which == 0 ? keep(&r->host->user, value)
			  : ca_client_names_add(&r->host->names, value);
}

/* The list NAME,NAME,... has name. */
static bool
lists(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *s = list; s != NULL; s = strchr(s, ',')) {
		s += *s == ',';
		if (strncmp(s, name, len) == 0 &&
		    (s[len] == '\0' || s[len] == ','))
			return true;
	}
	return false;
}

/* One line of `ssh -G': a keyword in lower case, a space, its value. */
static enum ca_err
take_line(struct reading *r, const char *line)
{
	static const char *const names[] = {
	    "user", "host", "hostname", "hostkeyalias"};
	struct ca_ssh_host *host = r->host;
	const char *value = strchr(line, ' ');
	size_t len = value != NULL ? (size_t)(value - line) : 0;

	if (len == 0)
		return CA_OK;
	value++;
#define IS(word) (len == strlen(word) && memcmp(line, (word), len) == 0)
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (IS(names[i]))
			return take_name(r, i, value);
	if (IS("proxycommand"))
		host->proxy = strcmp(value, "none") != 0;
	if (IS("proxyjump"))
		return strcmp(value, "none") == 0 ? CA_OK
						  : keep(&host->jump, value);
	if ((IS("kbdinteractiveauthentication") ||
		IS("challengeresponseauthentication")) &&
	    strcmp(value, "no") == 0)
		host->keyboard = false;
	if (IS("numberofpasswordprompts"))
		host->tries = strcmp(value, "3") == 0;
	if (IS("preferredauthentications") && !lists(value, KEYBOARD))
		host->keyboard = false;
	if (IS("batchmode") && strcmp(value, "yes") == 0)
		host->batch = true;
#undef IS
	return CA_OK;
}

static enum ca_err
take_lines(struct ca_ssh_host *host, char *text)
{
	struct reading r = {.host = host};
	enum ca_err rc = CA_OK;
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save);
	     line != NULL && rc == CA_OK; line = strtok_r(NULL, "\n", &save))
		rc = take_line(&r, line);
	if (rc == CA_OK && host->names.n == 0)
		rc = CA_ERR_NOT_FOUND;
	return rc;
}

enum ca_err
ca_ssh_resolve(char *const *argv, struct ca_ssh_host *host)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf out = CA_BUF_INIT(OUTPUT_MAX);
	char *text = NULL;
	size_t n = 0;

	*host = (struct ca_ssh_host){.keyboard = true};
	while (argv[n] != NULL)
		n++;
	char **args = calloc(n + 3, sizeof *args);
	if (args == NULL)
		return CA_ERR_MEMORY;
	args[0] = (char *)(uintptr_t)ca_ssh_program();
	args[1] = (char[]){"-G"};
	memcpy(args + 2, argv, n * sizeof *args);
	if ((rc = capture(args, STDOUT_FILENO, &out)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if ((text = ca_buf_take(&out, NULL)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = take_lines(host, text)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	if (ret != CA_OK)
		ca_ssh_host_clear(host);
	ca_buf_free(&out);
	free(text);
	free(args);
	return ret;
}
