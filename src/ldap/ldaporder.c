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

/* What is wrong with the keys is logged. */
static enum ca_err
check(const struct ca_config *cfg, const struct ca_log *log)
{
	static const char *const ca[] = {
	    "directory_uri", "directory_cert", "directory_ca", NULL};
	static const char *const issuer[] = {"directory_issuer", NULL};
	enum ca_err rc = ca_config_check_directory(cfg, log);

	if (rc != CA_OK)
		return rc;
	if (ca_ldap_issuer(cfg, NULL, 0) == CA_ERR_CONFIG) {
		ca_config_disagree(
		    cfg, log, issuer, "directory_issuer has a malformed name");
		return CA_ERR_CONFIG;
	}
	if (cfg->directory_ca == NULL &&
	    (needs_ca(cfg) || cfg->directory_cert != NULL)) {
		ca_config_disagree(cfg, log, ca,
		    "directory_ca is necessary: only ldap://127.0.0.1, "
		    "ldap://[::1] and ldapi:// are used without TLS");
		return CA_ERR_CONFIG;
	}
	return CA_OK;
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
	enum ca_err rc = check(cfg, log);

	if (rc != CA_OK)
		return rc;
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
