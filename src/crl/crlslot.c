/*
 * One file of a directory of CRLs: open it, read it into its slot, and say what
 * is wrong with it.
 */
#include "crl/crldirint.h"
#include "base/file.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Bytes of issuers' names in one file. */
#define ISSUERS_MAX (1u << 20)

struct slot *
ca_crldir_slot(struct ca_crldir *dir, const char *name)
{
	for (size_t i = 0; i < dir->n; i++)
		if (strcmp(dir->slot[i].name, name) == 0)
			return &dir->slot[i];
	return NULL;
}

enum ca_err
ca_crldir_slot_add(
    struct ca_crldir *dir, const char *name, bool plain, struct slot **out)
{
	struct slot *v = realloc(dir->slot, (dir->n + 1) * sizeof *v);

	if (v == NULL)
		return CA_ERR_MEMORY;
	dir->slot = v;
	v += dir->n;
	*v = (struct slot){.plain = plain,
	    .trouble = {CA_R_OK, NULL},
	    .issuers = CA_BUF_INIT(ISSUERS_MAX)};
	if ((v->name = strdup(name)) == NULL)
		return CA_ERR_MEMORY;
	dir->n++;
	*out = v;
	return CA_OK;
}

void
ca_crldir_clear(struct trouble *t)
{
	free(t->text);
	*t = (struct trouble){CA_R_OK, NULL};
}

void
ca_crldir_blame(struct trouble *t, enum ca_reason reason, const char *file,
    const char *what)
{
	if (t->reason == CA_R_CRL_DIR || t->reason == reason)
		return;
	ca_crldir_clear(t);
	t->reason = reason;
	if (asprintf(&t->text, "%s %s", file, what) < 0)
		t->text = NULL;
}

void
ca_crldir_blame_too(struct trouble *t, const struct trouble *from)
{
	if (from->reason == CA_R_OK || t->reason == CA_R_CRL_DIR ||
	    t->reason == from->reason)
		return;
	ca_crldir_clear(t);
	t->reason = from->reason;
	if (from->text != NULL)
		t->text = strdup(from->text);
}

const char *
ca_crldir_why(enum ca_err rc, const struct stat *st, char buf[256])
{
	const char *what = NULL;

	switch (rc) {
	case CA_ERR_UNSUPPORTED:
		return S_ISDIR(st->st_mode)    ? "is a directory"
		       : S_ISFIFO(st->st_mode) ? "is a FIFO"
		       : S_ISSOCK(st->st_mode) ? "is a socket"
					       : "is a device";
	case CA_ERR_UNTRUSTED:
		what = ca_file_distrust(st);
		return what != NULL ? what : "cannot be trusted";
	case CA_ERR_IO:
		if (errno == ENOENT || errno == ENOTDIR)
			return "is a symbolic link to a file that does not exist";
		what = strerrordesc_np(errno);
		break;
	default:
		what = ca_err_text(rc);
	}
	(void)snprintf(buf, 256, "cannot be read: %s",
	    what != NULL ? what : "unknown error");
	return buf;
}

enum ca_err
ca_crldir_open(int dirfd, const char *name, int *fd, struct stat *st)
{
	struct stat own;
	enum ca_err rc;

	if (st == NULL)
		st = &own;
	*st = (struct stat){.st_mode = S_IFREG}; /* unless the system says */
	/* opening a device may have side effects */
	if (fstatat(dirfd, name, st, 0) == 0 && !S_ISREG(st->st_mode))
		return CA_ERR_UNSUPPORTED;
	rc = ca_file_open(dirfd, name, fd, st);
	/* a link to nothing is not an absent file */
	if (rc == CA_ERR_NOT_FOUND) {
		int saved = errno;

		rc = ca_sys_exists(dirfd, name, false) ? CA_ERR_IO : rc;
		errno = saved;
	}
	/* the file may have been replaced meanwhile */
	if (rc == CA_ERR_UNTRUSTED && !S_ISREG(st->st_mode))
		return CA_ERR_UNSUPPORTED;
	return rc;
}

static enum ca_err
complain(struct ca_crldir *dir, const char *name, const char *why,
    enum ca_err rc, struct trouble *t)
{
	if (rc == CA_ERR_MEMORY || rc == CA_ERR_CRYPTO)
		return rc;
	ca_log_err(dir->log, "the CRL file %s %-s", name, why);
	ca_crldir_blame(t, CA_R_CRL_DIR, name, why);
	return CA_OK;
}

enum ca_err
ca_crldir_complain(struct ca_crldir *dir, const char *name,
    const struct stat *st, enum ca_err rc, struct trouble *t)
{
	char buf[256];

	return complain(dir, name, ca_crldir_why(rc, st, buf), rc, t);
}

enum ca_err
ca_crldir_load(struct ca_crldir *dir, struct slot *slot, int fd,
    const struct ca_crl_wanted *wanted)
{
	struct ca_crl_file src = {
	    dir->crypto, dir->log, dir->way, dir->fd, slot->name, fd};
	struct stat st = {0};
	enum ca_err rc = ca_crl_load(&src, wanted, &slot->crls);

	/* after a failure of memory, the file is read again */
	slot->loaded = rc != CA_ERR_MEMORY && rc != CA_ERR_CRYPTO;
	if (!slot->loaded)
		ca_crls_clear(&slot->crls);
	return rc == CA_OK ? CA_OK
			   : ca_crldir_complain(
				 dir, slot->name, &st, rc, &slot->trouble);
}

bool
ca_crldir_is_hashed(const char *name)
{
	size_t n = strspn(name, "0123456789abcdef");

	return n == 8 && name[8] == '.' && name[9] == 'r' && name[10] != '\0' &&
	       strspn(name + 10, "0123456789") == strlen(name + 10);
}

bool
ca_crldir_is_plain(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && !ca_crldir_is_hashed(name) &&
	       !(n > 4 && strcmp(name + n - 4, ".idx") == 0);
}

enum ca_err
ca_crldir_pick(struct ca_crldir *dir, const struct slot *slot,
    const X509_NAME *name, struct ca_crls *found)
{
	ca_crldir_blame_too(&dir->trouble, &slot->trouble);
	for (size_t i = 0; i < slot->crls.n; i++) {
		struct ca_crl *crl = slot->crls.v[i];
		X509_CRL *x = ca_crl_get0_x509(crl);
		enum ca_err rc;

		if (x == NULL) {
			ca_crldir_blame(&dir->trouble, CA_R_CRL_MALFORMED,
			    slot->name, ca_crl_get0_trouble_text(crl));
			continue;
		}
		if (!ca_crl_same_name(X509_CRL_get_issuer(x), name))
			continue;
		if ((rc = ca_crls_add(found, crl)) != CA_OK)
			return rc;
	}
	return CA_OK;
}
