#include "crl/crldirint.h"
#include "base/file.h"
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More CRLs of one hash are a mistake, not a key rollover. */
#define HASHED_MAX 256

enum ca_err
ca_crldir_new(struct ca_crypto *crypto, const struct ca_log *log,
    const char *path, enum ca_crl_engine engine, struct ca_crldir **out)
{
	struct ca_crldir *dir = calloc(1, sizeof *dir);
	enum ca_err rc;

	if (dir == NULL)
		return CA_ERR_MEMORY;
	dir->crypto = crypto;
	dir->log = log;
	dir->way = engine == CA_CRL_AUTO ? &ca_crl_by_index : &ca_crl_by_stream;
	dir->scan_trouble.reason = dir->trouble.reason = CA_R_OK;
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
		free(dir->slot[i].trouble.text);
		ca_buf_free(&dir->slot[i].issuers);
		ca_crls_clear(&dir->slot[i].crls);
	}
	free(dir->slot);
	free(dir->scan_trouble.text);
	free(dir->trouble.text);
	(void)close(dir->fd);
	free(dir);
}

const char *
ca_crldir_get0_trouble(const struct ca_crldir *dir)
{
	if (dir->trouble.reason == CA_R_OK)
		return NULL;
	return dir->trouble.text != NULL ? dir->trouble.text
					 : "a file of crl_dir cannot be used";
}

/* CA_ERR_UNSUPPORTED: name is not a regular file; continue with the next. */
static enum ca_err
load_hashed(
    struct ca_crldir *dir, const char *name, const struct ca_crl_wanted *wanted)
{
	struct slot *slot = ca_crldir_slot(dir, name);
	struct stat st;
	int fd;
	enum ca_err rc = ca_crldir_open(dir->fd, name, &fd, &st);

	if (rc == CA_ERR_NOT_FOUND || rc == CA_ERR_UNSUPPORTED)
		return rc;
	if (rc != CA_OK)
		return ca_crldir_complain(dir, name, &st, rc, &dir->trouble);
	if (slot == NULL &&
	    (rc = ca_crldir_slot_add(dir, name, false, &slot)) != CA_OK) {
		(void)close(fd);
		return rc;
	}
	return ca_crldir_load(dir, slot, fd, wanted);
}

/* The CRLs above the bound may revoke, so that they must not be ignored. */
static enum ca_err
look_for_more(struct ca_crldir *dir, unsigned long hash)
{
	char file[32], what[64];

	(void)snprintf(file, sizeof file, "%08lx.r%d", hash, HASHED_MAX);
	if (!ca_sys_exists(dir->fd, file, false))
		return CA_OK;
	(void)snprintf(what, sizeof what,
	    "exceeds the limit: at most %d CRLs with one name hash "
	    "are read",
	    HASHED_MAX);
	ca_log_err(dir->log, "the CRL file %s %-s", file, what);
	ca_crldir_blame(&dir->trouble, CA_R_CRL_DIR, file, what);
	return CA_OK;
}

static enum ca_err
find_hashed(struct ca_crldir *dir, const X509_NAME *name,
    const struct ca_crl_wanted *wanted, struct ca_crls *found)
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
			rc = load_hashed(dir, file, wanted);
			if (rc == CA_ERR_NOT_FOUND)
				return CA_OK;
			if (rc == CA_ERR_UNSUPPORTED)
				continue;
			if (rc != CA_OK)
				return rc;
			slot = ca_crldir_slot(dir, file);
		}
		if (slot != NULL &&
		    (rc = ca_crldir_pick(dir, slot, name, found)) != CA_OK)
			return rc;
	}
	return look_for_more(dir, hash);
}

enum ca_err
ca_crldir_find(struct ca_crldir *dir, const X509_NAME *name,
    const struct ca_crl_wanted *wanted, struct ca_crls *found,
    enum ca_reason *trouble)
{
	size_t before = found->n;
	enum ca_err rc;

	ca_crldir_clear(&dir->trouble);
	if ((rc = find_hashed(dir, name, wanted, found)) != CA_OK)
		return rc;
	/* a file without a hashed name counts too */
	rc = ca_crldir_find_plain(dir, found->n == before, name, wanted, found);
	if (dir->trouble.reason != CA_R_OK)
		*trouble = dir->trouble.reason;
	return rc;
}
