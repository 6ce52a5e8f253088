/*
 * doctor: the CAs of ca_dir and intermediates_dir.
 */
#include "doctor/doctor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "doctor/doctor_cadir.h"
#include "verify/cadir.h"
#include "verify/issued.h"
#include "verify/certfile.h"

#define EXPIRING                                                               \
	((time_t)30 * 86400) /* seconds; a CA is not renewed in a day */

/* One directory, while it is read. */
struct dir {
	const char *path;
	bool anchors;
	/* the certificates under hashed names */
	struct {
		unsigned long hash;
		X509 *cert;
	} * hashed;
	size_t nhashed,
	    first;    /* first: index of its first certificate in d->ca */
	size_t plain; /* certificates under plain names */
};

static void
keep(struct ca_doctor *d, struct dir *dir, X509 *cert, const char *file)
{
	struct ca_doctor_ca *v = realloc(d->ca, (d->ncas + 1) * sizeof *v);

	if (v == NULL || !X509_up_ref(cert))
		abort();
	d->ca = v;
	v[d->ncas++] = (struct ca_doctor_ca){cert, strdup(file), dir->anchors};
}

static void
keep_hashed(struct dir *dir, unsigned long hash, X509 *cert)
{
	void *v =
	    realloc(dir->hashed, (dir->nhashed + 1) * sizeof *dir->hashed);

	if (v == NULL || !X509_up_ref(cert))
		abort();
	dir->hashed = v;
	dir->hashed[dir->nhashed].hash = hash;
	dir->hashed[dir->nhashed++].cert = cert;
}

/* what: what is wrong with it, behind its name */
static void
say_unreadable(struct ca_doctor *d, const struct dir *dir, const char *path,
    const char *what)
{
	ca_doctor_find(
	    d, CA_F_CA_UNREADABLE, CA_LEVEL_WARNING, "%s %s", path, what);
	ca_doctor_mend(
	    d, "replace %s, then run `openssl rehash %s'", path, dir->path);
}

static void
read_one(struct ca_doctor *d, struct dir *dir, int fd, const char *name)
{
	struct ca_buf file = CA_BUF_INIT(CA_CERTFILE_MAX);
	STACK_OF(X509) *certs = sk_X509_new_null();
	unsigned long hash = 0;
	bool hashed = ca_cadir_name(name, &hash) == CA_CADIR_HASHED;
	char path[4096], what[CA_CERTFILE_TROUBLE];
	size_t bad = 0;
	struct stat st;
	enum ca_err rc;

	(void)snprintf(path, sizeof path, "%s/%s", dir->path, name);
	rc = ca_file_read(fd, name, CA_CERTFILE_MAX, &file);
	(void)snprintf(what, sizeof what, "is not used: %s",
	    rc == CA_ERR_IO ? strerror(errno) : ca_err_text(rc));
	if (rc == CA_ERR_UNTRUSTED && !hashed) {
		ca_doctor_path(d, path);
	} else if (rc == CA_OK && certs != NULL) {
		rc = ca_certfile_parse_ca(
		    d->crypto, file.p, file.len, certs, &bad);
		(void)ca_certfile_trouble(file.p, file.len, rc, what);
	}
	if ((rc != CA_OK && rc != CA_ERR_NOT_FOUND && rc != CA_ERR_UNTRUSTED) ||
	    bad > 0)
		say_unreadable(d, dir, path, what);
	else if (rc == CA_ERR_NOT_FOUND && hashed)
		say_unreadable(d, dir, path, "has no certificate");
	bool link = fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISLNK(st.st_mode);
	if (hashed && sk_X509_num(certs) > 0)
		ca_doctor_ca_hash(d, certs, hash, path, link);
	for (int i = 0; i < sk_X509_num(certs); i++) {
		if (hashed)
			keep_hashed(dir, hash, sk_X509_value(certs, i));
		if (!hashed || !link)
			keep(d, dir, sk_X509_value(certs, i), path);
	}
	sk_X509_pop_free(certs, X509_free);
	ca_buf_free(&file);
}

/* ---- one certificate ---- */

static void
check_dates(struct ca_doctor *d, const char *dir, const struct ca_doctor_ca *ca,
    const char *name)
{
	time_t from, to;
	char when[48];

	if (!ca_crypto_seconds(X509_get0_notBefore(ca->cert), &from) ||
	    !ca_crypto_seconds(X509_get0_notAfter(ca->cert), &to)) {
		ca_doctor_find(d, CA_F_CA_UNREADABLE, CA_LEVEL_WARNING,
		    "%s (%s) has a validity time that cannot be read", name,
		    ca->file);
		ca_doctor_mend(
		    d, "get a new certificate from the CA for %s", ca->file);
		return;
	}
	ca_doctor_when(from > d->now ? from : to, d->now, when);
	if (from > d->now) {
		ca_doctor_find(d, CA_F_CA_FUTURE, CA_LEVEL_WARNING,
		    "%s (%s) becomes valid %s", name, ca->file, when);
		ca_doctor_mend(d, "check the clock with `timedatectl'; if the "
				  "clock is right, wait until then");
	} else if (to < d->now) {
		ca_doctor_find(d, CA_F_CA_EXPIRED, CA_LEVEL_WARNING,
		    "%s (%s) expired %s", name, ca->file, when);
		ca_doctor_mend(d,
		    "install the CA's new certificate if there is one, then "
		    "rm %s && openssl rehash %s",
		    ca->file, dir);
	} else if (to - d->now < EXPIRING) {
		ca_doctor_find(d, CA_F_CA_EXPIRING, CA_LEVEL_WARNING,
		    "%s (%s) expires %s", name, ca->file, when);
		ca_doctor_mend(d,
		    "copy the CA's new certificate to %s, then run `openssl "
		    "rehash %s'",
		    dir, dir);
	}
}

static void
check_strength(
    struct ca_doctor *d, const struct ca_doctor_ca *ca, const char *name)
{
	EVP_PKEY *key = X509_get0_pubkey(ca->cert);
	int md = NID_undef, bits = key != NULL ? EVP_PKEY_get_bits(key) : 0;
	bool known = X509_get_signature_info(ca->cert, &md, NULL, NULL, NULL);
	bool own = X509_self_signed(ca->cert, 0) == 1;
	char what[128] = "";

	if (key == NULL)
		(void)snprintf(what, sizeof what, "a key of an unknown type");
	else if (EVP_PKEY_is_a(key, "DSA"))
		(void)snprintf(what, sizeof what, "a DSA key");
	else if (EVP_PKEY_is_a(key, "RSA") && bits < CA_RSA_MIN_BITS)
		(void)snprintf(
		    what, sizeof what, "an RSA key of %d bits", bits);
	else if (EVP_PKEY_is_a(key, "EC") && bits < 224)
		(void)snprintf(what, sizeof what, "an EC key of %d bits", bits);
	/* the self-signature of a trust anchor is not verified */
	else if (!own && known && (md == NID_md5 || md == NID_sha1))
		(void)snprintf(
		    what, sizeof what, "a signature with %s", OBJ_nid2sn(md));
	ERR_clear_error();
	if (what[0] == '\0')
		return;
	ca_doctor_find(d, CA_F_CA_WEAK, CA_LEVEL_ERROR, "%s (%s) has %s", name,
	    ca->file, what);
	ca_doctor_mend(d,
	    "get a new certificate from the CA, with an RSA key of at least %d "
	    "bits or an EC key of at least P-256, and signed with SHA-256 or "
	    "better",
	    CA_RSA_MIN_BITS);
}

static void
check_hash(struct ca_doctor *d, const struct dir *dir,
    const struct ca_doctor_ca *ca, size_t *without)
{
	int ok = 0;
	unsigned long hash = X509_NAME_hash_ex(X509_get_subject_name(ca->cert),
	    ca_crypto_get0_libctx(d->crypto), NULL, &ok);

	for (size_t i = 0; ok && i < dir->nhashed; i++)
		if (dir->hashed[i].hash == hash &&
		    X509_cmp(dir->hashed[i].cert, ca->cert) == 0)
			return;
	(*without)++;
}

/* Compare a certificate with those before it. */
static void
check_others(
    struct ca_doctor *d, const struct dir *dir, size_t at, const char *name)
{
	const struct ca_doctor_ca *ca = &d->ca[at];

	for (size_t i = dir->first; i < at; i++) {
		const struct ca_doctor_ca *other = &d->ca[i];

		if (X509_NAME_cmp(X509_get_subject_name(ca->cert),
			X509_get_subject_name(other->cert)) != 0)
			continue;
		if (X509_cmp(ca->cert, other->cert) == 0) {
			ca_doctor_find(d, CA_F_CA_DUPLICATE, CA_LEVEL_WARNING,
			    "%s is in two files, %s and %s", name, other->file,
			    ca->file);
			ca_doctor_mend(d, "rm %s && openssl rehash %s",
			    ca->file, dir->path);
		} else {
			ca_doctor_find(d, CA_F_CA_SAME_SUBJECT,
			    CA_LEVEL_WARNING,
			    "%s and %s are two CAs of one name, %s",
			    other->file, ca->file, name);
			ca_doctor_mend(d,
			    "nothing, if one certificate renews the other; "
			    "otherwise remove the file of the CA that is not "
			    "to be trusted, then run `openssl rehash %s'",
			    dir->path);
		}
		return;
	}
}

/* Find an anchor that another anchor issued.  The signature decides, because
 * two CAs can have the same name. */
static void
check_issuer(
    struct ca_doctor *d, const struct dir *dir, size_t at, const char *name)
{
	const struct ca_doctor_ca *ca = &d->ca[at], *issuer = NULL;
	const char *to = d->cfg->intermediates_dir;

	if (!dir->anchors || ca_issued_by(ca->cert, ca->cert))
		return;
	for (size_t i = dir->first; issuer == NULL && i < d->ncas; i++)
		if (ca_issued_by(ca->cert, d->ca[i].cert))
			issuer = &d->ca[i];
	if (issuer == NULL)
		return;
	ca_doctor_find(d, CA_F_CA_INTERMEDIATE, CA_LEVEL_WARNING,
	    "%s (%s) is a trust anchor, although its issuer is one too: %s",
	    name, ca->file, issuer->file);
	if (to != NULL)
		ca_doctor_mend(d,
		    "mv %s %s/ && openssl rehash %s && openssl rehash %s; "
		    "nothing, if the CA is to be trusted even if its issuer "
		    "revokes it",
		    ca->file, to, dir->path, to);
	else
		ca_doctor_mend(d,
		    "set intermediates_dir in the configuration, mv %s to "
		    "that directory, then run `openssl rehash' for it and for "
		    "%s",
		    ca->file, dir->path);
}

static void
check_all(struct ca_doctor *d, struct dir *dir)
{
	size_t without = 0;

	for (size_t i = dir->first; i < d->ncas; i++) {
		const struct ca_doctor_ca *ca = &d->ca[i];
		char *name = ca_doctor_name(X509_get_subject_name(ca->cert));

		check_dates(d, dir->path, ca, name != NULL ? name : "?");
		check_strength(d, ca, name != NULL ? name : "?");
		if (X509_check_ca(ca->cert) == 0) {
			ca_doctor_find(d, CA_F_CA_NOT_CA, CA_LEVEL_WARNING,
			    "%s (%s) is not a CA certificate", name, ca->file);
			ca_doctor_mend(d,
			    "rm %s && openssl rehash %s; nothing, if only this "
			    "certificate is to be trusted",
			    ca->file, dir->path);
		}
		check_issuer(d, dir, i, name != NULL ? name : "?");
		check_others(d, dir, i, name != NULL ? name : "?");
		check_hash(d, dir, ca, &without);
		free(name);
	}
	if (without == 0)
		return;
	ca_doctor_find(d, CA_F_CA_NOT_HASHED, CA_LEVEL_WARNING,
	    "%zu certificate%s of %s %s no hashed name", without,
	    without == 1 ? "" : "s", dir->path, without == 1 ? "has" : "have");
	ca_doctor_mend(d, "openssl rehash %s", dir->path);
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
		ca_doctor_mend(d,
		    "mkdir -m 755 %s && cp YOUR-CA.pem %s/ && openssl rehash "
		    "%s",
		    path, path, path);
	else
		ca_doctor_mend(d,
		    "mkdir -m 755 %s (the directory may stay empty), or remove "
		    "intermediates_dir from the configuration",
		    path);
}

static void
check_dir(struct ca_doctor *d, const char *path, bool anchors)
{
	struct dir dir = {.path = path, .anchors = anchors, .first = d->ncas};
	struct dirent *e;
	unsigned long hash;
	DIR *stream;
	int fd;
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
	while ((e = readdir(stream)) != NULL) {
		enum ca_cadir_name is = ca_cadir_name(e->d_name, &hash);

		if (is == CA_CADIR_HASHED || is == CA_CADIR_PLAIN)
			read_one(d, &dir, dirfd(stream), e->d_name);
		else if (is == CA_CADIR_OTHER)
			ca_doctor_ca_skipped(d, dirfd(stream), path, e->d_name);
	}
	(void)closedir(stream);
	if (anchors && d->ncas == dir.first) {
		ca_doctor_find(d, CA_F_CA_NONE, CA_LEVEL_ERROR,
		    "%s contains no CA certificate", path);
		ca_doctor_mend(
		    d, "cp YOUR-CA.pem %s/ && openssl rehash %s", path, path);
	}
	check_all(d, &dir);
	for (size_t i = 0; i < dir.nhashed; i++)
		X509_free(dir.hashed[i].cert);
	free(dir.hashed);
}

void
ca_doctor_cas(struct ca_doctor *d)
{
	check_dir(d, d->cfg->ca_dir, true);
	if (d->cfg->intermediates_dir != NULL)
		check_dir(d, d->cfg->intermediates_dir, false);
	ca_doctor_ca_exempt(d);
}
