/*
 * certauth-confine: takes rights from itself and executes the helper, so that no
 * helper can skip it.  The module starts it in the helper's place, as the helper's
 * user and without capabilities.  It is a program of its own, since the module has
 * no business with filters of system calls, and an application no need of them.
 *
 * usage: certauth-confine [-n] [-w PATH]... PATH ARGV0 [ARGUMENT]...
 * -n: with the network.  -w: what the helper may change.  PATH: the helper, for a
 * script; a program is executed by the descriptor CA_SPAWN_PASSED.  What fails, or
 * what this machine lacks, is a note on CA_SPAWN_CONTROL.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine/program.h"
#include "process/spawn.h"

static void
send_note(enum ca_spawn_how how, int value, enum ca_spawn_step step)
{
	const struct ca_spawn_note note = {how, value, step};

	(void)!send(CA_SPAWN_CONTROL, &note, sizeof note, MSG_NOSIGNAL);
}

/* What to execute begins at argv[*at]. */
static enum ca_err
take_arguments(
    int argc, char **argv, struct ca_confine_program *program, int *at)
{
	static const char *writable[CA_CONFINE_WRITABLE_MAX];
	int c;

	program->writable = writable;
	while ((c = getopt(argc, argv, "+nw:")) != -1) {
		if (c == 'n')
			program->network = true;
		else if (c == 'w' &&
			 program->nwritable < CA_CONFINE_WRITABLE_MAX)
			writable[program->nwritable++] = optarg;
		else
			return CA_ERR_USAGE;
	}
	*at = optind;
	return argc - optind >= 2 ? CA_OK : CA_ERR_USAGE;
}

static enum ca_err
confine(struct ca_confine_program *program)
{
	enum ca_err rc = ca_confine_program_make(program);
	int lacks;

	if (rc != CA_OK)
		return rc;
	lacks = ca_confine_program_enter(program);
	if (lacks < 0)
		return CA_ERR_IO;
	if (lacks > 0)
		send_note(CA_SPAWN_LACKS, lacks, CA_SPAWN_STEP_NONE);
	return CA_OK;
}

int
main(int argc, char **argv)
{
	struct ca_confine_program program = {0};
	int at = 0;

	/* only a module has a descriptor there */
	if (take_arguments(argc, argv, &program, &at) != CA_OK ||
	    fcntl(CA_SPAWN_CONTROL, F_SETFD, FD_CLOEXEC) != 0 ||
	    fcntl(CA_SPAWN_PASSED, F_SETFD, FD_CLOEXEC) != 0)
		return 2;
	if (confine(&program) != CA_OK) {
		send_note(CA_SPAWN_FAILED, errno, CA_SPAWN_STEP_CONFINE);
		return 127;
	}
	(void)syscall(SYS_execveat, CA_SPAWN_PASSED, "", argv + at + 1, environ,
	    AT_EMPTY_PATH, (unsigned long)program.key);
	/* a script's interpreter could not open a descriptor that is closed; no
	 * directory of the path can have been changed by others */
	if (errno == ENOENT || errno == ENOSYS)
		(void)syscall(SYS_execve, argv[at], argv + at + 1, environ, 0UL,
		    0UL, (unsigned long)program.key);
	send_note(CA_SPAWN_FAILED, errno, CA_SPAWN_STEP_EXEC);
	return 127;
}
