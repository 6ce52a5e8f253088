/*
 * PKCS#11 modules: which ones are loaded, and for how long.
 */
#include "key/p11.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- which modules ---- */

/* Only root can change the file or replace it.  In a sticky directory others
 * can add files, but not replace root's. */
static bool
root_alone_changes(const char *path)
{
	struct stat st;
	bool dir;

	if (stat(path, &st) != 0 || st.st_uid != 0)
		return false;
	dir = S_ISDIR(st.st_mode);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return true;
	return dir && (st.st_mode & S_ISVTX) != 0;
}

/*
 * A library loaded here runs with the user's rights, so a URI from another
 * party must not choose any library (as it could in ssh-agent, CVE-2023-38408).
 * On success real, of PATH_MAX bytes, is the path without symbolic links.
 */
static enum ca_err
check_module_path(const char *path, const struct ca_log *log, char *real)
{
	char at[PATH_MAX];

	if (path[0] != '/') {
		ca_log_err(log,
		    "module-path=%s is refused: the path must be absolute",
		    path);
		return CA_ERR_UNTRUSTED;
	}
	if (realpath(path, real) == NULL) {
		ca_log_err(log, "module-path=%s: %m", path);
		return CA_ERR_NOT_FOUND;
	}
	memcpy(at, real, strlen(real) + 1);
	for (;;) {
		char *slash;

		if (!root_alone_changes(at)) {
			ca_log_err(log,
			    "module-path=%s is refused: users other than root "
			    "can change %s",
			    path, at);
			return CA_ERR_UNTRUSTED;
		}
		if (strcmp(at, "/") == 0)
			return CA_OK;
		slash = strrchr(at, '/');
		slash[slash == at ? 1 : 0] = '\0';
	}
}

static CK_FUNCTION_LIST **
load_one(const char *path)
{
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers */
	CK_FUNCTION_LIST **list = calloc(2, sizeof(*list));

	if (list != NULL && (list[0] = p11_kit_module_load(path, 0)) == NULL) {
		free(list);
		list = NULL;
	}
	return list;
}

static bool
option_is(CK_FUNCTION_LIST *module, const char *option, const char *value)
{
	char *v = p11_kit_config_option(module, option);
	bool same = v != NULL && strcmp(v, value) == 0;

	free(v);
	return same;
}

/* Return NULL if the module is wanted, else the reason it is not. */
static const char *
unwanted(const struct ca_p11 *p11, CK_FUNCTION_LIST *module)
{
	const char *want;
	char *name;
	bool same;

	/* a store of CA certificates is slow to read and has no keys */
	if (option_is(module, "trust-policy", "yes"))
		return "it contains only CA certificates";
	if (p11->uri == NULL ||
	    (want = p11_kit_uri_get_module_name(p11->uri)) == NULL)
		return NULL;
	name = p11_kit_module_get_name(module);
	same = name != NULL && strcmp(name, want) == 0;
	free(name);
	return same ? NULL : "the URI names another module";
}

/* Initialise the wanted modules, release the others, and close the gaps. */
static size_t
initialise(struct ca_p11 *p11)
{
	size_t kept = 0;

	for (size_t i = 0; p11->module[i] != NULL; i++) {
		CK_FUNCTION_LIST *m = p11->module[i];
		char *name = p11_kit_module_get_name(m);
		const char *why = unwanted(p11, m);
		struct ca_p11_guard guard;
		CK_RV rv;

		if (why == NULL) {
			ca_p11_guard_begin(
			    &guard, name != NULL ? name : "?", CA_P11_SECONDS);
			rv = p11_kit_module_initialize(m);
			ca_p11_guard_end(&guard);
			why = rv != CKR_OK ? p11_kit_strerror(rv) : NULL;
		}
		if (why == NULL) {
			p11->module[kept++] = m;
		} else {
			ca_log_debug(&p11->log,
			    "PKCS#11 module %s skipped: "
			    "%-s",
			    name != NULL ? name : "(no name)", why);
			p11_kit_module_release(m);
		}
		free(name);
	}
	p11->module[kept] = NULL;
	return kept;
}

/* ---- loading ---- */

static enum ca_err
parse_uri(const char *text, const struct ca_log *log, P11KitUri **out)
{
	P11KitUri *uri = p11_kit_uri_new();
	int rc;

	if (uri == NULL)
		return CA_ERR_MEMORY;
	rc = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, uri);
	if (rc != P11_KIT_URI_OK || p11_kit_uri_any_unrecognized(uri)) {
		/* not the text: it may contain a PIN */
		ca_log_err(log,
		    "the PKCS#11 URI (RFC 7512) cannot be used: %-s",
		    rc != P11_KIT_URI_OK ? p11_kit_uri_message(rc)
					 : "it has an unknown attribute");
		p11_kit_uri_free(uri);
		return CA_ERR_USAGE;
	}
	*out = uri;
	return CA_OK;
}

static enum ca_err
load_modules(struct ca_p11 *p11)
{
	const char *path = NULL;
	char real[PATH_MAX];

	p11_kit_be_quiet();
	if (p11->uri != NULL)
		path = p11_kit_uri_get_module_path(p11->uri);
	if (path != NULL) {
		enum ca_err rc = check_module_path(path, &p11->log, real);

		if (rc != CA_OK)
			return rc;
		p11->module = load_one(real);
	} else {
		p11->module = p11_kit_modules_load(NULL, 0);
	}
	if (p11->module == NULL) {
		const char *why = p11_kit_message();

		ca_log_err(&p11->log, "no PKCS#11 module could be loaded: %-s",
		    why != NULL ? why : "unknown reason");
		return CA_ERR_NOT_FOUND;
	}
	if (initialise(p11) == 0) {
		ca_log_err(&p11->log,
		    "no PKCS#11 module is usable; to list the configured "
		    "modules, run: p11-kit list-modules");
		return CA_ERR_NOT_FOUND;
	}
	return CA_OK;
}

enum ca_err
ca_p11_load(const char *uri, enum ca_key_pin pin, const struct ca_log *log,
    struct ca_p11 **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_p11 *p11 = calloc(1, sizeof *p11);

	if (p11 == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	p11->refs = 1;
	p11->pid = getpid();
	p11->pin = pin;
	if (log != NULL)
		p11->log = *log;
	if (uri != NULL && (rc = parse_uri(uri, log, &p11->uri)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if ((rc = load_modules(p11)) != CA_OK) {
		ret = rc;
		goto out;
	}
	*out = p11;
	p11 = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_p11_unref(p11);
	return ret;
}

struct ca_p11 *
ca_p11_ref(struct ca_p11 *p11)
{
	p11->refs++;
	return p11;
}

void
ca_p11_unref(struct ca_p11 *p11)
{
	struct ca_p11_guard guard;

	if (p11 == NULL || --p11->refs > 0)
		return;
	/* after a fork the modules and their devices belong to the parent */
	for (size_t i = 0; p11->module != NULL && p11->module[i] != NULL &&
			   p11->pid == getpid();
	     i++) {
		ca_p11_guard_begin(
		    &guard, "a module that is unloaded", CA_P11_SECONDS);
		(void)p11_kit_module_finalize(p11->module[i]);
		ca_p11_guard_end(&guard);
		p11_kit_module_release(p11->module[i]);
	}
	free(p11->module);
	p11_kit_uri_free(p11->uri);
	free(p11);
}
