/*
 * Making the index of a users file (see users_index.h).
 */
#include "base/file.h"
#include "map/users_index.h"
#include "map/map.h"

#include <cdb.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
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

/* Only what every login would find by the same bytes. */
static bool
has_key(const struct ca_rule *rule)
{
	return !rule->pattern && rule->sel != CA_SEL_MATCH;
}

/* With ignorecase the rule's own value is folded already. */
static uint64_t
key_of(const struct ca_rule *rule)
{
	return rule->ignorecase
		   ? ca_index_hash_folded(rule->sel, rule->value, rule->len)
		   : ca_index_hash(rule->sel, rule->value, rule->len);
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
	b->mask |= CA_INDEX_BIT(rule->sel, rule->ignorecase);
	return CA_OK;
}

static enum ca_err
put(struct cdb_make *make, const void *key, size_t len, struct ca_buf *value)
{
	enum ca_err rc;

	ca_buf_u64(
	    value, ca_index_sum(ca_index_sum(CA_INDEX_SUM_START, key, len),
		       value->p, value->len));
	if ((rc = ca_buf_err(value)) != CA_OK)
		return rc;
	return cdb_make_add(make, key, (unsigned)len, value->p,
		   (unsigned)value->len) == 0
		   ? CA_OK
		   : CA_ERR_IO;
}

/* Entries by bucket: a counting sort, the order in a bucket kept. */
static enum ca_err
put_buckets(struct cdb_make *make, const struct build *b)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf value = CA_BUF_INIT(CA_INDEX_RECORD_MAX);
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
		if ((rc = put(make, key, sizeof key, &value)) != CA_OK) {
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
put_all(int fd, struct build *b, const struct stat *st, const uint8_t hash[32])
{
	struct cdb_make make;
	struct ca_buf meta = CA_BUF_INIT(512);
	enum ca_err rc;

	if (cdb_make_start(&make, fd) != 0)
		return CA_ERR_IO;
	ca_buf_str(&meta, CA_INDEX_MAGIC);
	ca_index_binding(st, &meta);
	ca_buf_put(&meta, hash, 32);
	ca_buf_u64(&meta, b->buckets);
	ca_buf_u64(&meta, b->mask);
	rc = put(&make, "M", 1, &meta);
	ca_buf_free(&meta);
	if (rc == CA_OK)
		rc = put(&make, "S", 1, &b->scan);
	if (rc == CA_OK)
		rc = put_buckets(&make, b);
	/* finish also frees, so it is called in any case */
	if (cdb_make_finish(&make) != 0 && rc == CA_OK)
		rc = CA_ERR_IO;
	return rc;
}

static enum ca_err
write_index(const char *path, struct build *b, const struct stat *st,
    const uint8_t hash[32])
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf name = CA_BUF_INIT(8192), temp = CA_BUF_INIT(8192);
	char *tmp = NULL;
	int fd = -1;

	ca_buf_fmt(&name, "%s.cdb", path);
	ca_buf_fmt(&temp, "%s.cdb.XXXXXX", path);
	const char *final = ca_buf_text(&name);
	if (final == NULL || (tmp = ca_buf_take(&temp, NULL)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((fd = mkostemp(tmp, O_CLOEXEC)) < 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	if ((rc = put_all(fd, b, st, hash)) != CA_OK ||
	    fchmod(fd, st->st_mode & 0644) != 0 || fsync(fd) != 0 ||
	    rename(tmp, final) != 0) {
		int saved = errno;
		(void)unlink(tmp);
		errno = saved;
		ret = rc != CA_OK ? rc : CA_ERR_IO;
		goto out;
	}
	ret = CA_OK;
out:
	if (fd >= 0)
		(void)close(fd);
	ca_buf_free(&name);
	ca_buf_free(&temp);
	free(tmp);
	return ret;
}

/*
 * The kernel's time stamps have steps: a file that changes twice within one
 * looks unchanged.  Wait until the last change is surely a step ago.
 */
static void
let_it_settle(const char *path)
{
	struct timespec now, pause = {0, 20L * 1000 * 1000};
	struct stat st;

	if (stat(path, &st) == 0 && clock_gettime(CLOCK_REALTIME, &now) == 0 &&
	    now.tv_sec - st.st_ctim.tv_sec <= 1)
		(void)nanosleep(&pause, NULL);
}

/* Hash the file, which must still be the one that st describes. */
static enum ca_err
hash_file(struct ca_crypto *crypto, const char *path, const struct stat *st,
    uint8_t hash[32])
{
	struct ca_buf all = CA_BUF_INIT(CA_USERS_MAX);
	struct ca_buf was = CA_BUF_INIT(256), is = CA_BUF_INIT(256);
	struct stat now = {0};
	int fd = -1;
	enum ca_err rc = ca_file_open(AT_FDCWD, path, &fd, &now);

	if (rc == CA_OK)
		rc = ca_file_read_fd(fd, CA_USERS_MAX, &all);
	if (rc == CA_OK)
		rc = ca_crypto_sha256(crypto,
		    all.p != NULL ? (void *)all.p : (void *)"", all.len, hash);
	if (rc == CA_OK && fstat(fd, &now) != 0)
		rc = CA_ERR_IO;
	ca_index_binding(st, &was);
	ca_index_binding(&now, &is);
	if (rc == CA_OK &&
	    (all.len != (uint64_t)st->st_size || was.err != CA_OK ||
		is.err != CA_OK || memcmp(was.p, is.p, was.len) != 0))
		rc = CA_ERR_STALE;
	if (fd >= 0)
		(void)close(fd);
	ca_buf_free(&all);
	ca_buf_free(&was);
	ca_buf_free(&is);
	return rc;
}

enum ca_err
ca_map_compile(struct ca_crypto *crypto, const char *path,
    const struct ca_log *log, size_t *lines)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct build b = {.scan = CA_BUF_INIT(CA_INDEX_RECORD_MAX)};
	uint8_t hash[32];
	struct stat st;

	let_it_settle(path);
	if ((rc = ca_users_scan(path, 20, log, collect, &b, &st)) != CA_OK) {
		ret = rc;
		goto out;
	}
	b.buckets = b.n / PER_BUCKET + 1;
	if (lines != NULL)
		*lines = b.n + b.scan.len / 16;
	if ((rc = hash_file(crypto, path, &st, hash)) != CA_OK) {
		ca_log_err(log, "%s: %-s while its index was made", path,
		    rc == CA_ERR_STALE ? "it changed" : ca_err_text(rc));
		ret = rc;
		goto out;
	}
	if ((rc = write_index(path, &b, &st, hash)) != CA_OK) {
		ca_log_err(log, "cannot write %s.cdb: %m", path);
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	free(b.v);
	ca_buf_free(&b.scan);
	return ret;
}
