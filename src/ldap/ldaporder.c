/*
 * The order of a configuration: the ways to bind, and the content of the files.
 */
#include "ldap/ldap.h"
#include "ldap/ldaplocal.h"
#include "map/ldap_issuer.h"

#include <string.h>

static bool
needs_ca(const struct ca_config *cfg)
{
	for (size_t i = 0; i < cfg->directory_uri.n; i++)
		if (!ca_ldap_is_local(cfg->directory_uri.v[i]))
			return true;
	return false;
}

/* Return what is wrong with the keys, or NULL. */
static const char *
mistake(const struct ca_config *cfg)
{
	int ways = (cfg->directory_bind_dn != NULL) +
		   (cfg->directory_cert != NULL) +
		   (cfg->directory_keytab != NULL);

	if (cfg->directory != CA_DIRECTORY_LDAP)
		return "directory is not ldap";
	if (cfg->directory_uri.n == 0)
		return "directory_uri names no server";
	if (cfg->directory_base == NULL || cfg->directory_filter == NULL ||
	    cfg->directory_login == NULL)
		return "directory_base, directory_filter and directory_login "
		       "must not be empty";
	if (ca_ldap_issuer(cfg, NULL, 0) == CA_ERR_CONFIG)
		return "directory_issuer has a malformed name";
	if (ways > 1)
		return "set only one of directory_bind_dn, directory_cert and "
		       "directory_keytab";
	if ((cfg->directory_bind_dn == NULL) !=
	    (cfg->directory_password_file == NULL))
		return "directory_bind_dn and directory_password_file need each "
		       "other";
	if ((cfg->directory_cert == NULL) != (cfg->directory_key == NULL))
		return "directory_cert and directory_key need each other";
	if (cfg->directory_ca == NULL &&
	    (needs_ca(cfg) || cfg->directory_cert != NULL))
		return "directory_ca is necessary: only ldap://127.0.0.1, "
		       "ldap://[::1] and ldapi:// are used without TLS";
	return NULL;
}

static void
put_text(struct ca_buf *out, char type, const char *text)
{
	if (text != NULL)
		ca_ldap_frame_put(out, type, text, strlen(text));
}

static enum ca_err
put_files(
    const struct ca_config *cfg, const struct ca_log *log, struct ca_buf *out)
{
	struct ca_buf content = CA_BUF_INIT(CA_LDAP_ORDER_MAX);
	struct ca_ldap_file file[CA_LDAP_FILES];
	enum ca_err rc = CA_OK;

	ca_ldap_files(cfg, file);
	for (size_t i = 0; i < CA_LDAP_FILES && rc == CA_OK; i++) {
		if (file[i].path == NULL)
			continue;
		ca_buf_reset(&content);
		rc = ca_ldap_file_read(&file[i], log, &content);
		if (rc == CA_OK)
			ca_ldap_frame_put(
			    out, file[i].type, content.p, content.len);
		else if (rc == CA_ERR_FORMAT || rc == CA_ERR_NOT_FOUND)
			rc = CA_ERR_CONFIG;
	}
	ca_buf_free(&content);
	return rc;
}

enum ca_err
ca_ldap_order_put(const struct ca_config *cfg, const char *uri,
    const struct ca_log *log, struct ca_buf *out)
{
	const char *wrong = mistake(cfg);
	enum ca_err rc;

	if (wrong != NULL) {
		ca_log_err(log, "the configuration has a mistake: %-s", wrong);
		return CA_ERR_CONFIG;
	}
	put_text(out, CA_LDAP_URI, uri);
	put_text(out, CA_LDAP_BASE, cfg->directory_base);
	put_text(out, CA_LDAP_FILTER, cfg->directory_filter);
	put_text(out, CA_LDAP_LOGIN, cfg->directory_login);
	put_text(out, CA_LDAP_DN, cfg->directory_bind_dn);
	if (cfg->directory_weak)
		put_text(out, CA_LDAP_WEAK, "");
	if ((rc = put_files(cfg, log, out)) != CA_OK)
		return rc;
	put_text(out, CA_LDAP_END, "");
	return ca_buf_err(out);
}
