/*
 * The files of one directory of registered certificates.
 */
#include "base/file.h"
#include "base/sys.h"
#include "data/pem.h"
#include "crypto/crypto.h"
#include "map/registeredint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- names in a directory ---- */

void
ca_registered_names_free(struct ca_registered_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
ends_in(const char *name, const char *suffix)
{
	size_t n = strlen(name), s = strlen(suffix);

	return n > s && strcmp(name + n - s, suffix) == 0;
}

enum ca_err
ca_registered_list(
    int fd, const char *suffix, struct ca_registered_names *names)
{
	enum ca_err ret = CA_ERR_UNSET;
	struct dirent *e;
	DIR *dir = NULL;
	size_t seen = 0;
	int copy = ca_sys_openat(fd, ".", O_RDONLY | O_DIRECTORY);

	if (copy < 0 || (dir = fdopendir(copy)) == NULL) {
		ret = CA_ERR_IO;
		goto out;
	}
	while (errno = 0, (e = readdir(dir)) != NULL) {
		if (suffix[0] != '\0' && ++seen > CA_REGISTERED_ENTRIES) {
			ret = CA_ERR_LIMIT;
			goto out;
		}
		if (e->d_name[0] == '.' || !ends_in(e->d_name, suffix))
			continue;
		if (names->n == names->max) {
			ret = CA_ERR_LIMIT;
			goto out;
		}
		char **v = realloc(names->v, (names->n + 1) * sizeof *v);
		if (v != NULL)
			names->v = v;
		if (v == NULL || (v[names->n] = strdup(e->d_name)) == NULL) {
			ret = CA_ERR_MEMORY;
			goto out;
		}
		names->n++;
	}
	if (errno != 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	if (names->n > 0)
		qsort(names->v, names->n, sizeof *names->v, compare);
	ret = CA_OK;
out:
	if (dir != NULL)
		(void)closedir(dir);
	else if (copy >= 0)
		(void)close(copy);
	return ret;
}

/* ---- a file ---- */

static enum ca_err
visit_block(struct ca_registered_state *w, const char *path, bool first,
    const struct ca_pem *pem)
{
	struct ca_buf der = CA_BUF_INIT(CA_CERT_MAX);
	enum ca_err rc = ca_pem_decode(pem, &der);

	if (rc == CA_ERR_LIMIT)
		rc = CA_ERR_FORMAT; /* no certificate is that long */
	else if (rc == CA_OK) {
		rc = w->visit(w->ctx, w->login, path, first, der.p, der.len);
		w->ended = rc == CA_ERR_LIMIT;
	}
	ca_buf_free(&der);
	return rc;
}

/* Visit every CERTIFICATE of PEM text; CA_ERR_FORMAT if there is none. */
static enum ca_err
visit_pem(
    struct ca_registered_state *w, const char *path, const struct ca_buf *text)
{
	struct ca_reader r = ca_reader_of(text->p, text->len);
	enum ca_err rc = CA_ERR_FORMAT;
	bool first = true;
	struct ca_pem pem;

	while (ca_pem_next(&r, &pem) == CA_OK) {
		if (!ca_pem_label(&pem, "CERTIFICATE") &&
		    !ca_pem_label(&pem, "X509 CERTIFICATE"))
			continue;
		rc = visit_block(w, path, first, &pem);
		first = false;
		if (rc != CA_OK && rc != CA_ERR_FORMAT)
			return rc;
	}
	return rc == CA_OK ? CA_OK : CA_ERR_FORMAT;
}

/* Only a file that the user owns: a link must not show a file of root's. */
static enum ca_err
open_owned(int dirfd, const char *name, const struct ca_account *owner, int *fd)
{
	struct stat st;
	int f = ca_sys_openat(
	    dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (f < 0)
		return errno == ENOENT             ? CA_ERR_NOT_FOUND
		       : errno == CA_SYS_UNTRUSTED ? CA_ERR_UNTRUSTED
						   : CA_ERR_IO;
	if (fstat(f, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != owner->uid ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		(void)close(f);
		return CA_ERR_UNTRUSTED;
	}
	*fd = f;
	return CA_OK;
}

static enum ca_err
visit_file(struct ca_registered_state *w, int dirfd, const char *name,
    const char *path)
{
	struct ca_buf text = CA_BUF_INIT(CA_REGISTERED_BYTES + 1);
	int fd = -1;
	enum ca_err rc = w->owner != NULL
			     ? open_owned(dirfd, name, w->owner, &fd)
			     : ca_file_open(dirfd, name, &fd, NULL);

	if (rc == CA_OK)
		rc = ca_file_read_fd(fd, CA_REGISTERED_BYTES, &text);
	if (rc == CA_OK && w->owner != NULL) {
		if (text.len > w->left)
			rc = CA_ERR_LIMIT;
		w->left -= text.len < w->left ? text.len : w->left;
	}
	if (rc == CA_OK)
		rc = text.len > 0 ? visit_pem(w, path, &text) : CA_ERR_FORMAT;
	if (fd >= 0)
		(void)close(fd);
	ca_buf_free(&text);
	return rc;
}

void
ca_registered_warn(
    const struct ca_registered_state *w, const char *path, enum ca_err rc)
{
	ca_log_warning(w->log, "%s is not used: %-s", path,
	    rc == CA_ERR_UNTRUSTED
		? "the user must own it, and it must not be writable by group or others"
		: ca_err_text(rc));
}

enum ca_err
ca_registered_dir(struct ca_registered_state *w, int fd, const char *dir)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_registered_names names = {NULL, 0, CA_REGISTERED_FILES};

	if ((rc = ca_registered_list(fd, ".pem", &names)) != CA_OK) {
		ca_file_log(w->log, dir, rc);
		ret = rc;
		goto out;
	}
	for (size_t i = 0; i < names.n; i++) {
		struct ca_buf path = CA_BUF_INIT((size_t)2 * PATH_MAX);

		if (w->owner != NULL && w->left == 0) {
			ca_log_warning(w->log,
			    "%s/%s and the files after it are not used: at most %zu bytes of one home are read",
			    dir, names.v[i], CA_REGISTERED_HOME_BYTES);
			break;
		}
		ca_buf_fmt(&path, "%s/%s", dir, names.v[i]);
		const char *text = ca_buf_text(&path);
		rc = text == NULL ? CA_ERR_MEMORY
				  : visit_file(w, fd, names.v[i], text);
		/* the visitor has logged why it ended the walk */
		if (rc != CA_OK && w->owner != NULL && !w->ended) {
			ca_registered_warn(w, text != NULL ? text : dir, rc);
			rc = CA_OK;
		} else if (rc != CA_OK && !w->ended) {
			ca_file_log(w->log, text != NULL ? text : dir, rc);
		}
		ca_buf_free(&path);
		if (rc != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	ret = CA_OK;
out:
	ca_registered_names_free(&names);
	return ret;
}
