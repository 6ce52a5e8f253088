/* certauth setup: the files of a directory of CA certificates. */
#include "cli/setupdir.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tool/cli.h"
#include "verify/certfile.h"

static bool
parse_hashed(const char *name, unsigned long *hash, unsigned *n)
{
	char *end;

	if (strspn(name, "0123456789abcdef") != 8 || name[8] != '.' ||
	    name[9] == '\0' || strlen(name + 9) > 4 ||
	    strspn(name + 9, "0123456789") != strlen(name + 9))
		return false;
	*hash = strtoul(name, &end, 16);
	*n = (unsigned)strtoul(name + 9, &end, 10);
	return true;
}

static bool
is_plain(const char *name)
{
	static const char *const ends[] = {
	    ".pem", ".crt", ".cer", ".cert", ".der"};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0;
	     name[0] != '.' && dot != NULL && i < sizeof ends / sizeof *ends;
	     i++)
		if (strcasecmp(dot, ends[i]) == 0)
			return true;
	return false;
}

/* ---- reading ---- */

static enum ca_err
digest(struct ca_crypto *crypto, X509 *cert, uint8_t sum[32])
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	enum ca_err rc = len > 0
			     ? ca_crypto_sha256(crypto, der, (size_t)len, sum)
			     : CA_ERR_CRYPTO;

	OPENSSL_free(der);
	return rc;
}

static enum ca_err
look_inside(struct ca_setup_dir *d, struct ca_setup_file *f)
{
	struct ca_buf file = CA_BUF_INIT(CA_CERTFILE_MAX);
	STACK_OF(X509) *certs = sk_X509_new_null();
	size_t bad = 0;
	int ok = 0;
	enum ca_err rc = certs == NULL ? CA_ERR_MEMORY
				       : ca_file_read(d->fd, f->name,
					     CA_CERTFILE_MAX, &file);

	if (rc == CA_OK)
		rc =
		    ca_certfile_parse(d->crypto, file.p, file.len, certs, &bad);
	f->certs = rc == CA_OK ? (size_t)sk_X509_num(certs) + bad : 0;
	f->pem = file.len > 0 && file.p[0] != 0x30; /* SEQUENCE: DER */
	/* what cannot be read is no certificate of ours */
	rc = rc == CA_ERR_MEMORY ? rc : CA_OK;
	if (f->certs == 1 && bad == 0) {
		const X509_NAME *name =
		    X509_get_subject_name(sk_X509_value(certs, 0));

		f->subject = X509_NAME_hash_ex(
		    name, ca_crypto_get0_libctx(d->crypto), NULL, &ok);
		f->old = X509_NAME_hash_old(name);
		rc = ok ? digest(d->crypto, sk_X509_value(certs, 0), f->sum)
			: CA_ERR_CRYPTO;
	}
	sk_X509_pop_free(certs, X509_free);
	ca_buf_free(&file);
	return rc;
}

enum ca_err
ca_setup_dir_add(struct ca_setup_dir *d, const char *name)
{
	struct ca_setup_file *v, f = {0};
	char target[PATH_MAX];
	struct stat st;
	ssize_t n = readlinkat(d->fd, name, target, sizeof target - 1);

	f.hashed = parse_hashed(name, &f.hash, &f.n);
	if ((f.name = strdup(name)) == NULL)
		return CA_ERR_MEMORY;
	if (n > 0) {
		target[n] = '\0';
		f.target = strdup(target);
		f.dangling =
		    fstatat(d->fd, name, &st, 0) != 0 &&
		    (errno == ENOENT || errno == ENOTDIR || errno == ELOOP);
	}
	enum ca_err rc =
	    n > 0 && f.target == NULL ? CA_ERR_MEMORY : look_inside(d, &f);
	v = rc == CA_OK ? realloc(d->v, (d->n + 1) * sizeof *v) : NULL;
	if (v == NULL) {
		free(f.name);
		free(f.target);
		return rc == CA_OK ? CA_ERR_MEMORY : rc;
	}
	d->v = v;
	v[d->n++] = f;
	return CA_OK;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct ca_setup_file *)a)->name,
	    ((const struct ca_setup_file *)b)->name);
}

bool
ca_setup_dir_open(
    struct ca_setup_dir *d, struct ca_crypto *crypto, const char *path)
{
	const struct dirent *e;
	unsigned long hash;
	unsigned n;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	enum ca_err rc = dir != NULL ? CA_OK : CA_ERR_IO;

	d->crypto = crypto;
	d->path = path;
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd < 0)
		rc = CA_ERR_IO;
	while (rc == CA_OK && (e = readdir(dir)) != NULL)
		if (is_plain(e->d_name) || parse_hashed(e->d_name, &hash, &n))
			rc = ca_setup_dir_add(d, e->d_name);
	if (rc != CA_OK)
		(void)ca_cli_fail("%s: %s", path,
		    rc == CA_ERR_IO ? strerror(errno) : ca_err_text(rc));
	if (dir != NULL)
		(void)closedir(dir);
	else if (fd >= 0)
		(void)close(fd);
	if (d->n > 1)
		qsort(d->v, d->n, sizeof *d->v, by_name);
	return rc == CA_OK;
}

void
ca_setup_dir_close(struct ca_setup_dir *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->v[i].name);
		free(d->v[i].target);
	}
	free(d->v);
	if (d->fd >= 0)
		(void)close(d->fd);
	*d = (struct ca_setup_dir){.fd = -1};
}

/* ---- a file for one certificate ---- */

/* A file name that is readable, and unique to the certificate. */
enum ca_err
ca_setup_dir_name(struct ca_crypto *crypto, X509 *cert, char out[80])
{
	char cn[41] = "";
	uint8_t sum[32];
	enum ca_err rc = digest(crypto, cert, sum);

	if (rc != CA_OK)
		return rc;
	if (X509_NAME_get_text_by_NID(X509_get_subject_name(cert),
		NID_commonName, cn, sizeof cn) <= 0)
		(void)snprintf(cn, sizeof cn, "ca");
	for (char *c = cn; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) || (unsigned char)*c > 0x7e)
			*c = '_';
	(void)snprintf(out, 80, "%s-%02x%02x%02x%02x.pem", cn, sum[0], sum[1],
	    sum[2], sum[3]);
	return CA_OK;
}

/* A plain PEM file with this certificate alone, or NULL. */
static const char *
has(const struct ca_setup_dir *d, const uint8_t sum[32])
{
	for (size_t i = 0; i < d->n; i++)
		if (!d->v[i].hashed && !d->v[i].gone && d->v[i].pem &&
		    d->v[i].certs == 1 &&
		    memcmp(d->v[i].sum, sum, sizeof d->v[i].sum) == 0)
			return d->v[i].name;
	return NULL;
}

static bool
write_pem(struct ca_setup_dir *d, X509 *cert, const char *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char path[PATH_MAX], *pem;
	long n = 0;
	bool ok = bio != NULL && PEM_write_bio_X509(bio, cert) == 1 &&
		  (n = BIO_get_mem_data(bio, &pem)) > 0 &&
		  snprintf(path, sizeof path, "%s/%s", d->path, name) <
		      (int)sizeof path;

	if (!ok) {
		(void)ca_cli_fail("cannot encode a certificate");
	} else if (ca_file_replace(path, pem, (size_t)n, 0644) != CA_OK) {
		(void)ca_cli_fail("%s: %s", path, strerror(errno));
		ok = false;
	} else if (ca_setup_dir_add(d, name) != CA_OK) {
		(void)ca_cli_fail("%s cannot be read", path);
		ok = false;
	}
	BIO_free(bio);
	return ok;
}

bool
ca_setup_dir_put(struct ca_setup_dir *d, X509 *cert, const char **name)
{
	uint8_t sum[32];
	char made[80];

	if (digest(d->crypto, cert, sum) != CA_OK ||
	    ca_setup_dir_name(d->crypto, cert, made) != CA_OK) {
		(void)ca_cli_fail("cannot encode a certificate");
		return false;
	}
	if ((*name = has(d, sum)) != NULL)
		return true;
	if (!write_pem(d, cert, made))
		return false;
	*name = d->v[d->n - 1].name;
	return true;
}
