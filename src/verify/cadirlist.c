/* The names in a directory of CA certificates, and the subjects of all of them. */
#include "verify/cadirint.h"
#include "base/sys.h"
#include "verify/certfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The size of a short subject (C and CN) with its length.  If the CAs do not
 * fit by this measure, they are not read: their names are only a hint to
 * clients, and a login must not read a hundred files for it. */
#define SUBJECT_SHORT 32

#define SKIPPED_MAX 1000 /* names that are remembered */
#define SKIPPED_SHOWN 16 /* names in messages */

/* ---- the whole directory ---- */

static enum ca_err
add(char ***v, size_t *n, const char *name)
{
	/* the array grows in powers of two */
	if ((*n & (*n - 1)) == 0) {
		char **p = realloc(*v, (*n == 0 ? 1 : *n * 2) * sizeof **v);

		if (p == NULL)
			return CA_ERR_MEMORY;
		*v = p;
	}
	if (((*v)[*n] = strdup(name)) == NULL)
		return CA_ERR_MEMORY;
	++*n;
	return CA_OK;
}

static void
drop(char **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i]);
	free(v);
}

void
ca_cadir_listing_free(struct ca_cadir_listing *l)
{
	for (size_t i = 0; i < l->nhashed; i++) {
		free(l->hashed[i].name);
		free(l->hashed[i].target);
	}
	free(l->hashed);
	drop(l->plain, l->nplain);
	drop(l->other, l->nother);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
by_file(const void *a, const void *b)
{
	const struct ca_cadir_hashed *p = a, *q = b;
	int order = strcmp(ca_cadir_hashed_file(p), ca_cadir_hashed_file(q));

	return order != 0 ? order : strcmp(p->name, q->name);
}

/* The target of a link, if it is in the same directory; owned by the caller. */
static char *
target_of(struct ca_cadir *dir, const char *name)
{
	char target[PATH_MAX];

	if (!ca_sys_link(dir->fd, name, target))
		return NULL;
	const char *base = strncmp(target, "./", 2) == 0 ? target + 2 : target;
	return strchr(base, '/') == NULL ? strdup(base) : NULL;
}

static enum ca_err
add_hashed(struct ca_cadir *dir, const struct dirent *e, unsigned long hash,
    struct ca_cadir_listing *l)
{
	size_t n = l->nhashed;

	if ((n & (n - 1)) == 0) {
		struct ca_cadir_hashed *v = realloc(
		    l->hashed, (n == 0 ? 1 : n * 2) * sizeof *l->hashed);

		if (v == NULL)
			return CA_ERR_MEMORY;
		l->hashed = v;
	}
	l->hashed[n] =
	    (struct ca_cadir_hashed){.name = strdup(e->d_name), .hash = hash};
	if (l->hashed[n].name == NULL)
		return CA_ERR_MEMORY;
	if (e->d_type != DT_REG)
		l->hashed[n].target = target_of(dir, e->d_name);
	l->names += strcmp(e->d_name + 8, ".0") == 0;
	l->nhashed++;
	return CA_OK;
}

static enum ca_err
add_entry(
    struct ca_cadir *dir, const struct dirent *e, struct ca_cadir_listing *l)
{
	unsigned long hash;

	switch (ca_cadir_name(e->d_name, &hash)) {
	case CA_CADIR_HASHED:
		return add_hashed(dir, e, hash, l);
	case CA_CADIR_PLAIN:
		return add(&l->plain, &l->nplain, e->d_name);
	case CA_CADIR_OTHER:
		return l->nother < SKIPPED_MAX
			   ? add(&l->other, &l->nother, e->d_name)
			   : CA_OK;
	case CA_CADIR_NOTHING:
		break;
	}
	return CA_OK;
}

/* readdir has no defined order: sort, so that every run is the same. */
static void
sort(struct ca_cadir_listing *l)
{
	if (l->nhashed > 0)
		qsort(l->hashed, l->nhashed, sizeof *l->hashed, by_file);
	if (l->nplain > 0)
		qsort(l->plain, l->nplain, sizeof *l->plain, by_name);
	if (l->nother > 0)
		qsort(l->other, l->nother, sizeof *l->other, by_name);
}

enum ca_err
ca_cadir_list(struct ca_cadir *dir, struct ca_cadir_listing *l, size_t enough)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	int fd = ca_sys_openat(dir->fd, ".", O_RDONLY | O_DIRECTORY);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (d == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return CA_ERR_IO;
	}
	for (;;) {
		errno = 0;
		struct dirent *e = readdir(d);

		if (e == NULL && errno != 0) {
			ret = CA_ERR_IO;
			goto out;
		}
		if (e == NULL || l->names > enough)
			break;
		if ((rc = add_entry(dir, e, l)) != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	sort(l);
	ret = CA_OK;
out:
	(void)closedir(d);
	return ret;
}

char *
ca_cadir_skipped_text(const struct ca_cadir_listing *l)
{
	struct ca_buf text = CA_BUF_INIT((size_t)SKIPPED_SHOWN * 300);
	size_t shown = l->nother < SKIPPED_SHOWN ? l->nother : SKIPPED_SHOWN;

	for (size_t i = 0; i < shown; i++)
		ca_buf_fmt(&text, "%s%s", i > 0 ? ", " : "", l->other[i]);
	if (l->nother > shown)
		ca_buf_fmt(&text, " and %zu more", l->nother - shown);
	return l->nother > 0 ? ca_buf_take(&text, NULL) : NULL;
}

/* ---- subjects ---- */

struct subjects {
	struct ca_buf *out;
	size_t max;
};

static bool
listed(const struct ca_buf *out, const uint8_t *name, size_t len)
{
	struct ca_reader at = ca_reader_of(out->p, out->len), one;

	while (at.left > 0) {
		if (ca_read_vector(&at, 2, 0, 65535, &one) != CA_OK)
			return false;
		if (one.left == len && memcmp(one.p, name, len) == 0)
			return true;
	}
	return false;
}

static enum ca_err
add_subject(void *ctx, const uint8_t *der, size_t len)
{
	struct subjects *s = ctx;
	const uint8_t *name = NULL;
	size_t namelen = 0;

	/* path building reports a file that is not a certificate */
	if (ca_certfile_subject(der, len, &name, &namelen) != CA_OK ||
	    namelen > 65535 || listed(s->out, name, namelen))
		return CA_OK;
	if (s->out->len + 2 + namelen > s->max)
		return CA_ERR_LIMIT;
	ca_buf_u16(s->out, (uint16_t)namelen);
	ca_buf_put(s->out, name, namelen);
	return ca_buf_err(s->out);
}

static enum ca_err
file_subjects(struct ca_cadir *dir, const char *name, struct subjects *s)
{
	struct ca_buf content = CA_BUF_INIT(CA_CERTFILE_MAX);
	enum ca_err rc = ca_cadir_read(dir, name, &content);

	if (rc == CA_OK)
		rc =
		    ca_certfile_each_ca(content.p, content.len, add_subject, s);
	ca_buf_free(&content);
	return rc == CA_ERR_MEMORY || rc == CA_ERR_LIMIT ? rc : CA_OK;
}

static int
compare_file(const void *name, const void *hashed)
{
	return strcmp(name, ca_cadir_hashed_file(hashed));
}

/* Does a hashed name link to the file? */
static bool
is_linked(const struct ca_cadir_listing *l, const char *name)
{
	return l->nhashed > 0 && bsearch(name, l->hashed, l->nhashed,
				     sizeof *l->hashed, compare_file) != NULL;
}

enum ca_err
ca_cadir_subjects(struct ca_cadir *dir, size_t max, struct ca_buf *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct subjects s = {out, max};
	struct ca_cadir_listing l = {0};

	if (dir->held != NULL)
		return CA_ERR_UNSUPPORTED;
	if ((rc = ca_cadir_list(dir, &l, max / SUBJECT_SHORT)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (l.names > max / SUBJECT_SHORT) {
		ret = CA_ERR_LIMIT;
		goto out;
	}
	for (size_t i = 0; i < l.nhashed + l.nplain; i++) {
		const char *name =
		    i < l.nhashed ? l.hashed[i].name : l.plain[i - l.nhashed];

		if (i >= l.nhashed && is_linked(&l, name))
			continue;
		if ((rc = file_subjects(dir, name, &s)) != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	ret = CA_OK;
out:
	ca_cadir_listing_free(&l);
	return ret;
}
