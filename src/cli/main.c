/* certauth: find the command and run it. */
#include "cli/commands.h"
#include "base/tr.h"
#include "client/askpass.h"
#include "client/ssh.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct ca_command *
find(const char *name)
{
	for (size_t i = 0; ca_commands[i] != NULL; i++)
		if (strcmp(ca_commands[i]->name, name) == 0)
			return ca_commands[i];
	return NULL;
}

static int
help_all(FILE *out)
{
	(void)fputs(_("usage: certauth COMMAND [ARGUMENTS]\n\n"), out);
	for (size_t i = 0; ca_commands[i] != NULL; i++)
		(void)fprintf(out, "  %-10s  %s\n", ca_commands[i]->name,
		    _(ca_commands[i]->summary));
	(void)fputs(
	    _("\n`certauth COMMAND --help` describes a command; see also certauth(1).\n"),
	    out);
	return out == stderr ? CA_EXIT_USAGE : CA_EXIT_OK;
}

/* Other programs start askpass programs and ssh by one word. */
static bool
called_as(const char *path, const char *name)
{
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;

	return path != NULL &&
	       strcmp(slash != NULL ? slash + 1 : path, name) == 0;
}

/* --help may stand behind a subcommand or another option.  The arguments of
 * ssh are ssh's. */
static bool
wants_help(const struct ca_command *cmd, int argc, char **argv)
{
	int end = cmd == &ca_cmd_ssh && argc > 3 ? 3 : argc;

	for (int i = 2; i < end && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

int
main(int argc, char **argv)
{
	const bool askpass = called_as(argv[0], CA_ASKPASS_NAME);
	const bool ssh = called_as(argv[0], CA_SSH_NAME);
	const struct ca_command *cmd = argc > 1 ? find(argv[1]) : NULL;

	/* a reader that closes its pipe is an error to report, not a signal */
	(void)signal(SIGPIPE, SIG_IGN);
	/* what an administrator reads is English, as the log is */
	if (askpass || ssh || cmd == NULL || cmd->user)
		(void)ca_tr_use(NULL, true);
	if (askpass)
		return ca_cmd_askpass.run(argc, argv);
	if (ssh)
		return ca_ssh_by_name(argv);
	if (argc < 2)
		return help_all(stderr);
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("certauth " CA_VERSION);
		return CA_EXIT_OK;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return help_all(stdout);
	if (strcmp(argv[1], "help") == 0) {
		if (argc < 3)
			return help_all(stdout);
		if ((cmd = find(argv[2])) != NULL) {
			ca_cli_help(cmd, stdout);
			return CA_EXIT_OK;
		}
		return ca_cli_fail(
		    "unknown command: %s; `certauth --help` lists the commands",
		    argv[2]);
	}
	if (cmd == NULL)
		return ca_cli_fail(
		    "unknown command: %s; `certauth --help` lists the commands",
		    argv[1]);
	if (wants_help(cmd, argc, argv)) {
		ca_cli_help(cmd, stdout);
		return CA_EXIT_OK;
	}
	optind = 1;
	return cmd->run(argc - 1, argv + 1);
}
