/*
 * A PAM application whose conversation follows a script.
 *
 * usage: pamdrive [OPTION ...]
 *
 *   -u USER        PAM_USER (default: unset)
 *   -s SERVICE     (default: test)
 *   -c DIR         where the service's file is (default: /etc/pam.d)
 *   -r RHOST       PAM_RHOST
 *   -C COMMAND     answers: run by sh once for each login; it reads a prompt
 *                  per line and writes an answer per line
 *   -m MODE        instead of -C:
 *       null         PAM_SUCCESS, and NULL for an answer
 *       noarray      PAM_SUCCESS, and no array of answers
 *       empty        an empty answer
 *       error        PAM_CONV_ERR
 *       again        PAM_CONV_AGAIN
 *       junk         1 MiB of base64url
 *       big          17 MiB
 *       endless      another full piece each time
 *       repeat       the same piece each time
 *       cut          what -C says, without its last character
 *       foreign      a word
 *       binary       bytes that are no text
 *       script       what -C says
 *   -f N           answer as -C says until prompt number N (from 0), then by -m
 *   -a             pam_acct_mgmt as well, if the login succeeded
 *   -w FILE        if the login succeeded, wait until FILE is removed
 *   -U USER        set PAM_USER to USER before pam_acct_mgmt
 *   -P USER        set PAM_USER to USER at the first prompt
 *   -S SERVICE     set PAM_SERVICE to SERVICE there
 *   -A MODE        if the login succeeded, pam_authenticate once more in the
 *                  same transaction, answered by MODE; prints `again CODE`
 *   -F FLAGS       flags of pam_authenticate, a number
 *   -n N           N logins, each with pam_start and pam_end (module loaded
 *                  and unloaded)
 *   -t N           in N threads at once, -n logins in each
 *   -k N           have N children, and check that the login disturbs none of
 *                  them and no signal handler of this program
 *   -x             print how many descriptors were left open, and whether there
 *                  is any child
 *   -l             take the locale of the environment, and print whether it is as
 *                  before after the login
 *   -q             print results only
 *
 * Prints `prompt`, `info`, `error` with the text, then `authenticate CODE`,
 * `account CODE`, `user NAME`, and the PAM environment as `env NAME=VALUE`.
 * Exit status: 0 if the last code of the last login was PAM_SUCCESS, else 1.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

static const char *user, *service = "test", *confdir, *rhost, *command;
static const char *mode, *wait_file, *later_user, *prompt_user, *again,
    *prompt_service;
static int mode_from, flags, logins = 1, threads = 1, children;
static bool account, quiet, show_rest, localized;
static volatile sig_atomic_t sigchlds;

struct talk {
	FILE *to, *from;
	pid_t pid;
	pam_handle_t *pamh;
	int prompts;
	char *first; /* the first full piece, for repeat */
};

static void
die(const char *what)
{
	perror(what);
	exit(125);
}

static void
talk_begin(struct talk *t)
{
	int in[2], out[2];

	*t = (struct talk){NULL, NULL, -1, NULL, 0, NULL};
	if (command == NULL)
		return;
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		die("pipe");
	t->pid = fork();
	if (t->pid < 0)
		die("fork");
	if (t->pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	t->to = fdopen(in[1], "w");
	t->from = fdopen(out[0], "r");
}

static void
talk_end(struct talk *t)
{
	free(t->first);
	if (t->pid < 0)
		return;
	fclose(t->to);
	fclose(t->from);
	(void)waitpid(t->pid, NULL, 0);
}

static char *
by_command(struct talk *t, const char *prompt)
{
	char *line = NULL;
	size_t size = 0;

	if (t->to == NULL)
		return NULL;
	fprintf(t->to, "%s\n", prompt);
	fflush(t->to);
	ssize_t n = getline(&line, &size, t->from);
	if (n <= 0) {
		free(line);
		return NULL;
	}
	line[strcspn(line, "\n")] = '\0';
	return line;
}

static char *
fill(size_t len, int c, char last)
{
	char *p = malloc(len + 1);

	if (p == NULL)
		die("malloc");
	memset(p, c, len);
	p[len - 1] = last;
	p[len] = '\0';
	return p;
}

/* An answer by mode; *code what the conversation function returns. */
static char *
by_mode(struct talk *t, const char *prompt, int *code)
{
	char *s;

	*code = PAM_SUCCESS;
	if (strcmp(mode, "null") == 0 || strcmp(mode, "noarray") == 0)
		return NULL;
	if (strcmp(mode, "empty") == 0)
		return strdup("");
	if (strcmp(mode, "junk") == 0)
		return fill(1 << 20, 'A', '.');
	if (strcmp(mode, "big") == 0)
		return fill(17 << 20, 'A', '.');
	if (strcmp(mode, "endless") == 0)
		return fill(400, 'A' + t->prompts % 26, '+');
	if (strcmp(mode, "foreign") == 0)
		return strdup("correct horse battery staple");
	if (strcmp(mode, "binary") == 0)
		return strdup("\x01\xff\xfe\x80\x1b[2J");
	if (strcmp(mode, "repeat") == 0) {
		if (t->first == NULL)
			t->first = by_command(t, prompt);
		return t->first != NULL ? strdup(t->first) : NULL;
	}
	if (strcmp(mode, "script") == 0)
		return by_command(t, prompt);
	if (strcmp(mode, "cut") == 0) {
		s = by_command(t, prompt);
		if (s != NULL && s[0] != '\0')
			s[strlen(s) - 1] = '\0';
		return s;
	}
	*code = strcmp(mode, "again") == 0 ? PAM_CONV_AGAIN : PAM_CONV_ERR;
	return NULL;
}

static int
converse(int n, const struct pam_message **msg, struct pam_response **resp,
    void *data)
{
	struct talk *t = data;
	struct pam_response *r = calloc((size_t)n, sizeof *r);
	int code = PAM_SUCCESS;

	if (r == NULL)
		die("calloc");
	for (int i = 0; i < n; i++) {
		const char *text = msg[i]->msg;

		switch (msg[i]->msg_style) {
		case PAM_TEXT_INFO:
			if (!quiet)
				printf("info %s\n", text);
			continue;
		case PAM_ERROR_MSG:
			if (!quiet)
				printf("error %s\n", text);
			continue;
		default:
			break;
		}
		if (!quiet)
			printf("prompt %s\n", text);
		if (mode != NULL && t->prompts >= mode_from)
			r[i].resp = by_mode(t, text, &code);
		else
			r[i].resp = by_command(t, text);
		if (prompt_user != NULL && t->prompts == 0)
			(void)pam_set_item(t->pamh, PAM_USER, prompt_user);
		if (prompt_service != NULL && t->prompts == 0)
			(void)pam_set_item(
			    t->pamh, PAM_SERVICE, prompt_service);
		t->prompts++;
		if (code != PAM_SUCCESS ||
		    (mode != NULL && strcmp(mode, "noarray") == 0)) {
			free(r);
			*resp = code == PAM_SUCCESS ? NULL : (void *)16;
			return code;
		}
	}
	*resp = r;
	return PAM_SUCCESS;
}

/* A code by name, so that tests need not know numbers. */
static const char *
name_of(int code)
{
	switch (code) {
	case PAM_SUCCESS:
		return "PAM_SUCCESS";
	case PAM_SERVICE_ERR:
		return "PAM_SERVICE_ERR";
	case PAM_BUF_ERR:
		return "PAM_BUF_ERR";
	case PAM_PERM_DENIED:
		return "PAM_PERM_DENIED";
	case PAM_AUTH_ERR:
		return "PAM_AUTH_ERR";
	case PAM_AUTHINFO_UNAVAIL:
		return "PAM_AUTHINFO_UNAVAIL";
	case PAM_CONV_ERR:
		return "PAM_CONV_ERR";
	case PAM_IGNORE:
		return "PAM_IGNORE";
	case PAM_MODULE_UNKNOWN:
		return "PAM_MODULE_UNKNOWN";
	case PAM_AUTHTOK_ERR:
		return "PAM_AUTHTOK_ERR";
	case PAM_SESSION_ERR:
		return "PAM_SESSION_ERR";
	default:
		return "other";
	}
}

static void
wait_for_file(void)
{
	if (wait_file == NULL)
		return;
	printf("waiting\n");
	fflush(stdout);
	while (access(wait_file, F_OK) == 0)
		usleep(10000);
}

static int
check_account(pam_handle_t *pamh)
{
	if (later_user != NULL)
		(void)pam_set_item(pamh, PAM_USER, later_user);
	int code = pam_acct_mgmt(pamh, 0);
	printf("account %s\n", name_of(code));
	return code;
}

static int
one_login(void)
{
	pam_handle_t *pamh = NULL;
	struct talk t;
	struct pam_conv conv = {converse, &t};
	const void *item = NULL;

	talk_begin(&t);
	int code = pam_start_confdir(service, user, &conv, confdir, &pamh);
	if (code != PAM_SUCCESS) {
		fprintf(stderr, "pam_start: %d\n", code);
		exit(125);
	}
	t.pamh = pamh;
	if (rhost != NULL)
		(void)pam_set_item(pamh, PAM_RHOST, rhost);
	char *locale = localized ? strdup(setlocale(LC_ALL, NULL)) : NULL;
	code = pam_authenticate(pamh, flags);
	if (locale != NULL)
		printf("locale %s\n",
		    strcmp(locale, setlocale(LC_ALL, NULL)) == 0 &&
			    uselocale((locale_t)0) == LC_GLOBAL_LOCALE
			? "kept"
			: "changed");
	free(locale);
	if (!quiet || logins * threads == 1)
		printf("authenticate %s\n", name_of(code));
	if (code == PAM_SUCCESS)
		wait_for_file();
	if (again != NULL && code == PAM_SUCCESS) {
		mode = again;
		mode_from = 0;
		code = pam_authenticate(pamh, flags);
		printf("again %s\n", name_of(code));
	}
	if (account && code == PAM_SUCCESS)
		code = check_account(pamh);
	if (!quiet) {
		char **env = pam_getenvlist(pamh);

		if (pam_get_item(pamh, PAM_USER, &item) == PAM_SUCCESS &&
		    item != NULL)
			printf("user %s\n", (const char *)item);
		for (char **e = env; e != NULL && *e != NULL; e++) {
			printf("env %s\n", *e);
			free(*e);
		}
		free(env);
	}
	(void)pam_end(pamh, code);
	talk_end(&t);
	return code;
}

static void *
many_logins(void *arg)
{
	int *failed = arg;

	for (int i = 0; i < logins; i++) {
		if (one_login() != PAM_SUCCESS)
			(*failed)++;
	}
	return NULL;
}

static void
on_sigchld(int sig)
{
	(void)sig;
	sigchlds++;
}

static int
open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	int n = 0;

	while (d != NULL && (e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	if (d != NULL)
		closedir(d);
	return n;
}

/* What a login must not leave: open descriptors, and any child process. */
static void
print_rest(int open_before)
{
	printf("opened %d\n", open_descriptors() - open_before);
	errno = 0;
	pid_t pid = waitpid(-1, NULL, __WALL | WNOHANG);
	printf("children %s\n", pid < 0 && errno == ECHILD ? "none" : "some");
}

int
main(int argc, char **argv)
{
	pthread_t tid[64];
	int failed[64] = {0}, total = 0, opt;
	pid_t kid[16];

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN); /* the command may end before we do */
	while ((opt = getopt(argc, argv,
		    "S:u:s:c:r:C:m:f:aw:U:P:A:F:n:t:k:xlq")) != -1) {
		switch (opt) {
		case 'u':
			user = optarg;
			break;
		case 's':
			service = optarg;
			break;
		case 'c':
			confdir = optarg;
			break;
		case 'r':
			rhost = optarg;
			break;
		case 'C':
			command = optarg;
			break;
		case 'm':
			mode = optarg;
			break;
		case 'f':
			mode_from = atoi(optarg);
			break;
		case 'a':
			account = true;
			break;
		case 'w':
			wait_file = optarg;
			break;
		case 'U':
			later_user = optarg;
			break;
		case 'P':
			prompt_user = optarg;
			break;
		case 'S':
			prompt_service = optarg;
			break;
		case 'A':
			again = optarg;
			break;
		case 'F':
			flags = (int)strtol(optarg, NULL, 0);
			break;
		case 'n':
			logins = atoi(optarg);
			break;
		case 't':
			threads = atoi(optarg);
			break;
		case 'k':
			children = atoi(optarg);
			break;
		case 'x':
			show_rest = true;
			break;
		case 'l':
			localized = true;
			break;
		case 'q':
			quiet = true;
			break;
		default:
			return 125;
		}
	}
	if (localized && setlocale(LC_ALL, "") == NULL)
		die("setlocale");
	if (threads < 1 || threads > 64 || children < 0 || children > 16)
		return 125;
	for (int i = 0; i < children; i++) {
		kid[i] = fork();
		if (kid[i] == 0) {
			pause();
			_exit(0);
		}
	}
	if (children > 0) {
		/* as an application may: it minds its children, and a pipe
		 * that breaks is its end */
		signal(SIGCHLD, on_sigchld);
		signal(SIGPIPE, SIG_DFL);
	}
	openlog("pamdrive", LOG_NDELAY, LOG_AUTHPRIV); /* it stays open */
	int open_before = open_descriptors();
	if (threads == 1) {
		(void)many_logins(&failed[0]);
	} else {
		for (int i = 0; i < threads; i++) {
			if (pthread_create(
				&tid[i], NULL, many_logins, &failed[i]) != 0)
				die("pthread_create");
		}
		for (int i = 0; i < threads; i++)
			(void)pthread_join(tid[i], NULL);
	}
	for (int i = 0; i < threads; i++)
		total += failed[i];
	if (children > 0) {
		printf("sigchld %d\n", (int)sigchlds);
		for (int i = 0; i < children; i++) {
			printf("child %s\n",
			    kill(kid[i], 0) == 0 ? "there" : "gone");
			(void)kill(kid[i], SIGKILL);
			(void)waitpid(kid[i], NULL, 0);
		}
	}
	if (logins * threads > 1)
		printf("failed %d of %d\n", total, logins * threads);
	if (show_rest)
		print_rest(open_before);
	return total == 0 ? 0 : 1;
}
