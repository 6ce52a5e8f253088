/*
 * The order of a configuration: the ways to bind, and the files that root reads for
 * certauth-ldap.
 */
#include "base/file.h"
#include "ldap/ldap.h"
#include "ldap/ldaplocal.h"
#include "map/ldap_issuer.h"

#include <errno.h>
#include <fcntl.h>
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

/* Put the content of a file; of a secret, the first line alone. */
static enum ca_err
put_file(struct ca_buf *out, char type, const char *path, bool line,
    const struct ca_log *log)
{
	struct ca_buf content = CA_BUF_INIT(CA_LDAP_ORDER_MAX);
	enum ca_err rc;

	if (path == NULL)
		return CA_OK;
	rc = ca_file_read(AT_FDCWD, path, CA_LDAP_ORDER_MAX, &content);
	if (rc != CA_OK) {
		ca_file_log(log, path, rc);
	} else {
		size_t len = content.len;
		const char *end =
		    line && len > 0 ? memchr(content.p, '\n', len) : NULL;

		if (end != NULL)
			len = (size_t)(end - (const char *)content.p);
		/* a password that is empty would be no bind at all */
		if (len == 0) {
			ca_log_err(log, "%s: the file is empty", path);
			rc = CA_ERR_CONFIG;
		} else {
			ca_ldap_frame_put(out, type, content.p, len);
		}
	}
	ca_buf_free(&content);
	return rc;
}

static enum ca_err
put_files(
    const struct ca_config *cfg, const struct ca_log *log, struct ca_buf *out)
{
	const struct {
		char type;
		const char *path;
	} files[] = {
	    {CA_LDAP_CA, cfg->directory_ca},
	    {CA_LDAP_PASSWORD, cfg->directory_password_file},
	    {CA_LDAP_CLIENT, cfg->directory_cert},
	    {CA_LDAP_KEY_PEM, cfg->directory_key},
	    {CA_LDAP_KEYTAB, cfg->directory_keytab},
	};
	enum ca_err rc = CA_OK;

	for (size_t i = 0; i < sizeof files / sizeof files[0] && rc == CA_OK;
	     i++)
		rc = put_file(out, files[i].type, files[i].path,
		    files[i].type == CA_LDAP_PASSWORD, log);
	return rc;
}

enum ca_err
ca_ldap_order_put(
    const struct ca_config *cfg, const struct ca_log *log, struct ca_buf *out)
{
	enum ca_err rc = check(cfg, log);

	if (rc != CA_OK)
		return rc;
	for (size_t i = 0; i < cfg->directory_uri.n; i++)
		put_text(out, CA_LDAP_URI, cfg->directory_uri.v[i]);
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
