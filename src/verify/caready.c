#include "verify/caready.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sys.h"
#include "verify/cadir.h"
#include "verify/certfile.h"

#define SETTLED 1 /* seconds since the change of a file */

struct entry {
	struct stat st;
	STACK_OF(X509) *certs; /* NULL: no use of the file was found */
	bool seen;             /* in this round */
};

static struct entry entry[CA_CAREADY_FILES_MAX];
static size_t entries;

/* For whom the directories are read. */
struct round {
	struct ca_crypto *crypto;
	uid_t owner;
};

static bool
same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       same_time(&a->st_mtim, &b->st_mtim) &&
	       same_time(&a->st_ctim, &b->st_ctim);
}

static struct entry *
find(const struct stat *st)
{
	for (size_t i = 0; i < entries; i++) {
		if (same_file(&entry[i].st, st))
			return &entry[i];
	}
	return NULL;
}

/* Was the last change more than SETTLED ago?  A time in the future was not. */
static bool
is_settled(const struct stat *st)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return false;
	time_t past = now.tv_sec - st->st_ctim.tv_sec;

	return past > SETTLED ||
	       (past == SETTLED && now.tv_nsec > st->st_ctim.tv_nsec);
}

/* ---- reading ---- */

/* What a certificate's extensions say is found once for all, too. */
static void
look_at(struct ca_crypto *crypto, STACK_OF(X509) *certs)
{
	OSSL_LIB_CTX *before = ca_crypto_enter(crypto);

	for (int i = 0; i < sk_X509_num(certs); i++)
		(void)X509_check_purpose(sk_X509_value(certs, i), -1, 0);
	ca_crypto_leave(before);
}

/* The certificates of fd, if each one of the file can be decoded; else NULL. */
static STACK_OF(X509) *
decode(struct ca_crypto *crypto, int fd)
{
	struct ca_buf content = CA_BUF_INIT(CA_CAREADY_BYTES_MAX);
	STACK_OF(X509) *certs = sk_X509_new_null();
	size_t bad = 0;

	if (certs == NULL ||
	    ca_file_read_fd(fd, CA_CAREADY_BYTES_MAX, &content) != CA_OK ||
	    ca_certfile_parse_ca(crypto, content.p, content.len, certs, &bad) !=
		CA_OK ||
	    bad > 0) {
		sk_X509_pop_free(certs, X509_free);
		certs = NULL;
	} else {
		look_at(crypto, certs);
	}
	ca_buf_free(&content);
	return certs;
}

/* One name.  The status before and after the reading is compared: the file may be
 * changed meanwhile. */
static void
read_name(const struct round *r, int dirfd, const char *name)
{
	struct stat st, after;
	struct entry *known;
	int fd;

	if (fstatat(dirfd, name, &st, 0) != 0)
		return;
	if ((known = find(&st)) != NULL) {
		known->seen = true;
		return;
	}
	if (entries == CA_CAREADY_FILES_MAX || !is_settled(&st) ||
	    ca_file_open(dirfd, name, &fd, &st) != CA_OK)
		return;
	if ((st.st_uid == 0 || st.st_uid == r->owner) && is_settled(&st) &&
	    find(&st) == NULL) {
		STACK_OF(X509) *certs = decode(r->crypto, fd);

		if (fstat(fd, &after) == 0 && same_file(&st, &after))
			entry[entries++] = (struct entry){st, certs, true};
		else
			sk_X509_pop_free(certs, X509_free);
	}
	(void)close(fd);
}

static void
read_directory(const struct round *r, const char *path)
{
	unsigned long hash;
	int fd, again;
	DIR *d;

	if (ca_file_opendir(AT_FDCWD, path, &fd, NULL) != CA_OK)
		return;
	again = ca_sys_openat(fd, ".", O_RDONLY | O_DIRECTORY);
	d = again >= 0 ? fdopendir(again) : NULL;
	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		enum ca_cadir_name kind = ca_cadir_name(e->d_name, &hash);

		if (kind == CA_CADIR_HASHED || kind == CA_CADIR_PLAIN)
			read_name(r, fd, e->d_name);
	}
	if (d != NULL)
		(void)closedir(d);
	else if (again >= 0)
		(void)close(again);
	(void)close(fd);
}

void
ca_caready_read(struct ca_crypto *crypto, uid_t owner, const char *const *path,
    size_t npaths)
{
	const struct round r = {crypto, owner};

	for (size_t i = 0; i < entries; i++)
		entry[i].seen = false;
	for (size_t i = 0; i < npaths; i++) {
		if (path[i] != NULL)
			read_directory(&r, path[i]);
	}
	for (size_t i = entries; i-- > 0;) {
		if (entry[i].seen)
			continue;
		sk_X509_pop_free(entry[i].certs, X509_free);
		entry[i] = entry[--entries];
	}
}

/* ---- taking ---- */

bool
ca_caready_take(const struct stat *st, STACK_OF(X509) *out)
{
	struct entry *e = find(st);
	int n = e != NULL ? sk_X509_num(e->certs) : -1;

	if (n <= 0)
		return false;
	for (int i = 0; i < n; i++) {
		X509 *cert = sk_X509_value(e->certs, i);

		if (X509_up_ref(cert) == 1 && sk_X509_push(out, cert) > 0)
			continue;
		/* what cannot be had whole is read from the file */
		for (X509_free(cert); i > 0; i--)
			X509_free(sk_X509_pop(out));
		return false;
	}
	sk_X509_pop_free(e->certs, X509_free);
	e->certs = NULL;
	return true;
}

void
ca_caready_clear(void)
{
	while (entries > 0)
		sk_X509_pop_free(entry[--entries].certs, X509_free);
}
