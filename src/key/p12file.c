/* A PKCS#12 file before its password, and what is said of one that cannot be
 * used. */
#include "key/p12.h"

#include "data/pem.h"
#include "key/keyfile.h"

enum ca_err
ca_p12_read(const char *path, const struct ca_log *log, struct ca_buf *der)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_buf text = CA_BUF_INIT(CA_KEY_FILE_MAX);
	struct ca_reader r;
	struct ca_pem pem;

	if ((rc = ca_keyfile_read(path, &text, NULL, log)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (ca_keyfile_tell(path, &text, CA_WANT_P12, log)) {
		ret = CA_ERR_FORMAT;
		goto out;
	}
	r = ca_reader_of(text.p, text.len);
	while ((rc = ca_pem_next(&r, &pem)) == CA_OK &&
	       !ca_pem_label(&pem, "PKCS12"))
		continue;
	if (rc == CA_OK)
		rc = ca_pem_decode(&pem, der);
	else
		ca_buf_put(der, text.p, text.len);
	if (rc != CA_OK && rc != CA_ERR_NOT_FOUND) {
		ca_log_err(
		    log, "%s: its PEM block is damaged; was it cut?", path);
		ret = rc;
		goto out;
	}
	if ((rc = ca_buf_err(der)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_buf_free(&text);
	return ret;
}

/* Decryption needs an algorithm that is not here. */
static void
explain_missing(
    const struct ca_log *log, const char *path, const struct ca_p12 *p12)
{
	if (p12->no_legacy)
		ca_log_err(log,
		    "%s is encrypted by %s, which may need OpenSSL's legacy "
		    "provider, and this machine does not have it; install it "
		    "(Debian: openssl-provider-legacy), or convert the file on "
		    "a machine that has it: openssl pkcs12 -legacy -in FILE "
		    "-nodes | openssl pkcs12 -export -out NEW.p12",
		    path, p12->missing);
	else
		ca_log_err(log,
		    "%s is encrypted by %s, which this libcrypto does not "
		    "have; export it again, encrypted by AES-256",
		    path, p12->missing);
}

void
ca_p12_explain(const struct ca_log *log, const char *path,
    const struct ca_p12 *p12, enum ca_err err)
{
	if (err == CA_ERR_PIN)
		ca_log_err(log, "%s: the password is wrong", path);
	else if (err == CA_ERR_CANCELLED)
		ca_log_err(log, "%s needs a password, but you gave none", path);
	else if (err == CA_ERR_IO) /* ui said it already */
		ca_log_err(log,
		    "%s needs a password, and there is nobody to ask", path);
	else if (err == CA_ERR_FORMAT)
		ca_log_err(
		    log, "%s is not a PKCS#12 file, or it is damaged", path);
	else if (err == CA_ERR_UNSUPPORTED)
		explain_missing(log, path, p12);
	else if (err == CA_ERR_CRYPTO)
		ca_log_err(log,
		    "%s: the password is right, but its contents cannot be "
		    "decrypted by it: the file is damaged, or its parts have "
		    "different passwords; export it again",
		    path);
	else if (err == CA_ERR_LIMIT)
		ca_log_err(log,
		    "%s contains too many keys or certificates, or its password "
		    "needs too many iterations",
		    path);
	else
		ca_log_err(log, "%s: %-s", path, ca_err_text(err));
}
