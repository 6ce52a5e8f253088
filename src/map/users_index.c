#include "map/users_index.h"
#include "data/cdb.h"
#include "base/file.h"
#include "map/map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CANDIDATES_MAX                                                         \
	100000 /* lines; with more, reading the file is as fast */

const struct ca_index_kind ca_users_index_kind = {
    "certauth users 4\n", 15, "M", CA_USERS_INDEX_RECORD_MAX};

/* FNV-1a, 64 bits. */
static uint64_t
fnv(uint8_t kind, const void *p, size_t len)
{
	const uint8_t *s = p;
	uint64_t h = (0xcbf29ce484222325ULL ^ kind) * 0x100000001b3ULL;

	while (len-- > 0)
		h = (h ^ *s++) * 0x100000001b3ULL;
	return h;
}

uint64_t
ca_users_index_hash(enum ca_selector sel, const void *p, size_t len)
{
	return fnv((uint8_t)sel, p, len);
}

uint64_t
ca_users_index_hash_folded(enum ca_selector sel, const void *p, size_t len)
{
	return fnv((uint8_t)(sel | 0x80), p, len);
}

struct line {
	uint64_t offset;
	uint64_t number;
};

struct lookup {
	const char *path;
	const struct ca_log *log;
	int users;      /* descriptor */
	struct stat st; /* of the users file */
	struct ca_index *index;
	uint64_t buckets, mask;
	struct ca_buf record;
	uint64_t sought[2 * CA_IDENT_MAX]; /* hashes, each once */
	size_t nsought;
	struct line *v;
	size_t n, cap;
};

static enum ca_err
record(struct lookup *l, const void *key, size_t len, struct ca_reader *out)
{
	enum ca_err rc = ca_index_get(l->index, key, len, &l->record);

	*out = ca_reader_of(l->record.p, l->record.len);
	return rc;
}

static enum ca_err
add_line(struct lookup *l, uint64_t offset, uint64_t number)
{
	if (l->n == CANDIDATES_MAX) {
		ca_log_debug(l->log,
		    "%s is read in full: its index names more than %d lines to try",
		    l->path, CANDIDATES_MAX);
		return CA_ERR_STALE;
	}
	if (l->n == l->cap) {
		size_t cap = l->cap == 0 ? 16 : 2 * l->cap;
		struct line *v = realloc(l->v, cap * sizeof *v);

		if (v == NULL)
			return CA_ERR_MEMORY;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = (struct line){offset, number};
	return CA_OK;
}

static enum ca_err
add_scan_list(struct lookup *l)
{
	struct ca_reader r;
	enum ca_err rc = record(l, "S", 1, &r);

	while (rc == CA_OK && r.left > 0) {
		uint64_t offset, number;

		if (ca_read_u64(&r, &offset) != CA_OK ||
		    ca_read_u64(&r, &number) != CA_OK)
			return CA_ERR_FORMAT;
		rc = add_line(l, offset, number);
	}
	return rc;
}

static enum ca_err
add_hash(struct lookup *l, uint64_t hash)
{
	/* names that differ only in case are the same when folded */
	for (size_t i = 0; i < l->nsought; i++)
		if (l->sought[i] == hash)
			return CA_OK;
	l->sought[l->nsought++] = hash;

	uint32_t bucket = (uint32_t)(hash % l->buckets);
	uint8_t key[5] = {'B', (uint8_t)(bucket >> 24), (uint8_t)(bucket >> 16),
	    (uint8_t)(bucket >> 8), (uint8_t)bucket};
	struct ca_reader r;
	enum ca_err rc = record(l, key, sizeof key, &r);

	while (rc == CA_OK && r.left > 0) {
		uint64_t entry, offset, number;

		if (ca_read_u64(&r, &entry) != CA_OK ||
		    ca_read_u64(&r, &offset) != CA_OK ||
		    ca_read_u64(&r, &number) != CA_OK)
			return CA_ERR_FORMAT;
		if (entry == hash)
			rc = add_line(l, offset, number);
	}
	return rc;
}

/* Add the lines that value number i of the certificate may match. */
static enum ca_err
add_value(struct lookup *l, struct ca_ident *id, size_t i)
{
	enum ca_selector sel = id->v[i].sel;
	size_t at = id->v[i].at, len = id->v[i].len;
	enum ca_err rc = CA_OK;

	if ((l->mask & CA_USERS_INDEX_BIT(sel, false)) != 0)
		rc = add_hash(
		    l, ca_users_index_hash(sel, id->bytes.p + at, len));
	if (rc != CA_OK || (l->mask & CA_USERS_INDEX_BIT(sel, true)) == 0)
		return rc;
	if ((rc = ca_ident_fold(id)) != CA_OK)
		return rc;
	return add_hash(
	    l, ca_users_index_hash_folded(sel, id->folded.p + at, len));
}

static int
compare(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Read the line at an offset of the users file, up to its end. */
static enum ca_err
read_line(const struct lookup *l, uint64_t offset, char *line, size_t *len)
{
	uint64_t size = (uint64_t)l->st.st_size;
	/* one byte before the line, one after it, and one more to notice a
	 * line that is too long */
	char block[1 + CA_RULE_LINE_MAX + 2];
	size_t front = offset > 0, want;
	enum ca_err rc;

	if (offset >= size)
		return CA_ERR_FORMAT;
	want = size - offset < CA_RULE_LINE_MAX + 1 ? (size_t)(size - offset)
						    : CA_RULE_LINE_MAX + 1;
	rc = ca_pread_exact(l->users, block, front + want, offset - front);
	if (rc != CA_OK)
		return rc;
	if (front != 0 && block[0] != '\n')
		return CA_ERR_FORMAT;
	const char *nl = memchr(block + front, '\n', want);
	if (nl == NULL && offset + want < size)
		return CA_ERR_FORMAT;
	*len = nl != NULL ? (size_t)(nl - block) - front : want;
	memcpy(line, block + front, *len);
	return CA_OK;
}

static enum ca_err
visit_lines(struct lookup *l, ca_users_visit *visit, void *ctx)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	char line[CA_RULE_LINE_MAX + 1];
	struct ca_rule *rule = malloc(sizeof *rule);
	size_t len;

	if (rule == NULL)
		return CA_ERR_MEMORY;
	ca_rule_init(rule);
	if (l->n > 0)
		qsort(l->v, l->n, sizeof *l->v, compare);
	for (size_t i = 0; i < l->n; i++) {
		struct ca_users_line at = {
		    (unsigned)l->v[i].number, l->v[i].offset};

		if (i > 0 && l->v[i].offset == l->v[i - 1].offset)
			continue;
		if ((rc = read_line(l, at.offset, line, &len)) != CA_OK) {
			ret = rc;
			goto out;
		}
		if ((rc = ca_rule_parse(rule, line, len)) != CA_OK) {
			ret = rc == CA_ERR_MEMORY ? rc : CA_ERR_FORMAT;
			goto out;
		}
		rc = visit(ctx, rule, &at);
		if (rc != CA_OK) {
			/* do not take the visitor's error for one of the index */
			ret = rc == CA_ERR_FORMAT || rc == CA_ERR_STALE
				  ? CA_ERR_CONFIG
				  : rc;
			goto out;
		}
	}
	ret = CA_OK;
out:
	ca_rule_free(rule);
	free(rule);
	return ret;
}

static enum ca_err
open_index(struct lookup *l, const EVP_MD *sha256)
{
	struct ca_buf name = CA_BUF_INIT(8192);
	enum ca_err rc;

	ca_buf_fmt(&name, "%s.cdb", l->path);
	const char *text = ca_buf_text(&name);
	rc = text == NULL ? CA_ERR_MEMORY
			  : ca_index_open(&ca_users_index_kind, sha256,
				AT_FDCWD, text, &l->st, &l->index);
	if (rc == CA_ERR_UNTRUSTED || rc == CA_ERR_IO)
		ca_file_log(l->log, text, rc);
	ca_buf_free(&name);
	return rc;
}

static enum ca_err
open_both(struct lookup *l, struct ca_crypto *crypto)
{
	struct ca_reader rest;
	enum ca_err rc;

	/* the scan of the users file then logs the reason */
	rc = ca_file_open(AT_FDCWD, l->path, &l->users, &l->st);
	if (rc != CA_OK)
		return CA_ERR_STALE;
	rc = open_index(l, ca_crypto_get0_md(crypto, "SHA256"));
	if (rc != CA_OK)
		return rc;
	rest = ca_index_rest(l->index);
	if (ca_read_u64(&rest, &l->buckets) != CA_OK || l->buckets == 0 ||
	    l->buckets > UINT32_MAX || ca_read_u64(&rest, &l->mask) != CA_OK ||
	    ca_read_end(&rest) != CA_OK)
		return CA_ERR_FORMAT;
	return CA_OK;
}

static void
close_both(struct lookup *l)
{
	ca_index_close(l->index);
	ca_buf_free(&l->record);
	free(l->v);
	if (l->users >= 0)
		(void)close(l->users);
}

enum ca_err
ca_users_index_visit(struct ca_crypto *crypto, const char *path,
    struct ca_ident *id, const struct ca_log *log, ca_users_visit *visit,
    void *ctx)
{
	struct lookup l = {.path = path,
	    .log = log,
	    .users = -1,
	    .record = CA_BUF_INIT(CA_USERS_INDEX_RECORD_MAX)};
	enum ca_err rc = open_both(&l, crypto);

	if (rc == CA_ERR_NOT_FOUND)
		rc = CA_ERR_STALE; /* a small file has no index */
	else if (rc == CA_ERR_STALE)
		ca_log_debug(log,
		    "%s is read in full: its index was made of an earlier "
		    "state of the file; run: certauth users compile",
		    path);
	if (rc == CA_OK)
		rc = add_scan_list(&l);
	for (size_t i = 0; i < id->n && rc == CA_OK; i++)
		rc = add_value(&l, id, i);
	if (rc == CA_OK)
		rc = visit_lines(&l, visit, ctx);
	/* without a usable index, the login only takes longer */
	if (rc == CA_ERR_FORMAT || rc == CA_ERR_UNTRUSTED || rc == CA_ERR_IO ||
	    rc == CA_ERR_UNSUPPORTED) {
		ca_log_warning(log,
		    "%s.cdb is not used (%-s); replace it with: certauth users "
		    "compile",
		    path,
		    rc == CA_ERR_UNSUPPORTED
			? "it was made by another version of certauth"
			: ca_err_text(rc));
		rc = CA_ERR_STALE;
	}
	close_both(&l);
	return rc;
}

/* Compare the content too; logins compare only the file's state. */
static enum ca_err
check_content(const struct lookup *l, struct ca_crypto *crypto)
{
	struct ca_buf all = CA_BUF_INIT(CA_USERS_MAX);
	uint8_t now[CA_INDEX_HASH];
	enum ca_err rc = ca_file_read_fd(l->users, CA_USERS_MAX, &all);

	if (rc == CA_OK)
		rc = ca_crypto_sha256(crypto, all.p, all.len, now);
	if (rc == CA_OK &&
	    memcmp(now, ca_index_source_hash(l->index), sizeof now) != 0)
		rc = CA_ERR_STALE;
	ca_buf_free(&all);
	return rc;
}

enum ca_err
ca_users_index_check(
    struct ca_crypto *crypto, const char *path, const struct ca_log *log)
{
	struct lookup l = {.path = path,
	    .log = log,
	    .users = -1,
	    .record = CA_BUF_INIT(CA_USERS_INDEX_RECORD_MAX)};
	enum ca_err rc = open_both(&l, crypto);

	if (rc == CA_OK)
		rc = check_content(&l, crypto);
	close_both(&l);
	return rc;
}
