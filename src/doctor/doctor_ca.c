/*
 * doctor: the files of ca_dir and intermediates_dir.
 */
#include "doctor/doctor_ca.h"
#include "doctor/doctor_view.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "doctor/doctor_cadir.h"
#include "verify/cadir.h"
#include "verify/certfile.h"

/* ---- one file ---- */

static void
keep(struct ca_doctor *d, const struct ca_doctor_dir *dir, X509 *cert,
    const char *file, bool rehashed)
{
	struct ca_doctor_ca *v = realloc(d->ca, (d->ncas + 1) * sizeof *v);

	if (v == NULL || !X509_up_ref(cert))
		abort();
	d->ca = v;
	v[d->ncas] =
	    (struct ca_doctor_ca){cert, strdup(file), dir->anchors, rehashed};
	if (v[d->ncas++].file == NULL)
		abort();
}

static void
keep_hashed(struct ca_doctor_dir *dir, unsigned long hash, X509 *cert)
{
	void *v =
	    realloc(dir->hashed, (dir->nhashed + 1) * sizeof *dir->hashed);

	if (v == NULL || !X509_up_ref(cert))
		abort();
	dir->hashed = v;
	dir->hashed[dir->nhashed].hash = hash;
	dir->hashed[dir->nhashed++].cert = cert;
}

/* A link to a file of this directory that is read under its own name too. */
static bool
is_other_name(const char *path)
{
	char to[256];
	unsigned long hash;
	ssize_t n = readlink(path, to, sizeof to - 1);

	if (n <= 0)
		return false;
	to[n] = '\0';
	return strchr(to, '/') == NULL &&
	       ca_cadir_name(to, &hash) == CA_CADIR_PLAIN;
}

/* what follows the name of the file. */
static void
say_unreadable(struct ca_doctor *d, const struct ca_doctor_dir *dir,
    const char *path, const char *what)
{
	if (is_other_name(path))
		return;
	ca_doctor_find(
	    d, CA_F_CA_UNREADABLE, CA_LEVEL_WARNING, "%s %s", path, what);
	if (strstr(what, "TRUSTED CERTIFICATE") != NULL)
		ca_doctor_mend(d,
		    "openssl x509 -in %s -out %s && mv %s %s && "
		    "openssl rehash %s",
		    ca_doctor_word("%s", path), ca_doctor_word("%s.new", path),
		    ca_doctor_word("%s.new", path), ca_doctor_word("%s", path),
		    dir->path);
	else
		ca_doctor_mend(d, "replace %s, then run `openssl rehash %s'",
		    path, dir->path);
}

struct unsupported {
	size_t n;                  /* certificates */
	char why[CA_CERT_REFUSAL]; /* of the first */
};

static enum ca_err
count_unsupported(void *ctx, const uint8_t *der, size_t len)
{
	struct unsupported *u = ctx;
	char text[CA_CERT_REFUSAL];
	const char *why = ca_cert_refusal(der, len, text);

	if (why != NULL && ca_cert_unsupported(der, len) && u->n++ == 0)
		(void)snprintf(u->why, sizeof u->why, "%s", why);
	return CA_OK;
}

/* Of a file that can be read, bad certificates are not decoded: report those with
 * a key of a type that is not supported, and return how many there are. */
static size_t
say_unsupported(struct ca_doctor *d, struct ca_doctor_dir *dir,
    const char *path, const struct ca_buf *file)
{
	struct unsupported u = {.n = 0};

	if (ca_certfile_each_ca(file->p, file->len, count_unsupported, &u) !=
	    CA_OK)
		return 0;
	dir->unsupported += u.n;
	if (u.n == 0 || is_other_name(path))
		return u.n;
	ca_doctor_find(d, CA_F_CA_UNSUPPORTED, CA_LEVEL_ERROR,
	    "%s has a certificate that cannot be used: %s", path, u.why);
	ca_doctor_mend(d, "ask the CA for a certificate with an RSA or EC key");
	return u.n;
}

/* The file does not exist: name is a link to nothing, unless it was removed
 * just now. */
static void
say_dangling(struct ca_doctor *d, const struct ca_doctor_dir *dir,
    const char *path, bool hashed)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return;
	ca_doctor_find(d, CA_F_CA_UNREADABLE, CA_LEVEL_WARNING,
	    "%s is a symbolic link to a file that does not exist", path);
	/* rehash keeps a link if the directory needs one of its name */
	if (hashed)
		ca_doctor_mend(d, "rm %s && openssl rehash %s",
		    ca_doctor_word("%s", path), dir->path);
	else
		ca_doctor_mend(d,
		    "restore the file that %s points to, or run `rm %s'", path,
		    ca_doctor_word("%s", path));
}

/* Append the certificates of a file to certs.  Records why it cannot be used. */
static void
read_certs(struct ca_doctor *d, struct ca_doctor_dir *dir, const char *path,
    bool hashed, struct ca_buf *file, STACK_OF(X509) *certs)
{
	char what[CA_CERTFILE_TROUBLE];
	size_t bad = 0, unsupported;
	enum ca_err rc = ca_file_read(AT_FDCWD, path, CA_CERTFILE_MAX, file);

	(void)snprintf(what, sizeof what, "cannot be read: %s",
	    rc == CA_ERR_IO ? strerror(errno) : ca_err_text(rc));
	if (rc == CA_ERR_NOT_FOUND) {
		say_dangling(d, dir, path, hashed);
		return;
	}
	if (rc == CA_ERR_UNTRUSTED) {
		ca_doctor_path(d, path);
		return;
	}
	if (rc == CA_OK) {
		rc = ca_certfile_parse_ca(
		    d->crypto, file->p, file->len, certs, &bad);
		(void)ca_certfile_trouble(file->p, file->len, rc, what);
	}
	if (rc == CA_OK && bad > 0 &&
	    (unsupported = say_unsupported(d, dir, path, file)) > 0) {
		bad -= unsupported;
		(void)snprintf(what, sizeof what,
		    "contains another certificate that cannot be used");
	}
	/* PEM without a certificate is no mistake under a plain name */
	if ((rc != CA_OK && (rc != CA_ERR_NOT_FOUND || hashed)) || bad > 0)
		say_unreadable(d, dir, path, what);
}

static void
read_one(struct ca_doctor *d, struct ca_doctor_dir *dir, const char *name)
{
	struct ca_buf file = CA_BUF_INIT(CA_CERTFILE_MAX);
	STACK_OF(X509) *certs = sk_X509_new_null();
	unsigned long hash = 0;
	bool hashed = ca_cadir_name(name, &hash) == CA_CADIR_HASHED;
	char path[4200];
	struct stat st;

	if (certs == NULL)
		abort();
	(void)snprintf(path, sizeof path, "%s/%s", dir->path, name);
	read_certs(d, dir, path, hashed, &file, certs);
	bool link = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
	if (hashed && sk_X509_num(certs) > 0)
		ca_doctor_ca_hash(d, certs, hash, path, link);
	for (int i = 0; i < sk_X509_num(certs); i++) {
		X509 *cert = sk_X509_value(certs, i);

		if (hashed)
			keep_hashed(dir, hash, cert);
		if (!hashed || !link)
			keep(d, dir, cert, path,
			    hashed || ca_doctor_is_rehashed(name, &file));
	}
	sk_X509_pop_free(certs, X509_free);
	ca_buf_free(&file);
}

static void
look_at(struct ca_doctor *d, struct ca_doctor_dir *dir, const struct dirent *e)
{
	unsigned long hash;
	enum ca_cadir_name is = ca_cadir_name(e->d_name, &hash);

	if (is == CA_CADIR_HASHED || is == CA_CADIR_PLAIN)
		read_one(d, dir, e->d_name);
	else if (is == CA_CADIR_OTHER)
		ca_doctor_ca_skipped(d, dir->path, e->d_name);
}

/* ---- directories ---- */

/* setup makes the directories, and takes every form of file. */
static void
mend_empty(struct ca_doctor *d, const char *path, bool absent)
{
	const char *setup = ca_doctor_setup_command(d, "--ca", "YOUR-CA.pem");

	if (setup != NULL)
		ca_doctor_mend(d, "%s", setup);
	else
		ca_doctor_mend(d,
		    "%s%s%scp YOUR-CA.pem %s/ && openssl rehash %s",
		    absent ? "mkdir -m 755 " : "", absent ? path : "",
		    absent ? " && " : "", path, path);
}

static void
say_no_dir(struct ca_doctor *d, const char *path, enum ca_err rc, bool anchors)
{
	bool absent = rc == CA_ERR_NOT_FOUND;

	ca_doctor_find(d, CA_F_CA_DIR, CA_LEVEL_ERROR, "%s %s%s", path,
	    absent ? "does not exist" : "cannot be opened: ",
	    absent ? "" : strerror(errno));
	if (!absent)
		ca_doctor_mend(d,
		    "check the permissions of %s, and run `certauth doctor' as "
		    "root",
		    path);
	else if (anchors)
		mend_empty(d, path, true);
	else
		ca_doctor_mend(d, "mkdir -m 755 %s", path);
}

static int
by_file(const void *a, const void *b)
{
	return strcmp(((const struct ca_doctor_ca *)a)->file,
	    ((const struct ca_doctor_ca *)b)->file);
}

static void
check_dir(struct ca_doctor *d, const char *path, bool anchors)
{
	struct ca_doctor_dir dir = {
	    .path = path, .anchors = anchors, .first = d->ncas};
	struct dirent *e;
	DIR *stream = NULL;
	int fd = -1;
	enum ca_err rc = ca_file_opendir(AT_FDCWD, path, &fd, NULL);

	if (rc == CA_ERR_UNTRUSTED) {
		/* the check of files reports it; read the directory anyway */
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		rc = fd >= 0 ? CA_OK : CA_ERR_IO;
	}
	if (rc != CA_OK || (stream = fdopendir(fd)) == NULL) {
		say_no_dir(d, path, rc, anchors);
		return;
	}
	while ((e = readdir(stream)) != NULL)
		look_at(d, &dir, e);
	(void)closedir(stream);
	/* the certificates of a file stay together */
	if (d->ncas > dir.first)
		qsort(d->ca + dir.first, d->ncas - dir.first, sizeof *d->ca,
		    by_file);
	if (anchors && d->ncas == dir.first && dir.unsupported == 0) {
		ca_doctor_find(d, CA_F_CA_NONE, CA_LEVEL_ERROR,
		    "%s contains no CA certificate", path);
		mend_empty(d, path, false);
	}
	ca_doctor_ca_certs(d, &dir);
	for (size_t i = 0; i < dir.nhashed; i++)
		X509_free(dir.hashed[i].cert);
	free(dir.hashed);
}

void
ca_doctor_cas_clear(struct ca_doctor *d)
{
	for (size_t i = 0; i < d->ncas; i++) {
		X509_free(d->ca[i].cert);
		free(d->ca[i].file);
	}
	free(d->ca);
	d->ca = NULL;
	d->ncas = 0;
}

void
ca_doctor_cas(struct ca_doctor *d)
{
	check_dir(d, d->cfg->ca_dir, true);
	if (d->cfg->intermediates_dir != NULL)
		check_dir(d, d->cfg->intermediates_dir, false);
	ca_doctor_ca_paths(d);
	ca_doctor_ca_exempt(d);
}
