/*
 * The files of the directory that have no hashed name.  A CRL that was put there
 * without `openssl rehash` may be the one that revokes a certificate.
 */
#include "base/file.h"
#include "base/sys.h"
#include "crl/crldirint.h"
#include "crl/crlread.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A directory with more files is not scanned; hashed names avoid the scan. */
#define NAMES_MAX 65536

struct names {
	char **v;
	size_t n;
};

static enum ca_err
names_add(struct names *list, const char *name)
{
	char **v;

	if (list->n >= NAMES_MAX)
		return CA_ERR_LIMIT;
	/* double the array at each power of two */
	if ((list->n & (list->n - 1)) == 0) {
		v = realloc(
		    list->v, (list->n > 0 ? 2 * list->n : 1) * sizeof *v);
		if (v == NULL)
			return CA_ERR_MEMORY;
		list->v = v;
	}
	if ((list->v[list->n] = strdup(name)) == NULL)
		return CA_ERR_MEMORY;
	list->n++;
	return CA_OK;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
names_sort(struct names *list)
{
	if (list->n > 1)
		qsort(list->v, list->n, sizeof *list->v, by_name);
}

static bool
names_have(const struct names *list, const char *name)
{
	return list->n > 0 && bsearch(&name, list->v, list->n, sizeof *list->v,
				  by_name) != NULL;
}

static void
names_clear(struct names *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i]);
	free(list->v);
	*list = (struct names){NULL, 0};
}

/* ---- is the directory as `certauth crl compile` left it ---- */

enum ca_err
ca_crldir_stamp(int fd, struct ca_buf *out)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return CA_ERR_IO;
	ca_buf_fmt(out, "certauth-crl-linked 1 %ju %ju %jd.%09ld\n",
	    (uintmax_t)st.st_dev, (uintmax_t)st.st_ino,
	    (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	return ca_buf_err(out);
}

/* Have no names changed since every file had a hashed name? */
static bool
is_settled(const struct ca_crldir *dir)
{
	struct ca_buf is = CA_BUF_INIT(256), was = CA_BUF_INIT(256);
	bool same =
	    ca_crldir_stamp(dir->fd, &is) == CA_OK &&
	    ca_file_read(dir->fd, CA_CRLDIR_STAMP, 255, &was) == CA_OK &&
	    is.len == was.len && memcmp(is.p, was.p, is.len) == 0;

	ca_buf_free(&is);
	ca_buf_free(&was);
	return same;
}

/* ---- the scan ---- */

static enum ca_err
read_names(struct ca_crldir *dir, struct names *plain, struct names *hashed)
{
	enum ca_err ret = CA_ERR_UNSET, rc = CA_OK;
	struct dirent *e = NULL;
	DIR *d = NULL;
	int fd = ca_sys_openat(dir->fd, ".", O_RDONLY | O_DIRECTORY);

	if (fd < 0 || (d = fdopendir(fd)) == NULL) {
		if (fd >= 0)
			(void)close(fd);
		ret = CA_ERR_IO;
		goto out;
	}
	while (rc == CA_OK && (errno = 0, (e = readdir(d)) != NULL)) {
		if (ca_crldir_is_hashed(e->d_name))
			rc = names_add(hashed, e->d_name);
		else if (ca_crldir_is_plain(e->d_name))
			rc = names_add(plain, e->d_name);
	}
	if (rc != CA_OK || errno != 0) {
		ret = rc != CA_OK ? rc : CA_ERR_IO;
		goto out;
	}
	ret = CA_OK;
out:
	if (d != NULL)
		(void)closedir(d);
	return ret;
}

/* A look-up by hash goes from .r0 on and ends at the first gap. */
static bool
is_reached(const struct names *hashed, const char *name)
{
	char other[32];
	unsigned long n = strtoul(name + 10, NULL, 10);

	for (unsigned long i = 0; i < n; i++) {
		(void)snprintf(other, sizeof other, "%.8s.r%lu", name, i);
		if (!names_have(hashed, other))
			return false;
	}
	return true;
}

/* Find the files that hashed names link to.  A hashed name that no look-up
 * reaches is handled like a plain file. */
static enum ca_err
follow(struct ca_crldir *dir, struct names *hashed, struct names *plain,
    struct names *linked)
{
	char target[PATH_MAX];
	enum ca_err rc = CA_OK;

	names_sort(hashed);
	for (size_t i = 0; rc == CA_OK && i < hashed->n; i++) {
		if (!is_reached(hashed, hashed->v[i])) {
			rc = names_add(plain, hashed->v[i]);
			continue;
		}
		if (!ca_sys_link(dir->fd, hashed->v[i], target))
			continue;
		rc = names_add(linked, target);
	}
	names_sort(linked);
	return rc;
}

/* The names of the issuers of a file's CRLs, from their first bytes.  To find
 * where the second CRL of a PEM file begins, the first is read. */
static enum ca_err
read_issuers(struct slot *slot, int fd)
{
	struct ca_crl_source *src = malloc(sizeof *src);
	enum ca_err rc;

	if (src == NULL)
		return CA_ERR_MEMORY;
	rc = ca_crl_source_open(src, fd);
	while (rc == CA_OK && (rc = ca_crl_source_next(src)) == CA_OK)
		rc = ca_crlread_issuer(src, &slot->issuers);
	free(src);
	return rc == CA_ERR_NOT_FOUND ? CA_OK : rc;
}

/* Open a file and read the issuers of its CRLs.  If that fails, read the whole
 * file to find out what is wrong with it. */
static enum ca_err
look(struct ca_crldir *dir, const char *name, bool linked)
{
	static const struct ca_crl_wanted nothing = {NULL, 0};
	struct slot *slot = ca_crldir_slot(dir, name);
	struct stat st;
	int fd;
	enum ca_err rc;

	if (slot != NULL && (slot->loaded || slot->issuers.len > 0))
		return CA_OK;
	rc = ca_crldir_open(dir->fd, name, &fd, &st);
	/* removed meanwhile, or not a regular file */
	if (rc == CA_ERR_NOT_FOUND || rc == CA_ERR_UNSUPPORTED)
		return CA_OK;
	if (rc != CA_OK)
		return ca_crldir_complain(
		    dir, name, &st, rc, &dir->scan_trouble);
	if (slot == NULL &&
	    (rc = ca_crldir_slot_add(dir, name, true, &slot)) != CA_OK) {
		(void)close(fd);
		return rc;
	}
	slot->linked = linked;
	rc = read_issuers(slot, fd);
	if (rc == CA_OK && slot->issuers.len > 0) {
		(void)close(fd);
		return CA_OK;
	}
	ca_buf_reset(&slot->issuers);
	if (rc == CA_ERR_MEMORY) {
		(void)close(fd);
		return rc;
	}
	return ca_crldir_load(dir, slot, fd, &nothing);
}

static enum ca_err
look_at(struct ca_crldir *dir, bool all, const struct names *plain,
    const struct names *linked)
{
	enum ca_err rc = CA_OK;

	for (size_t i = 0; rc == CA_OK && i < plain->n; i++) {
		bool has_link = names_have(linked, plain->v[i]);
		const struct slot *slot;

		if (has_link && !all)
			continue;
		if ((rc = look(dir, plain->v[i], has_link)) != CA_OK)
			break;
		slot = ca_crldir_slot(dir, plain->v[i]);
		if (!has_link && linked->n > 0 && slot != NULL &&
		    slot->issuers.len > 0)
			ca_log_warning(dir->log,
			    "%s in crl_dir has no hashed name, so every login takes "
			    "longer; run: certauth crl compile",
			    plain->v[i]);
	}
	return rc;
}

static enum ca_err
scan(struct ca_crldir *dir, bool all)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct names plain = {NULL, 0}, hashed = {NULL, 0};
	struct names linked = {NULL, 0};

	rc = read_names(dir, &plain, &hashed);
	if (rc == CA_OK)
		rc = follow(dir, &hashed, &plain, &linked);
	if (rc == CA_ERR_LIMIT) {
		ca_log_err(dir->log,
		    "crl_dir has more than %d files, so it is not searched; "
		    "remove some files, or run: certauth crl compile",
		    NAMES_MAX);
		ca_crldir_blame(&dir->scan_trouble, CA_R_CRL_DIR, "crl_dir",
		    "has too many files");
	} else if (rc == CA_OK) {
		/* readdir has no stable order; messages must have one */
		names_sort(&plain);
		rc = look_at(dir, all, &plain, &linked);
	}
	if (rc != CA_OK && rc != CA_ERR_LIMIT) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	names_clear(&plain);
	names_clear(&hashed);
	names_clear(&linked);
	return ret;
}

/* ---- the look-up ---- */

/* Is name among the issuers of a file that is not loaded yet? */
static bool
may_hold(const struct slot *slot, const X509_NAME *name)
{
	const uint8_t *p = slot->issuers.p;
	const uint8_t *end = p + slot->issuers.len;
	bool yes = false;

	ERR_set_mark();
	while (!yes && p < end) {
		X509_NAME *issuer = d2i_X509_NAME(NULL, &p, end - p);

		/* if the name cannot be decoded, the reader reports it */
		yes = issuer == NULL || ca_crl_same_name(issuer, name);
		X509_NAME_free(issuer);
	}
	ERR_pop_to_mark();
	return yes;
}

static enum ca_err
find_in(struct ca_crldir *dir, struct slot *slot, const X509_NAME *name,
    const struct ca_crl_wanted *wanted, struct ca_crls *found)
{
	struct stat st;
	enum ca_err rc;
	int fd;

	if (!slot->loaded) {
		if (!may_hold(slot, name))
			return CA_OK;
		rc = ca_crldir_open(dir->fd, slot->name, &fd, &st);
		if (rc == CA_ERR_NOT_FOUND || rc == CA_ERR_UNSUPPORTED)
			return CA_OK; /* removed or replaced meanwhile */
		if (rc != CA_OK)
			return ca_crldir_complain(
			    dir, slot->name, &st, rc, &dir->trouble);
		rc = ca_crldir_load(dir, slot, fd, wanted);
		if (rc != CA_OK)
			return rc;
	}
	return ca_crldir_pick(dir, slot, name, found);
}

/* Put the files that matter into dir's slots. */
static enum ca_err
prepare(struct ca_crldir *dir, bool all)
{
	enum ca_err rc;

	if (dir->scanned || (!all && dir->settled))
		return CA_OK;
	if ((all || !is_settled(dir)) && (rc = scan(dir, all)) != CA_OK)
		return rc;
	dir->settled = true;
	dir->scanned = all;
	return CA_OK;
}

enum ca_err
ca_crldir_find_plain(struct ca_crldir *dir, bool all, const X509_NAME *name,
    const struct ca_crl_wanted *wanted, struct ca_crls *found)
{
	enum ca_err rc = prepare(dir, all);

	if (rc != CA_OK)
		return rc;
	ca_crldir_blame_too(&dir->trouble, &dir->scan_trouble);
	for (size_t i = 0; rc == CA_OK && i < dir->n; i++) {
		struct slot *slot = &dir->slot[i];

		if (slot->plain && (all || !slot->linked))
			rc = find_in(dir, slot, name, wanted, found);
	}
	return rc;
}
