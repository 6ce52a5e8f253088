/*
 * A hostile host's PAM module, for tests: whatever a command asks is asked of
 * the user, and the user's answers go to the command.
 *
 *	auth required pam_relay.so COMMAND [ARGUMENT ...]
 *
 * The command gets the login as its last argument.  It writes lines; each is a
 * prompt (echo off), and the answer comes back as a line.  The login succeeds
 * if it exits with 0.
 */
#include <security/pam_modules.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGS_MAX 16

static void
run(const char *user, int argc, const char **argv, int in, int out)
{
	const char *arg[ARGS_MAX + 2] = {NULL};

	for (int i = 0; i < argc && i < ARGS_MAX; i++)
		arg[i] = argv[i];
	arg[argc < ARGS_MAX ? argc : ARGS_MAX] = user;
	dup2(in, 0);
	dup2(out, 1);
	closefrom(3);
	execv(arg[0], (char *const *)arg);
	_exit(127);
}

static int
ask(pam_handle_t *pamh, const char *prompt, FILE *to)
{
	const void *item = NULL;
	struct pam_message msg = {PAM_PROMPT_ECHO_OFF, prompt};
	const struct pam_message *msgs = &msg;
	struct pam_response *resp = NULL;

	if (pam_get_item(pamh, PAM_CONV, &item) != PAM_SUCCESS || item == NULL)
		return -1;
	const struct pam_conv *conv = item;
	if (conv->conv(1, &msgs, &resp, conv->appdata_ptr) != PAM_SUCCESS ||
	    resp == NULL)
		return -1;
	fprintf(to, "%s\n", resp->resp != NULL ? resp->resp : "");
	fflush(to);
	free(resp->resp);
	free(resp);
	return 0;
}

__attribute__((visibility("default"))) int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const char *user = NULL;
	char *line = NULL;
	size_t size = 0;
	int in[2], out[2], status = -1;

	(void)flags;
	if (argc < 1 || pam_get_user(pamh, &user, NULL) != PAM_SUCCESS ||
	    pipe(in) != 0 || pipe(out) != 0)
		return PAM_AUTH_ERR;
	pid_t pid = fork();
	if (pid < 0)
		return PAM_AUTH_ERR;
	if (pid == 0)
		run(user, argc, argv, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	FILE *to = fdopen(in[1], "w"), *from = fdopen(out[0], "r");
	while (to != NULL && from != NULL && getline(&line, &size, from) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (ask(pamh, line, to) != 0)
			break;
	}
	free(line);
	if (to != NULL)
		fclose(to);
	if (from != NULL)
		fclose(from);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		return PAM_AUTH_ERR;
	return PAM_SUCCESS;
}

__attribute__((visibility("default"))) int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh, (void)flags, (void)argc, (void)argv;
	return PAM_SUCCESS;
}
