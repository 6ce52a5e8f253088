#include "map/ldap_issuer.h"
#include "map/dn.h"

#include <string.h>

/* The length of the name at p: up to a semicolon without a backslash before it. */
static size_t
name_length(const char *p)
{
	size_t n = 0;

	while (p[n] != '\0' && p[n] != ';')
		n += p[n] == '\\' && p[n + 1] != '\0' ? 2 : 1;
	return n;
}

/* Without the blanks around it. */
static enum ca_err
parse(const char *p, size_t n, struct ca_buf *out)
{
	const char *why;
	enum ca_err rc;

	for (; n > 0 && (*p == ' ' || *p == '\t'); n--)
		p++;
	/* a blank after a backslash is part of the name */
	while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\t') &&
	       (n < 2 || p[n - 2] != '\\'))
		n--;
	ca_buf_reset(out);
	/* no CA has an empty name */
	if (n == 0)
		return CA_ERR_CONFIG;
	rc = ca_dn_parse(p, n, false, out, &why);
	return rc == CA_OK || rc == CA_ERR_MEMORY ? rc : CA_ERR_CONFIG;
}

enum ca_err
ca_ldap_issuer(const struct ca_config *cfg, const uint8_t *issuer, size_t len)
{
	const char *p = cfg->directory_issuer;
	struct ca_buf name = CA_BUF_INIT(65536);
	enum ca_err rc = p == NULL ? CA_OK : CA_DENIED, parsed = CA_OK;

	/* all of them: a mistake in one must not depend on the certificate */
	while (p != NULL) {
		size_t n = name_length(p);

		if ((parsed = parse(p, n, &name)) != CA_OK)
			break;
		if (issuer != NULL && name.len == len &&
		    memcmp(name.p, issuer, len) == 0)
			rc = CA_OK;
		p = p[n] == ';' ? p + n + 1 : NULL;
	}
	ca_buf_free(&name);
	return parsed != CA_OK ? parsed : rc;
}
