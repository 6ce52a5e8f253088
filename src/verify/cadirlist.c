/* Scans of a whole directory of CA certificates. */
#include "verify/cadirint.h"
#include "verify/certfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* The size of a short subject (C and CN) with its length.  If the CAs do not
 * fit by this measure, they are not read: their names are only a hint to
 * clients, and a login must not read a hundred files for it. */
#define SUBJECT_SHORT 32

/* More plain files than this cause a hint in the log. */
#define FILES_MANY 20

/* ---- names ---- */

/* HASH.N; *hash is the number of HASH then. */
static bool
is_hashed(const char *name, unsigned long *hash)
{
	static const char hex[] = "0123456789abcdef";

	*hash = 0;
	for (int i = 0; i < 8; i++) {
		const char *digit =
		    name[i] == '\0' ? NULL : strchr(hex, name[i]);
		if (digit == NULL)
			return false;
		*hash = *hash << 4 | (unsigned long)(digit - hex);
	}
	if (name[8] != '.' || name[9] == '\0')
		return false;
	return strspn(name + 9, "0123456789") == strlen(name + 9);
}

static bool
is_plain(const char *name)
{
	static const char *const ends[] = {
	    ".pem", ".crt", ".cer", ".cert", ".der"};
	const char *dot = strrchr(name, '.');

	if (name[0] == '.' || dot == NULL)
		return false;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (strcasecmp(dot, ends[i]) == 0)
			return true;
	return false;
}

/* ---- the whole directory ---- */

struct listing {
	char **hashed; /* HASH.N */
	size_t nhashed;
	char **covered; /* files in this directory that HASH.N links to */
	size_t ncovered;
	char **plain;
	size_t nplain;
	size_t names; /* names HASH.0: about the number of subjects */
};

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

static void
listing_free(struct listing *l)
{
	drop(l->hashed, l->nhashed);
	drop(l->covered, l->ncovered);
	drop(l->plain, l->nplain);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Remember the target of a HASH.N if it is in the same directory. */
static enum ca_err
add_covered(struct ca_cadir *dir, const char *name, struct listing *l)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir->fd, name, target, sizeof target - 1);

	if (n <= 0 || (size_t)n >= sizeof target - 1)
		return CA_OK;
	target[n] = '\0';
	const char *base = strncmp(target, "./", 2) == 0 ? target + 2 : target;
	if (strchr(base, '/') != NULL)
		return CA_OK;
	return add(&l->covered, &l->ncovered, base);
}

/* enough: stop at more names than this; SIZE_MAX: read all. */
static enum ca_err
list(struct ca_cadir *dir, struct listing *l, size_t enough)
{
	enum ca_err ret = CA_ERR_UNSET, rc = CA_OK;
	unsigned long hash;
	int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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
		if (is_hashed(e->d_name, &hash)) {
			l->names += strcmp(e->d_name + 8, ".0") == 0;
			rc = add(&l->hashed, &l->nhashed, e->d_name);
			if (rc == CA_OK && e->d_type != DT_REG)
				rc = add_covered(dir, e->d_name, l);
		} else if (is_plain(e->d_name)) {
			rc = add(&l->plain, &l->nplain, e->d_name);
		}
		if (rc != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	/* readdir has no defined order: sort, so that every run is the same */
	if (l->ncovered > 0)
		qsort(l->covered, l->ncovered, sizeof *l->covered, by_name);
	if (l->nplain > 0)
		qsort(l->plain, l->nplain, sizeof *l->plain, by_name);
	ret = CA_OK;
out:
	(void)closedir(d);
	return ret;
}

static bool
covered(const struct listing *l, const char *name)
{
	return l->ncovered > 0 && bsearch(&name, l->covered, l->ncovered,
				      sizeof *l->covered, by_name) != NULL;
}

enum ca_err
ca_cadir_scan(struct ca_cadir *dir, STACK_OF(X509) *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct listing l = {0};
	size_t files = 0;

	if (dir->held != NULL)
		return CA_OK; /* ca_cadir_by_subject returns all of them */
	if ((rc = list(dir, &l, SIZE_MAX)) != CA_OK) {
		ca_cadir_problem(dir, ".", "cannot be listed");
		ret = rc;
		goto out;
	}
	for (size_t i = 0; i < l.nplain; i++) {
		if (covered(&l, l.plain[i]))
			continue;
		if (++files > CA_CADIR_FILES_MAX ||
		    sk_X509_num(out) > CA_CADIR_CERTS_MAX) {
			ca_cadir_problem(dir, l.plain[i],
			    "exceeds the limit of files in the directory; "
			    "run `openssl rehash` on the directory");
			break;
		}
		rc = ca_cadir_load(dir, l.plain[i], out);
		if (rc != CA_OK && rc != CA_ERR_NOT_FOUND) {
			ret = rc;
			goto out;
		}
	}
	if (files > FILES_MANY)
		ca_log_debug(dir->log,
		    "%-s %s: the login read %zu files; run `openssl rehash` on "
		    "the directory to find a CA by its name",
		    dir->key, dir->path, files);
	ret = CA_OK;
out:
	listing_free(&l);
	return ret;
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
		rc = ca_certfile_each(content.p, content.len, add_subject, s);
	ca_buf_free(&content);
	return rc == CA_ERR_MEMORY || rc == CA_ERR_LIMIT ? rc : CA_OK;
}

enum ca_err
ca_cadir_subjects(struct ca_cadir *dir, size_t max, struct ca_buf *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct subjects s = {out, max};
	struct listing l = {0};

	if (dir->held != NULL)
		return CA_ERR_UNSUPPORTED;
	if ((rc = list(dir, &l, max / SUBJECT_SHORT)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (l.names > max / SUBJECT_SHORT) {
		ret = CA_ERR_LIMIT;
		goto out;
	}
	for (size_t i = 0; i < l.nhashed + l.nplain; i++) {
		const char *name =
		    i < l.nhashed ? l.hashed[i] : l.plain[i - l.nhashed];

		if (i >= l.nhashed && covered(&l, name))
			continue;
		if ((rc = file_subjects(dir, name, &s)) != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	ret = CA_OK;
out:
	listing_free(&l);
	return ret;
}
