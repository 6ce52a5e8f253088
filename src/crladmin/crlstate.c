#include "crladmin/crlstate.h"
#include "base/file.h"
#include "crladmin/crlbook.h"
#include "tool/cli.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_NAME ".certauth-crl.state"
#define STATE_MAX (1u << 20)
#define ADDRESSES_MAX 10000

/* A readable and unique name: the last part of the address and a part of its
 * SHA-256. */
static enum ca_err
name_file(const char *url, char out[256])
{
	const char *slash = strrchr(url, '/');
	const char *base = slash != NULL ? slash + 1 : url;
	uint8_t sum[EVP_MAX_MD_SIZE];
	char clean[64];
	size_t n = 0;

	if (EVP_Digest(url, strlen(url), sum, NULL, EVP_sha256(), NULL) != 1)
		return CA_ERR_CRYPTO;
	for (; *base != '\0' && *base != '?' && *base != '#' && n < 40; base++)
		clean[n++] = isalnum((unsigned char)*base) || *base == '-' ||
				     *base == '_'
				 ? *base
				 : '_';
	clean[n] = '\0';
	(void)snprintf(out, 256, "%s-%02x%02x%02x%02x%02x%02x.crl",
	    n > 0 ? clean : "crl", sum[0], sum[1], sum[2], sum[3], sum[4],
	    sum[5]);
	return CA_OK;
}

static struct ca_crladmin_state *
find(struct ca_crladmin_states *s, const char *url)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].url, url) == 0)
			return &s->v[i];
	return NULL;
}

static enum ca_err
add(struct ca_crladmin_states *s, const char *url,
    struct ca_crladmin_state **out)
{
	struct ca_crladmin_state *v;
	enum ca_err rc;

	if (s->n >= ADDRESSES_MAX)
		return CA_ERR_LIMIT;
	if ((v = realloc(s->v, (s->n + 1) * sizeof *v)) == NULL)
		return CA_ERR_MEMORY;
	s->v = v;
	v += s->n;
	*v = (struct ca_crladmin_state){0};
	if ((rc = name_file(url, v->file)) != CA_OK)
		return rc;
	if ((v->url = strdup(url)) == NULL)
		return CA_ERR_MEMORY;
	s->n++;
	*out = v;
	return CA_OK;
}

enum ca_err
ca_crladmin_state_want(
    struct ca_crladmin_states *s, const char *url, bool counts)
{
	struct ca_crladmin_state *v = find(s, url);
	enum ca_err rc;

	if (v == NULL && (rc = add(s, url, &v)) != CA_OK)
		return rc;
	v->wanted = true;
	v->counts |= counts;
	return CA_OK;
}

bool
ca_crladmin_states_has_file(
    const struct ca_crladmin_states *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++) {
		/* without ".crl" */
		size_t stem = strlen(s->v[i].file) - 4;

		if (s->v[i].wanted && strncmp(name, s->v[i].file, stem) == 0 &&
		    (name[stem] == '.' || name[stem] == '-'))
			return true;
	}
	return false;
}

/* "URL<tab>ETag<tab>Last-Modified" */
static enum ca_err
parse_line(struct ca_crladmin_states *s, char *line)
{
	char *etag = strchr(line, '\t'), *last;
	struct ca_crladmin_state *v;
	enum ca_err rc;

	if (etag == NULL || (last = strchr(etag + 1, '\t')) == NULL)
		return CA_OK;
	*etag++ = '\0';
	*last++ = '\0';
	if (*line == '\0' || strlen(etag) >= sizeof v->etag ||
	    strlen(last) >= sizeof v->last_modified || find(s, line) != NULL)
		return CA_OK;
	if ((rc = add(s, line, &v)) != CA_OK)
		return rc;
	memcpy(v->etag, etag, strlen(etag) + 1);
	memcpy(v->last_modified, last, strlen(last) + 1);
	return CA_OK;
}

enum ca_err
ca_crladmin_states_read(
    struct ca_crladmin_run *run, struct ca_crladmin_states *out)
{
	struct ca_buf b = CA_BUF_INIT(STATE_MAX);
	enum ca_err rc = ca_file_read(run->dir, STATE_NAME, STATE_MAX, &b);
	char *text, *line, *rest;

	if (rc == CA_OK && b.len > 0 && memchr(b.p, '\0', b.len) == NULL &&
	    (text = (char *)(uintptr_t)ca_buf_text(&b)) != NULL) {
		for (rest = text;
		     rc == CA_OK && (line = strsep(&rest, "\n")) != NULL;)
			rc = parse_line(out, line);
	} else if (rc != CA_ERR_MEMORY) {
		rc = CA_OK;
	}
	ca_buf_free(&b);
	return rc;
}

/* Remove temporary files of killed runs.  No other run writes now, because this
 * one holds the lock. */
static void
clear_leftovers(const struct ca_crladmin_run *run)
{
	static const char *const begin[] = {
	    STATE_NAME ".", CA_CRLADMIN_BOOK_NAME "."};
	int fd = openat(run->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;

	if (d == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return; /* leftovers do no harm */
	}
	while ((e = readdir(d)) != NULL)
		for (size_t i = 0; i < 2; i++)
			if (strncmp(e->d_name, begin[i], strlen(begin[i])) == 0)
				(void)unlinkat(run->dir, e->d_name, 0);
	(void)closedir(d);
}

enum ca_err
ca_crladmin_states_write(
    struct ca_crladmin_run *run, const struct ca_crladmin_states *s)
{
	struct ca_buf b = CA_BUF_INIT(STATE_MAX), path = CA_BUF_INIT(8192);
	enum ca_err rc;

	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].wanted)
			ca_buf_fmt(&b, "%s\t%s\t%s\n", s->v[i].url,
			    s->v[i].etag, s->v[i].last_modified);
	ca_buf_fmt(&path, "%s/" STATE_NAME, run->cfg->crl_dir);
	rc = ca_buf_err(&b);
	if (rc == CA_OK && ca_buf_text(&path) == NULL)
		rc = CA_ERR_MEMORY;
	if (rc == CA_OK) {
		clear_leftovers(run);
		rc = ca_file_replace(ca_buf_text(&path), b.p, b.len, 0644);
	}
	ca_buf_free(&b);
	ca_buf_free(&path);
	return rc;
}

void
ca_crladmin_states_clear(struct ca_crladmin_states *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].url);
	free(s->v);
	*s = (struct ca_crladmin_states){NULL, 0};
}

enum ca_err
ca_crladmin_updated_make(const struct ca_crladmin_run *r)
{
	static const struct timespec never[2] = {{0, 0}, {0, 0}};
	int fd = openat(r->dir, CA_CRLADMIN_UPDATED,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0)
		return errno == EEXIST ? CA_OK : CA_ERR_IO;
	enum ca_err rc = futimens(fd, never) == 0 ? CA_OK : CA_ERR_IO;
	(void)close(fd);
	return rc;
}

int
ca_crladmin_updated_note(const struct ca_crladmin_run *r)
{
	return utimensat(
		   r->dir, CA_CRLADMIN_UPDATED, NULL, AT_SYMLINK_NOFOLLOW) == 0
		   ? CA_EXIT_OK
		   : ca_cli_fail("%s/" CA_CRLADMIN_UPDATED ": %s",
			 r->cfg->crl_dir, strerror(errno));
}
