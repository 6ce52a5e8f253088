/* An identity from PEM files; its key is decrypted when it first signs. */
#include "key/key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define FILE_MAX_BYTES ((size_t)1 << 18)
#define CERTS_MAX 32
#define TRIES 3

struct pem_key {
	struct ca_crypto *crypto; /* borrowed */
	X509 *cert;               /* what the key must belong to; owned */
	char *path;
	struct ca_buf text; /* the file; wiped when freed */
	bool encrypted;
	EVP_PKEY *pkey; /* NULL until the first signature */
	const struct ca_log *log;
};

/* A key file grants nothing, so any user may own it. */
static enum ca_err
read_file(const char *path, struct ca_buf *out, struct stat *st,
    const struct ca_log *log)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		rc = errno == ENOENT || errno == ENOTDIR ? CA_ERR_NOT_FOUND
							 : CA_ERR_IO;
		ca_log_err(log, "%s: %m", path);
		return rc;
	}
	if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode)) {
		ca_log_err(log, "%s is not a regular file", path);
		ret = CA_ERR_FORMAT;
		goto out;
	}
	if ((rc = ca_file_read_fd(fd, FILE_MAX_BYTES, out)) != CA_OK) {
		if (rc == CA_ERR_IO)
			ca_log_err(log, "%s: %m", path);
		else
			ca_log_err(log, "%s: %-s", path, ca_err_text(rc));
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	(void)close(fd);
	return ret;
}

/* The first certificate becomes the leaf, those after it the chain. */
static enum ca_err
add_cert(struct ca_crypto *crypto, struct ca_identity *id, const void *der,
    size_t len)
{
	enum ca_err rc;
	X509 *cert = NULL;

	if ((rc = ca_crypto_cert(crypto, der, len, &cert)) != CA_OK)
		return rc;
	if (id->leaf == NULL) {
		id->leaf = cert; /* transferred */
		return CA_OK;
	}
	if (id->chain == NULL)
		id->chain = sk_X509_new_null();
	if (id->chain == NULL || sk_X509_num(id->chain) >= CERTS_MAX ||
	    sk_X509_push(id->chain, cert) <= 0) {
		rc = id->chain == NULL ? CA_ERR_MEMORY : CA_ERR_LIMIT;
		X509_free(cert);
		return rc;
	}
	return CA_OK;
}

static enum ca_err
add_pem_certs(
    struct ca_crypto *crypto, struct ca_identity *id, const struct ca_buf *text)
{
	enum ca_err ret = CA_ERR_UNSET, rc = CA_OK;
	BIO *bio = BIO_new_mem_buf(text->p, (int)text->len);
	char *name, *header;
	unsigned char *der;
	long len;

	if (bio == NULL)
		return CA_ERR_MEMORY;
	while (rc == CA_OK && PEM_read_bio(bio, &name, &header, &der, &len)) {
		if (strcmp(name, PEM_STRING_X509) == 0 ||
		    strcmp(name, PEM_STRING_X509_OLD) == 0)
			rc = add_cert(crypto, id, der, (size_t)len);
		OPENSSL_free(name);
		OPENSSL_free(header);
		/* it may have been a private key */
		OPENSSL_clear_free(der, (size_t)len);
	}
	ERR_clear_error(); /* "no start line" is how the end looks */
	BIO_free(bio);
	if (rc != CA_OK)
		ret = rc;
	else if (id->leaf == NULL)
		ret = CA_ERR_FORMAT;
	else
		ret = CA_OK;
	return ret;
}

static bool
contains(const struct ca_buf *text, const char *what)
{
	return text->len > 0 &&
	       memmem(text->p, text->len, what, strlen(what)) != NULL;
}

static enum ca_err
load_certs(struct ca_crypto *crypto, const char *path, struct ca_identity *id,
    const struct ca_log *log)
{
	enum ca_err rc;
	struct ca_buf text = CA_BUF_INIT(FILE_MAX_BYTES);
	struct stat st;

	if ((rc = read_file(path, &text, &st, log)) != CA_OK) {
		ca_buf_free(&text);
		return rc;
	}
	if (contains(&text, "-----BEGIN "))
		rc = add_pem_certs(crypto, id, &text);
	else
		rc = add_cert(crypto, id, text.p, text.len);
	if (rc != CA_OK)
		ca_log_err(log,
		    "%s contains no X.509 certificate in PEM or DER: %-s", path,
		    contains(&text, "PRIVATE KEY-----")
			? "it contains a private key; are --cert and --key swapped?"
			: ca_err_text(rc));
	ca_buf_free(&text);
	return rc;
}

/* ---- the key ---- */

struct asking {
	const struct ca_key_ui *ui;
	const struct pem_key *key;
	enum ca_err rc; /* of ui->ask */
};

static int
passphrase(char *buf, int size, int writing, void *u)
{
	struct asking *a = u;
	struct ca_buf prompt = CA_BUF_INIT(8192);
	struct ca_secret *answer = NULL;
	int len = -1;

	(void)writing;
	ca_buf_fmt(&prompt, "Passphrase for %s: ", a->key->path);
	if (ca_buf_text(&prompt) == NULL || a->ui == NULL) {
		a->rc = CA_ERR_CANCELLED;
		goto out;
	}
	a->rc = a->ui->ask(a->ui->ctx, ca_buf_text(&prompt), &answer);
	if (a->rc != CA_OK || answer == NULL)
		goto out;
	if (ca_secret_len(answer) > (size_t)size) {
		a->rc = CA_ERR_LIMIT;
		goto out;
	}
	memcpy(buf, ca_secret_get0(answer), ca_secret_len(answer));
	len = (int)ca_secret_len(answer);
out:
	ca_secret_free(answer);
	ca_buf_free(&prompt);
	return len;
}

static void
tell(const struct ca_key_ui *ui, const char *path, const char *what)
{
	struct ca_buf line = CA_BUF_INIT(8192);

	ca_buf_fmt(&line, "%s: %s", path, what);
	if (ui != NULL && ui->info != NULL && ca_buf_text(&line) != NULL)
		ui->info(ui->ctx, ca_buf_text(&line));
	ca_buf_free(&line);
}

/* One try; CA_ERR_PIN: the passphrase may be wrong. */
static enum ca_err
decrypt_once(struct pem_key *k, const struct ca_key_ui *ui)
{
	struct asking a = {ui, k, CA_ERR_UNSET};
	BIO *bio = BIO_new_mem_buf(k->text.p, (int)k->text.len);

	if (bio == NULL)
		return CA_ERR_MEMORY;
	k->pkey = PEM_read_bio_PrivateKey_ex(
	    bio, NULL, passphrase, &a, ca_crypto_get0_libctx(k->crypto), NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (k->pkey != NULL)
		return CA_OK;
	if (a.rc == CA_ERR_UNSET) /* no passphrase was asked for */
		return CA_ERR_FORMAT;
	return a.rc == CA_OK ? CA_ERR_PIN : a.rc;
}

static enum ca_err
unlock(struct pem_key *k, const struct ca_key_ui *ui)
{
	enum ca_err ret = CA_ERR_UNSET, rc = CA_ERR_PIN;

	if (k->pkey != NULL)
		return CA_OK;
	for (int i = 0; i < TRIES && rc == CA_ERR_PIN; i++) {
		rc = decrypt_once(k, ui);
		if (rc == CA_ERR_PIN)
			tell(ui, k->path, "the passphrase is wrong");
	}
	if (rc == CA_ERR_FORMAT)
		ca_log_err(k->log,
		    "%s contains no private key in PEM that OpenSSL can read%-s",
		    k->path,
		    contains(&k->text, "OPENSSH PRIVATE")
			? "; convert a copy of it: ssh-keygen -p -m PKCS8 -f FILE"
			: "");
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	if (X509_check_private_key(k->cert, k->pkey) != 1) {
		ERR_clear_error();
		ca_log_err(k->log,
		    "%s: the key does not belong to the certificate", k->path);
		EVP_PKEY_free(k->pkey);
		k->pkey = NULL;
		ret = CA_ERR_FORMAT;
		goto out;
	}
	ret = CA_OK;
out:
	return ret;
}

static bool
pem_can(const void *impl, const struct ca_scheme *scheme)
{
	const struct pem_key *k = impl;
	EVP_PKEY *pub = X509_get0_pubkey(k->cert);

	return pub != NULL && ca_crypto_scheme_fits(scheme, pub);
}

static enum ca_err
pem_sign(void *impl, const struct ca_scheme *scheme, const void *tbs,
    size_t len, const struct ca_key_ui *ui, struct ca_buf *sig)
{
	struct pem_key *k = impl;
	enum ca_err rc;

	if ((rc = unlock(k, ui)) != CA_OK)
		return rc;
	return ca_crypto_sign(k->crypto, scheme, k->pkey, tbs, len, sig);
}

static void
pem_free(void *impl)
{
	struct pem_key *k = impl;

	if (k == NULL)
		return;
	EVP_PKEY_free(k->pkey);
	X509_free(k->cert);
	ca_buf_free(&k->text);
	free(k->path);
	free(k);
}

static const struct ca_key_ops pem_ops = {pem_can, pem_sign, pem_free};

/* PKCS#12 begins with a version, 3 (RFC 7292 section 4); DER with its tag. */
static void
no_key(const char *path, const struct ca_buf *text, const struct ca_log *log)
{
	const char *hint = "";

	if (text->len > 8 && text->p[0] == 0x30 &&
	    memmem(text->p, 8, "\2\1\3", 3) != NULL)
		hint = "; if it is a PKCS#12 file, use --p12 (or `p12 =')";
	else if (text->len > 0 && text->p[0] == 0x30)
		hint = "; if it is a key in DER, convert it: openssl pkey "
		       "-inform DER -in FILE -out FILE.pem";
	else if (contains(text, "BEGIN CERT"))
		hint = "; it is a certificate";
	ca_log_err(log, "%s contains no private key in PEM%-s", path, hint);
}

static enum ca_err
load_key(struct ca_crypto *crypto, const char *path, X509 *cert,
    const struct ca_log *log, struct ca_key **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct pem_key *k = calloc(1, sizeof *k);
	struct stat st;

	if (k == NULL)
		return CA_ERR_MEMORY;
	k->crypto = crypto;
	k->log = log;
	k->text = CA_BUF_INIT(FILE_MAX_BYTES);
	if ((k->path = strdup(path)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = read_file(path, &k->text, &st, log)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (!contains(&k->text, "PRIVATE KEY-----")) {
		no_key(path, &k->text, log);
		ret = CA_ERR_FORMAT;
		goto out;
	}
	k->encrypted = contains(&k->text, "ENCRYPTED");
	if (!k->encrypted && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		ca_log_warning(log,
		    "%s is not encrypted, and other users can access it (mode "
		    "%04o); run: chmod 600 FILE",
		    path, st.st_mode & 07777);
	(void)X509_up_ref(cert);
	k->cert = cert;
	if ((*out = ca_key_new(&pem_ops, k)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	k = NULL; /* transferred */
	ret = CA_OK;
out:
	pem_free(k);
	return ret;
}

enum ca_err
ca_key_pem_cert(struct ca_crypto *crypto, const char *cert_path,
    const struct ca_log *log, struct ca_identity **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_identity *id = calloc(1, sizeof *id);

	if (id == NULL || (id->label = strdup(cert_path)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = load_certs(crypto, cert_path, id, log)) != CA_OK) {
		ret = rc;
		goto out;
	}
	*out = id;
	id = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_identity_free(id);
	return ret;
}

enum ca_err
ca_key_pem(struct ca_crypto *crypto, const char *cert_path,
    const char *key_path, const struct ca_log *log, struct ca_identity **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_identity *id = NULL;

	if ((rc = ca_key_pem_cert(crypto, cert_path, log, &id)) != CA_OK ||
	    (rc = load_key(crypto, key_path != NULL ? key_path : cert_path,
		 id->leaf, log, &id->key)) != CA_OK) {
		ret = rc;
		goto out;
	}
	*out = id;
	id = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_identity_free(id);
	return ret;
}
