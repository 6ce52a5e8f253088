/*
 * PKCS#11 modules: which ones are loaded, and for how long.
 */
#include "key/p11conf.h"
#include "base/tr.h"

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
unwanted(const struct ca_p11 *p11, const struct ca_p11_module *m)
{
	const char *want;

	/* a store of CA certificates is slow to read and has no keys */
	if (option_is(m->f, "trust-policy", "yes"))
		return P_("only CA certificates");
	if (p11->uri == NULL ||
	    (want = p11_kit_uri_get_module_name(p11->uri)) == NULL)
		return NULL;
	return strcmp(m->name, want) == 0 ? NULL
					  : P_("the URI names another module");
}

static void
find(struct ca_p11_module *m, const char *what)
{
	ca_buf_reset(&m->found);
	ca_buf_str(&m->found, what);
}

void
ca_p11_initialise(struct ca_p11_module *m)
{
	CK_RV rv =
	    CA_P11_CALL(CA_P11_SECONDS_BEGIN, p11_kit_module_initialize(m->f));

	m->state = rv == CKR_OK ? CA_P11_READY : CA_P11_UNUSABLE;
	if (rv == CKR_OK)
		return;
	find(m, P_("cannot be initialised: "));
	ca_buf_str(&m->found, P_(p11_kit_strerror(rv)));
}

static enum ca_err
take_module(struct ca_p11 *p11, struct ca_p11_module *m, CK_FUNCTION_LIST *f)
{
	const char *why;

	*m = (struct ca_p11_module){.f = f, .found = CA_BUF_INIT(65536)};
	p11->nmodules++;
	m->name = p11_kit_module_get_name(f);
	if (m->name == NULL)
		m->name = p11_kit_module_get_filename(f);
	if (m->name == NULL)
		m->name = strdup("unnamed module");
	if (m->name == NULL)
		return CA_ERR_MEMORY;
	why = unwanted(p11, m);
	if (why != NULL)
		m->state = CA_P11_UNUSABLE;
	else if (ca_p11_was_left(m->name)) {
		m->state = CA_P11_LEFT;
		why = P_("does not answer");
	}
	m->wanted = m->state == CA_P11_LOADED;
	if (why != NULL)
		find(m, why);
	return CA_OK;
}

/* list becomes the modules, and is freed. */
static enum ca_err
take_list(struct ca_p11 *p11, CK_FUNCTION_LIST **list)
{
	enum ca_err rc = CA_OK;
	size_t n = 0;

	while (list[n] != NULL)
		n++;
	p11->module = calloc(n > 0 ? n : 1, sizeof *p11->module);
	if (p11->module == NULL)
		rc = CA_ERR_MEMORY;
	for (size_t i = 0; i < n; i++) {
		if (rc == CA_OK)
			rc = take_module(p11, &p11->module[i], list[i]);
		else
			p11_kit_module_release(list[i]);
	}
	free(list);
	return rc;
}

/* ---- loading ---- */

/* name: the URI's module-name, or NULL. */
static void
say_none(const struct ca_p11 *p11, const char *name)
{
	struct ca_buf why = CA_BUF_INIT((size_t)1 << 20);

	ca_p11_unloaded(p11, &why);
	if (name != NULL)
		ca_log_err(&p11->log,
		    "p11-kit has no module of the name %s; to see the modules "
		    "that there are, run: certauth tokens",
		    name);
	else if (why.len > 0 && ca_buf_text(&why) != NULL)
		ca_log_err(&p11->log,
		    "no PKCS#11 module is usable: %s; to see the modules that "
		    "there are, run: certauth tokens",
		    ca_buf_text(&why));
	else
		ca_log_err(&p11->log,
		    "no PKCS#11 module is configured; install the package of "
		    "the token's module (opensc-pkcs11 for most smart cards), "
		    "then run: certauth tokens");
	ca_buf_free(&why);
}

static enum ca_err
load_modules(struct ca_p11 *p11)
{
	const char *path = NULL, *name = NULL;
	CK_FUNCTION_LIST **list;
	char real[PATH_MAX];
	size_t wanted = 0;
	enum ca_err rc;

	p11_kit_be_quiet();
	if (p11->uri != NULL) {
		path = p11_kit_uri_get_module_path(p11->uri);
		name = p11_kit_uri_get_module_name(p11->uri);
	}
	if (path != NULL) {
		if ((rc = check_module_path(path, &p11->log, real)) != CA_OK)
			return rc;
		list = load_one(real);
	} else {
		list = p11_kit_modules_load(NULL, 0);
	}
	if (p11_kit_message() != NULL)
		p11->said = strdup(p11_kit_message());
	if (list == NULL) {
		ca_log_err(&p11->log, "no PKCS#11 module could be loaded: %s",
		    p11->said != NULL ? p11->said : P_("unknown reason"));
		return CA_ERR_NOT_FOUND;
	}
	if ((rc = take_list(p11, list)) != CA_OK)
		return rc;
	for (size_t i = 0; i < p11->nmodules; i++)
		wanted += p11->module[i].wanted;
	if (wanted > 0)
		return CA_OK;
	say_none(p11, name);
	return CA_ERR_NOT_FOUND;
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
	if (uri != NULL && (rc = ca_p11_uri(uri, log, &p11->uri)) != CA_OK) {
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

static void
end_module(struct ca_p11_module *m, bool ours)
{
	struct ca_p11_guard guard;

	/* after a fork the modules and their devices belong to the parent */
	if (ours && m->state == CA_P11_READY) {
		ca_p11_guard_begin(&guard, m->name, CA_P11_SECONDS);
		(void)p11_kit_module_finalize(m->f);
		ca_p11_guard_end(&guard);
	}
	if (ours && m->state != CA_P11_LEFT)
		p11_kit_module_release(m->f);
	ca_buf_free(&m->found);
	free(m->name);
}

void
ca_p11_unref(struct ca_p11 *p11)
{
	if (p11 == NULL || --p11->refs > 0)
		return;
	for (size_t i = 0; i < p11->nmodules; i++)
		end_module(&p11->module[i], p11->pid == getpid());
	free(p11->module);
	free(p11->said);
	p11_kit_uri_free(p11->uri);
	free(p11);
}
