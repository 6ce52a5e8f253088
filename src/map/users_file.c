#include "map/users_file.h"
#include "base/file.h"
#include "map/map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK 65536 /* bytes; more than the longest line */

/* A file that is read line by line, in constant memory. */
struct scan {
	const char *path;
	const struct ca_log *log;
	int fd;
	uint64_t size; /* of the file, when it was opened */
	char *block;
	size_t begin, end;      /* the part of block that is not used yet */
	uint64_t total, offset; /* offset: of the line read last */
	bool eof;
	unsigned line, mistakes, mistakes_max, ignored;
};

/* Move the unused part to the front of block, and read more. */
static enum ca_err
fill(struct scan *s)
{
	memmove(s->block, s->block + s->begin, s->end - s->begin);
	s->end -= s->begin;
	s->begin = 0;
	while (!s->eof && s->end < BLOCK) {
		ssize_t n = read(s->fd, s->block + s->end, BLOCK - s->end);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return CA_ERR_IO;
		s->eof = n == 0;
		s->end += (size_t)n;
		s->total += (uint64_t)n;
		if (s->total > CA_USERS_MAX)
			return CA_ERR_LIMIT;
		/* the file shrank: a missing line could make the certificate
		 * ambiguous */
		if (s->eof && s->total < s->size) {
			errno = ESTALE;
			return CA_ERR_IO;
		}
	}
	return CA_OK;
}

/* Read the next line; CA_ERR_NOT_FOUND at the end.  Of a line that is too long,
 * only its first part is given, which is longer than the limit. */
static enum ca_err
next_line(struct scan *s, const char **line, size_t *len)
{
	enum ca_err rc;
	char *nl;

	nl = memchr(s->block + s->begin, '\n', s->end - s->begin);
	if (nl == NULL) {
		if ((rc = fill(s)) != CA_OK)
			return rc;
		nl = memchr(s->block, '\n', s->end);
	}
	if (nl == NULL && s->end == 0)
		return CA_ERR_NOT_FOUND;
	s->line++;
	*line = s->block + s->begin;
	s->offset = s->total - (s->end - s->begin);
	*len = nl != NULL ? (size_t)(nl - *line) : s->end - s->begin;
	s->begin += *len + (nl != NULL);
	return CA_OK;
}

static enum ca_err
scan_lines(
    struct scan *s, struct ca_rule *rule, ca_users_visit *visit, void *ctx)
{
	const char *line;
	size_t len;
	enum ca_err rc;

	while ((rc = next_line(s, &line, &len)) == CA_OK) {
		rc = ca_rule_parse(rule, line, len);
		if (rc == CA_ERR_NOT_FOUND)
			continue;
		/* rules only grant: without the line, nobody gets more */
		if (rc == CA_ERR_UNSUPPORTED) {
			if (s->ignored++ < s->mistakes_max)
				ca_log_warning(s->log, "%s:%u: %-s", s->path,
				    s->line, rule->why);
			continue;
		}
		if (rc == CA_ERR_FORMAT) {
			ca_log_err(
			    s->log, "%s:%u: %-s", s->path, s->line, rule->why);
			if (++s->mistakes >= s->mistakes_max)
				return CA_ERR_CONFIG;
			continue;
		}
		struct ca_users_line at = {s->line, s->offset};
		if (rc != CA_OK || (rc = visit(ctx, rule, &at)) != CA_OK)
			return rc;
	}
	if (rc != CA_ERR_NOT_FOUND)
		return rc;
	return s->mistakes == 0 ? CA_OK : CA_ERR_CONFIG;
}

enum ca_err
ca_users_scan(const char *path, unsigned mistakes, const struct ca_log *log,
    ca_users_visit *visit, void *ctx, struct stat *st)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct scan s = {
	    .path = path, .log = log, .fd = -1, .mistakes_max = mistakes};
	struct ca_rule *rule = NULL;
	struct stat opened;

	if ((rc = ca_file_open(AT_FDCWD, path, &s.fd, &opened)) != CA_OK) {
		ca_file_log(log, path, rc);
		ret = rc;
		goto out;
	}
	s.size = (uint64_t)opened.st_size;
	if (st != NULL)
		*st = opened;
	s.block = malloc(BLOCK);
	rule = malloc(sizeof *rule);
	if (rule != NULL)
		ca_rule_init(rule);
	if (s.block == NULL || rule == NULL) {
		ca_log_err(log, "%s: out of memory", path);
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = scan_lines(&s, rule, visit, ctx)) != CA_OK) {
		if (rc == CA_ERR_IO || rc == CA_ERR_LIMIT)
			ca_file_log(log, path, rc);
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	if (rule != NULL)
		ca_rule_free(rule);
	free(rule);
	free(s.block);
	if (s.fd >= 0)
		(void)close(s.fd);
	return ret;
}

static enum ca_err
nothing(void *ctx, const struct ca_rule *rule, const struct ca_users_line *line)
{
	(void)ctx;
	(void)rule;
	(void)line;
	return CA_OK;
}

enum ca_err
ca_map_check(const char *path, const struct ca_log *log)
{
	return ca_users_scan(path, 20, log, nothing, NULL, NULL);
}
