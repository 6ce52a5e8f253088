/*
 * An identity from a PKCS#12 file: the password, and the choice of the key.
 */
#include "key/p12.h"
#include "base/tr.h"
#include "key/keyfile.h"

#include <openssl/bio.h>
#include <stdlib.h>
#include <string.h>

#define PASSWORD_TRIES 3
#define PAIRS_MAX 32

/* ---- the key, in memory ---- */

struct memkey {
	struct ca_crypto *crypto; /* borrowed */
	EVP_PKEY *pkey;
};

static bool
memkey_can(const void *impl, const struct ca_scheme *scheme)
{
	const struct memkey *k = impl;

	return ca_crypto_has_scheme(k->crypto, scheme) &&
	       ca_crypto_scheme_fits(scheme, k->pkey);
}

static enum ca_err
memkey_sign(void *impl, const struct ca_scheme *scheme, const void *tbs,
    size_t len, const struct ca_key_ui *ui, struct ca_buf *sig)
{
	struct memkey *k = impl;

	(void)ui;
	return ca_crypto_sign(k->crypto, scheme, k->pkey, tbs, len, sig);
}

static void
memkey_free(void *impl)
{
	struct memkey *k = impl;

	EVP_PKEY_free(k->pkey);
	free(k);
}

static const struct ca_key_ops memkey_ops = {
    memkey_can, memkey_sign, NULL, memkey_free};

static struct ca_key *
memkey_new(struct ca_crypto *crypto, EVP_PKEY *pkey)
{
	struct memkey *k = malloc(sizeof *k);

	if (k == NULL)
		return NULL;
	k->crypto = crypto;
	k->pkey = pkey;
	struct ca_key *key = ca_key_new(&memkey_ops, k);
	if (key == NULL)
		free(k);
	else
		EVP_PKEY_up_ref(pkey);
	return key;
}

/* ---- the password ---- */

/* Ask for one password and try it. */
static enum ca_err
ask_once(struct ca_crypto *crypto, const char *path, const struct ca_buf *der,
    const struct ca_key_ui *ui, struct ca_p12 *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf shown = CA_BUF_INIT(20000);
	struct ca_buf prompt = CA_BUF_INIT(20100);
	struct ca_secret *password = NULL;
	const char *name = ca_keyfile_name(path);

	ca_buf_printable(&shown, name, strlen(name));
	ca_buf_fmt(&prompt, _("Password for %s: "),
	    ca_buf_text(&shown) != NULL ? ca_buf_text(&shown) : "?");
	const char *text = ca_buf_text(&prompt);
	if (text == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = ui->ask(ui->ctx, text, false, &password)) != CA_OK ||
	    password == NULL) {
		ret = rc == CA_OK ? CA_ERR_CANCELLED : rc;
		goto out;
	}
	rc = ca_p12_open(crypto, der->p, der->len, password, out);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_secret_free(password);
	ca_buf_free(&shown);
	ca_buf_free(&prompt);
	return ret;
}

/* First try without a password: many files that users export to a USB stick
 * have none. */
static enum ca_err
open_asking(struct ca_crypto *crypto, const char *path,
    const struct ca_buf *der, const struct ca_key_ui *ui, struct ca_p12 *out)
{
	enum ca_err rc = ca_p12_open(crypto, der->p, der->len, NULL, out);

	if (rc == CA_ERR_PIN && (ui == NULL || ui->ask == NULL))
		return CA_ERR_CANCELLED;
	for (int i = 0; i < PASSWORD_TRIES && rc == CA_ERR_PIN; i++) {
		if (i > 0)
			ca_key_tell(ui, NULL, "Wrong password; try again.");
		rc = ask_once(crypto, path, der, ui, out);
		/* the user stopped after a wrong password: that is the reason
		 */
		if (rc == CA_ERR_CANCELLED && i > 0)
			return CA_ERR_PIN;
	}
	return rc;
}

/* ---- which key, which certificate ---- */

struct pair {
	EVP_PKEY *key; /* borrowed */
	int cert;      /* its index among the certificates */
	char *line;    /* its description for the user */
};

static char *
describe(X509 *cert)
{
	struct ca_buf line = CA_BUF_INIT(20000);
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;

	if (bio == NULL)
		return NULL;
	X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0,
	    XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	BIO_puts(bio, _(", valid until "));
	ASN1_TIME_print_ex(bio, X509_get0_notAfter(cert), ASN1_DTFLGS_ISO8601);
	long n = BIO_get_mem_data(bio, &p);
	if (n > 0)
		ca_buf_printable(&line, p, (size_t)n);
	BIO_free(bio);
	return ca_buf_take(&line, NULL);
}

static size_t
find_pairs(const struct ca_p12 *p12, struct pair *pair)
{
	size_t n = 0;

	for (int c = 0; c < sk_X509_num(p12->certs); c++) {
		EVP_PKEY *pub = X509_get0_pubkey(sk_X509_value(p12->certs, c));

		for (size_t k = 0; k < p12->nkeys && pub != NULL; k++) {
			if (n == PAIRS_MAX ||
			    EVP_PKEY_eq(p12->key[k], pub) != 1)
				continue;
			pair[n++] = (struct pair){p12->key[k], c, NULL};
			break;
		}
	}
	return n;
}

static enum ca_err
choose(const struct ca_p12 *p12, struct pair *pair, size_t n, const char *path,
    const struct ca_key_ui *ui, size_t *index)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	const char *line[PAIRS_MAX];
	struct ca_buf title = CA_BUF_INIT(20000);

	*index = 0;
	if (n == 1)
		return CA_OK;
	for (size_t i = 0; i < n; i++) {
		pair[i].line =
		    describe(sk_X509_value(p12->certs, pair[i].cert));
		if ((line[i] = pair[i].line) == NULL) {
			ret = CA_ERR_MEMORY;
			goto out;
		}
	}
	ca_buf_str(&title, _("More than one certificate with its key is in "));
	ca_buf_printable(&title, path, strlen(path));
	const char *text = ca_buf_text(&title);
	rc = text != NULL ? ca_key_choose(ui, text, line, n, index)
			  : CA_ERR_MEMORY;
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_buf_free(&title);
	for (size_t i = 0; i < n; i++)
		free(pair[i].line);
	return ret;
}

static enum ca_err
no_pair(const struct ca_p12 *p12, const char *path, const struct ca_log *log)
{
	if (p12->refusal[0] != '\0' && p12->nkeys + p12->unreadable > 0) {
		ca_log_err(log,
		    "%s: no host accepts a certificate in it, because %-s; use "
		    "one with an EC, Ed25519, Ed448, ML-DSA or RSA key",
		    path, p12->refusal);
		return CA_ERR_UNSUPPORTED;
	}
	if (p12->nkeys == 0 && p12->newer != NULL) {
		ca_keyfile_newer(path, p12->newer, log);
		return CA_ERR_UNSUPPORTED;
	}
	if (p12->nkeys == 0 && p12->unreadable > 0) {
		ca_log_err(log,
		    "%s: its private key is of a type that this libcrypto does "
		    "not support",
		    path);
		return CA_ERR_UNSUPPORTED;
	}
	if (p12->nkeys == 0)
		ca_log_err(log,
		    "%s contains no private key; export the certificate again "
		    "together with its key",
		    path);
	else if (sk_X509_num(p12->certs) == 0)
		ca_log_err(
		    log, "%s contains a private key, but no certificate", path);
	else
		ca_log_err(log,
		    "%s: none of its %d certificates belongs to a "
		    "private key in it",
		    path, sk_X509_num(p12->certs));
	return CA_ERR_NOT_FOUND;
}

/* The chosen pair becomes the identity, all other certificates become its
 * chain; the certificates are taken from p12. */
static enum ca_err
make_identity(struct ca_crypto *crypto, struct ca_p12 *p12,
    const struct pair *pair, const char *path, struct ca_identity **out)
{
	struct ca_identity *id = calloc(1, sizeof *id);

	if (id == NULL)
		return CA_ERR_MEMORY;
	id->label = strdup(path);
	id->key = memkey_new(crypto, pair->key);
	if (id->label == NULL || id->key == NULL) {
		ca_identity_free(id);
		return CA_ERR_MEMORY;
	}
	id->leaf = sk_X509_delete(p12->certs, pair->cert);
	id->chain = p12->certs;
	p12->certs = NULL; /* transferred */
	*out = id;
	return CA_OK;
}

enum ca_err
ca_key_p12(struct ca_crypto *crypto, const char *path,
    const struct ca_key_ui *ui, const struct ca_log *log,
    struct ca_identity **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf der = CA_BUF_INIT(CA_P12_BYTES_MAX);
	struct ca_p12 p12 = {.nkeys = 0};
	struct pair pair[PAIRS_MAX];
	size_t n, index;

	if ((rc = ca_p12_read(path, log, &der)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if ((rc = open_asking(crypto, path, &der, ui, &p12)) != CA_OK) {
		ca_p12_explain(log, path, &p12, rc);
		ret = rc;
		goto out;
	}
	if (p12.legacy)
		ca_log_warning(log,
		    "%s is encrypted by a weak algorithm (such as RC2); export "
		    "it again with a current program",
		    path);
	if ((n = find_pairs(&p12, pair)) == 0) {
		ret = no_pair(&p12, path, log);
		goto out;
	}
	if ((rc = choose(&p12, pair, n, path, ui, &index)) != CA_OK) {
		ca_log_err(log,
		    "%s contains %zu certificates with their keys, and you "
		    "chose none",
		    path, n);
		ret = rc;
		goto out;
	}
	if ((rc = make_identity(crypto, &p12, &pair[index], path, out)) !=
	    CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_p12_free(&p12);
	ca_buf_free(&der);
	return ret;
}
