#include "map/ldap_kind.h"
#include "map/rule.h"

#include <string.h>

#define LOGIN_MAX 255 /* bytes; one byte of a record holds the length */
#define VALUE_MAX ((size_t)64 * 1024)

static const struct {
	const char *name;
	bool strong;
} kinds[CA_LDAP_KINDS] = {
    [CA_LDAP_CERT] = {"userCertificate", true},
    [CA_LDAP_ISSUER_SERIAL] = {"altSecurityIdentities <I><SR>", true},
    [CA_LDAP_SKI] = {"altSecurityIdentities <SKI>", true},
    [CA_LDAP_SHA1] = {"altSecurityIdentities <SHA1-PUKEY>", true},
    [CA_LDAP_SID] = {"objectSid", true},
    [CA_LDAP_ISSUER_SID] = {"altSecurityIdentities <I><SID>", true},
    /* ipaCertMapData has this form too */
    [CA_LDAP_ISSUER_SUBJECT] = {"issuer and subject <I><S>", false},
    [CA_LDAP_SUBJECT] = {"altSecurityIdentities <S>", false},
    [CA_LDAP_RFC822] = {"altSecurityIdentities <RFC822>", false},
    [CA_LDAP_UPN] = {"userPrincipalName", false},
};

const char *
ca_ldap_kind_name(enum ca_ldap_kind kind)
{
	return (unsigned)kind < CA_LDAP_KINDS ? kinds[kind].name : "?";
}

bool
ca_ldap_kind_strong(enum ca_ldap_kind kind)
{
	return (unsigned)kind < CA_LDAP_KINDS && kinds[kind].strong;
}

enum ca_err
ca_ldap_key(struct ca_crypto *crypto, enum ca_ldap_kind kind, const void *p,
    size_t len, uint8_t out[CA_LDAP_KEY])
{
	struct ca_buf b = CA_BUF_INIT(VALUE_MAX);
	enum ca_err rc;

	ca_buf_u8(&b, (uint8_t)kind);
	ca_buf_put(&b, p, len);
	if ((rc = ca_buf_err(&b)) == CA_OK)
		rc = ca_crypto_sha256(crypto, b.p, b.len, out);
	ca_buf_free(&b);
	return rc;
}

const char *
ca_ldap_login_refusal(const char *login, size_t len)
{
	if (len == 0)
		return "the login is empty";
	if (len > LOGIN_MAX)
		return "the login is longer than 255 bytes";
	if (!ca_login_valid(login, len))
		return "the login is not a login name: blanks, control "
		       "characters and / : , * ? \" # are not allowed, nor - . "
		       "~ at its beginning";
	for (size_t i = 0; i < len; i++)
		if (login[i] < '0' || login[i] > '9')
			return NULL;
	return "the login has only digits, and programs take such a name for a "
	       "uid";
}
