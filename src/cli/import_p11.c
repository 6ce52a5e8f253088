/*
 * pam_p11: a user's ~/.eid/authorized_certificates, as root would register it.
 */
#include "cli/import.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "crypto/crypto.h"

static void
add(struct ca_import *im, struct ca_crypto *crypto, X509 *cert,
    const char *login)
{
	struct ca_buf hex = CA_BUF_INIT(128);
	unsigned char *der = NULL;
	uint8_t hash[32];
	int len = i2d_X509(cert, &der);

	if (len > 0 &&
	    ca_crypto_sha256(crypto, der, (size_t)len, hash) == CA_OK) {
		ca_buf_hex(&hex, hash, sizeof hash);
		if (ca_buf_text(&hex) != NULL)
			ca_import_user(im, 0, login, "sha256",
			    ca_buf_text(&hex), false, "");
	}
	OPENSSL_free(der);
	ca_buf_free(&hex);
}

enum ca_err
ca_import_pam_p11(
    struct ca_import *im, const struct ca_buf *text, int argc, char **argv)
{
	struct ca_crypto *crypto = NULL;
	BIO *bio = NULL;
	X509 *cert;
	unsigned n = 0;

	if (argc != 1 || !ca_login_valid(argv[0], strlen(argv[0]))) {
		(void)ca_cli_usage(
		    &ca_cmd_import, "pam_p11 needs the login whose file it is");
		return CA_ERR_FORMAT;
	}
	if (ca_crypto_new(&crypto) != CA_OK ||
	    (bio = BIO_new_mem_buf(text->p, (int)text->len)) == NULL) {
		ca_crypto_free(crypto);
		return CA_ERR_MEMORY;
	}
	ca_import_set(im, 0, "pam_p11", "proof", "command, conversation");
	ca_import_set(im, 0, "pam_p11", "pkcs11", "yes");
	ca_import_note(im, 0,
	    "pam_p11 trusted the file alone; here the chain and the CRLs count "
	    "too: put the CA into ca_dir");
	while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		add(im, crypto, cert, argv[0]);
		X509_free(cert);
		n++;
	}
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
