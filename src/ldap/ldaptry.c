/*
 * The command by which an administrator sees what certauth-ldap sees.
 */
#include "ldap/ldap.h"
#include "ldap/ldaplocal.h"

#include <string.h>

static void
put_variable(struct ca_buf *out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	ca_buf_fmt(out, "%s=", name);
	ca_buf_shell(out, value);
	ca_buf_str(out, " ");
}

static void
put_bind(const struct ca_config *cfg, const char *uri, struct ca_buf *out)
{
	bool local = ca_ldap_is_local(uri);

	put_variable(out, "LDAPTLS_CACERT", local ? NULL : cfg->directory_ca);
	put_variable(out, "LDAPTLS_CERT", cfg->directory_cert);
	put_variable(out, "LDAPTLS_KEY", cfg->directory_key);
	put_variable(out, "KRB5_CLIENT_KTNAME", cfg->directory_keytab);
	ca_buf_str(out, "ldapsearch -H ");
	ca_buf_shell(out, uri);
	if (!local && strncmp(uri, "ldap://", 7) == 0)
		ca_buf_str(out, " -ZZ");
	if (cfg->directory_keytab != NULL) {
		ca_buf_str(out, " -Y GSSAPI");
	} else if (cfg->directory_cert != NULL) {
		ca_buf_str(out, " -Y EXTERNAL");
	} else if (cfg->directory_bind_dn != NULL) {
		/* -y would take the end of the line for a part of the password */
		ca_buf_str(out, " -x -W -D ");
		ca_buf_shell(out, cfg->directory_bind_dn);
	} else {
		ca_buf_str(out, " -x");
	}
	ca_buf_str(out, " -b ");
}

void
ca_ldap_try(const struct ca_config *cfg, const char *uri, struct ca_buf *out)
{
	put_bind(cfg, uri, out);
	ca_buf_shell(out, cfg->directory_base);
	ca_buf_str(out, " ");
	ca_buf_shell(out, cfg->directory_filter);
	ca_buf_str(out, " ");
	ca_buf_shell(out, cfg->directory_login);
	ca_buf_str(out, " userCertificate");
}

void
ca_ldap_try_top(
    const struct ca_config *cfg, const char *uri, struct ca_buf *out)
{
	put_bind(cfg, uri, out);
	ca_buf_str(out, "'' -s base namingContexts");
}
