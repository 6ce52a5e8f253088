/*
 * A PAM application that asks as the worker of GDM does: by the lists of GDM's
 * extension, too, in a layout of its own writing.
 *
 * usage: gdmworker [OPTION ...]
 *
 *   -s SERVICE     (default: gdm-smartcard)
 *   -u USER        PAM_USER (default: unset)
 *   -e NAMES       GDM_SUPPORTED_PAM_EXTENSIONS (default: the list alone); empty:
 *                  the variable is not set
 *   -l NAME        answer to a question with echo (default: none can be asked)
 *   -p PIN         answer to a question without echo (default: none can be asked)
 *   -c KEY         choose the line with that key
 *   -t TEXT        choose the line with that text in it
 *   -m MODE        answer to a list instead:
 *       null         the message, without a key
 *       empty        PAM_SUCCESS, and no message
 *       noarray      PAM_SUCCESS, and no array of answers
 *       cancel       PAM_CONV_ERR, as GDM if the person cancels, or if what shows
 *                    the questions has no lists
 *       foreign      the key that -c says, which need not be of the list
 *       type         the message, as of another extension
 *       short, long  the message, as if it had another length
 *       text         the key as a text, as to any other question
 *   -F FLAGS       flags of pam_authenticate, a number
 *
 * Prints `info`, `error`, `question`, `secret` with the text; of a list `list` with the
 * title, then `item KEY TEXT` for each line; at last `authenticate CODE` and `user
 * NAME`.  Exit status: 0 if the login succeeded, 1 if not, 125 if a message is none
 * that GDM could show.
 */
#include <arpa/inet.h>
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VARIABLE "GDM_SUPPORTED_PAM_EXTENSIONS"
#define LIST "org.gnome.DisplayManager.UserVerifier.ChoiceList"

/* what a list is, as words of the machine: header, title, n, then key and text */
#define WORD sizeof(void *)
#define LIST_BYTES(n) ((3 + 2 * (n)) * WORD)
#define REPLY_BYTES (2 * WORD)

static const char *names = LIST, *name, *pin, *key, *text, *mode = "choose";

static void
die(const char *what)
{
	printf("broken %s\n", what);
	exit(125);
}

static char *
copy(const char *s)
{
	char *p = strdup(s);

	if (p == NULL)
		die("memory");
	return p;
}

/* The place of the list in NAMES. */
static int
type_of_list(void)
{
	char *all = copy(names), *save = NULL;
	int at = 0, found = -1;

	for (char *p = strtok_r(all, " ", &save); p != NULL && found < 0;
	     p = strtok_r(NULL, " ", &save), at++)
		if (strcmp(p, LIST) == 0)
			found = at;
	free(all);
	return found;
}

/* The key of the chosen line, or NULL. */
static const char *
show_list(const char *m)
{
	const char *chosen = NULL, *title, *pair[2];
	uint32_t length;
	size_t n;

	memcpy(&length, m, sizeof length);
	memcpy(&title, m + WORD, sizeof title);
	memcpy(&n, m + 2 * WORD, sizeof n);
	if ((unsigned char)m[4] != type_of_list())
		die("type");
	if (ntohl(length) != LIST_BYTES(n))
		die("length");
	printf("list %s\n", title);
	for (size_t i = 0; i < n; i++) {
		memcpy(pair, m + LIST_BYTES(i), sizeof pair);
		printf("item %s %s\n", pair[0], pair[1]);
		if ((key != NULL && strcmp(key, pair[0]) == 0) ||
		    (text != NULL && strstr(pair[1], text) != NULL))
			chosen = pair[0];
	}
	if (strcmp(mode, "choose") == 0 && chosen == NULL)
		die("list: no such line");
	return chosen != NULL ? chosen : key;
}

static bool
is(const char *what)
{
	return strcmp(mode, what) == 0;
}

static int
answer_list(const char *m, char **out)
{
	const char *chosen = show_list(m);
	uint32_t length = htonl((uint32_t)(is("short")  ? 5
					   : is("long") ? 2 * REPLY_BYTES
							: REPLY_BYTES));
	/* who asked cannot know that the key is to be freed, if it does not know
	 * the message */
	static char kept[64];
	char *at;

	if (is("cancel"))
		return PAM_CONV_ERR;
	*out = NULL;
	if (is("empty"))
		return PAM_SUCCESS;
	if (chosen == NULL)
		chosen = "1";
	if (is("text")) {
		*out = copy(chosen);
		return PAM_SUCCESS;
	}
	at = NULL;
	if (is("type") || is("short") || is("long")) {
		(void)snprintf(kept, sizeof kept, "%s", chosen);
		at = kept;
	} else if (!is("null") && !is("noarray"))
		at = copy(chosen);
	if ((*out = calloc(1, REPLY_BYTES)) == NULL)
		die("memory");
	memcpy(*out, &length, sizeof length);
	(*out)[4] = (char)(type_of_list() + is("type"));
	memcpy(*out + WORD, &at, sizeof at);
	return PAM_SUCCESS;
}

static int
answer_text(const char *with, char **out)
{
	if (with == NULL)
		return PAM_CONV_ERR;
	*out = copy(with);
	return PAM_SUCCESS;
}

static int
answer(const struct pam_message *m, char **out)
{
	switch (m->msg_style) {
	case PAM_TEXT_INFO:
		printf("info %s\n", m->msg);
		return PAM_SUCCESS;
	case PAM_ERROR_MSG:
		printf("error %s\n", m->msg);
		return PAM_SUCCESS;
	case PAM_PROMPT_ECHO_ON:
		printf("question %s\n", m->msg);
		return answer_text(name, out);
	case PAM_PROMPT_ECHO_OFF:
		printf("secret %s\n", m->msg);
		return answer_text(pin, out);
	case PAM_BINARY_PROMPT:
		/* GDM looks into no message of a kind that it has not advertised */
		if (type_of_list() < 0)
			die("list that was not advertised");
		return answer_list(m->msg, out);
	default:
		die("style");
		return PAM_CONV_ERR;
	}
}

static int
converse(int n, const struct pam_message **msg, struct pam_response **resp,
    void *data)
{
	struct pam_response *r = calloc((size_t)n, sizeof *r);
	int code = PAM_SUCCESS;
	bool list = false;

	(void)data;
	if (r == NULL)
		die("memory");
	for (int i = 0; i < n && code == PAM_SUCCESS; i++) {
		list = msg[i]->msg_style == PAM_BINARY_PROMPT;
		code = answer(msg[i], &r[i].resp);
	}
	*resp = NULL;
	if (code != PAM_SUCCESS || (list && is("noarray"))) {
		for (int i = 0; i < n; i++)
			free(r[i].resp);
		free(r);
		return code;
	}
	*resp = r;
	return PAM_SUCCESS;
}

int
main(int argc, char **argv)
{
	const char *service = "gdm-smartcard", *user = NULL;
	const struct pam_conv conv = {converse, NULL};
	pam_handle_t *pamh = NULL;
	const void *item = NULL;
	int flags = 0, opt;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((opt = getopt(argc, argv, "s:u:e:l:p:c:t:m:F:")) != -1) {
		switch (opt) {
		case 's':
			service = optarg;
			break;
		case 'u':
			user = optarg;
			break;
		case 'e':
			names = optarg;
			break;
		case 'l':
			name = optarg;
			break;
		case 'p':
			pin = optarg;
			break;
		case 'c':
			key = optarg;
			break;
		case 't':
			text = optarg;
			break;
		case 'm':
			mode = optarg;
			break;
		case 'F':
			flags = (int)strtol(optarg, NULL, 0);
			break;
		default:
			return 125;
		}
	}
	if (names[0] == '\0' ? unsetenv(VARIABLE) != 0
			     : setenv(VARIABLE, names, 1) != 0)
		die("environment");
	if (pam_start(service, user, &conv, &pamh) != PAM_SUCCESS)
		die("pam_start");
	if (user == NULL)
		(void)pam_set_item(pamh, PAM_USER_PROMPT, "Username:");
	int code = pam_authenticate(pamh, flags);
	printf("authenticate %s\n", code == PAM_SUCCESS    ? "PAM_SUCCESS"
				    : code == PAM_AUTH_ERR ? "PAM_AUTH_ERR"
				    : code == PAM_CONV_ERR ? "PAM_CONV_ERR"
				    : code == PAM_AUTHINFO_UNAVAIL
					? "PAM_AUTHINFO_UNAVAIL"
					: pam_strerror(pamh, code));
	if (pam_get_item(pamh, PAM_USER, &item) == PAM_SUCCESS && item != NULL)
		printf("user %s\n", (const char *)item);
	(void)pam_end(pamh, code);
	return code == PAM_SUCCESS ? 0 : 1;
}
