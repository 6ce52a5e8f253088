#include "client/clientconf.h"

#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"

#define SECTION_MAX_BYTES 49 /* inih cuts longer names without a word */

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
	ca_log_err(r->log, "%s:%u: %-s", r->path, r->line, what);
	r->failed = true;
}

static void
begin_section(struct reading *r, const char *line)
{
	const char *end = strchr(line, ']');

	if (end == NULL || end - line - 1 > SECTION_MAX_BYTES) {
		mistake(r, end == NULL ? "no `]'"
				       : "a section's name may have "
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
	size_t i = ca_client_conf_index(name);

	(void)section; /* r->section has all of it */
	if (!r->any_section) {
		mistake(r, "a key stands before the first section; write "
			   "[default] above it");
		return 1;
	}
	if (ca_client_conf_key(i) != NULL && (r->seen & 1u << i) != 0)
		mistake(r, "the key stands twice in its section");
	if (ca_client_conf_key(i) != NULL)
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
	struct reading r = {.conf = conf,
	    .path = path,
	    .host = host,
	    .nhosts = nhosts,
	    .log = log};
	struct stat st;
	enum ca_err rc;
	int fd;

	if ((rc = ca_file_open(AT_FDCWD, path, &fd, &st)) == CA_ERR_NOT_FOUND)
		return CA_OK;
	if (rc == CA_ERR_UNTRUSTED) {
		const char *why = ca_file_distrust(&st);
		ca_log_err(log, "%s %-s", path,
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
