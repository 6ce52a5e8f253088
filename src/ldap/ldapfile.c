/*
 * The files that root reads for certauth-ldap.  Each is looked at first: libldap says of
 * a file of another kind that it cannot contact the server.
 */
#include "base/file.h"
#include "crypto/filekind.h"
#include "data/pem.h"
#include "ldap/ldap.h"

#include <fcntl.h>
#include <string.h>

void
ca_ldap_files(
    const struct ca_config *cfg, struct ca_ldap_file out[CA_LDAP_FILES])
{
	const struct ca_ldap_file files[CA_LDAP_FILES] = {
	    {CA_LDAP_CA, "directory_ca", cfg->directory_ca},
	    {CA_LDAP_PASSWORD, "directory_password_file",
		cfg->directory_password_file},
	    {CA_LDAP_CLIENT, "directory_cert", cfg->directory_cert},
	    {CA_LDAP_KEY_PEM, "directory_key", cfg->directory_key},
	    {CA_LDAP_KEYTAB, "directory_keytab", cfg->directory_keytab},
	};

	memcpy(out, files, sizeof files);
}

/* Has the text a block whose label ends so, and only such blocks as can be read? */
static bool
has_blocks(const struct ca_buf *text, const char *label)
{
	struct ca_reader r = ca_reader_of(text->p, text->len);
	struct ca_buf der = CA_BUF_INIT(CA_LDAP_ORDER_MAX);
	struct ca_pem pem;
	size_t n = 0, want = strlen(label);
	enum ca_err rc;

	while ((rc = ca_pem_next(&r, &pem)) == CA_OK) {
		if (pem.label.left < want ||
		    memcmp(pem.label.p + pem.label.left - want, label, want) !=
			0)
			continue;
		ca_buf_reset(&der);
		if ((rc = ca_pem_decode(&pem, &der)) != CA_OK || der.len == 0)
			break;
		n++;
	}
	ca_buf_free(&der);
	return rc == CA_ERR_NOT_FOUND && n > 0;
}

/* Return what is wrong with the content, to follow "it is", or NULL. */
static const char *
mistake(char type, const struct ca_buf *text)
{
	enum ca_file_kind kind = ca_file_kind(text->p, text->len);
	enum ca_file_kind want =
	    type == CA_LDAP_KEY_PEM ? CA_FILE_KEY : CA_FILE_CERT;

	if (text->len == 0)
		return "empty";
	if (type == CA_LDAP_PASSWORD)
		/* a password that is empty would be no bind at all */
		return *text->p == '\n' || *text->p == '\0'
			   ? "without a password in its first line"
			   : NULL;
	if (type ==
	    CA_LDAP_KEYTAB) /* the version of the format, 0x501 or 0x502 */
		return text->len < 2 || text->p[0] != 5 || text->p[1] > 2
			   ? "not a keytab"
			   : NULL;
	if (kind == CA_FILE_SEALED)
		return "a private key with a passphrase, which nobody enters";
	/* a file may have a key beside the certificate */
	if (kind != want && !(kind == CA_FILE_CERT && want == CA_FILE_KEY))
		return ca_file_kind_name(kind);
	if (!ca_pem_is(text->p, text->len))
		return "not PEM";
	if (!has_blocks(
		text, want == CA_FILE_KEY ? "PRIVATE KEY" : "CERTIFICATE"))
		return want == CA_FILE_KEY
			   ? "without a private key in PEM"
			   : "without a certificate in PEM, or damaged";
	return NULL;
}

/* Call it at once: it uses errno. */
static void
tell(const struct ca_ldap_file *file, const struct ca_log *log, enum ca_err rc,
    const char *why)
{
	if (rc == CA_ERR_FORMAT)
		ca_log_err(log, "%s of %-s cannot be used: it is %-s",
		    file->path, file->key, why);
	else if (rc == CA_ERR_NOT_FOUND)
		ca_log_err(log, "%s of %-s cannot be used: it does not exist",
		    file->path, file->key);
	else if (rc == CA_ERR_IO)
		ca_log_err(
		    log, "%s of %-s cannot be used: %m", file->path, file->key);
	else
		ca_file_log(log, file->path, rc);
}

enum ca_err
ca_ldap_file_read(const struct ca_ldap_file *file, const struct ca_log *log,
    struct ca_buf *out)
{
	const char *why = NULL;
	const uint8_t *end;
	enum ca_err rc =
	    ca_file_read(AT_FDCWD, file->path, CA_LDAP_ORDER_MAX, out);

	if (rc == CA_OK && (why = mistake(file->type, out)) != NULL)
		rc = CA_ERR_FORMAT;
	if (rc != CA_OK) {
		tell(file, log, rc, why);
		return rc;
	}
	if (file->type == CA_LDAP_PASSWORD &&
	    (end = memchr(out->p, '\n', out->len)) != NULL)
		out->len = (size_t)(end - out->p);
	return CA_OK;
}
