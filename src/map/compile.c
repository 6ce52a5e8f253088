/*
 * Make the index of a users file (users_index.h).
 */
#include "base/file.h"
#include "data/index_make.h"
#include "map/users_index.h"
#include "map/map.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define PER_BUCKET 16 /* lines, on average */

struct entry {
	uint64_t hash, offset, number;
};

struct build {
	struct entry *v;
	size_t n, cap;
	uint64_t buckets, mask;
	struct ca_buf scan;
};

/* Return true if a login can find the line by key. */
static bool
has_key(const struct ca_rule *rule)
{
	return !rule->pattern && rule->sel != CA_SEL_MATCH;
}

/* The value of a rule with ignorecase is folded already. */
static uint64_t
key_of(const struct ca_rule *rule)
{
	return rule->ignorecase
		   ? ca_users_index_hash_folded(
			 rule->sel, rule->value, rule->len)
		   : ca_users_index_hash(rule->sel, rule->value, rule->len);
}

static enum ca_err
collect(void *ctx, const struct ca_rule *rule, const struct ca_users_line *line)
{
	struct build *b = ctx;

	if (!has_key(rule)) {
		ca_buf_u64(&b->scan, line->offset);
		ca_buf_u64(&b->scan, line->number);
		return ca_buf_err(&b->scan);
	}
	if (b->n == b->cap) {
		size_t cap = b->cap == 0 ? 1024 : 2 * b->cap;
		struct entry *v = realloc(b->v, cap * sizeof *v);

		if (v == NULL)
			return CA_ERR_MEMORY;
		b->v = v;
		b->cap = cap;
	}
	b->v[b->n++] = (struct entry){key_of(rule), line->offset, line->number};
	b->mask |= CA_USERS_INDEX_BIT(rule->sel, rule->ignorecase);
	return CA_OK;
}

/* Write the entries by bucket: a counting sort, which keeps the order within a
 * bucket. */
static enum ca_err
put_buckets(struct ca_index_maker *m, const struct build *b)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf value = CA_BUF_INIT(CA_USERS_INDEX_RECORD_MAX);
	size_t *begin = calloc(b->buckets + 1, sizeof *begin);
	size_t *order = calloc(b->n + 1, sizeof *order);

	if (begin == NULL || order == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	for (size_t i = 0; i < b->n; i++)
		begin[b->v[i].hash % b->buckets + 1]++;
	for (size_t i = 0; i < b->buckets; i++)
		begin[i + 1] += begin[i];
	for (size_t i = b->n; i-- > 0;)
		order[--begin[b->v[i].hash % b->buckets + 1]] = i;
	/* begin[k + 1] is now where bucket k begins */
	for (size_t k = 0; k < b->buckets; k++) {
		size_t end = k + 1 < b->buckets ? begin[k + 2] : b->n;
		uint8_t key[5] = {'B', (uint8_t)(k >> 24), (uint8_t)(k >> 16),
		    (uint8_t)(k >> 8), (uint8_t)k};

		ca_buf_reset(&value);
		for (size_t i = begin[k + 1]; i < end; i++) {
			const struct entry *e = &b->v[order[i]];

			ca_buf_u64(&value, e->hash);
			ca_buf_u64(&value, e->offset);
			ca_buf_u64(&value, e->number);
		}
		rc = ca_index_maker_put(m, key, sizeof key, &value);
		if (rc != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	ret = CA_OK;
out:
	ca_buf_free(&value);
	free(begin);
	free(order);
	return ret;
}

static enum ca_err
write_index(const char *path, const EVP_MD *sha256, struct build *b,
    const struct ca_index_source *source)
{
	struct ca_buf name = CA_BUF_INIT(8192), temp = CA_BUF_INIT(8192);
	struct ca_buf rest = CA_BUF_INIT(16);
	struct ca_index_maker *m = NULL;
	enum ca_err rc;

	ca_buf_fmt(&name, "%s.cdb", path);
	/* unique, because another compilation may run */
	ca_buf_fmt(&temp, "%s.cdb.%ld", path, (long)getpid());
	ca_buf_u64(&rest, b->buckets);
	ca_buf_u64(&rest, b->mask);
	const struct ca_index_place place = {AT_FDCWD, ca_buf_text(&name),
	    ca_buf_text(&temp), source->st.st_mode & 0644};
	if (place.name == NULL || place.temp == NULL ||
	    ca_buf_err(&rest) != CA_OK)
		rc = CA_ERR_MEMORY;
	else
		rc = ca_index_maker_new(
		    &ca_users_index_kind, sha256, source, &place, &m);
	if (rc == CA_OK)
		rc = ca_index_maker_put(m, "S", 1, &b->scan);
	if (rc == CA_OK)
		rc = put_buckets(m, b);
	if (rc == CA_OK)
		rc = ca_index_maker_finish(m, rest.p, rest.len);
	ca_index_maker_free(m);
	ca_buf_free(&name);
	ca_buf_free(&temp);
	ca_buf_free(&rest);
	return rc;
}

/* Log why the index of path was not made. */
static void
tell(const struct ca_log *log, const char *path, enum ca_err rc)
{
	if (rc == CA_ERR_STALE)
		ca_log_err(log,
		    "%s: the file changed while its index was made; run: "
		    "certauth users compile",
		    path);
	else if (rc == CA_ERR_IO)
		ca_log_err(log, "cannot write %s.cdb: %m", path);
	else
		ca_log_err(
		    log, "cannot write %s.cdb: %-s", path, ca_err_text(rc));
}

/* Open the users file, and take its state and hash. */
static enum ca_err
open_source(const char *path, const EVP_MD *sha256, const struct ca_log *log,
    struct ca_index_source *source)
{
	int fd = -1;
	enum ca_err rc = ca_file_open(AT_FDCWD, path, &fd, NULL);

	if (rc == CA_OK)
		rc = ca_index_source_read(sha256, fd, source);
	source->fd = fd;
	if (rc == CA_ERR_STALE)
		tell(log, path, rc);
	else if (rc != CA_OK)
		ca_file_log(log, path, rc);
	return rc;
}

enum ca_err
ca_map_compile(struct ca_crypto *crypto, const char *path,
    const struct ca_log *log, size_t *lines)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const EVP_MD *sha256 = ca_crypto_get0_md(crypto, "SHA256");
	struct build b = {.scan = CA_BUF_INIT(CA_USERS_INDEX_RECORD_MAX)};
	struct ca_index_source source = {.fd = -1};
	struct stat scanned;

	if ((rc = open_source(path, sha256, log, &source)) != CA_OK) {
		ret = rc;
		goto out;
	}
	rc = ca_users_scan(path, 20, log, collect, &b, &scanned);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	b.buckets = b.n / PER_BUCKET + 1;
	if (lines != NULL)
		*lines = b.n + b.scan.len / 16;
	/* the scan has opened the path a second time */
	rc = ca_index_same_state(&source.st, &scanned)
		 ? write_index(path, sha256, &b, &source)
		 : CA_ERR_STALE;
	if (rc != CA_OK) {
		tell(log, path, rc);
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	if (source.fd >= 0)
		(void)close(source.fd);
	free(b.v);
	ca_buf_free(&b.scan);
	return ret;
}
