#include "cli/clientconf.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ini.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/utf8.h"

#define SECTION_MAX_BYTES 49 /* inih cuts longer names without a word */

enum kind { PATH, KEY, P12, TEXT, URI, BOOL, LIST };

#define KEYS(X) \
	X(cert, PATH) \
	X(key, KEY) \
	X(p12, P12) \
	X(pkcs11, BOOL) \
	X(token_uri, URI) \
	X(ssh_agent, BOOL) \
	X(registered, BOOL) \
	X(host_ca, PATH) \
	X(host_crl, PATH) \
	X(require_host_proof, BOOL) \
	X(trusted_hosts, LIST) \
	X(confirm, BOOL) \
	X(remember, BOOL) \
	X(user, TEXT) \
	X(askpass, PATH)

#define KEY_ROW(name, kind) \
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

struct ca_client_conf *
ca_client_conf_new(void)
{
	return calloc(1, sizeof(struct ca_client_conf));
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
		else if (keys[i].kind != BOOL)
			free(*(char **)at);
	}
	free(conf);
}

/* ---- values ---- */

static const char *
home(void)
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
	ca_buf_fmt(&b, "%s/%s", home(), value + 2);
	char *path = ca_buf_take(&b, NULL);
	ca_buf_free(&b);
	return path;
}

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

static void
unset(char **p)
{
	free(*p);
	*p = NULL;
}

/* What is wrong with value, or NULL after it was set. */
static const char *
set_text(struct ca_client_conf *conf, enum kind kind, char **at,
    const char *value)
{
	bool plain = kind == TEXT || kind == URI ||
	    (kind == KEY && (strcmp(value, "agent") == 0 ||
	    strncmp(value, "pkcs11:", 7) == 0));

	if (kind == URI && strncmp(value, "pkcs11:", 7) != 0)
		return "is no PKCS#11 URI (pkcs11:...)";
	char *text = plain ? strdup(value) : path_value(value);
	if (text == NULL)
		return kind == KEY ? "is neither a path from / or ~/, nor "
				     "`agent', nor a PKCS#11 URI"
				   : "is no path from / or ~/";
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

static const char *
set_value(struct ca_client_conf *conf, size_t i, const char *value)
{
	void *at = (char *)conf + keys[i].offset;

	if (value[0] == '\0' && keys[i].kind != LIST)
		return "has no value";
	if (!ca_utf8_text(value, strlen(value)))
		return "has a value that is not printable UTF-8";
	if (keys[i].kind == BOOL) {
		if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
			return "is neither `yes' nor `no'";
		*(bool *)at = value[0] == 'y';
		return NULL;
	}
	if (keys[i].kind == LIST)
		return set_list(at, value) == CA_OK ? NULL : "out of memory";
	return set_text(conf, keys[i].kind, at, value);
}

static size_t
find_key(const char *name)
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
	size_t i = find_key(key);
	const char *wrong;

	if (i == NKEYS) {
		ca_log_err(log, "%s: there is no key `%s'", where, key);
		return CA_ERR_CONFIG;
	}
	if ((wrong = set_value(conf, i, value)) != NULL) {
		ca_log_err(log, "%s: %s %s", where, key, wrong);
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

/* ---- hosts ---- */

static size_t
name_len(const char *s)
{
	size_t len = strlen(s);

	return len > 1 && s[len - 1] == '.' ? len - 1 : len;
}

bool
ca_host_equal(const char *a, const char *b)
{
	size_t len = name_len(a);

	return len > 0 && len == name_len(b) && strncasecmp(a, b, len) == 0;
}

bool
ca_host_match(const char *pattern, const char *name)
{
	char plain[256];
	size_t len = name_len(name);

	if (len == 0 || len >= sizeof plain)
		return false;
	memcpy(plain, name, len);
	plain[len] = '\0';
	return fnmatch(pattern, plain, FNM_CASEFOLD) == 0;
}

/* section: patterns with white space between them */
static bool
section_matches(const char *section, const char *const *host, size_t nhosts)
{
	char pattern[SECTION_MAX_BYTES + 1];

	for (const char *s = section;;) {
		s += strspn(s, " \t,");
		size_t len = strcspn(s, " \t,");
		if (len == 0)
			return false;
		if (len < sizeof pattern) {
			memcpy(pattern, s, len);
			pattern[len] = '\0';
			for (size_t i = 0; i < nhosts; i++)
				if (ca_host_match(pattern, host[i]))
					return true;
		}
		s += len;
	}
}

/* ---- files ---- */

struct reading {
	struct ca_client_conf *conf, *scratch; /* scratch: does not match */
	const char *path;
	const char *const *host;
	size_t nhosts;
	const struct ca_log *log;
	FILE *file;
	unsigned line;
	char section[64];
	bool matches, any_section, failed;
	unsigned seen; /* keys of this section, a bit each */
};

static void
mistake(struct reading *r, const char *what)
{
	ca_log_err(r->log, "%s:%u: %s", r->path, r->line, what);
	r->failed = true;
}

static void
begin_section(struct reading *r, const char *line)
{
	const char *end = strchr(line, ']');

	if (end == NULL || end - line - 1 > SECTION_MAX_BYTES) {
		mistake(r, end == NULL ? "no `]'" : "a section's name may have "
		    "49 characters; use two sections");
		return;
	}
	(void)snprintf(r->section, sizeof r->section, "%.*s",
	    (int)(end - line - 1), line + 1);
	r->seen = 0;
	if (strcmp(r->section, "default") == 0) {
		if (r->any_section)
			mistake(r, "[default] must be the first section");
		r->matches = true;
	} else {
		if (r->section[strspn(r->section, " \t,")] == '\0')
			mistake(r, "a section needs a host or a pattern");
		r->matches = section_matches(r->section, r->host, r->nhosts);
	}
	r->any_section = true;
}

/*
 * Lines for inih, counted and with the forms refused that inih would take in
 * another sense than their writer: long lines in two parts, indented lines as
 * continuations, a NUL as the end.
 */
static char *
next_line(char *out, int size, void *ctx)
{
	struct reading *r = ctx;
	char *line = NULL;
	size_t cap = 0;
	ssize_t len = getline(&line, &cap, r->file);

	if (len < 0) {
		free(line);
		return NULL;
	}
	r->line++;
	size_t blank = strspn(line, " \t\r\n");
	if (strlen(line) != (size_t)len || len >= size) {
		mistake(r, len >= size ? "the line is too long"
				       : "there is a NUL byte in the line");
		line[0] = '\0';
	} else if (blank > 0 && line[blank] != '\0' && line[blank] != '#' &&
	    line[blank] != ';') {
		mistake(r, "a line may not begin with white space");
		line[0] = '\0';
	} else if (line[0] == '[') {
		begin_section(r, line);
	}
	(void)snprintf(out, (size_t)size, "%s", line[0] != '\0' ? line : "\n");
	free(line);
	return out;
}

static int
each_pair(void *ctx, const char *section, const char *name, const char *value)
{
	struct reading *r = ctx;
	struct ca_buf where = CA_BUF_INIT(8192);
	size_t i = find_key(name);

	(void)section; /* r->section has all of it */
	if (!r->any_section) {
		mistake(r, "a key stands before the first section; write "
			   "[default] above it");
		return 1;
	}
	if (i < NKEYS && (r->seen & 1u << i) != 0)
		mistake(r, "the key stands twice in its section");
	if (i < NKEYS)
		r->seen |= 1u << i;
	ca_buf_fmt(&where, "%s:%u", r->path, r->line);
	const char *text = ca_buf_text(&where);
	if (ca_client_conf_set(r->matches ? r->conf : r->scratch, name,
	    value != NULL ? value : "", text != NULL ? text : r->path,
	    r->log) != CA_OK)
		r->failed = true;
	ca_buf_free(&where);
	return 1;
}

static enum ca_err
read_open(struct reading *r)
{
	enum ca_err ret = CA_ERR_UNSET;

	if ((r->scratch = ca_client_conf_new()) == NULL)
		return CA_ERR_MEMORY;
	int at = ini_parse_stream(next_line, r, each_pair, r);
	ca_client_conf_free(r->scratch);
	if (at > 0 && !r->failed) {
		ca_log_err(r->log, "%s:%d: neither `key = value' nor [section]",
		    r->path, at);
		r->failed = true;
	}
	if (at < 0)
		ret = CA_ERR_MEMORY;
	else if (ferror(r->file))
		ret = CA_ERR_IO;
	else if (r->failed)
		ret = CA_ERR_CONFIG;
	else
		ret = CA_OK;
	return ret;
}

enum ca_err
ca_client_conf_read(struct ca_client_conf *conf, const char *path,
    const char *const *host, size_t nhosts, const struct ca_log *log)
{
	struct reading r = {.conf = conf, .path = path, .host = host,
	    .nhosts = nhosts, .log = log};
	struct stat st;
	enum ca_err rc;
	int fd;

	if ((rc = ca_file_open(AT_FDCWD, path, &fd, &st)) == CA_ERR_NOT_FOUND)
		return CA_OK;
	if (rc == CA_ERR_UNTRUSTED) {
		const char *why = ca_file_distrust(&st);
		ca_log_err(log, "%s %s", path,
		    why != NULL ? why : "is not a regular file");
		return rc;
	}
	if (rc != CA_OK || (r.file = fdopen(fd, "r")) == NULL) {
		ca_log_err(log, "%s: %m", path);
		if (rc == CA_OK)
			(void)close(fd);
		return CA_ERR_IO;
	}
	rc = read_open(&r);
	(void)fclose(r.file);
	return rc;
}

enum ca_err
ca_client_conf_load(const char *const *host, size_t nhosts,
    const struct ca_log *log, struct ca_client_conf **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_client_conf *conf = ca_client_conf_new();
	struct ca_buf path = CA_BUF_INIT(8192);
	const char *xdg = getenv("XDG_CONFIG_HOME");

	/* XDG base directories: a relative path is to be ignored */
	if (xdg != NULL && xdg[0] == '/')
		ca_buf_fmt(&path, "%s/certauth/config", xdg);
	else
		ca_buf_fmt(&path, "%s/.config/certauth/config", home());
	if (conf == NULL || ca_buf_text(&path) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = ca_client_conf_read(conf, CA_SYSCONFDIR "/client.conf", host,
	    nhosts, log)) != CA_OK ||
	    (rc = ca_client_conf_read(conf, ca_buf_text(&path), host, nhosts,
	    log)) != CA_OK) {
		ret = rc;
		goto out;
	}
	*out = conf;
	conf = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_client_conf_free(conf);
	ca_buf_free(&path);
	return ret;
}
