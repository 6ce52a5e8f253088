#include "verify/cadir.h"
#include "base/file.h"
#include "verify/certfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A short subject, with its length: C and CN.  More CAs than fit by this
 * measure are not read to learn whether they fit: their names are only a hint
 * to clients, and a login must not pay for a hundred files. */
#define SUBJECT_SHORT 32

struct ca_cadir {
	struct ca_crypto *crypto;
	const char *key;
	char *path;
	const struct ca_log *log;
	int fd;
	char *problem;
	STACK_OF(X509) *held; /* instead of a directory; NULL: one is open */
};

enum ca_err
ca_cadir_open(struct ca_crypto *crypto, const char *path, const char *key,
    const struct ca_log *log, struct ca_cadir **out)
{
	struct ca_cadir *dir = calloc(1, sizeof *dir);
	enum ca_err rc;

	*out = NULL;
	if (dir == NULL)
		return CA_ERR_MEMORY;
	*dir = (struct ca_cadir){.crypto = crypto, .key = key, .log = log,
	    .fd = -1};
	if ((dir->path = strdup(path)) == NULL) {
		ca_cadir_free(dir);
		return CA_ERR_MEMORY;
	}
	struct stat st;
	if ((rc = ca_file_opendir(AT_FDCWD, path, &dir->fd, &st)) != CA_OK) {
		if (rc == CA_ERR_UNTRUSTED)
			ca_log_err(log, "%s %s %s; nothing in it is used", key,
			    path, ca_file_distrust(&st) != NULL
			    ? ca_file_distrust(&st) : "is no directory");
		else
			ca_log_err(log, "%s %s cannot be opened: %m", key,
			    path);
		ca_cadir_free(dir);
		return rc;
	}
	*out = dir;
	return CA_OK;
}

enum ca_err
ca_cadir_hold(struct ca_crypto *crypto, STACK_OF(X509) *certs,
    const struct ca_log *log, struct ca_cadir **out)
{
	struct ca_cadir *dir = calloc(1, sizeof *dir);

	*out = NULL;
	if (dir == NULL)
		return CA_ERR_MEMORY;
	*dir = (struct ca_cadir){.crypto = crypto, .log = log, .fd = -1};
	if ((dir->held = X509_chain_up_ref(certs)) == NULL) {
		free(dir);
		return CA_ERR_MEMORY;
	}
	*out = dir;
	return CA_OK;
}

void
ca_cadir_free(struct ca_cadir *dir)
{
	if (dir == NULL)
		return;
	sk_X509_pop_free(dir->held, X509_free);
	if (dir->fd >= 0)
		(void)close(dir->fd);
	free(dir->path);
	free(dir->problem);
	free(dir);
}

const char *
ca_cadir_get0_problem(const struct ca_cadir *dir)
{
	return dir->problem;
}

/* Log what is wrong with a file that counts, and remember the first. */
static void
problem(struct ca_cadir *dir, const char *name, const char *what)
{
	char *text = NULL;

	if (asprintf(&text, "%s: %s/%s %s", dir->key, dir->path, name,
	    what) < 0)
		return;
	ca_log_err(dir->log, "%s", text);
	if (dir->problem == NULL)
		dir->problem = text;
	else
		free(text);
}

/* ---- names ---- */

/* HASH.N; *hash is its number then. */
static bool
is_hashed(const char *name, unsigned long *hash)
{
	static const char hex[] = "0123456789abcdef";

	*hash = 0;
	for (int i = 0; i < 8; i++) {
		const char *digit = name[i] == '\0' ? NULL
						    : strchr(hex, name[i]);
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
	static const char *const ends[] = {".pem", ".crt", ".cer", ".cert",
	    ".der"};
	const char *dot = strrchr(name, '.');

	if (name[0] == '.' || dot == NULL)
		return false;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (strcasecmp(dot, ends[i]) == 0)
			return true;
	return false;
}

/* ---- one file ---- */

/* CA_OK: content holds it.  CA_ERR_NOT_FOUND: it is not there (any more).
 * Others are remembered as a problem. */
static enum ca_err
read_file(struct ca_cadir *dir, const char *name, struct ca_buf *content)
{
	struct stat st = {0};
	int fd;
	enum ca_err rc = ca_file_open(dir->fd, name, &fd, &st);

	if (rc == CA_OK) {
		rc = ca_file_read_fd(fd, CA_CERTFILE_MAX, content);
		int saved = errno;
		(void)close(fd);
		errno = saved;
	}
	switch (rc) {
	case CA_OK:
	case CA_ERR_MEMORY:
		return rc;
	case CA_ERR_NOT_FOUND:
		/* a link that leads nowhere is not an absent file */
		if (faccessat(dir->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
			return rc;
		problem(dir, name, "is a link to a file that is not there");
		return CA_ERR_IO;
	case CA_ERR_UNTRUSTED: {
		const char *why = ca_file_distrust(&st);

		problem(dir, name, why != NULL ? why : "is no regular file");
		return rc;
	}
	case CA_ERR_LIMIT:
		problem(dir, name, "is too large");
		return rc;
	default: {
		char what[256];

		(void)snprintf(what, sizeof what, "cannot be read: %s",
		    strerrordesc_np(errno) != NULL ? strerrordesc_np(errno)
						   : "unknown error");
		problem(dir, name, what);
		return CA_ERR_IO;
	}
	}
}

/* Append the certificates of a file.  What is wrong with it is remembered and
 * no error: only CA_ERR_MEMORY and CA_ERR_NOT_FOUND come back. */
static enum ca_err
load(struct ca_cadir *dir, const char *name, STACK_OF(X509) *out)
{
	struct ca_buf content = CA_BUF_INIT(CA_CERTFILE_MAX);
	size_t bad = 0;
	enum ca_err rc = read_file(dir, name, &content);

	if (rc == CA_ERR_MEMORY || rc == CA_ERR_NOT_FOUND) {
		ca_buf_free(&content);
		return rc;
	}
	if (rc == CA_OK) {
		rc = ca_certfile_parse(dir->crypto, content.p, content.len,
		    out, &bad);
		if (rc == CA_ERR_FORMAT)
			problem(dir, name, "is neither PEM nor DER");
		else if (bad > 0)
			problem(dir, name,
			    "holds a certificate that cannot be decoded");
	}
	ca_buf_free(&content);
	return rc == CA_ERR_MEMORY ? rc : CA_OK;
}

static enum ca_err
held_by_subject(const struct ca_cadir *dir, const X509_NAME *subject,
    STACK_OF(X509) *out)
{
	for (int i = 0; i < sk_X509_num(dir->held); i++) {
		X509 *cert = sk_X509_value(dir->held, i);

		if (X509_NAME_cmp(X509_get_subject_name(cert), subject) != 0)
			continue;
		if (X509_up_ref(cert) != 1)
			return CA_ERR_CRYPTO;
		if (sk_X509_push(out, cert) <= 0) {
			X509_free(cert);
			return CA_ERR_MEMORY;
		}
	}
	return CA_OK;
}

enum ca_err
ca_cadir_by_subject(struct ca_cadir *dir, const X509_NAME *subject,
    STACK_OF(X509) *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;

	if (dir->held != NULL)
		return held_by_subject(dir, subject, out);
	STACK_OF(X509) *found = sk_X509_new_null();
	int ok = 0;
	unsigned long hash = X509_NAME_hash_ex(subject,
	    ca_crypto_get0_libctx(dir->crypto), NULL, &ok);

	if (found == NULL || !ok) {
		ret = found == NULL ? CA_ERR_MEMORY : CA_ERR_CRYPTO;
		goto out;
	}
	for (int i = 0; i < CA_CADIR_SAME_SUBJECT_MAX; i++) {
		char name[32];

		(void)snprintf(name, sizeof name, "%08lx.%d", hash, i);
		if ((rc = load(dir, name, found)) == CA_ERR_NOT_FOUND)
			break;
		if (rc != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	for (X509 *cert; (cert = sk_X509_shift(found)) != NULL;) {
		if (X509_NAME_cmp(X509_get_subject_name(cert), subject) != 0) {
			X509_free(cert);
		} else if (sk_X509_push(out, cert) <= 0) {
			X509_free(cert);
			ret = CA_ERR_MEMORY;
			goto out;
		}
	}
	ret = CA_OK;
out:
	sk_X509_pop_free(found, X509_free);
	return ret;
}

/* ---- the whole directory ---- */

struct listing {
	char **hashed;   /* HASH.N */
	size_t nhashed;
	char **covered;  /* names in this directory that they link to */
	size_t ncovered;
	char **plain;
	size_t nplain;
	size_t names;    /* different hashes, roughly: those of HASH.0 */
};

static enum ca_err
add(char ***v, size_t *n, const char *name)
{
	/* room in powers of two */
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

/* Where a HASH.N leads to, if that is a name in the same directory. */
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

/* enough: more names than that need no further reading; SIZE_MAX for all. */
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
	/* the order of a directory is no order: make each run the same */
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
		return CA_OK; /* ca_cadir_by_subject gave all of them */
	if ((rc = list(dir, &l, SIZE_MAX)) != CA_OK) {
		problem(dir, ".", "cannot be listed");
		ret = rc;
		goto out;
	}
	for (size_t i = 0; i < l.nplain; i++) {
		if (covered(&l, l.plain[i]))
			continue;
		if (++files > CA_CADIR_FILES_MAX ||
		    sk_X509_num(out) > CA_CADIR_CERTS_MAX) {
			problem(dir, l.plain[i], "is one file too many; "
			    "run `openssl rehash` on the directory");
			break;
		}
		rc = load(dir, l.plain[i], out);
		if (rc != CA_OK && rc != CA_ERR_NOT_FOUND) {
			ret = rc;
			goto out;
		}
	}
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

	/* a file that is no certificate fails loudly when it is verified by */
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
	enum ca_err rc = read_file(dir, name, &content);

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
		const char *name = i < l.nhashed ? l.hashed[i]
						 : l.plain[i - l.nhashed];

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
