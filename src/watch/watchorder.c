/*
 * The commands that lock the session, and that tell of the token's return.
 */
#include "watch/watchint.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOGINCTL_MS 10000 /* a bus that does not answer */

extern char **environ;

/* A locker is none of ours: it goes on when this process ends, has its own session, and
 * may be setuid. */
static int
spawn(pid_t *pid, char *const *argv)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, pipes;
	int e;

	if ((e = posix_spawn_file_actions_init(&files)) != 0)
		return e;
	if ((e = posix_spawnattr_init(&attr)) != 0) {
		(void)posix_spawn_file_actions_destroy(&files);
		return e;
	}
	(void)sigemptyset(&none);
	(void)sigemptyset(&pipes);
	(void)sigaddset(&pipes, SIGPIPE);
	e = posix_spawn_file_actions_addopen(
	    &files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (e == 0)
		e = posix_spawnattr_setsigmask(&attr, &none);
	if (e == 0)
		e = posix_spawnattr_setsigdefault(&attr, &pipes);
	if (e == 0)
		e = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
							POSIX_SPAWN_SETSIGDEF |
							POSIX_SPAWN_SETSID);
	if (e == 0)
		e = posix_spawnp(pid, argv[0], &files, &attr, argv, environ);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&files);
	return e;
}

/* The text of a variable that posix_spawn does not write to; NULL: not set, or empty. */
static char *
variable(const char *name)
{
	char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

enum ca_err
ca_order_start(struct ca_order *o, const struct ca_log *log, long long now)
{
	static char loginctl[] = "loginctl", verb[] = "lock-session",
		    sh[] = "/bin/sh", option[] = "-c";
	/* without an id, logind takes the session of the caller, or the one at the
	 * caller's display; an id may be of a session that has ended */
	char *lock[] = {
	    loginctl, verb, o->no_id ? NULL : variable("XDG_SESSION_ID"), NULL};
	char *shell[] = {sh, option, o->command, NULL};
	const bool own = o->command != NULL;

	int e = spawn(&o->pid, own ? shell : lock);
	if (e != 0) {
		o->pid = 0;
		errno = e;
		ca_log_err(log, "%s cannot be started: %m",
		    own ? o->command : loginctl);
		return CA_ERR_IO;
	}
	o->deadline = own ? 0 : now + LOGINCTL_MS;
	return CA_OK;
}

bool
ca_order_ended(struct ca_order *o, int status, const struct ca_log *log)
{
	const char *what =
	    o->command != NULL ? o->command : "loginctl lock-session";

	o->pid = 0;
	o->deadline = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	o->no_id = !o->no_id;
	if (WIFEXITED(status))
		ca_log_err(log,
		    "%s failed with status %d; see lock_command and "
		    "insert_command in ~/.config/certauth/config",
		    what, WEXITSTATUS(status));
	else
		ca_log_err(log,
		    "%s was ended by signal %d; see lock_command and "
		    "insert_command in ~/.config/certauth/config",
		    what, WTERMSIG(status));
	return false;
}
