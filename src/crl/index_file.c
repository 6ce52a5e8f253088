#include "base/file.h"
#include "crl/index_build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* A change that the file system's clock cannot tell from the last one must
 * not go unseen: nanoseconds of waiting after the last one. */
#define SETTLE_NS 50000000L

static enum ca_err
hash_file(struct maker *m, int fd)
{
	const EVP_MD *md = ca_crypto_get0_md(m->crypto, "SHA256");
	uint8_t block[65536];
	off_t at = 0;
	ssize_t n;

	if (md == NULL || EVP_DigestInit_ex(m->md, md, NULL) != 1)
		return CA_ERR_CRYPTO;
	while ((n = pread(fd, block, sizeof block, at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return CA_ERR_IO;
		if (EVP_DigestUpdate(m->md, block, (size_t)n) != 1)
			return CA_ERR_CRYPTO;
		at += n;
	}
	if (at != m->st.st_size)
		return CA_ERR_STALE;
	return EVP_DigestFinal_ex(m->md, m->sha256, NULL) == 1 ? CA_OK
							       : CA_ERR_CRYPTO;
}

/* Wait until the file's last change is old enough to be told from a next. */
static void
settle(const struct stat *st)
{
	struct timespec now, wait = {0, SETTLE_NS};

	if (clock_gettime(CLOCK_REALTIME, &now) != 0 ||
	    now.tv_sec - st->st_ctim.tv_sec > 1 ||
	    now.tv_sec < st->st_ctim.tv_sec)
		return;
	if ((now.tv_sec - st->st_ctim.tv_sec) * 1000000000L + now.tv_nsec -
		st->st_ctim.tv_nsec <
	    SETTLE_NS)
		(void)nanosleep(&wait, NULL);
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Read the CRL, write the index to out. */
static enum ca_err
make(struct maker *m, int fd, int out, const char *name)
{
	struct stat after;
	enum ca_err rc;

	if ((m->md = EVP_MD_CTX_new()) == NULL)
		return CA_ERR_MEMORY;
	settle(&m->st);
	if ((rc = hash_file(m, fd)) != CA_OK)
		return rc;
	if (cdb_make_start(&m->cdb, out) != 0)
		return CA_ERR_IO;
	rc = ca_crlidx_put_crls(m, fd, name);
	if (rc == CA_OK)
		rc = ca_crlidx_put_meta(m);
	/* it frees what cdb_make has, and must be called in any case */
	if (cdb_make_finish(&m->cdb) != 0 && rc == CA_OK)
		rc = CA_ERR_IO;
	if (rc == CA_OK && (fchmod(out, 0644) != 0 || fsync(out) != 0 ||
			       fstat(fd, &after) != 0))
		rc = CA_ERR_IO;
	if (rc == CA_OK && !same_file(&m->st, &after))
		rc = CA_ERR_STALE;
	return rc;
}

enum ca_err
ca_crlidx_make(struct ca_crypto *crypto, const struct ca_log *log, int dirfd,
    const char *name, STACK_OF(X509) *cas, uint64_t *entries)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct maker m = {.crypto = crypto, .log = log, .cas = cas};
	struct ca_buf idx = CA_BUF_INIT(8192), tmp = CA_BUF_INIT(8192);
	int fd = -1, out = -1;
	bool made = false;

	if ((rc = ca_file_open(dirfd, name, &fd, &m.st)) != CA_OK ||
	    (rc = ca_crlidx_name(dirfd, name, &idx)) != CA_OK) {
		ret = rc;
		goto out;
	}
	/* one name for ever, so that a killed compilation leaves one file at
	 * most; the caller holds the directory's lock */
	ca_buf_fmt(&tmp, ".%s.tmp", ca_buf_text(&idx));
	if (ca_buf_text(&tmp) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	(void)unlinkat(dirfd, ca_buf_text(&tmp), 0);
	out = openat(dirfd, ca_buf_text(&tmp),
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out < 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	made = true;
	if ((rc = make(&m, fd, out, name)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (renameat(dirfd, ca_buf_text(&tmp), dirfd, ca_buf_text(&idx)) != 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	made = false;
	if (entries != NULL)
		*entries = m.total;
	ret = CA_OK;
out:
	if (made)
		(void)unlinkat(dirfd, ca_buf_text(&tmp), 0);
	if (fd >= 0)
		(void)close(fd);
	if (out >= 0)
		(void)close(out);
	EVP_MD_CTX_free(m.md);
	free(m.arena);
	free(m.place);
	ca_buf_free(&idx);
	ca_buf_free(&tmp);
	return ret;
}
