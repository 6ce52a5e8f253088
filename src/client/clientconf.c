#include "client/clientconf.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "config/ini.h"

/* section: patterns with white space between them */
static bool
section_matches(const char *section, const char *const *host, size_t nhosts)
{
	char pattern[CA_INI_SECTION_MAX + 1];

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
	bool matches, any_section, failed;
	unsigned seen; /* keys of this section, a bit each */
};

static void
mistake(struct reading *r, unsigned line, const char *what)
{
	ca_log_err(r->log, "%s:%u: %-s", r->path, line, what);
	r->failed = true;
}

static void
begin_section(struct reading *r, const struct ca_ini_item *item)
{
	r->seen = 0;
	if (strcmp(item->name, "default") == 0) {
		if (r->any_section)
			mistake(r, item->line,
			    "[default] must be the first section");
		r->matches = true;
	} else {
		if (item->name[strspn(item->name, " \t,")] == '\0')
			mistake(r, item->line,
			    "a section needs a host name or a pattern");
		r->matches = section_matches(item->name, r->host, r->nhosts);
	}
	r->any_section = true;
}

static void
set_pair(struct reading *r, const struct ca_ini_item *item)
{
	struct ca_buf where = CA_BUF_INIT(8192);
	size_t i = ca_client_conf_index(item->name);
	bool known = ca_client_conf_key(i) != NULL;

	if (!r->any_section) {
		mistake(r, item->line,
		    "the key is before the first section; write [default] "
		    "above it");
		return;
	}
	if (known && (r->seen & 1u << i) != 0)
		mistake(r, item->line,
		    "the key is in its section twice; remove one of them");
	if (known && item->indented != 0 && !ca_client_conf_is_list(i))
		mistake(r, item->indented,
		    "the line begins with white space, so it continues the "
		    "line before, but that key is not a list");
	if (known)
		r->seen |= 1u << i;
	ca_buf_fmt(&where, "%s:%u", r->path, item->line);
	const char *text = ca_buf_text(&where);
	if (ca_client_conf_set(r->matches ? r->conf : r->scratch, item->name,
		item->value, text != NULL ? text : r->path, r->log) != CA_OK)
		r->failed = true;
	ca_buf_free(&where);
}

static enum ca_err
read_text(struct reading *r, const struct ca_buf *text)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_ini ini;
	struct ca_ini_item item;

	ca_ini_init(&ini, text->p, text->len, true);
	if ((r->scratch = ca_client_conf_new()) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	do {
		if ((rc = ca_ini_next(&ini, &item)) != CA_OK) {
			ret = rc;
			goto out;
		}
		if (item.kind == CA_INI_SECTION)
			begin_section(r, &item);
		else if (item.kind == CA_INI_PAIR)
			set_pair(r, &item);
		else if (item.kind == CA_INI_MISTAKE)
			mistake(r, item.line, item.value);
	} while (item.kind != CA_INI_END);
	if (r->failed) {
		ret = CA_ERR_CONFIG;
		goto out;
	}
	ret = CA_OK;
out:
	ca_client_conf_free(r->scratch);
	ca_ini_free(&ini);
	return ret;
}

enum ca_err
ca_client_conf_read(struct ca_client_conf *conf, const char *path,
    const char *const *host, size_t nhosts, const struct ca_log *log)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct reading r = {.conf = conf,
	    .path = path,
	    .host = host,
	    .nhosts = nhosts,
	    .log = log};
	struct ca_buf text = CA_BUF_INIT(CA_INI_FILE_MAX + 1);

	rc = ca_file_read(AT_FDCWD, path, CA_INI_FILE_MAX, &text);
	if (rc == CA_ERR_NOT_FOUND)
		goto absent;
	if (rc != CA_OK) {
		ca_file_log(log, path, rc);
		ret = rc == CA_ERR_LIMIT ? CA_ERR_CONFIG : rc;
		goto out;
	}
	if ((rc = read_text(&r, &text)) != CA_OK) {
		ret = rc;
		goto out;
	}
absent:
	ret = CA_OK;
out:
	ca_buf_free(&text);
	return ret;
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
		ca_buf_fmt(
		    &path, "%s/.config/certauth/config", ca_client_home());
	if (conf == NULL || ca_buf_text(&path) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = ca_client_conf_read(conf, CA_SYSCONFDIR "/client.conf", host,
		 nhosts, log)) != CA_OK ||
	    (rc = ca_client_conf_read(
		 conf, ca_buf_text(&path), host, nhosts, log)) != CA_OK) {
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
