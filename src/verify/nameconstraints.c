#include "verify/nameconstraints.h"
#include "verify/name.h"
#include "verify/ncitem.h"

#include <openssl/x509v3.h>
#include <stdlib.h>

#define TEXT_MAX 262144 /* bytes of a finding: two names, escaped */

/* What to do about a name that violates a constraint. */
#define NEXT                                                                   \
	"; the user needs a certificate without that name, or of a CA that "   \
	"may certify it"

/* One certificate of the path. */
struct link {
	X509 *cert;
	struct ca_nc_items trees; /* of its own nameConstraints */
	struct ca_nc_items names; /* held to the trees above it */
};

struct check {
	struct link *link;
	size_t n;
	bool strict;
	struct ca_report *report;
	bool found; /* the current certificate has a finding */
};

/* ---- findings ---- */

static void
put_subject(struct ca_buf *out, X509 *cert)
{
	ca_name_rfc4514(X509_get_subject_name(cert), out);
}

static void
report(struct check *c, enum ca_reason reason, struct ca_buf *text)
{
	const char *s = ca_buf_text(text);

	c->found = true;
	ca_report_set(c->report, CA_CHECK_CHAIN, CA_FAIL, reason, "%s",
	    s != NULL ? s : "a name violates a name constraint");
	ca_buf_free(text);
}

static void
fail_cert(struct check *c, X509 *cert, enum ca_reason reason, const char *what)
{
	struct ca_buf text = CA_BUF_INIT(TEXT_MAX);

	put_subject(&text, cert);
	ca_buf_fmt(&text, ": %s", what);
	report(c, reason, &text);
}

/* CERT: URI "..." */
static void
begin(struct ca_buf *text, X509 *cert, const struct ca_nc_item *name)
{
	put_subject(text, cert);
	ca_buf_fmt(text, ": %s ", ca_nc_type_name(name));
	ca_nc_show(name, text);
}

/* name cannot be compared with tree because one of them has a flaw. */
static void
fail_flaw(struct check *c, const struct link *low, const struct link *high,
    const struct ca_nc_item *name, const struct ca_nc_item *tree)
{
	struct ca_buf text = CA_BUF_INIT(TEXT_MAX);

	begin(&text, low->cert, name);
	ca_buf_fmt(&text, " cannot be compared with the %s subtree ",
	    tree->excluded ? "excluded" : "permitted");
	ca_nc_show(tree, &text);
	ca_buf_str(&text, " of ");
	put_subject(&text, high->cert);
	if (tree->flaw != NULL)
		ca_buf_fmt(
		    &text, " because that subtree is invalid: %s", tree->flaw);
	else
		ca_buf_fmt(&text, " because of its form: %s", name->flaw);
	report(c, CA_R_CHAIN_NAMES, &text);
}

static void
fail_excluded(struct check *c, const struct link *low, const struct link *high,
    const struct ca_nc_item *name, const struct ca_nc_item *tree)
{
	struct ca_buf text = CA_BUF_INIT(TEXT_MAX);

	begin(&text, low->cert, name);
	ca_buf_str(&text, " is in the subtree ");
	ca_nc_show(tree, &text);
	ca_buf_str(&text, ", which is excluded by ");
	put_subject(&text, high->cert);
	ca_buf_str(&text, NEXT);
	report(c, CA_R_CHAIN_NAMES, &text);
}

/* tree: the first permitted subtree of that form; others: how many more. */
static void
fail_permitted(struct check *c, const struct link *low, const struct link *high,
    const struct ca_nc_item *name, const struct ca_nc_item *tree, size_t others)
{
	struct ca_buf text = CA_BUF_INIT(TEXT_MAX);

	begin(&text, low->cert, name);
	ca_buf_str(&text, " is not in a permitted subtree of ");
	put_subject(&text, high->cert);
	ca_buf_str(&text, " (");
	ca_nc_show(tree, &text);
	if (others > 0)
		ca_buf_fmt(&text, " and %zu more", others);
	ca_buf_str(&text, ")" NEXT);
	report(c, CA_R_CHAIN_NAMES, &text);
}

static void
fail_loose(struct check *c, const struct link *low, const struct link *high,
    const struct ca_nc_item *name, const struct ca_nc_item *tree)
{
	struct ca_buf text = CA_BUF_INIT(TEXT_MAX);

	begin(&text, low->cert, name);
	ca_buf_str(&text, " is compared with the subtree ");
	ca_nc_show(tree, &text);
	ca_buf_str(&text, " of ");
	put_subject(&text, high->cert);
	ca_buf_str(&text,
	    ", and one of the two has a form that RFC 5280 does not "
	    "define");
	report(c, CA_R_CHAIN_PROFILE, &text);
}

/* ---- one name ---- */

/* Compare a name of low with the subtrees of high. */
static void
check_name(struct check *c, const struct link *low, const struct link *high,
    const struct ca_nc_item *name)
{
	const struct ca_nc_item *first = NULL, *loose = NULL;
	size_t permitted = 0;
	bool within = false;

	for (size_t i = 0; i < high->trees.n; i++) {
		const struct ca_nc_item *tree = &high->trees.v[i];

		if (!ca_nc_same_form(tree, name))
			continue;
		if (name->flaw != NULL || tree->flaw != NULL) {
			fail_flaw(c, low, high, name, tree);
			return;
		}
		/* an anchor's form is its own matter */
		if ((tree->text.loose && high != c->link + c->n - 1) ||
		    name->text.loose)
			loose = tree;
		if (tree->excluded && ca_nc_within(tree, name)) {
			fail_excluded(c, low, high, name, tree);
			return;
		}
		if (tree->excluded)
			continue;
		if (permitted++ == 0)
			first = tree;
		within = within || ca_nc_within(tree, name);
	}
	if (permitted > 0 && !within)
		fail_permitted(c, low, high, name, first, permitted - 1);
	else if (loose != NULL && c->strict)
		fail_loose(c, low, high, name, loose);
}

/* One finding for each certificate is enough. */
static void
check_link(struct check *c, const struct link *low)
{
	c->found = false;
	for (size_t i = 0; i < low->names.n && !c->found; i++)
		for (const struct link *high = c->link + c->n - 1;
		     high > low && !c->found; high--)
			check_name(c, low, high, &low->names.v[i]);
}

/* ---- the path ---- */

static bool
is_exempt(const struct check *c, size_t i)
{
	return i > 0 &&
	       (X509_get_extension_flags(c->link[i].cert) & EXFLAG_SI) != 0;
}

/* Gather what is compared, from the anchor down.  The names of a certificate
 * are needed only if a certificate above it has constraints. */
static enum ca_err
gather(struct check *c, const STACK_OF(X509) *chain, size_t *cost)
{
	size_t above = 0;
	enum ca_err rc;

	*cost = 0;
	for (size_t i = c->n; i-- > 0;) {
		struct link *l = &c->link[i];

		l->cert = sk_X509_value(chain, (int)i);
		if (above > 0 && !is_exempt(c, i)) {
			rc = ca_nc_names(l->cert, &l->names);
			if (rc == CA_ERR_FORMAT)
				fail_cert(c, l->cert, CA_R_CHAIN_NAMES,
				    "its subjectAltName cannot be decoded");
			else if (rc != CA_OK)
				return rc;
			*cost += above * l->names.n;
		}
		rc = i > 0 ? ca_nc_subtrees(l->cert, &l->trees) : CA_OK;
		if (rc == CA_ERR_FORMAT)
			fail_cert(c, l->cert, CA_R_CHAIN_NAMES,
			    "its nameConstraints cannot be decoded");
		else if (rc != CA_OK)
			return rc;
		above += l->trees.cost;
		if (*cost > CA_NAMECONSTRAINTS_MAX)
			return CA_ERR_LIMIT;
	}
	return CA_OK;
}

static enum ca_err
check_path(struct check *c, const STACK_OF(X509) *chain)
{
	size_t cost;
	enum ca_err rc = gather(c, chain, &cost);

	if (rc == CA_ERR_LIMIT)
		ca_report_set(c->report, CA_CHECK_CHAIN, CA_FAIL,
		    CA_R_CHAIN_LIMIT,
		    "the names and name constraints of the certificates need "
		    "more than %d comparisons",
		    CA_NAMECONSTRAINTS_MAX);
	if (rc != CA_OK)
		return rc;
	for (size_t i = c->n; i-- > 0;)
		check_link(c, &c->link[i]);
	return CA_OK;
}

enum ca_err
ca_nameconstraints_check(const STACK_OF(X509) *chain, enum ca_profile profile,
    struct ca_report *report)
{
	enum ca_err ret = CA_ERR_UNSET, rc = CA_ERR_MEMORY;
	size_t n = sk_X509_num(chain) > 0 ? (size_t)sk_X509_num(chain) : 0;
	struct link *link = calloc(n + 1, sizeof *link);
	struct check c = {.link = link,
	    .n = n,
	    .strict = profile == CA_PROFILE_STRICT,
	    .report = report};

	if (link != NULL)
		rc = check_path(&c, chain);
	if (rc != CA_OK) {
		if (rc != CA_ERR_LIMIT)
			ca_report_set(report, CA_CHECK_CHAIN, CA_FAIL,
			    CA_R_INTERNAL, "name constraints: %s",
			    ca_err_text(rc));
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	for (size_t i = 0; link != NULL && i < n; i++) {
		ca_nc_items_free(&link[i].trees);
		ca_nc_items_free(&link[i].names);
	}
	free(link);
	return ret;
}
