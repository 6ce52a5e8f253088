/* certauth setup: import CA certificates and CRLs. */
#include "base/der.h"
#include "base/file.h"
#include "crladmin/crlcompile.h"
#include "crladmin/crljudge.h"
#include "crladmin/crllink.h"
#include "crladmin/crlset.h"
#include "verify/anchor.h"
#include "verify/issued.h"
#include "cli/setup.h"
#include "verify/certfile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 64 /* links of ca_dir are HASH.0 to HASH.63 */
#define TMP ".certauth-setup.tmp"

static bool
slurp(const char *path, struct ca_buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum ca_err rc =
	    fd < 0 ? CA_ERR_IO : ca_file_read_fd(fd, CA_CERTFILE_MAX, out);

	if (rc != CA_OK)
		(void)ca_cli_fail("%s: %s", path,
		    rc == CA_ERR_IO ? strerror(errno) : ca_err_text(rc));
	if (fd >= 0)
		(void)close(fd);
	return rc == CA_OK;
}

/* ---- certificates of a file ---- */

/* The certificates of a PKCS#7 SignedData (RFC 2315 section 9.1), one after the
 * other.  They are not decoded here, as libcrypto's reader would do. */
static enum ca_err
pkcs7_certs(struct ca_reader r, struct ca_reader *certs)
{
	static const uint8_t signed_data[] = {
	    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02};
	struct ca_reader content, type, data, skip;

	if (ca_der_expect(&r, CA_DER_SEQUENCE, &content) != CA_OK ||
	    ca_der_expect(&content, CA_DER_OID, &type) != CA_OK ||
	    !ca_der_is(type, signed_data, sizeof signed_data) ||
	    ca_der_expect(&content, CA_DER_CONTEXT_0, &data) != CA_OK ||
	    ca_der_expect(&data, CA_DER_SEQUENCE, &content) != CA_OK ||
	    ca_der_expect(&content, CA_DER_INTEGER, &skip) != CA_OK ||
	    ca_der_expect(&content, 0x31, &skip) != CA_OK || /* SET */
	    ca_der_expect(&content, CA_DER_SEQUENCE, &skip) != CA_OK)
		return CA_ERR_FORMAT;
	return ca_der_expect(&content, CA_DER_CONTEXT_0, certs);
}

/* PKCS#7, in PEM or DER. */
static enum ca_err
parse_pkcs7(
    struct ca_crypto *crypto, const struct ca_buf *file, STACK_OF(X509) *out)
{
	BIO *bio = BIO_new_mem_buf(file->p, (int)file->len);
	struct ca_reader r = ca_reader_of(file->p, file->len), one;
	unsigned char *der = NULL;
	long len = 0;
	uint8_t tag;

	if (bio != NULL && PEM_bytes_read_bio(&der, &len, NULL,
			       PEM_STRING_PKCS7, bio, NULL, NULL) == 1)
		r = ca_reader_of(der, (size_t)len);
	enum ca_err rc = pkcs7_certs(r, &r);
	while (rc == CA_OK && r.left > 0) {
		const uint8_t *at = r.p;
		X509 *cert = NULL;

		if ((rc = ca_der_next(&r, &tag, &one)) == CA_OK)
			rc = ca_crypto_cert(
			    crypto, at, (size_t)(r.p - at), &cert);
		if (rc == CA_OK && sk_X509_push(out, cert) <= 0) {
			X509_free(cert);
			rc = CA_ERR_MEMORY;
		}
	}
	OPENSSL_free(der);
	BIO_free(bio);
	return rc;
}

/* Read all certificates of a file; false: the error was printed. */
static bool
read_all(struct ca_crypto *crypto, const char *path, STACK_OF(X509) *out)
{
	struct ca_buf file = CA_BUF_INIT(CA_CERTFILE_MAX);
	size_t bad = 0;
	enum ca_err rc = CA_OK;
	bool ok = slurp(path, &file);

	if (ok) {
		rc = ca_certfile_parse(crypto, file.p, file.len, out, &bad);
		if ((rc != CA_OK || bad > 0) && sk_X509_num(out) == 0) {
			bad = 0;
			rc = parse_pkcs7(crypto, &file, out);
		}
	}
	if (ok && (rc != CA_OK || bad > 0 || sk_X509_num(out) == 0)) {
		(void)ca_cli_fail("%s %s; use PEM, DER or PKCS#7", path,
		    sk_X509_num(out) == 0
			? "has no certificate"
			: "has a certificate that cannot be read");
		ok = false;
	}
	ca_buf_free(&file);
	return ok;
}

/* ---- one certificate ---- */

/* A file name that is readable, and unique to the certificate. */
static bool
file_name(struct ca_crypto *crypto, X509 *cert, const unsigned char *der,
    size_t len, char out[80])
{
	char cn[41] = "";
	uint8_t hash[32];

	if (X509_NAME_get_text_by_NID(X509_get_subject_name(cert),
		NID_commonName, cn, sizeof cn) <= 0)
		(void)snprintf(cn, sizeof cn, "ca");
	for (char *c = cn; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) || (unsigned char)*c > 0x7e)
			*c = '_';
	if (ca_crypto_sha256(crypto, der, len, hash) != CA_OK)
		return false;
	(void)snprintf(out, 80, "%s-%02x%02x%02x%02x.pem", cn, hash[0], hash[1],
	    hash[2], hash[3]);
	return true;
}

/* Make the first free link HASH.N, unless a link to the file exists. */
static bool
link_it(struct ca_crypto *crypto, const char *dir, const char *file, X509 *cert)
{
	char path[PATH_MAX], target[PATH_MAX];
	int ok = 0;
	unsigned long hash = X509_NAME_hash_ex(X509_get_subject_name(cert),
	    ca_crypto_get0_libctx(crypto), NULL, &ok);

	for (int i = 0; ok && i < LINKS_MAX; i++) {
		ssize_t len;

		if (snprintf(path, sizeof path, "%s/%08lx.%d", dir, hash, i) >=
		    (int)sizeof path)
			break;
		len = readlink(path, target, sizeof target - 1);
		if (len > 0) {
			target[len] = '\0';
			if (strcmp(target, file) == 0)
				return true;
		}
		if (symlink(file, path) == 0)
			return true;
		if (errno != EEXIST)
			break;
	}
	(void)ca_cli_fail("cannot create a link in %s to %s", dir, file);
	return false;
}

/* note: printed after the path */
static bool
put_one(struct ca_crypto *crypto, const char *dir, X509 *cert, const char *note)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	char name[80], path[PATH_MAX], *pem;
	BIO *bio = BIO_new(BIO_s_mem());
	long n = 0;
	bool ok =
	    len > 0 && bio != NULL && PEM_write_bio_X509(bio, cert) == 1 &&
	    (n = BIO_get_mem_data(bio, &pem)) > 0 &&
	    file_name(crypto, cert, der, (size_t)len, name) &&
	    snprintf(path, sizeof path, "%s/%s", dir, name) < (int)sizeof path;

	if (!ok) {
		(void)ca_cli_fail("cannot encode a certificate");
	} else if (ca_file_replace(path, pem, (size_t)n, 0644) != CA_OK) {
		(void)ca_cli_fail("%s: %s", path, strerror(errno));
		ok = false;
	} else {
		ok = link_it(crypto, dir, name, cert);
	}
	if (ok)
		printf("  %s%s%s\n", path, note,
		    X509_cmp_current_time(X509_get0_notAfter(cert)) < 0
			? "  (warning: expired)"
			: "");
	BIO_free(bio);
	OPENSSL_free(der);
	return ok;
}

/* Import one certificate into the directory of its kind. */
static bool
place_one(const struct ca_config *cfg, struct ca_crypto *crypto, X509 *cert,
    bool anchor, struct ca_setup_count *n)
{
	bool own = ca_issued_by(cert, cert);

	if (own || anchor) {
		n->anchors++;
		return put_one(crypto, cfg->ca_dir, cert,
		    own ? "" : "  (a trust anchor that is not self-signed)");
	}
	if (cfg->intermediates_dir == NULL) {
		const char *slash = strrchr(cfg->ca_dir, '/');

		(void)ca_cli_fail(
		    "an intermediate was not imported: intermediates_dir is not configured; add `intermediates_dir = %.*s/intermediates' to [default], and run setup again",
		    slash != NULL ? (int)(slash - cfg->ca_dir) : 0,
		    cfg->ca_dir);
		return false;
	}
	n->intermediates++;
	return put_one(crypto, cfg->intermediates_dir, cert,
	    "  (not self-signed: an intermediate)");
}

bool
ca_setup_ca(const struct ca_config *cfg, struct ca_crypto *crypto,
    const char *path, bool anchor, struct ca_setup_count *n)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	bool ok = certs != NULL && read_all(crypto, path, certs);

	for (int i = 0; ok && i < sk_X509_num(certs); i++) {
		X509 *cert = sk_X509_value(certs, i);

		/* an end-entity certificate is useless as a trust anchor */
		if (!ca_anchor_may_issue(cert)) {
			(void)ca_cli_fail(
			    "%s: certificate %d is ignored, because it is not a CA certificate",
			    path, i + 1);
			continue;
		}
		if (!place_one(cfg, crypto, cert, anchor, n)) {
			(void)ca_cli_fail(
			    "%s: certificate %d was not imported", path, i + 1);
			ok = false;
		}
	}
	sk_X509_pop_free(certs, X509_free);
	return ok;
}

/* ---- CRLs ---- */

/* Check the CRLs in TMP as `certauth crl update` would; NULL: they are good. */
static const char *
crl_flaw(struct ca_crladmin_run *r, const char *name)
{
	struct ca_crls fresh = {NULL, 0}, old = {NULL, 0};
	const char *why = NULL;
	enum ca_err rc = ca_crladmin_read(r, TMP, &fresh);

	if (rc != CA_OK)
		why = rc == CA_ERR_FORMAT ? "the file is not a CRL"
					  : ca_err_text(rc);
	if (why == NULL)
		why = ca_crladmin_not_usable(r, &fresh);
	if (why == NULL && ca_crladmin_read(r, name, &old) == CA_OK)
		why = ca_crladmin_not_successor(&fresh, &old);
	ca_crls_clear(&fresh);
	ca_crls_clear(&old);
	return why;
}

/* Make a name that a login accepts for a CRL of the base name of path. */
static void
crl_name(const char *path, char out[80])
{
	const char *base = strrchr(path, '/');

	base = base != NULL ? base + 1 : path;
	(void)snprintf(out, 72, "%s", base[0] == '.' ? base + 1 : base);
	for (char *c = out; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && strchr("._-", *c) == NULL)
			*c = '_';
	const char *dot = strrchr(out, '.');
	if (dot == NULL || strcmp(dot, ".crl") != 0)
		(void)snprintf(
		    out + strlen(out), 80 - strlen(out), "%s", ".crl");
}

bool
ca_setup_crl(struct ca_config *cfg, const char *path)
{
	struct ca_crladmin_run r = {.dir = -1, .lock = -1, .quiet = true};
	struct ca_buf file = CA_BUF_INIT(CA_CERTFILE_MAX);
	char name[80], tmp[PATH_MAX];
	const char *why = NULL;
	bool ok = false;

	r.cfg = cfg;
	r.log = ca_cli_log(false);
	crl_name(path, name);
	if (snprintf(tmp, sizeof tmp, "%s/" TMP, cfg->crl_dir) <
		(int)sizeof tmp &&
	    slurp(path, &file) && ca_crladmin_open(&r) == CA_EXIT_OK &&
	    ca_crladmin_lock(&r) == CA_OK) {
		if (ca_file_replace(tmp, file.p, file.len, 0644) != CA_OK ||
		    ((why = crl_flaw(&r, name)) == NULL &&
			renameat(r.dir, TMP, r.dir, name) != 0))
			why = strerror(errno);
		ok = why == NULL &&
		     ca_crladmin_compile_one(&r, name) == CA_OK &&
		     ca_crladmin_link(&r) == CA_OK;
		(void)unlinkat(r.dir, TMP, 0);
	}
	if (why != NULL)
		(void)ca_cli_fail("%s was not imported: %s", path, why);
	if (ok)
		printf("  %s/%s\n", cfg->crl_dir, name);
	r.cfg = NULL; /* borrowed */
	ca_crladmin_close(&r);
	ca_buf_free(&file);
	return ok;
}
