/* The keys of the client's file: what each takes, and where it is kept. */
#include "client/clientconf.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/buf.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/tr.h"

enum kind { PATH, KEY, P12, TEXT, URI, BOOL, LIST, SECONDS, CHARS };

#define KEYS(X)                                                                \
	X(cert, PATH)                                                          \
	X(key, KEY)                                                            \
	X(p12, P12)                                                            \
	X(pkcs11, BOOL)                                                        \
	X(token_uri, URI)                                                      \
	X(ssh_agent, BOOL)                                                     \
	X(registered, BOOL)                                                    \
	X(host_ca, PATH)                                                       \
	X(host_crl, PATH)                                                      \
	X(require_host_proof, BOOL)                                            \
	X(trusted_hosts, LIST)                                                 \
	X(confirm, BOOL)                                                       \
	X(remember, BOOL)                                                      \
	X(ocsp_timeout, SECONDS)                                               \
	X(user, TEXT)                                                          \
	X(askpass, PATH)                                                       \
	X(askpass_services, LIST)                                              \
	X(lock_command, TEXT)                                                  \
	X(insert_command, TEXT)                                                \
	X(service, TEXT)                                                       \
	X(host, TEXT)                                                          \
	X(max, CHARS)

#define KEY_ROW(name, kind)                                                    \
	{#name, kind, offsetof(struct ca_client_conf, name)},
static const struct {
	const char *name;
	enum kind kind;
	size_t offset;
} keys[] = {KEYS(KEY_ROW)};
#undef KEY_ROW
#define NKEYS (sizeof keys / sizeof keys[0])

const char *
ca_client_conf_key(size_t i)
{
	return i < NKEYS ? keys[i].name : NULL;
}

bool
ca_client_conf_is_service(size_t i)
{
	return i < NKEYS &&
	       keys[i].offset >= offsetof(struct ca_client_conf, service) &&
	       keys[i].offset <= offsetof(struct ca_client_conf, max);
}

bool
ca_client_conf_is_list(size_t i)
{
	return i < NKEYS && keys[i].kind == LIST;
}

static void
list_clear(struct ca_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i]);
	free(list->v);
	list->v = NULL;
	list->n = 0;
}

void
ca_client_conf_free(struct ca_client_conf *conf)
{
	if (conf == NULL)
		return;
	for (size_t i = 0; i < NKEYS; i++) {
		void *at = (char *)conf + keys[i].offset;

		if (keys[i].kind == LIST)
			list_clear(at);
		else if (keys[i].kind != BOOL && keys[i].kind != CHARS &&
			 keys[i].kind != SECONDS)
			free(*(char **)at);
	}
	free(conf);
}

/* ---- values ---- */

static enum ca_err
set_list(struct ca_list *list, const char *value)
{
	struct ca_list fresh = {NULL, 0};
	const char *s = value;

	for (;;) {
		s += strspn(s, " \t,");
		size_t len = strcspn(s, " \t,");
		if (len == 0)
			break;
		char **v = realloc(fresh.v, (fresh.n + 2) * sizeof *v);
		if (v != NULL)
			fresh.v = v;
		if (v == NULL || (v[fresh.n] = strndup(s, len)) == NULL) {
			list_clear(&fresh);
			return CA_ERR_MEMORY;
		}
		v[++fresh.n] = NULL;
		s += len;
	}
	list_clear(list);
	*list = fresh;
	return CA_OK;
}

struct ca_client_conf *
ca_client_conf_new(void)
{
	struct ca_client_conf *conf = calloc(1, sizeof *conf);

	if (conf != NULL)
		conf->ocsp_timeout = CA_OCSP_TIMEOUT;
	if (conf != NULL &&
	    set_list(&conf->askpass_services, CA_ASKPASS_SERVICES) != CA_OK) {
		ca_client_conf_free(conf);
		conf = NULL;
	}
	return conf;
}

const char *
ca_client_home(void)
{
	const char *dir = getenv("HOME");
	const struct passwd *pw;

	if (dir != NULL && dir[0] == '/')
		return dir;
	pw = getpwuid(getuid());
	return pw != NULL ? pw->pw_dir : "/";
}

/* An absolute path, or one below the home directory; NULL: neither. */
static char *
path_value(const char *value)
{
	struct ca_buf b = CA_BUF_INIT(8192);

	if (value[0] == '/')
		return strdup(value);
	if (strncmp(value, "~/", 2) != 0)
		return NULL;
	ca_buf_fmt(&b, "%s/%s", ca_client_home(), value + 2);
	char *path = ca_buf_take(&b, NULL);
	ca_buf_free(&b);
	return path;
}

static void
unset(char **p)
{
	free(*p);
	*p = NULL;
}

/* What is wrong with value, or NULL after it was set. */
static const char *
set_text(
    struct ca_client_conf *conf, enum kind kind, char **at, const char *value)
{
	bool plain = kind == TEXT || kind == URI ||
		     (kind == KEY && (strcmp(value, "agent") == 0 ||
					 ca_text_pkcs11(value)));

	if (kind == KEY && strncmp(value, "handle:", 7) == 0)
		return N_(
		    "names a key in a TPM; make a PKCS#11 token of it with "
		    "tpm2_ptool (tpm2-pkcs11), and use pkcs11:token=TOKEN");
	if (kind == URI && !ca_text_pkcs11(value))
		return N_("is no PKCS#11 URI (pkcs11:...)");
	char *text = plain ? strdup(value) : path_value(value);
	if (text == NULL)
		return kind == KEY ? N_("is neither a path from / or ~/, nor "
					"`agent', nor a PKCS#11 URI")
				   : N_("is no path from / or ~/");
	free(*at);
	*at = text;
	/* the later of two ways to name a key counts */
	if (kind == P12) {
		unset(&conf->cert);
		unset(&conf->key);
	} else if (at == &conf->cert || at == &conf->key) {
		unset(&conf->p12);
	}
	return NULL;
}

bool
ca_client_conf_chars(const char *value, unsigned *out)
{
	size_t len = strlen(value);

	if (len < 1 || len > 5 || strspn(value, "0123456789") != len)
		return false;
	unsigned long n = strtoul(value, NULL, 10);
	if (n < 64 || n > CA_PASSWORD_TEXT_MAX)
		return false;
	*out = (unsigned)n;
	return true;
}

static bool
seconds(const char *value, unsigned *out)
{
	size_t len = strlen(value);

	if (len < 1 || len > 2 || strspn(value, "0123456789") != len)
		return false;
	unsigned long n = strtoul(value, NULL, 10);
	if (n > CA_OCSP_TIMEOUT_MAX)
		return false;
	*out = (unsigned)n;
	return true;
}

static const char *
set_value(struct ca_client_conf *conf, size_t i, const char *value)
{
	void *at = (char *)conf + keys[i].offset;

	if (value[0] == '\0' && keys[i].kind != LIST)
		return N_("has no value");
	if (!ca_utf8_text(value, strlen(value)))
		return N_("has a value that is not printable UTF-8");
	if (keys[i].kind == BOOL) {
		if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
			return N_("is neither `yes' nor `no'");
		*(bool *)at = value[0] == 'y';
		return NULL;
	}
	if (keys[i].kind == CHARS)
		return ca_client_conf_chars(value, at)
			   ? NULL
			   : N_("is no number from 64 to 32773");
	if (keys[i].kind == SECONDS)
		return seconds(value, at)
			   ? NULL
			   : N_("is no number of seconds from 0 to 30");
	if (keys[i].kind == LIST)
		return set_list(at, value) == CA_OK ? NULL
						    : N_("out of memory");
	return set_text(conf, keys[i].kind, at, value);
}

size_t
ca_client_conf_index(const char *name)
{
	size_t i = 0;

	while (i < NKEYS && strcmp(keys[i].name, name) != 0)
		i++;
	return i;
}

enum ca_err
ca_client_conf_set(struct ca_client_conf *conf, const char *key,
    const char *value, const char *where, const struct ca_log *log)
{
	size_t i = ca_client_conf_index(key);
	const char *wrong;

	if (i == NKEYS) {
		ca_log_err(log, "%s: there is no key `%s'", where, key);
		return CA_ERR_CONFIG;
	}
	if ((wrong = set_value(conf, i, value)) != NULL) {
		ca_log_err(log, "%s: %s %-s", where, key, wrong);
		return CA_ERR_CONFIG;
	}
	return CA_OK;
}

static enum ca_err
replace(char **at, const char *value)
{
	char *text = strdup(value);

	if (text == NULL)
		return CA_ERR_MEMORY;
	free(*at);
	*at = text;
	return CA_OK;
}

enum ca_err
ca_client_conf_options(struct ca_client_conf *conf, const char *cert,
    const char *key, const char *p12, bool registered)
{
	enum ca_err rc;

	conf->registered = conf->registered || registered;
	if (p12 != NULL) {
		unset(&conf->cert);
		unset(&conf->key);
		return replace(&conf->p12, p12);
	}
	if (cert == NULL && key == NULL)
		return CA_OK;
	unset(&conf->p12);
	if (cert != NULL) {
		/* the key of another certificate is of no use */
		if (key == NULL)
			unset(&conf->key);
		if ((rc = replace(&conf->cert, cert)) != CA_OK)
			return rc;
	}
	return key != NULL ? replace(&conf->key, key) : CA_OK;
}
