#include "map/match.h"
#include "map/dn.h"
#include "map/dnhint.h"

#include <stdlib.h>
#include <string.h>

static bool
is_name(enum ca_selector sel)
{
	return sel == CA_SEL_SUBJECT || sel == CA_SEL_ISSUER_SUBJECT ||
	       sel == CA_SEL_ISSUER_SERIAL;
}

/* names with commas between, as service_option of rule.c left them */
static bool
in_list(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = list;;) {
		size_t n = strcspn(p, ",");

		if (n == len && memcmp(p, name, n) == 0)
			return true;
		p += n;
		if (*p++ == '\0')
			return false;
	}
}

static const char *
other_issuer(const struct ca_rule *rule, const struct ca_ident *id)
{
	if (ca_dnhint_near(rule->issuer, rule->issuer_len, id->issuer.p,
		id->issuer.len) != NULL)
		return "issuer= is not written as `certauth inspect' shows it "
		       "(its order, or upper and lower case)";
	return "the certificate has another issuer than issuer= says";
}

/* What does not depend on the selector. */
static const char *
options(const struct ca_rule *rule, const struct ca_ident *id,
    const struct ca_map_input *in)
{
	if (rule->issuer != NULL &&
	    (rule->issuer_len != id->issuer.len ||
		memcmp(rule->issuer, id->issuer.p, rule->issuer_len) != 0))
		return other_issuer(rule, id);
	if (rule->service != NULL &&
	    !in_list(rule->service, in->service != NULL ? in->service : ""))
		return "the service is not one of service=";
	if (rule->from != NULL && !ca_from_match(rule->from, in->rhost))
		return "the remote host is not one of from=";
	if (rule->has_until && in->now > rule->until)
		return "the date of until= has passed";
	return NULL;
}

/* The canonical form again, with its text in lower case. */
static enum ca_err
folded_name(const struct ca_ident *id, enum ca_selector sel, size_t at,
    size_t len, struct ca_buf *out)
{
	const X509_NAME *issuer = X509_get_issuer_name(id->leaf);
	const X509_NAME *subject = X509_get_subject_name(id->leaf);
	enum ca_err rc;

	if (sel == CA_SEL_SUBJECT)
		return ca_dn_from_name(subject, true, out);
	if ((rc = ca_dn_from_name(issuer, true, out)) != CA_OK)
		return rc;
	if (sel == CA_SEL_ISSUER_SUBJECT) {
		ca_buf_u8(out, ';');
		return ca_dn_from_name(subject, true, out);
	}
	/* ; and the serial number stand behind the issuer */
	ca_buf_put(
	    out, id->bytes.p + at + id->issuer.len, len - id->issuer.len);
	return ca_buf_err(out);
}

/* Value number i in the form in which the rule has its own, in *p and *len;
 * scratch holds it where it had to be made. */
static enum ca_err
value_of(const struct ca_rule *rule, const struct ca_ident *id, size_t i,
    struct ca_buf *scratch, const uint8_t **p, size_t *len)
{
	enum ca_err rc;

	*p = id->bytes.p + id->v[i].at;
	*len = id->v[i].len;
	if (!rule->ignorecase)
		return CA_OK;
	ca_buf_reset(scratch);
	if (is_name(rule->sel)) {
		rc = folded_name(id, rule->sel, id->v[i].at, *len, scratch);
		if (rc != CA_OK)
			return rc;
	} else {
		ca_buf_put(scratch, *p, *len);
		if (scratch->err == CA_OK && scratch->len > 0)
			ca_ascii_lower(scratch->p, scratch->len);
	}
	*p = scratch->p;
	*len = scratch->len;
	return ca_buf_err(scratch);
}

/* The value is the rule's text with something in place of the star. */
static bool
star_match(const struct ca_rule *rule, const uint8_t *p, size_t len,
    struct ca_buf *made)
{
	size_t before = rule->star, behind = rule->len - rule->star;

	if (len <= rule->len || memcmp(p, rule->value, before) != 0 ||
	    memcmp(p + len - behind, rule->value + before, behind) != 0)
		return false;
	ca_buf_put(made, p + before, len - rule->len);
	return true;
}

static enum ca_err
selector(const struct ca_rule *rule, const struct ca_ident *id, size_t *next,
    struct ca_buf *made, const char **why)
{
	struct ca_buf scratch = CA_BUF_INIT(CA_IDENT_VALUE_MAX);
	enum ca_err ret = CA_ERR_UNSET, rc;
	const char *near = NULL;
	bool any = false;

	for (size_t i = *next; i < id->n; i++) {
		const uint8_t *p;
		size_t len;
		bool same;

		if (id->v[i].sel != rule->sel)
			continue;
		any = true;
		rc = value_of(rule, id, i, &scratch, &p, &len);
		if (rc != CA_OK) {
			ret = rc;
			goto out;
		}
		same = rule->pattern ? star_match(rule, p, len, made)
				     : len == rule->len &&
					   memcmp(p, rule->value, len) == 0;
		if (same) {
			*next = i + 1;
			goto found;
		}
		if (rule->sel == CA_SEL_SUBJECT)
			near = ca_dnhint_near(rule->value, rule->len, p, len);
	}
	*next = id->n;
	*why = near != NULL ? near
	       : any        ? "the certificate has another value"
			    : "the certificate has no such value";
	ret = CA_DENIED;
	goto out;
found:
	ret = CA_OK;
out:
	ca_buf_free(&scratch);
	return ret;
}

/* match: hands the rule to libsss_certmap. */
static enum ca_err
certmap(const struct ca_rule *rule, const struct ca_ident *id, const char **why)
{
	char *text = strndup((const char *)rule->value, rule->len);

	if (text == NULL)
		return CA_ERR_MEMORY;
	enum ca_err rc = ca_certmap_match(text, id->der, id->der_len);
	free(text);
	if (rc == CA_DENIED)
		*why = "the matching rule does not match";
	else if (rc == CA_ERR_FORMAT)
		*why = "libsss_certmap does not take the matching rule";
	else if (rc == CA_ERR_UNSUPPORTED)
		*why = "libsss_certmap cannot be loaded";
	return rc == CA_ERR_FORMAT ? CA_ERR_UNSUPPORTED : rc;
}

enum ca_err
ca_match(const struct ca_rule *rule, const struct ca_ident *id,
    const struct ca_map_input *in, size_t *next, struct ca_buf *made,
    const char **why)
{
	const char *no, *ignored;
	enum ca_err rc;

	if (why == NULL)
		why = &ignored;
	*why = NULL;
	ca_buf_reset(made);
	rc = rule->sel == CA_SEL_MATCH ? certmap(rule, id, why)
				       : selector(rule, id, next, made, why);
	if (rc != CA_OK)
		return rc;
	if ((no = options(rule, id, in)) != NULL) {
		*why = no;
		return CA_DENIED;
	}
	if (!rule->pattern)
		ca_buf_str(made, rule->login);
	return ca_buf_err(made);
}
