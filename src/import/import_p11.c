/*
 * pam_p11: a user's ~/.eid/authorized_certificates, as root would register it.
 */
#include "import/import.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "crypto/certgate.h"
#include "crypto/crypto.h"

static void
add(struct ca_import *im, struct ca_crypto *crypto, const unsigned char *der,
    size_t len, const char *login)
{
	struct ca_buf hex = CA_BUF_INIT(128);
	uint8_t hash[32];

	if (ca_crypto_sha256(crypto, der, len, hash) == CA_OK) {
		ca_buf_hex(&hex, hash, sizeof hash);
		if (ca_buf_text(&hex) != NULL)
			ca_import_user(im, 0,
			    &(struct ca_import_line){
				login, "sha256", ca_buf_text(&hex), false, ""});
	}
	ca_buf_free(&hex);
}

/* The next certificate of the file is added; false: there is no more. */
static bool
add_next(struct ca_import *im, struct ca_crypto *crypto, BIO *bio,
    const char *login, unsigned *n)
{
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	X509 *cert = NULL;
	long len = 0;
	bool more = PEM_read_bio(bio, &name, &header, &der, &len) == 1;

	if (more && (strcmp(name, PEM_STRING_X509) == 0 ||
			strcmp(name, PEM_STRING_X509_OLD) == 0)) {
		char text[CA_CERT_REFUSAL];
		const char *why = ca_cert_refusal(der, (size_t)len, text);

		if (ca_crypto_cert(crypto, der, (size_t)len, &cert) == CA_OK) {
			add(im, crypto, der, (size_t)len, login);
			++*n;
		} else {
			ca_import_note(im, 0, "certificate %u is omitted: %s",
			    *n + 1, why != NULL ? why : "it cannot be decoded");
		}
	}
	X509_free(cert);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	return more;
}

enum ca_err
ca_import_pam_p11(
    struct ca_import *im, const struct ca_buf *text, int argc, char **argv)
{
	struct ca_crypto *crypto = NULL;
	BIO *bio = NULL;
	unsigned n = 0;

	if (argc != 1 || !ca_login_valid(argv[0], strlen(argv[0]))) {
		return CA_ERR_USAGE;
	}
	if (ca_crypto_new(&crypto) != CA_OK ||
	    (bio = BIO_new_mem_buf(text->p, (int)text->len)) == NULL) {
		ca_crypto_free(crypto);
		return CA_ERR_MEMORY;
	}
	ca_import_set(im, 0, "pam_p11", "proof", "command, conversation");
	ca_import_set(im, 0, "pam_p11", "pkcs11", "yes");
	ca_import_note(im, 0,
	    "pam_p11 trusted the file alone; here the chain and the CRLs are checked too: put the CA certificate into ca_dir");
	while (add_next(im, crypto, bio, argv[0], &n))
		;
	ERR_clear_error();
	BIO_free(bio);
	ca_crypto_free(crypto);
	if (n == 0) {
		(void)ca_cli_fail(
		    "%s: there is no certificate in it", im->file);
		return CA_ERR_FORMAT;
	}
	return CA_OK;
}
