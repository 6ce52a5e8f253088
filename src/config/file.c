/*
 * certauth.conf: the sections of the file, and the keys that apply to a
 * service.  ini.h reads the lines.
 */
#include "base/buf.h"
#include "base/file.h"
#include "base/format.h"
#include "config/config.h"
#include "config/ini.h"
#include "config/keys.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SECTIONS_MAX 256
#define MISTAKES_MAX 20 /* logged at most; the first one refuses the file */

struct section {
	char name[CA_INI_SECTION_MAX + 1];
	unsigned line;
	/* the line of key number i, or 0 */
	unsigned seen[CA_KEYS_MAX];
};

struct parse {
	const char *path;
	const struct ca_log *log;
	unsigned mistakes;
	struct section *sections;
	size_t nsections;
	struct section *now;       /* NULL: before the first section */
	struct ca_config *cfg;     /* receives the section called want */
	struct ca_config *scratch; /* receives all others, to check them */
	const char *want;
	bool check; /* first pass: every section is checked */
};

static void __attribute__((format(printf, 3, 4)))
mistake(struct parse *in, unsigned line, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.*): va_start is above */
	ca_vformat(text, sizeof text, NULL, fmt, ap);
	va_end(ap);
	if (in->mistakes++ < MISTAKES_MAX)
		ca_log_err(in->log, "%s:%u: %-s", in->path, line, text);
}

static void
new_section(struct parse *in, const struct ca_ini_item *item)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
	const char *name = item->name;

	in->now = NULL;
	if (name[strspn(name, allowed)] != '\0') {
		mistake(in, item->line,
		    "[%s] is not the name of a PAM service (libpam changes "
		    "service names to lower case)",
		    name);
		return;
	}
	for (size_t i = 0; i < in->nsections; i++)
		if (strcmp(in->sections[i].name, name) == 0) {
			in->now = &in->sections[i];
			if (in->check)
				mistake(in, item->line,
				    "the section [%s] is already in line %u",
				    name, in->now->line);
			return;
		}
	if (in->nsections == SECTIONS_MAX) {
		mistake(in, item->line, "the file has more than %d sections",
		    SECTIONS_MAX);
		return;
	}
	in->now = &in->sections[in->nsections++];
	memcpy(in->now->name, name, strlen(name) + 1);
	in->now->line = item->line;
}

/* Indented lines may continue a list only, and no key may be set twice. */
static bool
well_placed(
    struct parse *in, const struct ca_ini_item *item, const struct ca_key *key)
{

	if (in->now == NULL) {
		mistake(in, item->line,
		    "the key %s is in no section; write [default] above it",
		    item->name);
		return false;
	}
	if (key == NULL)
		return true; /* ca_config_set reports it */
	if (item->indented != 0 && key->type != CA_KEY_LIST &&
	    key->type != CA_KEY_PRINTS && key->type != CA_KEY_PROOF) {
		mistake(in, item->indented,
		    "the line is indented, so it continues the line before, "
		    "but %s is not a list",
		    item->name);
		return false;
	}
	unsigned *seen = &in->now->seen[key - ca_keys];
	if (in->check && *seen != 0) {
		mistake(in, item->line,
		    "the key %s is already in line %u of this section",
		    item->name, *seen);
		return false;
	}
	*seen = item->line;
	return true;
}

static enum ca_err
set_pair(struct parse *in, const struct ca_ini_item *item)
{
	const struct ca_key *key = ca_key_find(item->name);
	char where[4200];
	enum ca_err rc;

	if (!well_placed(in, item, key))
		return CA_OK; /* counted */
	bool wanted = strcmp(in->now->name, in->want) == 0;
	if (!wanted && !in->check)
		return CA_OK;
	ca_format(where, sizeof where, "%s:%u", in->path, item->line);
	rc = ca_config_set(wanted ? in->cfg : in->scratch, item->name,
	    item->value, where, in->mistakes < MISTAKES_MAX ? in->log : NULL);
	if (rc != CA_OK)
		in->mistakes++;
	else if (wanted)
		ca_config_origin_line(
		    in->cfg, in->path, in->now->name, key, item->line);
	return rc == CA_ERR_MEMORY ? rc : CA_OK;
}

static enum ca_err
pass(struct parse *in, const struct ca_buf *text, const char *want, bool check)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_ini ini;
	struct ca_ini_item item;

	in->now = NULL;
	in->want = want;
	in->check = check;
	ca_ini_init(&ini, text->p, text->len, false);
	do {
		rc = ca_ini_next(&ini, &item);
		if (rc == CA_OK && item.kind == CA_INI_PAIR)
			rc = set_pair(in, &item);
		if (rc != CA_OK) {
			ca_log_err(in->log, "%s:%u: %-s", in->path, item.line,
			    ca_err_text(rc));
			ret = rc;
			goto out;
		}
		if (item.kind == CA_INI_SECTION)
			new_section(in, &item);
		else if (item.kind == CA_INI_MISTAKE)
			mistake(in, item.line, "%-s", item.value);
	} while (item.kind != CA_INI_END);
	if (in->mistakes > 0) {
		ret = CA_ERR_CONFIG;
		goto out;
	}
	ret = CA_OK;
out:
	ca_ini_free(&ini);
	return ret;
}

static enum ca_err
parse_text(struct ca_config *cfg, const char *path, const struct ca_buf *text,
    const char *service, const struct ca_log *log)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct parse in = {.path = path, .log = log, .cfg = cfg};

	in.sections = calloc(SECTIONS_MAX, sizeof *in.sections);
	in.scratch = ca_config_new();
	if (in.sections == NULL || in.scratch == NULL) {
		ca_log_err(log, "%s: out of memory", path);
		ret = CA_ERR_MEMORY;
		goto out;
	}
	/* two passes, because [default] may follow the service's section */
	if ((rc = pass(&in, text, "default", true)) != CA_OK ||
	    (service != NULL && strcmp(service, "default") != 0 &&
		(rc = pass(&in, text, service, false)) != CA_OK)) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	free(in.sections);
	ca_config_free(in.scratch);
	return ret;
}

enum ca_err
ca_config_read(struct ca_config *cfg, const char *path, const char *service,
    bool must_exist, const struct ca_log *log)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf text = CA_BUF_INIT(CA_INI_FILE_MAX + 1);

	rc = ca_file_read(AT_FDCWD, path, CA_INI_FILE_MAX, &text);
	if (rc == CA_ERR_NOT_FOUND && !must_exist)
		goto absent;
	if (rc != CA_OK) {
		ca_file_log(log, path, rc);
		ret = rc == CA_ERR_LIMIT ? CA_ERR_CONFIG : rc;
		goto out;
	}
	if (text.len > 0 &&
	    (rc = parse_text(cfg, path, &text, service, log)) != CA_OK) {
		ret = rc;
		goto out;
	}
absent:
	ret = CA_OK;
out:
	ca_buf_free(&text);
	return ret;
}
