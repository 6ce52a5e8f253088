#include "crladmin/crllink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "crl/crldir.h"
#include "crladmin/crlset.h"

#define LINKS_MAX 256

/* Is link a symbolic link to file? */
static bool
leads_to(int dir, const char *link, const char *file)
{
	char target[4096];
	ssize_t n = readlinkat(dir, link, target, sizeof target - 1);

	if (n <= 0)
		return false;
	target[n] = '\0';
	return strcmp(target, file) == 0;
}

static enum ca_err
link_one(struct ca_crladmin_run *r, const char *file, const X509_NAME *issuer)
{
	char name[32];
	int ok = 0;
	struct stat st;
	unsigned long hash = X509_NAME_hash_ex(
	    issuer, ca_crypto_get0_libctx(r->crypto), NULL, &ok);

	if (!ok)
		return CA_ERR_CRYPTO;
	for (int i = 0; i < LINKS_MAX; i++) {
		(void)snprintf(name, sizeof name, "%08lx.r%d", hash, i);
		if (strcmp(name, file) == 0 || leads_to(r->dir, name, file))
			return CA_OK;
		if (fstatat(r->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		if (errno != ENOENT)
			return CA_ERR_IO;
		return symlinkat(file, r->dir, name) == 0 ? CA_OK : CA_ERR_IO;
	}
	return CA_ERR_LIMIT;
}

/* Remove dangling links.  A reader stops at the first gap, so the last link of
 * the same hash is moved into the gap. */
static enum ca_err
unlink_dangling(struct ca_crladmin_run *r)
{
	struct ca_list names = {0};
	struct stat st;
	char last[32];
	enum ca_err rc =
	    ca_crladmin_names_where(r->dir, ca_crldir_is_hashed, &names);

	for (size_t i = 0; rc == CA_OK && i < names.n; i++) {
		const char *name = names.v[i];
		int n = 0;

		/* it was the last link, and has been moved into a gap */
		if (fstatat(r->dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		if (fstatat(r->dir, name, &st, 0) == 0 ||
		    (errno != ENOENT && errno != ENOTDIR))
			continue;
		while (
		    n < LINKS_MAX &&
		    ((void)snprintf(last, sizeof last, "%.8s.r%d", name, n),
			fstatat(r->dir, last, &st, AT_SYMLINK_NOFOLLOW) == 0))
			n++;
		(void)snprintf(
		    last, sizeof last, "%.8s.r%d", name, n > 0 ? n - 1 : 0);
		if (strcmp(last, name) != 0 && n > 0 &&
		    renameat(r->dir, last, r->dir, name) == 0)
			i--; /* the moved link may dangle too */
		else /* a gap remains (a directory cannot be moved): the next
		      * round links the file again */
			(void)unlinkat(r->dir, name, 0);
	}
	ca_crladmin_names_free(&names);
	return rc;
}

static bool
is_index(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > 4 && strcmp(name + n - 4, ".idx") == 0;
}

/* Remove the indexes of CRLs that are gone. */
static enum ca_err
unlink_orphans(struct ca_crladmin_run *r)
{
	struct ca_list names = {0};
	struct stat st;
	enum ca_err rc = ca_crladmin_names_where(r->dir, is_index, &names);

	for (size_t i = 0; rc == CA_OK && i < names.n; i++) {
		char crl[512];
		int n = snprintf(crl, sizeof crl, "%.*s",
		    (int)strlen(names.v[i]) - 4, names.v[i]);

		if (n > 0 && n < (int)sizeof crl && ca_crldir_is_plain(crl) &&
		    fstatat(r->dir, crl, &st, AT_SYMLINK_NOFOLLOW) != 0 &&
		    errno == ENOENT)
			(void)unlinkat(r->dir, names.v[i], 0);
	}
	ca_crladmin_names_free(&names);
	return rc;
}

/* Link every file.  *all: all CRLs of all files have a hashed name. */
static enum ca_err
link_files(struct ca_crladmin_run *r, bool *all)
{
	struct ca_list names = {0};
	enum ca_err rc =
	    ca_crladmin_names_where(r->dir, ca_crldir_is_plain, &names);

	*all = true;
	for (size_t i = 0; rc == CA_OK && i < names.n; i++) {
		struct ca_crls crls = {0};

		/* a file that cannot be read has no issuer to hash */
		if (ca_crladmin_read(r, names.v[i], &crls) != CA_OK ||
		    crls.n == 0)
			*all = false;
		else
			for (size_t k = 0; rc == CA_OK && k < crls.n; k++)
				rc = link_one(r, names.v[i],
				    X509_CRL_get_issuer(
					ca_crl_get0_x509(crls.v[k])));
		ca_crls_clear(&crls);
	}
	ca_crladmin_names_free(&names);
	return rc;
}

/* ---- the stamp ---- */

#define MS 1000000LL /* nanoseconds */

/*
 * Wait until a change to the directory would give it a new modification time.
 * File times have the resolution of the kernel's tick, on some file systems of
 * a second.  False: it did not happen (the clock is behind).
 */
static bool
let_time_pass(int dir)
{
	struct stat st;

	for (int i = 0; i < 60; i++) {
		const struct timespec pause = {0, 50 * MS};
		struct timespec now;
		long long age;

		if (fstat(dir, &st) != 0 ||
		    clock_gettime(CLOCK_REALTIME, &now) != 0)
			return false;
		age = (now.tv_sec - st.st_mtim.tv_sec) * 1000 * MS +
		      now.tv_nsec - st.st_mtim.tv_nsec;
		if (age > (st.st_mtim.tv_nsec == 0 ? 2100 : 40) * MS)
			return true;
		(void)nanosleep(&pause, NULL);
	}
	return false;
}

/* Write in place, because a new file would change the directory.  A stamp that
 * is half written is ignored. */
static enum ca_err
write_stamp(int fd, const struct ca_buf *stamp)
{
	if (ftruncate(fd, 0) != 0 ||
	    pwrite(fd, stamp->p, stamp->len, 0) != (ssize_t)stamp->len)
		return CA_ERR_IO;
	return CA_OK;
}

/*
 * Link the files, and write the stamp if the directory has not changed since
 * before they were read.  Without a stamp a login reads the whole directory, so
 * a missing stamp is not an error.
 */
static enum ca_err
link_and_stamp(struct ca_crladmin_run *r, int fd)
{
	struct ca_buf before = CA_BUF_INIT(256), after = CA_BUF_INIT(256);
	enum ca_err rc = CA_OK;
	bool all = false, stood;

	/* the first round may add links, the second one finds nothing to do */
	for (int i = 0; rc == CA_OK && i < 3; i++) {
		ca_buf_reset(&before);
		ca_buf_reset(&after);
		stood = let_time_pass(r->dir);
		rc = ca_crldir_stamp(r->dir, &before);
		if (rc == CA_OK)
			rc = link_files(r, &all);
		if (rc == CA_OK)
			rc = unlink_dangling(r);
		if (rc == CA_OK)
			rc = unlink_orphans(r);
		if (rc == CA_OK)
			rc = ca_crldir_stamp(r->dir, &after);
		if (rc != CA_OK || !all || !stood)
			break;
		if (before.len == after.len &&
		    memcmp(before.p, after.p, after.len) == 0) {
			rc = write_stamp(fd, &after);
			break;
		}
	}
	ca_buf_free(&before);
	ca_buf_free(&after);
	return rc;
}

enum ca_err
ca_crladmin_link(struct ca_crladmin_run *r)
{
	int fd = openat(r->dir, CA_CRLDIR_STAMP,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	enum ca_err rc;

	if (fd < 0)
		return CA_ERR_IO;
	/* openat has applied the umask */
	rc = fchmod(fd, 0644) == 0 ? link_and_stamp(r, fd) : CA_ERR_IO;
	(void)close(fd);
	return rc;
}
