#include "app.h"

#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/responder.h"
#include "crypto/crypto.h"
#include "key/key.h"
#include "module/choicelist.h"
#include "module/verifier.h"
#include "op/op.h"
#include "verifier/claims.h"
#include "verifier/worker.h"

#define LINES 64
#define WORKERS 16
#define LINE 2048
#define DATA 2
#define VARIABLES 24
#define ERROR_OF_OURS 42 /* in the queue of libcrypto, before a login */

/* Data has one of the names, a variable of the environment any. */
struct datum {
	char name[32];
	void *data;
	void (*cleanup)(pam_handle_t *, void *, int);
};

struct pam_handle {
	char *user;
	struct pam_conv conv;
	struct datum datum[DATA];
	char env[VARIABLES][LINE];
};

static const char *user, *cert_path, *key_path, *instead_path;
static const char *signed_path; /* the file of a signed password */
static bool registered, resident, replayed, lists;
static int module_argc;
static const char **module_argv;
static struct responder client;
static pam_handle_t handle;

static char line[LINES][LINE];
static int lines;

/* ---- the verifier ---- */

/* in place of module/paths.c */
char program_path[PATH_MAX] __asm__("ca_verifier_program");
char confine_path[PATH_MAX] __asm__("ca_channel_confiner");
char socket_path[] __asm__("ca_verifier_socket") = CA_OP_DIR "/verifier.1.sock";
unsigned patience __asm__("ca_verifier_patience") = 1;

static pid_t worker[WORKERS];
static int workers;

/* A parent that remembers no use, or each: to a signed password alone. */
static int
claims_to(void)
{
	int pair[2];

	if (signed_path == NULL)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		abort();
	pid_t pid = fork();
	if (pid < 0)
		abort();
	if (pid == 0) {
		struct ca_claim claim;
		const uint8_t answer = replayed ? CA_R_REPLAYED : CA_R_OK;

		(void)close(pair[0]);
		if (recv(pair[1], &claim, sizeof claim, 0) == sizeof claim)
			(void)send(pair[1], &answer, 1, MSG_NOSIGNAL);
		_exit(0);
	}
	(void)close(pair[1]);
	return pair[0];
}

/* What the parent and the worker do, in a process that fails as this one. */
_Noreturn static void
be_worker(int fd)
{
	struct ca_worker w = {.fd = fd,
	    .claims = claims_to(),
	    .owner = geteuid(),
	    .parent = getppid()};

	fault_arm(true);
	if (ca_crypto_new(&w.crypto) != CA_OK)
		_exit(1);
	ca_worker_run(&w);
	_exit(1);
}

enum ca_err __real_ca_verifier_connect(struct ca_verifier *v, int *fd);
enum ca_err __wrap_ca_verifier_connect(struct ca_verifier *v, int *fd);

enum ca_err
__wrap_ca_verifier_connect(struct ca_verifier *v, int *fd)
{
	int pair[2];

	if (program_path[0] != '\0' || resident)
		return __real_ca_verifier_connect(v, fd);
	fault_arm(false);
	if (workers == WORKERS ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		abort();
	pid_t pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		be_worker(pair[1]);
	}
	if (pid < 0)
		abort();
	worker[workers++] = pid;
	(void)close(pair[1]);
	*fd = pair[0];
	fault_arm(true);
	return CA_OK;
}

/* The module has closed its ends. */
static void
end_workers(void)
{
	for (int i = 0; i < workers; i++)
		(void)waitpid(worker[i], NULL, 0);
	workers = 0;
}

/* ---- what the module calls ---- */

int
pam_get_item(const pam_handle_t *pamh, int type, const void **item)
{
	switch (type) {
	case PAM_SERVICE:
		*item = lists ? "gdm-test" : "test";
		break;
	case PAM_USER:
		*item = pamh->user;
		break;
	case PAM_CONV:
		*item = &pamh->conv;
		break;
	default:
		*item = NULL;
	}
	return PAM_SUCCESS;
}

int
pam_set_item(pam_handle_t *pamh, int type, const void *item)
{
	char *copy = item != NULL ? strdup(item) : NULL;

	if (type == PAM_AUTHTOK && item == NULL) {
		free(copy);
		return PAM_SUCCESS;
	}
	if (type != PAM_USER)
		abort();
	if (item != NULL && copy == NULL)
		return PAM_BUF_ERR;
	free(pamh->user);
	pamh->user = copy;
	return PAM_SUCCESS;
}

static struct datum *
find_datum(const pam_handle_t *pamh, const char *name)
{
	for (size_t i = 0; i < DATA; i++)
		if (strcmp(pamh->datum[i].name, name) == 0)
			return (struct datum *)&pamh->datum[i];
	return NULL;
}

static void
drop(pam_handle_t *pamh, struct datum *d)
{
	if (d->cleanup != NULL)
		d->cleanup(pamh, d->data, 0);
	*d = (struct datum){.name = ""};
}

void
app_drop_data(pam_handle_t *pamh)
{
	for (size_t i = 0; i < DATA; i++)
		drop(pamh, &pamh->datum[i]);
}

int
pam_set_data(pam_handle_t *pamh, const char *name, void *data,
    void (*cleanup)(pam_handle_t *, void *, int))
{
	struct datum *d = find_datum(pamh, name);

	if (d != NULL)
		drop(pamh, d);
	if (data == NULL)
		return PAM_SUCCESS;
	if ((d = find_datum(pamh, "")) == NULL)
		abort();
	(void)snprintf(d->name, sizeof d->name, "%s", name);
	d->data = data;
	d->cleanup = cleanup;
	return PAM_SUCCESS;
}

int
pam_get_data(const pam_handle_t *pamh, const char *name, const void **data)
{
	const struct datum *d = find_datum(pamh, name);

	*data = d != NULL ? d->data : NULL;
	return d != NULL ? PAM_SUCCESS : PAM_NO_MODULE_DATA;
}

/* The variable of that name, whose value begins behind len bytes; len 0: a free place. */
static char *
find_variable(pam_handle_t *pamh, const char *name, size_t len)
{
	for (size_t i = 0; i < VARIABLES; i++) {
		char *v = pamh->env[i];

		if (len == 0 ? v[0] == '\0'
			     : strncmp(v, name, len) == 0 && v[len] == '=')
			return v;
	}
	return NULL;
}

const char *
pam_getenv(pam_handle_t *pamh, const char *name)
{
	const char *v = find_variable(pamh, name, strlen(name));

	return v != NULL ? v + strlen(name) + 1 : NULL;
}

int
pam_putenv(pam_handle_t *pamh, const char *var)
{
	const size_t len = strcspn(var, "=");
	char *v = find_variable(pamh, var, len);

	if (var[len] == '\0') {
		if (v == NULL)
			return PAM_BAD_ITEM;
		v[0] = '\0';
		return PAM_SUCCESS;
	}
	if (v == NULL)
		v = find_variable(pamh, "", 0);
	if (v == NULL || strlen(var) >= LINE)
		abort();
	(void)snprintf(v, LINE, "%s", var);
	return PAM_SUCCESS;
}

void
pam_syslog(const pam_handle_t *pamh, int priority, const char *fmt, ...)
{
	va_list ap;

	(void)pamh;
	(void)priority;
	fault_arm(false);
	va_start(ap, fmt);
	if (lines < LINES)
		(void)vsnprintf(line[lines++], LINE, fmt, ap);
	va_end(ap);
	fault_arm(true);
}

/* ---- the client ---- */

static char *
first_line(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (f == NULL || getline(&text, &size, f) < 0)
		abort();
	text[strcspn(text, "\n")] = '\0';
	(void)fclose(f);
	return text;
}

static char *
answer_to(const char *prompt)
{
	if (signed_path != NULL)
		return first_line(signed_path);
	if (strncmp(prompt, "certauth1 ", 10) != 0)
		return strdup("secret"); /* the helper asks for a passphrase */
	return responder_piece(&client, prompt);
}

/* The second line of a list. */
static char *
answer_list(const char *m)
{
	const struct ca_choicelist_request *asked = (const void *)m;
	struct ca_choicelist_response *r = calloc(1, sizeof *r);

	if (r == NULL || asked->n < 2)
		abort();
	r->header = asked->header;
	r->header.length = htobe32(sizeof *r);
	r->key = strdup(asked->item[1].key);
	return (char *)r;
}

static int
converse(int n, const struct pam_message **msg, struct pam_response **resp,
    void *data)
{
	struct pam_response *r = calloc((size_t)n, sizeof *r);
	int style = msg[0]->msg_style;

	(void)data;
	fault_arm(false);
	if (r != NULL && (style == PAM_PROMPT_ECHO_OFF))
		r[0].resp = answer_to(msg[0]->msg);
	else if (r != NULL && style == PAM_BINARY_PROMPT)
		r[0].resp = answer_list(msg[0]->msg);
	fault_arm(true);
	*resp = r;
	return r != NULL ? PAM_SUCCESS : PAM_CONV_ERR;
}

/* ---- for fault.c ---- */

bool
app_option(int opt, const char *value)
{
	switch (opt) {
	case 'u':
		user = value;
		return true;
	case 'c':
		cert_path = value;
		return true;
	case 'i':
		instead_path = value;
		return true;
	case 'L':
		resident = true;
		return listen_begin(value);
	case 'r':
		registered = true;
		return true;
	case 'O':
		return session_begin(value);
	case 'S':
		signed_path = value;
		return true;
	case 'R':
		replayed = true;
		return true;
	case 'G':
		lists = true;
		return setenv("GDM_SUPPORTED_PAM_EXTENSIONS",
			   "org.gnome.DisplayManager.UserVerifier.ChoiceList",
			   1) == 0;
	case 'k':
		key_path = value;
		return true;
	case 'C':
		(void)snprintf(confine_path, sizeof confine_path, "%s", value);
		return true;
	case 'V':
		(void)snprintf(program_path, sizeof program_path, "%s", value);
		return true;
	default:
		return false;
	}
}

static void
emit(void *ctx, enum ca_log_level level, const char *text)
{
	(void)ctx;
	(void)level;
	fprintf(stderr, "client: %s\n", text);
}

/* Send what is not ours. */
static bool
other_cert(const struct ca_log *log)
{
	struct ca_identity *other;
	X509 *leaf = client.id->leaf;
	STACK_OF(X509) *chain = client.id->chain;

	if (ca_key_pem_cert(client.crypto, instead_path, log, &other) != CA_OK)
		return false;
	client.id->leaf = other->leaf;
	client.id->chain = other->chain;
	other->leaf = leaf;
	other->chain = chain;
	ca_identity_free(other);
	return true;
}

bool
app_begin(int argc, const char **argv)
{
	static const struct ca_log log = {emit, NULL, false};

	module_argc = argc;
	module_argv = argv;
	if (cert_path == NULL)
		return true;
	if (ca_crypto_new(&client.crypto) != CA_OK ||
	    ca_key_pem(client.crypto, cert_path, key_path, NULL, &log,
		&client.id) != CA_OK)
		return false;
	client.id->registered = registered;
	return instead_path == NULL || other_cert(&log);
}

void
app_finish(void)
{
	ca_identity_free(client.id);
	ca_crypto_free(client.crypto);
}

void
app_login(struct app_end *end)
{
	handle = (pam_handle_t){.user = user != NULL ? strdup(user) : NULL,
	    .conv = {converse, NULL}};
	lines = 0;
	*end = (struct app_end){.account = -1};
	ERR_clear_error();
	ERR_raise(ERR_LIB_USER, ERROR_OF_OURS);
	fault_arm(true);
	end->code = pam_sm_authenticate(&handle, 0, module_argc, module_argv);
	end->has_data = find_datum(&handle, "certauth_login") != NULL;
	if (end->code == PAM_SUCCESS)
		end->account =
		    pam_sm_acct_mgmt(&handle, 0, module_argc, module_argv);
	fault_arm(false);
	if (session_wanted())
		end->session =
		    end->code != PAM_SUCCESS
			? session_refused()
			: session_run(&handle, module_argc, module_argv);
	end_workers();
	end->user = handle.user;
	end->user_changed = (handle.user == NULL) != (user == NULL) ||
			    (user != NULL && strcmp(user, handle.user) != 0);
	end->other_user = user != NULL && end->user_changed;
	end->errors = ERR_GET_REASON(ERR_get_error()) != ERROR_OF_OURS ||
		      ERR_peek_error() != 0;
}

void
app_forget(void)
{
	app_drop_data(&handle);
	free(handle.user);
	handle.user = NULL;
}

int
app_logged(const char *text)
{
	int n = 0;

	for (int i = 0; i < lines; i++)
		n += strstr(line[i], text) != NULL &&
		     strstr(line[i], "event=account") == NULL;
	return n;
}

void
app_print_log(void)
{
	for (int i = 0; i < lines; i++)
		printf("    %s\n", line[i]);
}
