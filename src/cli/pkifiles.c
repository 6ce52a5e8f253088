/*
 * The folder of `certauth pki`: its files, its lock, and the CRL, which is also
 * the register of the revoked certificates.
 */
#include "cli/pkiint.h"
#include "cli/commands.h"
#include "base/file.h"
#include "crypto/certgate.h"
#include "crypto/keykind.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_MAX (16u << 20)

/* ---- files ---- */

static bool
path_of(const struct ca_pki *p, const char *name, const char *end,
    char out[PATH_MAX])
{
	return snprintf(out, PATH_MAX, "%s/%s%s", p->dir, name, end) < PATH_MAX;
}

bool
ca_pki_exists(const struct ca_pki *p, const char *name, const char *end)
{
	char path[PATH_MAX];
	struct stat st;

	return path_of(p, name, end, path) && lstat(path, &st) == 0;
}

/* Write the contents of bio to a file; print the error. */
bool
ca_pki_store(const struct ca_pki *p, const char *name, const char *end,
    BIO *bio, mode_t mode)
{
	char path[PATH_MAX];
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	if (len <= 0 || !path_of(p, name, end, path)) {
		(void)ca_cli_fail("cannot create %s%s", name, end);
		return false;
	}
	if (ca_file_replace(path, data, (size_t)len, mode) != CA_OK) {
		(void)ca_cli_fail("%s: %s", path, strerror(errno));
		return false;
	}
	return true;
}

/* Read a file of the folder into a memory BIO; NULL: the error was printed. */
static BIO *
fetch(const struct ca_pki *p, const char *name, const char *end)
{
	struct ca_buf text = CA_BUF_INIT(FILE_MAX);
	struct ca_log log = ca_cli_log(false);
	char path[PATH_MAX];
	BIO *bio = NULL;
	enum ca_err rc = CA_ERR_LIMIT;

	if (path_of(p, name, end, path)) {
		rc = ca_file_read(AT_FDCWD, path, FILE_MAX, &text);
		if (rc != CA_OK)
			ca_file_log(&log, path, rc);
	}
	if (rc == CA_OK && (bio = BIO_new(BIO_s_mem())) != NULL &&
	    BIO_write(bio, text.p, (int)text.len) != (int)text.len) {
		BIO_free(bio);
		bio = NULL;
	}
	ca_buf_free(&text);
	return bio;
}

/* The files of the CA have no passphrase, so never ask for one. */
static int
no_passphrase(char *buf, int size, int writing, void *ctx)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)ctx;
	return -1;
}

static void
say_no_cert(const struct ca_pki *p, const char *name, const void *der, long len)
{
	char text[CA_CERT_REFUSAL];
	const char *why =
	    der != NULL ? ca_cert_refusal(der, (size_t)len, text) : NULL;

	if (why == NULL)
		(void)ca_cli_fail(
		    "%s/%s.pem is not a certificate", p->dir, name);
	else if (strcmp(name, "ca") == 0)
		(void)ca_cli_fail(
		    "%s/ca.pem cannot be used: %s; for a new CA, run: certauth pki init NEW-DIR",
		    p->dir, why);
	else
		(void)ca_cli_fail(
		    "%s/%s.pem cannot be used: %s", p->dir, name, why);
}

X509 *
ca_pki_read_cert(const struct ca_pki *p, const char *name)
{
	BIO *bio = fetch(p, name, ".pem");
	unsigned char *der = NULL;
	X509 *cert = NULL;
	long len = 0;

	if (bio != NULL &&
	    (PEM_bytes_read_bio(&der, &len, NULL, PEM_STRING_X509, bio,
		 no_passphrase, NULL) != 1 ||
		ca_crypto_cert(p->crypto, der, (size_t)len, &cert) != CA_OK))
		say_no_cert(p, name, der, len);
	OPENSSL_free(der);
	BIO_free(bio);
	return cert;
}

/* Without the lock, one of two concurrent revocations would be lost.  The key's
 * file is locked, because it is never replaced and no other user can open it. */
static bool
lock_ca(struct ca_pki *p)
{
	char path[PATH_MAX];

	if (path_of(p, "ca", ".key", path))
		p->lock = open(path, O_RDONLY | O_CLOEXEC);
	while (p->lock >= 0 && flock(p->lock, LOCK_EX) != 0)
		if (errno != EINTR) {
			(void)close(p->lock);
			p->lock = -1;
		}
	if (p->lock < 0)
		(void)ca_cli_fail(
		    "cannot lock the CA in %s: %s", p->dir, strerror(errno));
	return p->lock >= 0;
}

static bool
no_such_key(const struct ca_pki *p)
{
	struct ca_buf kind = CA_BUF_INIT(256);

	ca_cert_key_kind(p->ca, &kind);
	(void)ca_cli_fail("%s/ca.pem has a key that is %s", p->dir,
	    ca_buf_text(&kind) != NULL ? ca_buf_text(&kind) : "unknown");
	ca_buf_free(&kind);
	return false;
}

bool
ca_pki_open(struct ca_pki *p)
{
	BIO *bio;

	if (!ca_pki_exists(p, "ca", ".key")) {
		(void)ca_cli_fail(
		    "%s has no CA; run: certauth pki init %s", p->dir, p->dir);
		return false;
	}
	if (!lock_ca(p) || (p->ca = ca_pki_read_cert(p, "ca")) == NULL ||
	    (bio = fetch(p, "ca", ".key")) == NULL)
		return false;
	p->key = PEM_read_bio_PrivateKey_ex(bio, NULL, no_passphrase, NULL,
	    ca_crypto_get0_keys(p->crypto), NULL);
	BIO_free(bio);
	if (X509_get0_pubkey(p->ca) == NULL)
		return no_such_key(p);
	if (p->key == NULL || X509_check_private_key(p->ca, p->key) != 1) {
		(void)ca_cli_fail("%s/ca.key is not the key of ca.pem", p->dir);
		return false;
	}
	return true;
}

/* ---- the CRL, which is also the only list of revoked certificates ---- */

X509_CRL *
ca_pki_read_crl(const struct ca_pki *p)
{
	BIO *bio = fetch(p, "ca", ".crl");
	X509_CRL *crl =
	    bio == NULL ? NULL
			: PEM_read_bio_X509_CRL(bio, NULL, no_passphrase, NULL);

	if (bio != NULL && crl == NULL)
		(void)ca_cli_fail("%s/ca.crl is not a CRL", p->dir);
	BIO_free(bio);
	return crl;
}

/* The entries of old, and the certificate more, unless NULL.  NULL: out of
 * memory. */
static struct ca_pki_revoked *
entries(X509_CRL *old, X509 *more, size_t *n)
{
	STACK_OF(X509_REVOKED) *list =
	    old != NULL ? X509_CRL_get_REVOKED(old) : NULL;
	int have = list != NULL ? sk_X509_REVOKED_num(list) : 0;
	struct ca_pki_revoked *all = calloc((size_t)have + 1, sizeof *all);

	*n = 0;
	for (int i = 0; all != NULL && i < have; i++) {
		const X509_REVOKED *r = sk_X509_REVOKED_value(list, i);

		all[*n].serial =
		    ASN1_INTEGER_dup(X509_REVOKED_get0_serialNumber(r));
		time_t when;

		/* the entry must stay, even if its date is malformed */
		if (!ca_crypto_seconds(
			X509_REVOKED_get0_revocationDate(r), &when))
			when = time(NULL);
		all[(*n)++].when = when;
	}
	if (all != NULL && more != NULL) {
		all[*n].serial = ASN1_INTEGER_dup(X509_get0_serialNumber(more));
		all[(*n)++].when = time(NULL);
	}
	return all;
}

static long
next_number(X509_CRL *old)
{
	ASN1_INTEGER *n =
	    old == NULL ? NULL
			: X509_CRL_get_ext_d2i(old, NID_crl_number, NULL, NULL);
	long number = n != NULL ? ASN1_INTEGER_get(n) + 1 : 1;

	ASN1_INTEGER_free(n);
	return number;
}

int
ca_pki_renew_crl(struct ca_pki *p, X509_CRL *old, X509 *more, long days)
{
	size_t n = 0;
	struct ca_pki_revoked *all = entries(old, more, &n);
	X509_CRL *crl = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	struct ca_pki_crl want = {all, n, next_number(old), days};
	enum ca_err rc =
	    all == NULL || bio == NULL
		? CA_ERR_MEMORY
		: ca_pki_crl(p->crypto, p->ca, p->key, &want, &crl);
	int status = CA_EXIT_NO;

	if (rc != CA_OK)
		(void)ca_cli_fail("cannot create the CRL: %s", ca_err_text(rc));
	else if (PEM_write_bio_X509_CRL(bio, crl) == 1 &&
		 ca_pki_store(p, "ca", ".crl", bio, 0644))
		status = CA_EXIT_OK;
	if (status == CA_EXIT_OK)
		printf(
		    "%s/ca.crl: %zu revoked, valid for %ld days; copy this file to /etc/certauth/crl on each host\n",
		    p->dir, n, days);
	for (size_t i = 0; all != NULL && i < n; i++)
		ASN1_INTEGER_free(all[i].serial);
	free(all);
	X509_CRL_free(crl);
	BIO_free(bio);
	return status;
}
