#include "map/match.h"
#include "map/dn.h"
#include "map/dnhint.h"

#include <stdlib.h>
#include <string.h>

/* list has names separated by commas (service_option of rule_parse.c) */
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
	return "the issuer of the certificate is not the one of issuer=";
}

/* Return why an option does not match, or NULL. */
static const char *
options(const struct ca_rule *rule, const struct ca_ident *id,
    const struct ca_match_where *where)
{
	if (rule->issuer != NULL &&
	    (rule->issuer_len != id->issuer.len ||
		memcmp(rule->issuer, id->issuer.p, rule->issuer_len) != 0))
		return other_issuer(rule, id);
	if (rule->service != NULL &&
	    !in_list(
		rule->service, where->service != NULL ? where->service : ""))
		return "the service is not one of service=";
	if (rule->from != NULL && !ca_from_match(rule->from, where->rhost))
		return "the remote host is not one of from=";
	if (rule->has_until && where->now > rule->until)
		return CA_MATCH_PAST;
	return NULL;
}

/* Return true if the value is the rule's text with text in place of the star. */
static bool
star_match(const struct ca_rule *rule, const uint8_t *p, size_t len,
    struct ca_buf *made)
{
	size_t before = rule->star, behind = rule->len - rule->star;

	if (len <= rule->len || memcmp(p, rule->value, before) != 0 ||
	    memcmp(p + len - behind, rule->value + before, behind) != 0)
		return false;
	ca_buf_put(made, p + before, len - rule->len);
	if (rule->keep_domain)
		ca_buf_put(made, rule->value, rule->len);
	return true;
}

static enum ca_err
selector(const struct ca_rule *rule, struct ca_ident *id, size_t *next,
    struct ca_buf *made, const char **why)
{
	const struct ca_buf *values = &id->bytes;
	bool any = false;
	enum ca_err rc;

	if (rule->ignorecase) {
		if ((rc = ca_ident_fold(id)) != CA_OK)
			return rc;
		values = &id->folded;
	}
	for (size_t i = *next; i < id->n; i++) {
		const uint8_t *p = values->p + id->v[i].at;
		size_t len = id->v[i].len;
		bool same;

		if (id->v[i].sel != rule->sel)
			continue;
		any = true;
		same = rule->pattern ? star_match(rule, p, len, made)
				     : len == rule->len &&
					   memcmp(p, rule->value, len) == 0;
		if (same) {
			*next = i + 1;
			return CA_OK;
		}
	}
	*next = id->n;
	*why = any ? "the certificate has another value"
		   : "the certificate has no such value";
	return CA_DENIED;
}

const char *
ca_match_near(const struct ca_rule *rule, const struct ca_ident *id)
{
	const char *near = NULL;

	/* with ignorecase, only the order can differ */
	for (size_t i = 0; rule->sel == CA_SEL_SUBJECT && i < id->n; i++)
		if (id->v[i].sel == rule->sel)
			near = ca_dnhint_near(rule->value, rule->len,
			    id->bytes.p + id->v[i].at, id->v[i].len);
	return near;
}

/* Evaluate the rule of match: by libsss_certmap. */
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
		*why = "libsss_certmap rejects the matching rule";
	else if (rc == CA_ERR_UNSUPPORTED)
		*why = "libsss_certmap cannot be loaded";
	return rc == CA_ERR_FORMAT ? CA_ERR_UNSUPPORTED : rc;
}

enum ca_err
ca_match(const struct ca_rule *rule, struct ca_ident *id,
    const struct ca_match_where *where, size_t *next, struct ca_buf *made,
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
	if (!rule->pattern)
		ca_buf_str(made, rule->login);
	if ((rc = ca_buf_err(made)) != CA_OK)
		return rc;
	if ((no = options(rule, id, where)) != NULL) {
		*why = no;
		return CA_DENIED;
	}
	return CA_OK;
}
