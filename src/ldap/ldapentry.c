#include "ldap/ldapentry.h"
#include "ldap/ldapvalue.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define FLUSH 32768 /* bytes */

const char *const ca_ldap_attributes[] = {"userCertificate;binary",
    "userCertificate", "altSecurityIdentities", "ipaCertMapData", "objectSid",
    "userPrincipalName", NULL};

enum ca_err
ca_ldap_out_flush(struct ca_ldap_out *out, bool full)
{
	const uint8_t *p = out->frames.p;
	size_t left = out->frames.len;
	enum ca_err rc = ca_buf_err(&out->frames);

	if (rc != CA_OK || (full && left < FLUSH))
		return rc;
	while (left > 0) {
		ssize_t n = write(out->to, p, left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return CA_ERR_IO;
		p += n;
		left -= (size_t)n;
	}
	ca_buf_reset(&out->frames);
	return CA_OK;
}

enum ca_err
ca_ldap_out_at(struct ca_ldap_out *out, enum ca_ldap_step step)
{
	const uint8_t at = (uint8_t)step;

	ca_ldap_frame_put(&out->frames, CA_LDAP_AT, &at, sizeof at);
	return ca_ldap_out_flush(out, false);
}

/* Say that something of the entry is refused; attribute may be NULL. */
static enum ca_err
refuse(struct ca_ldap_out *out, const char *dn, const char *attribute,
    const char *why)
{
	struct ca_buf text = CA_BUF_INIT(16384);

	ca_buf_escape(&text, dn, strnlen(dn, 600));
	if (attribute != NULL)
		ca_buf_fmt(&text, ": a value of %s %s", attribute, why);
	else
		ca_buf_fmt(&text, ": %s", why);
	if (ca_buf_err(&text) == CA_OK)
		ca_ldap_frame_put(&out->frames, CA_LDAP_REFUSED, text.p,
		    text.len < CA_LDAP_TEXT_MAX ? text.len : CA_LDAP_TEXT_MAX);
	ca_buf_free(&text);
	return ca_buf_err(&out->frames);
}

/* ---- values ---- */

static bool
is_named(const char *attribute, const char *name)
{
	return strcasecmp(attribute, name) == 0;
}

/* Read one value into out->value. */
static enum ca_err
read_value(struct ca_ldap_out *out, const char *attribute,
    const struct berval *v, enum ca_ldap_kind *kind, const char **why)
{
	ca_buf_reset(&out->value);
	if (is_named(attribute, "userCertificate;binary") ||
	    is_named(attribute, "userCertificate")) {
		*kind = CA_LDAP_CERT;
		return ca_ldap_value_cert(
		    out->crypto, v->bv_val, v->bv_len, &out->value, why);
	}
	if (is_named(attribute, "objectSid")) {
		*kind = CA_LDAP_SID;
		return ca_ldap_value_sid(
		    v->bv_val, v->bv_len, &out->value, why);
	}
	if (is_named(attribute, "userPrincipalName")) {
		*kind = CA_LDAP_UPN;
		return ca_ldap_value_upn(
		    v->bv_val, v->bv_len, &out->value, why);
	}
	if (is_named(attribute, "altSecurityIdentities") ||
	    is_named(attribute, "ipaCertMapData"))
		return ca_ldap_value_mapping(
		    v->bv_val, v->bv_len, kind, &out->value, why);
	return CA_ERR_UNSUPPORTED;
}

/* CA_ERR_LIMIT: the entry has too many values. */
static enum ca_err
take_value(struct ca_ldap_out *out, const char *dn, const char *attribute,
    const struct berval *v)
{
	enum ca_ldap_kind kind = CA_LDAP_KINDS;
	const char *why = "is too long";
	uint8_t payload[1 + CA_LDAP_KEY];
	enum ca_err rc = read_value(out, attribute, v, &kind, &why);

	if (rc == CA_ERR_UNSUPPORTED)
		return CA_OK;
	if (rc == CA_ERR_FORMAT || rc == CA_ERR_LIMIT)
		return refuse(out, dn, attribute, why);
	if (rc != CA_OK)
		return rc;
	if (!out->order->weak && !ca_ldap_kind_strong(kind)) {
		/* every account of Active Directory has one */
		out->sum.weak += kind != CA_LDAP_UPN;
		return CA_OK;
	}
	if (out->values++ == CA_LDAP_VALUES_MAX)
		return CA_ERR_LIMIT;
	payload[0] = (uint8_t)kind;
	rc = ca_ldap_key(
	    out->crypto, kind, out->value.p, out->value.len, payload + 1);
	if (rc != CA_OK)
		return rc;
	ca_ldap_frame_put(&out->entry, CA_LDAP_VALUE, payload, sizeof payload);
	return ca_buf_err(&out->entry);
}

static enum ca_err
take_attribute(struct ca_ldap_out *out, LDAP *ld, LDAPMessage *message,
    const char *dn, const char *attribute)
{
	struct berval **v;
	enum ca_err rc = CA_OK;

	/* Active Directory gives the first values of many under such a name */
	if (strcasestr(attribute, ";range=") != NULL)
		return refuse(
		    out, dn, NULL, "an attribute has too many values");
	if ((v = ldap_get_values_len(ld, message, attribute)) == NULL)
		return CA_OK;
	for (size_t i = 0; v[i] != NULL && rc == CA_OK; i++)
		rc = take_value(out, dn, attribute, v[i]);
	ldap_value_free_len(v);
	return rc;
}

static enum ca_err
take_attributes(
    struct ca_ldap_out *out, LDAP *ld, LDAPMessage *message, const char *dn)
{
	BerElement *ber = NULL;
	enum ca_err rc = CA_OK;

	for (char *a = ldap_first_attribute(ld, message, &ber);
	     a != NULL && rc == CA_OK;) {
		rc = take_attribute(out, ld, message, dn, a);
		ldap_memfree(a);
		a = rc == CA_OK ? ldap_next_attribute(ld, message, ber) : NULL;
	}
	if (ber != NULL)
		ber_free(ber, 0);
	return rc;
}

/* ---- the entry ---- */

/* Begin out->entry with the login.  CA_ERR_NOT_FOUND: it has none; CA_ERR_FORMAT:
 * none that can be used, which is said. */
static enum ca_err
take_login(
    struct ca_ldap_out *out, LDAP *ld, LDAPMessage *message, const char *dn)
{
	struct berval **v = ldap_get_values_len(ld, message, out->order->login);
	const char *why = NULL;
	enum ca_err rc;

	if (v == NULL)
		return CA_ERR_NOT_FOUND;
	if (v[0] == NULL || v[1] != NULL)
		why = "the attribute of directory_login has not exactly one "
		      "value";
	else
		why = ca_ldap_login_refusal(v[0]->bv_val, v[0]->bv_len);
	ca_buf_reset(&out->entry);
	if (why == NULL)
		ca_ldap_frame_put(
		    &out->entry, CA_LDAP_ACCOUNT, v[0]->bv_val, v[0]->bv_len);
	ldap_value_free_len(v);
	if (why == NULL)
		return ca_buf_err(&out->entry);
	rc = refuse(out, dn, NULL, why);
	return rc == CA_OK ? CA_ERR_FORMAT : rc;
}

enum ca_err
ca_ldap_entry(struct ca_ldap_out *out, LDAP *ld, LDAPMessage *message)
{
	char *name = ldap_get_dn(ld, message);
	const char *dn = name != NULL ? name : "an entry";
	enum ca_err rc;

	(void)snprintf(out->last, sizeof out->last, "%s", dn);
	out->sum.entries++;
	out->values = 0;
	rc = take_login(out, ld, message, dn);
	if (rc == CA_OK) {
		rc = take_attributes(out, ld, message, dn);
		if (rc == CA_OK)
			ca_buf_put(&out->frames, out->entry.p, out->entry.len);
		else if (rc == CA_ERR_LIMIT)
			rc = refuse(out, dn, NULL,
			    "the account has more than 64 values, and is not "
			    "used");
	} else if (rc == CA_ERR_NOT_FOUND) {
		out->sum.nameless++;
		rc = CA_OK;
	} else if (rc == CA_ERR_FORMAT) {
		rc = CA_OK;
	}
	ldap_memfree(name);
	return rc == CA_OK ? ca_ldap_out_flush(out, true) : rc;
}
