#include "key/pemkey.h"
#include "base/tr.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data/pem.h"
#include "crypto/sigalg.h"
#include "key/keyfile.h"
#include "key/pbe.h"

#define TRIES 3

struct ca_pemkey {
	struct ca_crypto *crypto; /* borrowed */
	X509 *cert;               /* what the key must belong to, or NULL */
	char *path;
	struct ca_buf text;     /* its block; wiped when freed */
	bool encrypted, legacy; /* legacy: by the legacy provider alone */
	bool sealed;    /* encrypted as PKCS#8, not the traditional form */
	EVP_PKEY *pkey; /* NULL: still encrypted */
	const struct ca_log *log;
};

void
ca_pemkey_free(struct ca_pemkey *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	X509_free(key->cert);
	ca_buf_free(&key->text);
	free(key->path);
	free(key);
}

/* ---- decoding ---- */

/* Log why the key, whose PKCS#8 may be NULL, cannot be decoded. */
static enum ca_err
unreadable(const struct ca_pemkey *k, const PKCS8_PRIV_KEY_INFO *p8)
{
	const ASN1_OBJECT *type = NULL;
	const char *newer;

	if (p8 != NULL)
		(void)PKCS8_pkey_get0(&type, NULL, NULL, NULL, p8);
	if ((newer = ca_sigalg_newer(NULL, type)) != NULL)
		ca_keyfile_newer(k->path, newer, k->log);
	else
		ca_log_err(k->log,
		    "%s: its private key is damaged, or of a type that this "
		    "libcrypto does not support",
		    k->path);
	return newer != NULL ? CA_ERR_UNSUPPORTED : CA_ERR_FORMAT;
}

/* Decrypt in a context that may have the legacy provider, and decode in that of
 * the process, which lacks it.  CA_ERR_PIN: the passphrase is wrong. */
static enum ca_err
decrypt(struct ca_pemkey *k, struct ca_secret *secret)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_legacy legacy = {0};
	OSSL_LIB_CTX *own = ca_crypto_get0_keys(k->crypto), *lib = own;
	PKCS8_PRIV_KEY_INFO *p8 = NULL;

	if (k->legacy) {
		if ((rc = ca_legacy_open(&legacy)) != CA_OK) {
			ret = rc;
			goto out;
		}
		lib = legacy.lib;
	}
	p8 = ca_pem_unseal(&k->text, k->sealed, lib, secret);
	if (p8 == NULL) {
		ret = CA_ERR_PIN;
		goto out;
	}
	if ((k->pkey = EVP_PKCS82PKEY_ex(p8, own, NULL)) == NULL) {
		ret = unreadable(k, p8);
		goto out;
	}
	ret = CA_OK;
out:
	PKCS8_PRIV_KEY_INFO_free(p8); /* wipes the key material */
	ca_legacy_close(&legacy);
	ERR_clear_error();
	return ret;
}

/* One try; CA_ERR_PIN: the passphrase may be wrong. */
static enum ca_err
decrypt_once(struct ca_pemkey *k, const struct ca_key_ui *ui)
{
	struct ca_buf prompt = CA_BUF_INIT(8192);
	struct ca_secret *answer = NULL;
	enum ca_err rc = CA_ERR_MEMORY;

	ca_buf_fmt(&prompt, _("Passphrase for %s: "), ca_keyfile_name(k->path));
	if (ca_buf_text(&prompt) != NULL)
		rc = ui->ask(ui->ctx, ca_buf_text(&prompt), false, &answer);
	if (rc == CA_OK && answer == NULL)
		rc = CA_ERR_CANCELLED;
	if (rc == CA_OK && ca_secret_len(answer) > PEM_BUFSIZE)
		rc = CA_ERR_LIMIT;
	if (rc == CA_OK)
		rc = decrypt(k, answer);
	ca_secret_free(answer);
	ca_buf_free(&prompt);
	return rc;
}

enum ca_err
ca_pemkey_unlock(struct ca_pemkey *k, const struct ca_key_ui *ui)
{
	enum ca_err rc = CA_ERR_PIN;

	if (k->pkey != NULL)
		return CA_OK;
	if (ui == NULL || ui->ask == NULL)
		return CA_ERR_CANCELLED;
	for (int i = 0; i < TRIES && rc == CA_ERR_PIN; i++) {
		rc = decrypt_once(k, ui);
		if (rc == CA_ERR_PIN)
			ca_key_tell(
			    ui, k->log, "%s: the passphrase is wrong", k->path);
	}
	return rc;
}

bool
ca_pemkey_locked(const struct ca_pemkey *key)
{
	return key->pkey == NULL;
}

bool
ca_pemkey_fits(const struct ca_pemkey *key, X509 *cert)
{
	bool fits;

	ERR_set_mark();
	fits =
	    key->pkey != NULL && X509_check_private_key(cert, key->pkey) == 1;
	ERR_pop_to_mark();
	return fits;
}

/* The len bytes at der may be PKCS#8: log why they cannot be decoded. */
static enum ca_err
unreadable_der(const struct ca_pemkey *k, const unsigned char *der, size_t len)
{
	PKCS8_PRIV_KEY_INFO *p8 =
	    d2i_PKCS8_PRIV_KEY_INFO(NULL, &der, (long)len);
	enum ca_err rc = unreadable(k, p8);

	PKCS8_PRIV_KEY_INFO_free(p8);
	ERR_clear_error();
	return rc;
}

/* Decode the key, or see that it can be decrypted later. */
static enum ca_err
look(struct ca_pemkey *k, const struct ca_pem *pem)
{
	struct ca_buf der = CA_BUF_INIT(CA_KEY_FILE_MAX);
	enum ca_err rc = CA_OK;

	k->encrypted = ca_pem_is_encrypted(pem);
	k->sealed = ca_pem_label(pem, PEM_STRING_PKCS8);
	if (k->encrypted)
		return ca_pem_cipher(pem, ca_crypto_get0_keys(k->crypto),
		    k->path, k->log, &k->legacy);
	k->pkey = ca_pem_key(&k->text, ca_crypto_get0_keys(k->crypto), NULL);
	if (k->pkey == NULL) {
		if (ca_pem_decode(pem, &der) != CA_OK)
			ca_buf_reset(&der); /* its base64 is damaged */
		rc = unreadable_der(k, der.p, der.len);
	}
	ca_buf_free(&der);
	return rc;
}

/* ---- the file ---- */

static bool
is_key(const struct ca_pem *pem)
{
	static const char *const labels[] = {PEM_STRING_PKCS8INF,
	    PEM_STRING_PKCS8, PEM_STRING_RSA, PEM_STRING_ECPRIVATEKEY,
	    PEM_STRING_DSA};

	for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
		if (ca_pem_label(pem, labels[i]))
			return true;
	return false;
}

/* The first private key of the file in PEM. */
static enum ca_err
find_pem(struct ca_pemkey *k, const struct ca_buf *file)
{
	struct ca_reader r = ca_reader_of(file->p, file->len);
	struct ca_pem pem;
	enum ca_err rc;

	while ((rc = ca_pem_next(&r, &pem)) == CA_OK) {
		if (!is_key(&pem))
			continue;
		ca_pem_put(&pem, &k->text);
		if ((rc = ca_buf_err(&k->text)) != CA_OK)
			return rc;
		return look(k, &pem);
	}
	if (!ca_keyfile_tell(k->path, file, CA_WANT_KEY, k->log))
		ca_log_err(k->log, "%s contains no private key in PEM%-s",
		    k->path,
		    rc == CA_ERR_FORMAT
			? N_("; a block of it is not closed, was it cut?")
			: "");
	return CA_ERR_FORMAT;
}

static enum ca_err
find_key(struct ca_pemkey *k, const struct ca_buf *file)
{
	const unsigned char *p = file->p;

	if (ca_pem_is(file->p, file->len) ||
	    ca_file_kind(file->p, file->len) != CA_FILE_KEY)
		return find_pem(k, file);
	k->pkey = d2i_AutoPrivateKey_ex(
	    NULL, &p, (long)file->len, ca_crypto_get0_keys(k->crypto), NULL);
	ERR_clear_error();
	return k->pkey != NULL ? CA_OK : unreadable_der(k, file->p, file->len);
}

static void
warn_mode(const struct ca_pemkey *k, mode_t mode)
{
	if (!k->encrypted && (mode & (S_IRWXG | S_IRWXO)) != 0)
		ca_log_warning(k->log,
		    "%s is not encrypted, and other users can access it (mode "
		    "%04o); run: chmod 600 FILE",
		    k->path, (unsigned)mode & 07777);
}

enum ca_err
ca_pemkey_read(struct ca_crypto *crypto, const char *path,
    const struct ca_log *log, struct ca_pemkey **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf file = CA_BUF_INIT(CA_KEY_FILE_MAX);
	struct ca_pemkey *k = calloc(1, sizeof *k);
	mode_t mode = 0;

	if (k == NULL || (k->path = strdup(path)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	k->crypto = crypto;
	k->log = log;
	k->text = CA_BUF_INIT(2 * CA_KEY_FILE_MAX);
	if ((rc = ca_keyfile_read(path, &file, &mode, log)) != CA_OK ||
	    (rc = find_key(k, &file)) != CA_OK) {
		ret = rc;
		goto out;
	}
	warn_mode(k, mode);
	*out = k;
	k = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_pemkey_free(k);
	ca_buf_free(&file);
	return ret;
}

/* ---- as the key of an identity ---- */

static bool
can(const void *impl, const struct ca_scheme *scheme)
{
	const struct ca_pemkey *k = impl;
	EVP_PKEY *pub = X509_get0_pubkey(k->cert);

	return pub != NULL && ca_crypto_has_scheme(k->crypto, scheme) &&
	       ca_crypto_scheme_fits(scheme, pub);
}

static enum ca_err
sign(void *impl, const struct ca_scheme *scheme, const void *tbs, size_t len,
    const struct ca_key_ui *ui, struct ca_buf *sig)
{
	struct ca_pemkey *k = impl;
	enum ca_err rc;

	if ((rc = ca_pemkey_unlock(k, ui)) != CA_OK)
		return rc;
	if (!ca_pemkey_fits(k, k->cert)) {
		ca_log_err(k->log,
		    "%s: the key does not belong to the certificate", k->path);
		EVP_PKEY_free(k->pkey);
		k->pkey = NULL;
		return CA_ERR_FORMAT;
	}
	return ca_crypto_sign(k->crypto, scheme, k->pkey, tbs, len, sig);
}

static void
free_impl(void *impl)
{
	ca_pemkey_free(impl);
}

static const struct ca_key_ops ops = {can, sign, NULL, free_impl};

struct ca_key *
ca_pemkey_take(struct ca_pemkey *pemkey, X509 *cert)
{
	struct ca_key *key = ca_key_new(&ops, pemkey);

	if (key != NULL) {
		(void)X509_up_ref(cert);
		pemkey->cert = cert;
	}
	return key;
}
