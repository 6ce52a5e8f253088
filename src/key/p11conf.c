#include "key/p11conf.h"

#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/tr.h"

#define CONFIGS_MAX 256
#define CONFIG_BYTES ((size_t)65536)

/* The value of the line `KEY:', or NULL: there is none, or no memory. */
static char *
line_of(struct ca_buf *text, const char *key)
{
	const size_t len = strlen(key);
	const char *at = ca_buf_text(text);

	while (at != NULL) {
		at += strspn(at, " \t");
		if (strncmp(at, key, len) == 0 && at[len] == ':') {
			at += len + 1;
			at += strspn(at, " \t");
			return strndup(at, strcspn(at, "\r\n"));
		}
		at = strchr(at, '\n');
		at = at != NULL ? at + 1 : NULL;
	}
	return NULL;
}

/* Read what p11-kit's configuration says in file; true: it could be read. */
static bool
read_file(const char *file, struct ca_p11_config *c)
{
	struct ca_buf text = CA_BUF_INIT(CONFIG_BYTES);
	enum ca_err rc = ca_file_read(AT_FDCWD, file, CONFIG_BYTES, &text);

	if (rc == CA_OK) {
		char *on = line_of(&text, "enable-in");
		char *off = line_of(&text, "disable-in");

		c->module = line_of(&text, "module");
		c->chosen = on != NULL || off != NULL;
		free(on);
		free(off);
	}
	if (c->module == NULL)
		c->module = strdup("");
	ca_buf_free(&text);
	return rc == CA_OK;
}

/* The system lets users add modules. */
static bool
users_may(void)
{
	struct ca_buf text = CA_BUF_INIT(CONFIG_BYTES);
	char *value = NULL;

	if (ca_file_read(AT_FDCWD, "/etc/pkcs11/pkcs11.conf", CONFIG_BYTES,
		&text) == CA_OK)
		value = line_of(&text, "user-config");
	const bool may = value == NULL || strncmp(value, "none", 4) != 0;
	free(value);
	ca_buf_free(&text);
	return may;
}

static bool
is_known(const struct ca_p11_configs *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->v[i].name, name) == 0)
			return true;
	return false;
}

static void
config_free(struct ca_p11_config *c)
{
	free(c->name);
	free(c->file);
	free(c->module);
}

static enum ca_err
add(struct ca_p11_configs *c, const char *file)
{
	static const char end[] = ".module";
	const char *slash = strrchr(file, '/');
	const char *base = slash != NULL ? slash + 1 : file;
	struct ca_p11_config one = {
	    .name = strndup(base, strlen(base) - (sizeof end - 1)),
	    .file = strdup(file)};

	one.readable = read_file(file, &one);
	const bool whole =
	    one.name != NULL && one.file != NULL && one.module != NULL;
	const bool known = whole && is_known(c, one.name);
	struct ca_p11_config *v = NULL;

	if (whole && !known)
		v = realloc(c->v, (c->n + 1) * sizeof *v);
	if (v == NULL) {
		config_free(&one);
		return known ? CA_OK : CA_ERR_MEMORY;
	}
	c->v = v;
	v[c->n++] = one;
	return CA_OK;
}

static enum ca_err
add_folder(struct ca_p11_configs *c, const char *home, const char *folder)
{
	struct ca_buf pattern = CA_BUF_INIT(4096);
	enum ca_err rc = CA_OK;
	glob_t found;

	ca_buf_fmt(&pattern, "%s%s/*.module", home, folder);
	const char *text = ca_buf_text(&pattern);
	if (text == NULL)
		rc = CA_ERR_MEMORY;
	if (text != NULL && glob(text, 0, NULL, &found) == 0) {
		for (size_t i = 0;
		     rc == CA_OK && i < found.gl_pathc && c->n < CONFIGS_MAX;
		     i++)
			rc = add(c, found.gl_pathv[i]);
		globfree(&found);
	}
	ca_buf_free(&pattern);
	return rc;
}

enum ca_err
ca_p11_configs_read(struct ca_p11_configs *out)
{
	const char *home = getenv("HOME");
	enum ca_err rc = CA_OK;

	*out = (struct ca_p11_configs){NULL, 0};
	/* p11-kit reads no file of root's own */
	if (geteuid() != 0 && home != NULL && home[0] == '/' && users_may())
		rc = add_folder(out, home, "/.config/pkcs11/modules");
	if (rc == CA_OK)
		rc = add_folder(out, "", "/etc/pkcs11/modules");
	if (rc == CA_OK)
		rc = add_folder(out, "", "/usr/share/p11-kit/modules");
	return rc;
}

void
ca_p11_configs_free(struct ca_p11_configs *c)
{
	for (size_t i = 0; i < c->n; i++)
		config_free(&c->v[i]);
	free(c->v);
	*c = (struct ca_p11_configs){NULL, 0};
}

void
ca_p11_config_why(
    const struct ca_p11_config *c, const char *said, struct ca_buf *out)
{
	const char *slash = strrchr(c->module, '/');
	const char *base = slash != NULL ? slash + 1 : c->module;

	if (!c->readable)
		ca_buf_str(out, P_("its file cannot be read"));
	else if (base[0] == '\0')
		ca_buf_str(out, P_("its file names no module"));
	else if (c->chosen)
		ca_buf_str(out,
		    P_("its file leaves this program out (enable-in, disable-in)"));
	else if (said != NULL && strstr(said, base) != NULL)
		ca_buf_str(out, said);
	else
		ca_buf_str(out, P_("to see why, run: p11-kit list-modules"));
	ca_buf_fmt(out, " (%s)", c->file);
}

bool
ca_p11_has(const struct ca_p11 *p11, const char *name)
{
	for (size_t i = 0; p11 != NULL && i < p11->nmodules; i++)
		if (strcmp(p11->module[i].name, name) == 0)
			return true;
	return false;
}

void
ca_p11_next(struct ca_buf *out)
{
	if (out->len > 0)
		ca_buf_str(out, "; ");
}

void
ca_p11_unloaded(const struct ca_p11 *p11, struct ca_buf *out)
{
	struct ca_p11_configs configs;

	if (p11->uri != NULL &&
	    (p11_kit_uri_get_module_path(p11->uri) != NULL ||
		p11_kit_uri_get_module_name(p11->uri) != NULL))
		return;
	if (ca_p11_configs_read(&configs) != CA_OK)
		configs.n = 0;
	for (size_t i = 0; i < configs.n; i++) {
		if (ca_p11_has(p11, configs.v[i].name))
			continue;
		ca_p11_next(out);
		ca_buf_fmt(
		    out, P_("module %s is not loaded: "), configs.v[i].name);
		ca_p11_config_why(&configs.v[i], p11->said, out);
	}
	ca_p11_configs_free(&configs);
}
