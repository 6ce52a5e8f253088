#include "client/clientconf.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/tr.h"
#include "client/client.h"
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

/* The NAME of [service NAME], or NULL. */
static const char *
service_of(const char *section)
{
	static const char word[] = "service";
	const char *s = section + sizeof word - 1;

	if (strncmp(section, word, sizeof word - 1) != 0 ||
	    strspn(s, " \t") == 0)
		return NULL;
	s += strspn(s, " \t");
	return *s != '\0' && strpbrk(s, " \t,") == NULL ? s : NULL;
}

/* ---- files ---- */

struct reading {
	struct ca_client_conf *conf, *scratch; /* scratch: does not match */
	const char *path;
	const char *const *host;
	size_t nhosts;
	const char *service;      /* NULL: none is meant */
	struct ca_list *services; /* NULL, or where their names go */
	const struct ca_log *log;
	bool matches, any_section, of_service, found, failed;
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
	const char *service = service_of(item->name);

	r->seen = 0;
	r->of_service = service != NULL;
	if (service != NULL) {
		r->matches =
		    r->service != NULL && strcmp(service, r->service) == 0;
		r->found = r->found || r->matches;
		if (r->services != NULL &&
		    ca_client_names_add(r->services, service) != CA_OK)
			mistake(r, item->line, N_("out of memory"));
	} else if (strcmp(item->name, "default") == 0) {
		if (r->any_section)
			mistake(r, item->line,
			    N_("[default] must be the first section"));
		r->matches = true;
	} else {
		if (item->name[strspn(item->name, " \t,")] == '\0')
			mistake(r, item->line,
			    N_("a section needs a host name or a pattern"));
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
		    N_("the key is before the first section; write [default] "
		       "above it"));
		return;
	}
	if (known && (r->seen & 1u << i) != 0)
		mistake(r, item->line,
		    N_("the key is in its section twice; remove one of them"));
	if (known && item->indented != 0 && !ca_client_conf_is_list(i))
		mistake(r, item->indented,
		    N_("the line begins with white space, so it continues the "
		       "line before, but that key is not a list"));
	if (known && ca_client_conf_is_service(i) && !r->of_service)
		mistake(r, item->line,
		    N_("the key stands in a section [service NAME] only"));
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

static enum ca_err
read_file(struct reading *r, const char *path)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf text = CA_BUF_INIT(CA_INI_FILE_MAX + 1);

	rc = ca_file_read(AT_FDCWD, path, CA_INI_FILE_MAX, &text);
	if (rc == CA_ERR_NOT_FOUND)
		goto absent;
	if (rc != CA_OK) {
		ca_file_log(r->log, path, rc);
		ret = rc == CA_ERR_LIMIT ? CA_ERR_CONFIG : rc;
		goto out;
	}
	r->path = path;
	r->any_section = false;
	if ((rc = read_text(r, &text)) != CA_OK) {
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
ca_client_conf_read(struct ca_client_conf *conf, const char *path,
    const char *const *host, size_t nhosts, const struct ca_log *log)
{
	struct reading r = {
	    .conf = conf, .host = host, .nhosts = nhosts, .log = log};

	return read_file(&r, path);
}

/* Both files in their places, over r->conf. */
static enum ca_err
read_both(struct reading *r)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf path = CA_BUF_INIT(8192);
	const char *xdg = getenv("XDG_CONFIG_HOME");

	/* XDG base directories: a relative path is to be ignored */
	if (xdg != NULL && xdg[0] == '/')
		ca_buf_fmt(&path, "%s/certauth/config", xdg);
	else
		ca_buf_fmt(
		    &path, "%s/.config/certauth/config", ca_client_home());
	if (r->conf == NULL || ca_buf_text(&path) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = read_file(r, CA_SYSCONFDIR "/client.conf")) != CA_OK ||
	    (rc = read_file(r, ca_buf_text(&path))) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_buf_free(&path);
	return ret;
}

static enum ca_err
load(struct reading *r, struct ca_client_conf **out)
{
	r->conf = ca_client_conf_new();
	enum ca_err rc = read_both(r);

	if (rc == CA_OK)
		*out = r->conf;
	else
		ca_client_conf_free(r->conf);
	return rc;
}

enum ca_err
ca_client_conf_load(const char *const *host, size_t nhosts,
    const struct ca_log *log, struct ca_client_conf **out)
{
	struct reading r = {.host = host, .nhosts = nhosts, .log = log};

	return load(&r, out);
}

enum ca_err
ca_client_conf_load_service(const char *service, const char *host,
    const struct ca_log *log, struct ca_client_conf **out)
{
	struct reading r = {.service = service, .log = log};
	struct ca_client_conf *first = NULL;
	enum ca_err rc = load(&r, &first);

	if (rc != CA_OK)
		return rc;
	if (service != NULL && !r.found) {
		ca_log_err(log,
		    "there is no section [service %s] in ~/.config/certauth/config "
		    "or %s",
		    service, CA_SYSCONFDIR "/client.conf");
		ca_client_conf_free(first);
		return CA_ERR_NOT_FOUND;
	}
	/* once more, for the sections of that host */
	const char *name = host != NULL ? host : first->host;
	struct reading again = {.host = &name,
	    .nhosts = name != NULL ? 1 : 0,
	    .service = service,
	    .log = log};
	rc = load(&again, out);
	ca_client_conf_free(first);
	return rc;
}

enum ca_err
ca_client_conf_services(const struct ca_log *log, struct ca_list *out)
{
	struct reading r = {.services = out, .log = log};
	struct ca_client_conf *conf = NULL;
	enum ca_err rc = load(&r, &conf);

	if (rc == CA_OK)
		ca_client_conf_free(conf);
	return rc;
}
