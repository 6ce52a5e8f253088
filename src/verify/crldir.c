#include "verify/crldir.h"
#include "base/file.h"
#include "verify/crlread.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More CRLs of one hash than this are no rollover but a mistake. */
#define HASHED_MAX 256

/* More files than this are not scanned; `openssl rehash` helps. */
#define PLAIN_MAX 65536

/* Bytes of issuers' names in one file. */
#define ISSUERS_MAX (1u << 20)

struct slot {
	char *name;
	bool plain;
	bool loaded;
	struct ca_buf issuers; /* DER Names, one after the other, of a plain
				* file that is not loaded yet */
	struct ca_crls crls;
};

struct ca_crldir {
	struct ca_crypto *crypto;
	const struct ca_log *log;
	enum ca_crl_engine engine;
	int fd;
	bool scanned;
	enum ca_reason scan_trouble;
	struct slot *slot;
	size_t n;
};

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
	dir->engine = engine;
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

static struct slot *
slot_named(struct ca_crldir *dir, const char *name)
{
	for (size_t i = 0; i < dir->n; i++)
		if (strcmp(dir->slot[i].name, name) == 0)
			return &dir->slot[i];
	return NULL;
}

static enum ca_err
slot_add(struct ca_crldir *dir, const char *name, bool plain,
    struct slot **out)
{
	struct slot *v = realloc(dir->slot, (dir->n + 1) * sizeof *v);

	if (v == NULL)
		return CA_ERR_MEMORY;
	dir->slot = v;
	v += dir->n;
	*v = (struct slot){.plain = plain,
	    .issuers = CA_BUF_INIT(ISSUERS_MAX)};
	if ((v->name = strdup(name)) == NULL)
		return CA_ERR_MEMORY;
	dir->n++;
	*out = v;
	return CA_OK;
}

static enum ca_err
complain(struct ca_crldir *dir, const char *name, enum ca_err rc,
    enum ca_reason *trouble)
{
	if (rc == CA_ERR_MEMORY || rc == CA_ERR_CRYPTO)
		return rc;
	ca_log_err(dir->log, "the CRL file %s: %s", name,
	    rc == CA_ERR_UNTRUSTED ? "is not a regular file that root owns "
				     "and nobody else can write"
	    : rc == CA_ERR_IO	   ? strerror(errno)
				   : ca_err_text(rc));
	*trouble = CA_R_CRL_DIR;
	return CA_OK;
}

/* Read an open file, which is consumed, into its slot.  *trouble: why it
 * could not be used, where that is not a failure of ours. */
static enum ca_err
load(struct ca_crldir *dir, struct slot *slot, int fd,
    const struct ca_crl_wanted *wanted, enum ca_reason *trouble)
{
	struct ca_crl_source src = {dir->crypto, dir->log, dir->engine,
	    dir->fd, slot->name, fd};
	enum ca_err rc;

	slot->loaded = true;
	rc = ca_crl_load(&src, wanted, &slot->crls);
	return rc == CA_OK ? CA_OK : complain(dir, slot->name, rc, trouble);
}

/* The names of the issuers of a file's CRLs, from their first bytes. */
static enum ca_err
read_issuers(struct slot *slot, int fd)
{
	struct ca_crlsrc *src = malloc(sizeof *src);
	enum ca_err rc;

	if (src == NULL)
		return CA_ERR_MEMORY;
	rc = ca_crlsrc_open(src, fd);
	while (rc == CA_OK && (rc = ca_crlsrc_next(src)) == CA_OK)
		rc = ca_crlread_issuer(src, &slot->issuers);
	free(src);
	return rc == CA_ERR_NOT_FOUND ? CA_OK : rc;
}

/* Open a file of the scan and learn whose CRLs are in it.  What is not to be
 * read so is read whole, which says what is wrong with it. */
static enum ca_err
look(struct ca_crldir *dir, const char *name)
{
	static const struct ca_crl_wanted nothing = {NULL, 0};
	struct slot *slot;
	int fd;
	enum ca_err rc = ca_file_open(dir->fd, name, &fd, NULL);

	if (rc == CA_ERR_NOT_FOUND)
		return CA_OK;
	if (rc != CA_OK)
		return complain(dir, name, rc, &dir->scan_trouble);
	if ((rc = slot_add(dir, name, true, &slot)) != CA_OK) {
		(void)close(fd);
		return rc;
	}
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
	return load(dir, slot, fd, &nothing, &dir->scan_trouble);
}

bool
ca_crldir_is_hashed(const char *name)
{
	size_t n = strspn(name, "0123456789abcdef");

	return n == 8 && name[8] == '.' && name[9] == 'r' &&
	    name[10] != '\0' &&
	    strspn(name + 10, "0123456789") == strlen(name + 10);
}

bool
ca_crldir_is_plain(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && !ca_crldir_is_hashed(name) &&
	    !(n > 4 && strcmp(name + n - 4, ".idx") == 0);
}

/* Append those CRLs of a slot that name issued.  One without a readable
 * issuer may have been the one. */
static enum ca_err
pick(const struct slot *slot, const X509_NAME *name, struct ca_crls *found,
    enum ca_reason *trouble)
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
	struct slot *slot;
	int fd;
	enum ca_err rc = ca_file_open(dir->fd, name, &fd, NULL);

	if (rc == CA_ERR_NOT_FOUND)
		return rc;
	if (rc != CA_OK)
		return complain(dir, name, rc, trouble);
	if ((rc = slot_add(dir, name, false, &slot)) != CA_OK) {
		(void)close(fd);
		return rc;
	}
	return load(dir, slot, fd, wanted, trouble);
}

static enum ca_err
find_hashed(struct ca_crldir *dir, const X509_NAME *name,
    const struct ca_crl_wanted *wanted, struct ca_crls *found,
    enum ca_reason *trouble)
{
	char file[32];
	int ok = 0;
	unsigned long hash = X509_NAME_hash_ex(name,
	    ca_crypto_get0_libctx(dir->crypto), NULL, &ok);
	enum ca_err rc;

	if (!ok)
		return CA_ERR_CRYPTO;
	for (int i = 0; i < HASHED_MAX; i++) {
		(void)snprintf(file, sizeof file, "%08lx.r%d", hash, i);
		struct slot *slot = slot_named(dir, file);
		if (slot == NULL) {
			rc = load_hashed(dir, file, wanted, trouble);
			if (rc == CA_ERR_NOT_FOUND && dangling(dir, file))
				continue;
			if (rc == CA_ERR_NOT_FOUND)
				return CA_OK;
			if (rc != CA_OK)
				return rc;
			slot = slot_named(dir, file);
		}
		if (slot != NULL &&
		    (rc = pick(slot, name, found, trouble)) != CA_OK)
			return rc;
	}
	struct stat st;
	(void)snprintf(file, sizeof file, "%08lx.r%d", hash, HASHED_MAX);
	if (fstatat(dir->fd, file, &st, AT_SYMLINK_NOFOLLOW) != 0 &&
	    errno == ENOENT)
		return CA_OK;
	ca_log_err(dir->log, "more than %d CRLs named %08lx.rN; the others "
	    "are not looked at", HASHED_MAX, hash);
	*trouble = CA_R_CRL_DIR; /* they may revoke */
	return CA_OK;
}

static enum ca_err
scan(struct ca_crldir *dir)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct dirent *e;
	DIR *d = NULL;
	size_t n = 0;
	int fd = openat(dir->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || (d = fdopendir(fd)) == NULL) {
		if (fd >= 0)
			(void)close(fd);
		ret = CA_ERR_IO;
		goto out;
	}
	while (errno = 0, (e = readdir(d)) != NULL) {
		if (!ca_crldir_is_plain(e->d_name))
			continue;
		if (++n > PLAIN_MAX) {
			ca_log_err(dir->log, "more than %d files in crl_dir "
			    "without hashed names: run openssl rehash",
			    PLAIN_MAX);
			dir->scan_trouble = CA_R_CRL_DIR;
			break;
		}
		if ((rc = look(dir, e->d_name)) != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	if (e == NULL && errno != 0) {
		ret = CA_ERR_IO;
		goto out;
	}
	ret = CA_OK;
out:
	if (d != NULL)
		(void)closedir(d);
	return ret;
}

/* Is name among the issuers of a file that is not loaded yet? */
static bool
may_hold(const struct slot *slot, const X509_NAME *name)
{
	const uint8_t *p = slot->issuers.p;
	const uint8_t *end = p + slot->issuers.len;
	bool yes = false;

	while (!yes && p < end) {
		X509_NAME *issuer = d2i_X509_NAME(NULL, &p, end - p);

		/* one that does not decode: let the reader say so */
		yes = issuer == NULL || X509_NAME_cmp(issuer, name) == 0;
		X509_NAME_free(issuer);
	}
	ERR_clear_error();
	return yes;
}

static enum ca_err
find_plain(struct ca_crldir *dir, struct slot *slot, const X509_NAME *name,
    const struct ca_crl_wanted *wanted, struct ca_crls *found,
    enum ca_reason *trouble)
{
	enum ca_err rc;
	int fd;

	if (!slot->loaded) {
		if (!may_hold(slot, name))
			return CA_OK;
		rc = ca_file_open(dir->fd, slot->name, &fd, NULL);
		if (rc == CA_ERR_NOT_FOUND)
			return CA_OK; /* removed meanwhile */
		if (rc != CA_OK)
			return complain(dir, slot->name, rc, trouble);
		if ((rc = load(dir, slot, fd, wanted, trouble)) != CA_OK)
			return rc;
	}
	return pick(slot, name, found, trouble);
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
	if (found->n > before)
		return CA_OK;
	if (!dir->scanned) {
		if ((rc = scan(dir)) != CA_OK)
			return rc;
		dir->scanned = true;
	}
	if (dir->scan_trouble != CA_R_OK)
		*trouble = dir->scan_trouble;
	for (size_t i = 0; i < dir->n; i++) {
		if (!dir->slot[i].plain)
			continue;
		rc = find_plain(dir, &dir->slot[i], name, wanted, found,
		    trouble);
		if (rc != CA_OK)
			return rc;
	}
	return CA_OK;
}
