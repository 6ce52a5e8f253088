/* Reads the certificates of a directory to which no hashed name leads. */
#include "base/sys.h"
#include "verify/cadirint.h"
#include "verify/certfile.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More plain files than this cause a hint in the log. */
#define FILES_MANY 20

/* A file, and the hashed names that lead to it: number from up to number to of
 * the listing. */
struct file {
	struct ca_cadir *dir;
	struct ca_cadir_listing *l;
	const char *plain; /* its name; NULL: it has hashed names only */
	size_t from, to;
	bool all; /* a hashed name leads to each of its certificates */
};

/* ---- what its hashed names say ---- */

/* Would ca_cadir_by_subject come to this name?  It begins with HASH.0, and ends
 * where a number is missing. */
static bool
is_reached(const struct ca_cadir *dir, const struct ca_cadir_hashed *h)
{
	char name[32];
	int i = 0;

	for (; i < CA_CADIR_SAME_SUBJECT_MAX; i++) {
		(void)snprintf(name, sizeof name, "%08lx.%d", h->hash, i);
		if (strcmp(name, h->name) == 0)
			return true;
		if (!ca_sys_exists(dir->fd, name, true))
			return false;
	}
	return false;
}

static enum ca_err
fit_one(void *ctx, const uint8_t *der, size_t len)
{
	struct file *f = ctx;
	const uint8_t *p = NULL;
	size_t n = 0;
	X509_NAME *subject = NULL;
	bool reached = false;

	if (ca_certfile_subject(der, len, &p, &n) == CA_OK)
		subject = d2i_X509_NAME(NULL, &p, (long)n);
	for (size_t i = f->from; subject != NULL && i < f->to; i++) {
		struct ca_cadir_hashed *h = &f->l->hashed[i];
		enum ca_cadir_hash fits =
		    ca_cadir_hash_fits(f->dir->crypto, subject, h->hash);

		h->fits = h->fits || fits != CA_CADIR_HASH_NEITHER;
		reached = reached ||
			  (fits == CA_CADIR_HASH_NEW && is_reached(f->dir, h));
	}
	f->all = f->all && reached;
	X509_NAME_free(subject);
	return CA_OK;
}

/* Compare the hashed names with the certificates.  *any: one name fits one
 * certificate. */
static enum ca_err
fit(struct file *f, const char *name, bool *any)
{
	struct ca_buf content = CA_BUF_INIT(CA_CERTFILE_MAX);
	enum ca_err rc = ca_cadir_read(f->dir, name, &content);

	f->all = true;
	*any = false;
	if (rc == CA_OK) {
		ERR_set_mark();
		rc = ca_certfile_each_ca(content.p, content.len, fit_one, f);
		ERR_pop_to_mark();
	}
	ca_buf_free(&content);
	if (rc != CA_OK)
		return rc;
	for (size_t i = f->from; i < f->to; i++) {
		*any = *any || f->l->hashed[i].fits;
		if (!f->l->hashed[i].fits)
			ca_cadir_problem(f->dir, f->l->hashed[i].name,
			    "is not used: its name is not the hash of a "
			    "subject in it; run `openssl rehash` on the "
			    "directory");
	}
	return CA_OK;
}

/* ---- the files ---- */

static enum ca_err
read_file(struct file *f, STACK_OF(X509) *out)
{
	const char *name = f->plain;
	bool any = true;
	enum ca_err rc;

	if (f->from < f->to) {
		if (name == NULL)
			name = f->l->hashed[f->from].name;
		/* the target of a link was removed: nothing is missed */
		if (f->plain == NULL && !ca_sys_exists(f->dir->fd, name, true))
			return CA_OK;
		rc = fit(f, name, &any);
		if (rc == CA_ERR_MEMORY)
			return rc;
		if (rc == CA_ERR_NOT_FOUND || rc == CA_ERR_IO ||
		    rc == CA_ERR_UNTRUSTED || rc == CA_ERR_LIMIT)
			return CA_OK; /* a problem was logged, if it is one */
		if (rc == CA_OK && (f->all || (f->plain == NULL && !any)))
			return CA_OK;
	}
	rc = ca_cadir_load(f->dir, name, out);
	return rc == CA_ERR_NOT_FOUND ? CA_OK : rc;
}

/* The next file of the listing, in the order of names; false: there is none. */
static bool
next_file(struct file *f, size_t *plain)
{
	const struct ca_cadir_listing *l = f->l;
	const char *name = *plain < l->nplain ? l->plain[*plain] : NULL;
	const char *file =
	    f->to < l->nhashed ? ca_cadir_hashed_file(&l->hashed[f->to]) : NULL;
	int order = name == NULL ? 1 : file == NULL ? -1 : strcmp(name, file);

	if (name == NULL && file == NULL)
		return false;
	f->from = f->to;
	f->plain = NULL;
	if (order <= 0) {
		f->plain = name;
		++*plain;
	}
	while (order >= 0 && f->to < l->nhashed &&
	       strcmp(ca_cadir_hashed_file(&l->hashed[f->to]), file) == 0)
		f->to++;
	return true;
}

static enum ca_err
read_all(struct ca_cadir *dir, struct ca_cadir_listing *l, STACK_OF(X509) *out)
{
	struct file f = {.dir = dir, .l = l};
	size_t plain = 0, files = 0, checked = 0;
	enum ca_err rc;

	while (next_file(&f, &plain)) {
		bool hashed = f.from < f.to;

		if (hashed && ++checked > CA_CADIR_CHECKED_MAX)
			continue;
		if ((!hashed && ++files > CA_CADIR_FILES_MAX) ||
		    sk_X509_num(out) > CA_CADIR_CERTS_MAX) {
			ca_cadir_problem(dir, f.plain != NULL ? f.plain : ".",
			    "exceeds the limit of files in the directory; "
			    "run `openssl rehash` on the directory");
			break;
		}
		if ((rc = read_file(&f, out)) != CA_OK)
			return rc;
	}
	if (files > FILES_MANY)
		ca_log_debug(dir->log,
		    "%-s %s: the login read %zu files; run `openssl rehash` on "
		    "the directory to find a CA by its name",
		    dir->key, dir->path, files);
	return CA_OK;
}

enum ca_err
ca_cadir_scan(struct ca_cadir *dir, STACK_OF(X509) *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_cadir_listing l = {0};

	if (dir->held != NULL)
		return CA_OK; /* ca_cadir_by_subject returns all of them */
	if ((rc = ca_cadir_list(dir, &l, SIZE_MAX)) != CA_OK) {
		ca_cadir_problem(dir, ".", "cannot be listed");
		ret = rc;
		goto out;
	}
	free(dir->skipped);
	dir->skipped = ca_cadir_skipped_text(&l);
	if ((rc = read_all(dir, &l, out)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_cadir_listing_free(&l);
	return ret;
}
