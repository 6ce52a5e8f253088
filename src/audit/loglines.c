/*
 * Reading a log in constant memory.
 */
#include "audit/logrecordint.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MARK "pam_certauth("

/* Move what is not used yet to the front, and read until the block is full or
 * the file ends. */
static enum ca_err
fill(struct ca_loglines *l)
{
	memmove(l->block, l->block + l->begin, l->end - l->begin);
	l->end -= l->begin;
	l->begin = 0;
	while (!l->eof && l->end < CA_LOGLINES_BLOCK) {
		ssize_t n =
		    read(l->fd, l->block + l->end, CA_LOGLINES_BLOCK - l->end);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return CA_ERR_IO;
		l->eof = n == 0;
		l->end += (size_t)n;
		l->got += (uint64_t)n;
	}
	return CA_OK;
}

/* What is before l->begin are complete lines. */
static void
line_done(struct ca_loglines *l)
{
	l->ended = l->got - (l->end - l->begin);
}

static char *
line_end(const struct ca_loglines *l)
{
	return memchr(l->block + l->begin, '\n', l->end - l->begin);
}

/* Skip the rest of a line that does not fit. */
static enum ca_err
skip_line(struct ca_loglines *l)
{
	char *nl;
	enum ca_err rc;

	while ((nl = line_end(l)) == NULL) {
		l->begin = l->end;
		if ((rc = fill(l)) != CA_OK)
			return rc;
		if (l->end == 0)
			return CA_ERR_LIMIT;
	}
	l->begin = (size_t)(nl + 1 - l->block);
	line_done(l);
	return CA_ERR_LIMIT;
}

enum ca_err
ca_loglines_next(struct ca_loglines *l, char **line, size_t *len)
{
	char *nl = line_end(l);
	enum ca_err rc;

	if (nl == NULL) {
		if ((rc = fill(l)) != CA_OK)
			return rc;
		nl = line_end(l);
	}
	if (nl == NULL && l->end == CA_LOGLINES_BLOCK)
		return skip_line(l);
	if (nl == NULL && l->end == 0)
		return CA_ERR_NOT_FOUND;
	*line = l->block + l->begin;
	*len = nl != NULL ? (size_t)(nl - *line) : l->end - l->begin;
	l->begin += *len + (nl != NULL);
	if (nl == NULL)
		return CA_ERR_TRUNCATED;
	line_done(l);
	return CA_OK;
}

enum ca_err
ca_loglines_bytes(struct ca_loglines *l, uint64_t len, char *out, size_t max)
{
	enum ca_err rc;

	while (len > 0) {
		size_t n = l->end - l->begin;

		if (n == 0) {
			if ((rc = fill(l)) != CA_OK)
				return rc;
			if (l->end == 0)
				return CA_ERR_TRUNCATED;
			continue;
		}
		if (n > len)
			n = (size_t)len;
		size_t kept = n < max ? n : max;
		memcpy(out, l->block + l->begin, kept);
		out += kept;
		max -= kept;
		l->begin += n;
		len -= n;
	}
	return CA_OK;
}

bool
ca_loglines_begins(struct ca_loglines *l, const char *text)
{
	size_t len = strlen(text);

	return fill(l) == CA_OK && l->end - l->begin >= len &&
	       memcmp(l->block + l->begin, text, len) == 0;
}

bool
ca_logrecord_ours(const char *p, size_t len)
{
	return memmem(p, len, MARK, strlen(MARK)) != NULL;
}
