#include "verify/cadir.h"
#include "base/file.h"
#include "base/sys.h"
#include "verify/cadirint.h"
#include "verify/caready.h"
#include "verify/certfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum ca_err
ca_cadir_open(struct ca_crypto *crypto, const char *path, const char *key,
    const struct ca_log *log, struct ca_cadir **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_cadir *dir = calloc(1, sizeof *dir);
	struct stat st = {0};

	*out = NULL;
	if (dir == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	*dir = (struct ca_cadir){
	    .crypto = crypto, .key = key, .log = log, .fd = -1};
	if ((dir->path = strdup(path)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = ca_file_opendir(AT_FDCWD, path, &dir->fd, &st)) != CA_OK) {
		if (rc == CA_ERR_UNTRUSTED)
			ca_log_err(log,
			    "%-s %s %-s; no certificate in it is used", key,
			    path,
			    ca_file_distrust(&st) != NULL
				? ca_file_distrust(&st)
				: "is not a directory");
		else
			ca_log_err(
			    log, "%-s %s cannot be opened: %m", key, path);
		ret = rc;
		goto out;
	}
	*out = dir;
	dir = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_cadir_free(dir);
	return ret;
}

enum ca_err
ca_cadir_hold(struct ca_crypto *crypto, STACK_OF(X509) *certs,
    const struct ca_log *log, struct ca_cadir **out)
{
	enum ca_err ret = CA_ERR_UNSET;
	struct ca_cadir *dir = calloc(1, sizeof *dir);

	*out = NULL;
	if (dir == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	*dir = (struct ca_cadir){.crypto = crypto, .log = log, .fd = -1};
	if ((dir->held = X509_chain_up_ref(certs)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	*out = dir;
	dir = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_cadir_free(dir);
	return ret;
}

void
ca_cadir_free(struct ca_cadir *dir)
{
	if (dir == NULL)
		return;
	sk_X509_pop_free(dir->held, X509_free);
	if (dir->fd >= 0)
		(void)close(dir->fd);
	ca_cadir_forget(dir);
	free(dir->path);
	free(dir->problem);
	free(dir->skipped);
	free(dir);
}

const char *
ca_cadir_get0_problem(const struct ca_cadir *dir)
{
	return dir->problem;
}

void
ca_cadir_skipped(const struct ca_cadir *dir, struct ca_buf *out)
{
	if (dir->skipped != NULL)
		ca_buf_fmt(out, "%s %s: %s", dir->key, dir->path, dir->skipped);
}

void
ca_cadir_problem(struct ca_cadir *dir, const char *name, const char *what)
{
	char *text = NULL, *path = NULL;

	if (asprintf(&path, "%s/%s", dir->path, name) >= 0)
		ca_log_err(dir->log, "%-s: %s %-s", dir->key, path, what);
	if (asprintf(&text, "%s: %s/%s %s", dir->key, dir->path, name, what) <
	    0)
		text = NULL;
	free(path);
	if (dir->problem == NULL)
		dir->problem = text;
	else
		free(text);
}

/* ---- one file ---- */

/* The content of a file; or, with out, its certificates if they are decoded already:
 * *taken is set then, and content stays empty. */
static enum ca_err
read_or_take(struct ca_cadir *dir, const char *name, struct ca_buf *content,
    STACK_OF(X509) *out, bool *taken)
{
	struct stat st = {0};
	int fd;
	enum ca_err rc = ca_file_open(dir->fd, name, &fd, &st);

	*taken = rc == CA_OK && out != NULL && ca_caready_take(&st, out);
	if (rc == CA_OK) {
		if (!*taken)
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
		/* a dangling link is not an absent file */
		if (!ca_sys_exists(dir->fd, name, false))
			return rc;
		ca_cadir_problem(
		    dir, name, "is a link to a file that does not exist");
		return CA_ERR_IO;
	case CA_ERR_UNTRUSTED: {
		const char *why = ca_file_distrust(&st);

		ca_cadir_problem(
		    dir, name, why != NULL ? why : "is not a regular file");
		return rc;
	}
	case CA_ERR_LIMIT:
		ca_cadir_problem(dir, name, "is larger than 16 MiB");
		return rc;
	default: {
		char what[256];

		(void)snprintf(what, sizeof what, "cannot be read: %s",
		    strerrordesc_np(errno) != NULL ? strerrordesc_np(errno)
						   : "unknown error");
		ca_cadir_problem(dir, name, what);
		return CA_ERR_IO;
	}
	}
}

enum ca_err
ca_cadir_read(struct ca_cadir *dir, const char *name, struct ca_buf *content)
{
	bool taken;

	return read_or_take(dir, name, content, NULL, &taken);
}

enum ca_err
ca_cadir_load(struct ca_cadir *dir, const char *name, STACK_OF(X509) *out)
{
	struct ca_buf content = CA_BUF_INIT(CA_CERTFILE_MAX);
	char what[CA_CERTFILE_TROUBLE];
	bool taken;
	size_t bad = 0;
	int before = sk_X509_num(out);
	enum ca_err ret = CA_ERR_UNSET, rc;

	rc = read_or_take(dir, name, &content, out, &taken);
	if (rc == CA_ERR_MEMORY || rc == CA_ERR_NOT_FOUND) {
		ret = rc;
		goto out;
	}
	if (taken)
		ca_cadir_note(dir, name, out, before);
	if (rc == CA_OK && !taken) {
		rc = ca_certfile_parse_ca(
		    dir->crypto, content.p, content.len, out, &bad);
		ca_cadir_note(dir, name, out, before);
		if (rc == CA_ERR_FORMAT || rc == CA_ERR_UNSUPPORTED || bad > 0)
			ca_cadir_problem(dir, name,
			    ca_certfile_trouble(
				content.p, content.len, rc, what));
		if (rc == CA_ERR_MEMORY) {
			ret = rc;
			goto out;
		}
	}
	ret = CA_OK;
out:
	ca_buf_free(&content);
	return ret;
}

static enum ca_err
held_by_subject(
    const struct ca_cadir *dir, const X509_NAME *subject, STACK_OF(X509) *out)
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
ca_cadir_by_subject(
    struct ca_cadir *dir, const X509_NAME *subject, STACK_OF(X509) *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;

	if (dir->held != NULL)
		return held_by_subject(dir, subject, out);
	STACK_OF(X509) *found = sk_X509_new_null();
	int ok = 0;
	unsigned long hash = X509_NAME_hash_ex(
	    subject, ca_crypto_get0_libctx(dir->crypto), NULL, &ok);

	if (found == NULL || !ok) {
		ret = found == NULL ? CA_ERR_MEMORY : CA_ERR_CRYPTO;
		goto out;
	}
	for (int i = 0; i < CA_CADIR_SAME_SUBJECT_MAX; i++) {
		char name[32];

		(void)snprintf(name, sizeof name, "%08lx.%d", hash, i);
		if ((rc = ca_cadir_load(dir, name, found)) == CA_ERR_NOT_FOUND)
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
