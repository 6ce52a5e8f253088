#include "verify/crldirint.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More CRLs of one hash than this are no rollover but a mistake. */
#define HASHED_MAX 256

/* Bytes of issuers' names in one file. */
#define ISSUERS_MAX (1u << 20)

enum ca_err
ca_crldir_new(struct ca_crypto *crypto, const struct ca_log *log,
    const char *path, enum ca_crl_engine engine, const struct ca_crl_gate *gate,
    struct ca_crldir **out)
{
	struct ca_crldir *dir = calloc(1, sizeof *dir);
	enum ca_err rc;

	if (dir == NULL)
		return CA_ERR_MEMORY;
	dir->crypto = crypto;
	dir->log = log;
	dir->engine = engine;
	dir->gate = gate;
	dir->scan_trouble = CA_R_OK;
	if ((rc = ca_file_opendir(AT_FDCWD, path, &dir->fd, NULL)) != CA_OK) {
		int saved = errno;
		free(dir);
		errno = saved;
		return rc;
	}
	*out = dir;
	return CA_OK;
}

void
ca_crldir_free(struct ca_crldir *dir)
{
	if (dir == NULL)
		return;
	for (size_t i = 0; i < dir->n; i++) {
		free(dir->slot[i].name);
		ca_buf_free(&dir->slot[i].issuers);
		ca_crls_clear(&dir->slot[i].crls);
	}
	free(dir->slot);
	(void)close(dir->fd);
	free(dir);
}

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
	*v = (struct slot){.plain = plain, .issuers = CA_BUF_INIT(ISSUERS_MAX)};
	if ((v->name = strdup(name)) == NULL)
		return CA_ERR_MEMORY;
	dir->n++;
	*out = v;
	return CA_OK;
}

enum ca_err
ca_crldir_complain(struct ca_crldir *dir, const char *name, enum ca_err rc,
    enum ca_reason *trouble)
{
	if (rc == CA_ERR_MEMORY || rc == CA_ERR_CRYPTO)
		return rc;
	ca_log_err(dir->log, "the CRL file %s: %-s", name,
	    rc == CA_ERR_UNTRUSTED ? "is not a regular file that root owns "
				     "and nobody else can write"
	    : rc == CA_ERR_IO      ? strerror(errno)
				   : ca_err_text(rc));
	*trouble = CA_R_CRL_DIR;
	return CA_OK;
}

enum ca_err
ca_crldir_load(struct ca_crldir *dir, struct slot *slot, int fd,
    const struct ca_crl_wanted *wanted, enum ca_reason *trouble)
{
	struct ca_crl_source src = {dir->crypto, dir->log, dir->engine, dir->fd,
	    slot->name, fd, dir->gate};
	enum ca_err rc = ca_crl_load(&src, wanted, &slot->crls);

	if (rc == CA_ERR_CANCELLED) {
		ca_crls_clear(&slot->crls);
		return rc;
	}
	slot->loaded = true;
	return rc == CA_OK ? CA_OK
			   : ca_crldir_complain(dir, slot->name, rc, trouble);
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
ca_crldir_pick(const struct slot *slot, const X509_NAME *name,
    struct ca_crls *found, enum ca_reason *trouble)
{
	for (size_t i = 0; i < slot->crls.n; i++) {
		struct ca_crl *crl = slot->crls.v[i];
		X509_CRL *x = ca_crl_get0_x509(crl);
		enum ca_err rc;

		if (x == NULL) {
			if (*trouble == CA_R_OK)
				*trouble = CA_R_CRL_MALFORMED;
			continue;
		}
		if (X509_NAME_cmp(X509_CRL_get_issuer(x), name) != 0)
			continue;
		if ((rc = ca_crls_add(found, crl)) != CA_OK)
			return rc;
	}
	return CA_OK;
}

/* A link to a file that is gone must not hide the names behind it. */
static bool
dangling(const struct ca_crldir *dir, const char *file)
{
	struct stat st;

	if (fstatat(dir->fd, file, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	ca_log_warning(dir->log, "%s in crl_dir leads nowhere", file);
	return true;
}

static enum ca_err
load_hashed(struct ca_crldir *dir, const char *name,
    const struct ca_crl_wanted *wanted, enum ca_reason *trouble)
{
	struct slot *slot = ca_crldir_slot(dir, name);
	int fd;
	enum ca_err rc = ca_file_open(dir->fd, name, &fd, NULL);

	if (rc == CA_ERR_NOT_FOUND)
		return rc;
	if (rc != CA_OK)
		return ca_crldir_complain(dir, name, rc, trouble);
	if (slot == NULL &&
	    (rc = ca_crldir_slot_add(dir, name, false, &slot)) != CA_OK) {
		(void)close(fd);
		return rc;
	}
	return ca_crldir_load(dir, slot, fd, wanted, trouble);
}

static enum ca_err
find_hashed(struct ca_crldir *dir, const X509_NAME *name,
    const struct ca_crl_wanted *wanted, struct ca_crls *found,
    enum ca_reason *trouble)
{
	char file[32];
	int ok = 0;
	unsigned long hash = X509_NAME_hash_ex(
	    name, ca_crypto_get0_libctx(dir->crypto), NULL, &ok);
	enum ca_err rc;

	if (!ok)
		return CA_ERR_CRYPTO;
	for (int i = 0; i < HASHED_MAX; i++) {
		(void)snprintf(file, sizeof file, "%08lx.r%d", hash, i);
		struct slot *slot = ca_crldir_slot(dir, file);
		if (slot == NULL || !slot->loaded) {
			rc = load_hashed(dir, file, wanted, trouble);
			if (rc == CA_ERR_NOT_FOUND && dangling(dir, file))
				continue;
			if (rc == CA_ERR_NOT_FOUND)
				return CA_OK;
			if (rc != CA_OK)
				return rc;
			slot = ca_crldir_slot(dir, file);
		}
		if (slot != NULL &&
		    (rc = ca_crldir_pick(slot, name, found, trouble)) != CA_OK)
			return rc;
	}
	struct stat st;
	(void)snprintf(file, sizeof file, "%08lx.r%d", hash, HASHED_MAX);
	if (fstatat(dir->fd, file, &st, AT_SYMLINK_NOFOLLOW) != 0 &&
	    errno == ENOENT)
		return CA_OK;
	ca_log_err(dir->log,
	    "more than %d CRLs named %08lx.rN; the others "
	    "are not looked at",
	    HASHED_MAX, hash);
	*trouble = CA_R_CRL_DIR; /* they may revoke */
	return CA_OK;
}

enum ca_err
ca_crldir_find(struct ca_crldir *dir, const X509_NAME *name,
    const struct ca_crl_wanted *wanted, struct ca_crls *found,
    enum ca_reason *trouble)
{
	size_t before = found->n;
	enum ca_err rc;

	if ((rc = find_hashed(dir, name, wanted, found, trouble)) != CA_OK)
		return rc;
	/* a file that was put beside those that are linked counts too */
	return ca_crldir_find_plain(
	    dir, found->n == before, name, wanted, found, trouble);
}
