/*
 * The names of a certificate and the subtrees of its nameConstraints: decoded
 * and parsed once.
 */
#include "verify/ncitem.h"

#include <openssl/bn.h>
#include <openssl/objects.h>
#include <stdlib.h>
#include <string.h>

/* id-on-SmtpUTF8Mailbox, 1.3.6.1.5.5.7.8.9 (RFC 9598 section 3) */
static const uint8_t oid_utf8_mailbox[] = {
    0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x08, 0x09};

/* ---- memory ---- */

static enum ca_err
room(struct ca_nc_items *items, size_t n)
{
	/* one more: calloc of size 0 may return NULL */
	items->v = calloc(n + 1, sizeof *items->v);
	/* an address of the subject is copied twice: converted, lower case */
	items->text = calloc(2 * n + 1, sizeof *items->text);
	return items->v != NULL && items->text != NULL ? CA_OK : CA_ERR_MEMORY;
}

/* Memory of len bytes that lives as long as items. */
static uint8_t *
text_of(struct ca_nc_items *items, size_t len)
{
	uint8_t *p = malloc(len + 1);

	if (p != NULL)
		items->text[items->ntexts++] = p;
	return p;
}

void
ca_nc_items_free(struct ca_nc_items *items)
{
	for (size_t i = 0; i < items->n; i++)
		ca_nc_dir_free(&items->v[i]);
	for (size_t i = 0; i < items->ntexts; i++)
		free(items->text[i]);
	free(items->v);
	free(items->text);
	GENERAL_NAMES_free(items->names);
	NAME_CONSTRAINTS_free(items->trees);
	*items = (struct ca_nc_items){0};
}

/* ---- one item ---- */

static void
set_bytes(struct ca_nc_item *item, const ASN1_STRING *s)
{
	item->p = ASN1_STRING_get0_data(s);
	item->len = (size_t)ASN1_STRING_length(s);
}

static bool
is_utf8_mailbox(const ASN1_OBJECT *oid)
{
	return OBJ_length(oid) == sizeof oid_utf8_mailbox &&
	       memcmp(OBJ_get0_data(oid), oid_utf8_mailbox,
		   sizeof oid_utf8_mailbox) == 0;
}

static enum ca_nc_form
form_of(int type)
{
	return type == GEN_DNS   ? CA_NC_DNS
	       : type == GEN_URI ? CA_NC_URI
				 : CA_NC_MAIL;
}

/* Read the value, before it is parsed as a name or as a base. */
static void
read_name(struct ca_nc_item *item, const GENERAL_NAME *gen)
{
	item->type = gen->type;
	switch (gen->type) {
	case GEN_DNS:
	case GEN_EMAIL:
	case GEN_URI:
		set_bytes(item, gen->d.ia5);
		break;
	case GEN_IPADD:
		set_bytes(item, gen->d.iPAddress);
		break;
	case GEN_DIRNAME:
		item->dn = gen->d.directoryName;
		break;
	case GEN_OTHERNAME:
		item->oid = gen->d.otherName->type_id;
		break;
	default: /* ediPartyName, registeredID, x400Address */
		break;
	}
}

/* For forms that names and bases parse alike. */
static enum ca_err
parse_rest(struct ca_nc_item *item)
{
	if (item->type == GEN_DIRNAME)
		return ca_nc_dir_split(item);
	return CA_OK;
}

static enum ca_err
parse_text(
    struct ca_nc_items *items, struct ca_nc_item *item, enum ca_nc_form form)
{
	uint8_t *copy = text_of(items, item->len);

	if (copy == NULL)
		return CA_ERR_MEMORY;
	item->flaw =
	    ca_nc_parse_name(form, item->p, item->len, copy, &item->text);
	return CA_OK;
}

static enum ca_err
parse_name(struct ca_nc_items *items, struct ca_nc_item *item)
{
	switch (item->type) {
	case GEN_DNS:
	case GEN_EMAIL:
	case GEN_URI:
		return parse_text(items, item, form_of(item->type));
	case GEN_IPADD:
		item->flaw = ca_nc_ip_name_flaw(item->p, item->len);
		return CA_OK;
	default:
		return parse_rest(item);
	}
}

static enum ca_err
parse_base(struct ca_nc_items *items, struct ca_nc_item *item)
{
	uint8_t *copy;

	switch (item->type) {
	case GEN_DNS:
	case GEN_EMAIL:
	case GEN_URI:
		if ((copy = text_of(items, item->len)) == NULL)
			return CA_ERR_MEMORY;
		item->flaw = ca_nc_parse_base(form_of(item->type),
		    item->excluded, item->p, item->len, copy, &item->text);
		return CA_OK;
	case GEN_IPADD:
		item->flaw = ca_nc_ip_base_flaw(item->p, item->len);
		return CA_OK;
	case GEN_DIRNAME:
		return parse_rest(item);
	default:
		item->flaw =
		    "constraints on this type of name are not supported";
		return CA_OK;
	}
}

/* ---- subtrees ---- */

/* Section 4.2.1.10: minimum is 0, maximum is absent. */
static bool
has_bounds(const GENERAL_SUBTREE *tree)
{
	bool zero = true;

	if (tree->minimum != NULL)
		for (int i = 0; i < ASN1_STRING_length(tree->minimum); i++)
			zero = zero &&
			       ASN1_STRING_get0_data(tree->minimum)[i] == 0;
	return !zero || tree->maximum != NULL;
}

static enum ca_err
add_trees(struct ca_nc_items *items, const STACK_OF(GENERAL_SUBTREE) *trees,
    bool excluded)
{
	enum ca_err rc;

	for (int i = 0; i < sk_GENERAL_SUBTREE_num(trees); i++) {
		const GENERAL_SUBTREE *tree =
		    sk_GENERAL_SUBTREE_value(trees, i);
		struct ca_nc_item *item = &items->v[items->n++];

		item->excluded = excluded;
		read_name(item, tree->base);
		if ((rc = parse_base(items, item)) != CA_OK)
			return rc;
		if (has_bounds(tree))
			item->flaw = "it has a minimum or a maximum";
		items->cost += item->nrdns > 1 ? item->nrdns : 1;
	}
	return CA_OK;
}

static size_t
count(int n)
{
	return n > 0 ? (size_t)n : 0; /* -1: the stack is NULL */
}

enum ca_err
ca_nc_subtrees(X509 *cert, struct ca_nc_items *out)
{
	int critical = -1;
	enum ca_err rc;
	NAME_CONSTRAINTS *nc =
	    X509_get_ext_d2i(cert, NID_name_constraints, &critical, NULL);

	*out = (struct ca_nc_items){.trees = nc};
	if (nc == NULL)
		return critical == -1 ? CA_OK : CA_ERR_FORMAT;
	rc = room(out, count(sk_GENERAL_SUBTREE_num(nc->permittedSubtrees)) +
			   count(sk_GENERAL_SUBTREE_num(nc->excludedSubtrees)));
	if (rc == CA_OK)
		rc = add_trees(out, nc->permittedSubtrees, false);
	if (rc == CA_OK)
		rc = add_trees(out, nc->excludedSubtrees, true);
	return rc;
}

/* ---- names ---- */

/* Of any string type, as the selector `email:' reads it. */
static enum ca_err
add_subject_mail(struct ca_nc_items *items, const ASN1_STRING *s)
{
	struct ca_nc_item *item = &items->v[items->n++];
	unsigned char *utf8 = NULL;
	int len = ASN1_STRING_to_UTF8(&utf8, s);
	uint8_t *copy;

	item->type = GEN_EMAIL;
	set_bytes(item, s);
	if (len < 0) {
		item->flaw = "it cannot be decoded";
		return CA_OK;
	}
	if ((copy = text_of(items, (size_t)len)) == NULL) {
		OPENSSL_free(utf8);
		return CA_ERR_MEMORY;
	}
	memcpy(copy, utf8, (size_t)len);
	OPENSSL_free(utf8);
	item->p = copy;
	item->len = (size_t)len;
	return parse_text(items, item, CA_NC_MAIL);
}

static enum ca_err
add_subject(struct ca_nc_items *items, const X509_NAME *subject)
{
	struct ca_nc_item *item = &items->v[items->n++];
	enum ca_err rc;

	item->type = GEN_DIRNAME;
	item->dn = subject;
	if ((rc = parse_name(items, item)) != CA_OK)
		return rc;
	for (int i = -1; (i = X509_NAME_get_index_by_NID(
			      subject, NID_pkcs9_emailAddress, i)) >= 0;) {
		const X509_NAME_ENTRY *e = X509_NAME_get_entry(subject, i);

		rc = add_subject_mail(items, X509_NAME_ENTRY_get_data(e));
		if (rc != CA_OK)
			return rc;
	}
	return CA_OK;
}

/* An SmtpUTF8Mailbox is a mailbox too (RFC 9598 section 6). */
static enum ca_err
add_utf8_mail(struct ca_nc_items *items, const OTHERNAME *other)
{
	struct ca_nc_item *item = &items->v[items->n++];

	item->type = GEN_EMAIL;
	if (other->value->type != V_ASN1_UTF8STRING) {
		item->flaw = "it is not a UTF8String";
		return CA_OK;
	}
	set_bytes(item, other->value->value.utf8string);
	return parse_text(items, item, CA_NC_UTF8MAIL);
}

static enum ca_err
add_alt_names(struct ca_nc_items *items)
{
	enum ca_err rc;

	for (int i = 0; i < sk_GENERAL_NAME_num(items->names); i++) {
		const GENERAL_NAME *gen =
		    sk_GENERAL_NAME_value(items->names, i);
		struct ca_nc_item *item = &items->v[items->n++];

		read_name(item, gen);
		if ((rc = parse_name(items, item)) != CA_OK)
			return rc;
		if (item->oid != NULL && is_utf8_mailbox(item->oid) &&
		    (rc = add_utf8_mail(items, gen->d.otherName)) != CA_OK)
			return rc;
	}
	return CA_OK;
}

enum ca_err
ca_nc_names(X509 *cert, struct ca_nc_items *out)
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	int critical = -1;
	enum ca_err rc;

	*out = (struct ca_nc_items){.names = X509_get_ext_d2i(cert,
					NID_subject_alt_name, &critical, NULL)};
	if (out->names == NULL && critical != -1)
		return CA_ERR_FORMAT;
	rc = room(out, 1 + (size_t)X509_NAME_entry_count(subject) +
			   2 * count(sk_GENERAL_NAME_num(out->names)));
	if (rc == CA_OK && X509_NAME_entry_count(subject) > 0)
		rc = add_subject(out, subject);
	if (rc == CA_OK)
		rc = add_alt_names(out);
	return rc;
}
