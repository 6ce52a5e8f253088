/*
 * Directory names under name constraints: a name is within a base if it begins
 * with the base, RDN by RDN.  X509_NAME_cmp compares the RDNs (RFC 5280 section
 * 7.1: case, blanks and the string type do not matter).
 */
#include "verify/ncitem.h"

#include <openssl/asn1.h>
#include <stdlib.h>

/* libcrypto folds every string type except this one, so that a NumericString
 * would not match an excluded subtree. */
static bool
add_numeric(X509_NAME *rdn, const X509_NAME_ENTRY *entry, int set)
{
	const ASN1_STRING *value = X509_NAME_ENTRY_get_data(entry);

	return X509_NAME_add_entry_by_OBJ(rdn,
		   X509_NAME_ENTRY_get_object(entry), V_ASN1_PRINTABLESTRING,
		   ASN1_STRING_get0_data(value), ASN1_STRING_length(value), -1,
		   set) == 1;
}

static bool
add(X509_NAME *rdn, const X509_NAME_ENTRY *entry, bool first)
{
	int set = first ? 0 : -1;

	if (ASN1_STRING_type(X509_NAME_ENTRY_get_data(entry)) ==
	    V_ASN1_NUMERICSTRING)
		return add_numeric(rdn, entry, set);
	return X509_NAME_add_entry(rdn, entry, -1, set) == 1;
}

enum ca_err
ca_nc_dir_split(struct ca_nc_item *item)
{
	int n = X509_NAME_entry_count(item->dn), last = -1;

	if (n == 0)
		return CA_OK;
	item->rdn = calloc((size_t)n, sizeof(X509_NAME *));
	if (item->rdn == NULL)
		return CA_ERR_MEMORY;
	for (int i = 0; i < n; i++) {
		const X509_NAME_ENTRY *e = X509_NAME_get_entry(item->dn, i);
		bool first = i == 0 || X509_NAME_ENTRY_set(e) != last;

		if (first &&
		    (item->rdn[item->nrdns++] = X509_NAME_new()) == NULL)
			return CA_ERR_MEMORY;
		if (!add(item->rdn[item->nrdns - 1], e, first))
			return CA_ERR_MEMORY;
		last = X509_NAME_ENTRY_set(e);
	}
	return CA_OK;
}

void
ca_nc_dir_free(struct ca_nc_item *item)
{
	for (size_t i = 0; i < item->nrdns; i++)
		X509_NAME_free(item->rdn[i]);
	free(item->rdn);
}

bool
ca_nc_dir_within(
    const struct ca_nc_item *subtree, const struct ca_nc_item *name)
{
	if (subtree->nrdns > name->nrdns)
		return false;
	for (size_t i = 0; i < subtree->nrdns; i++) {
		int order = X509_NAME_cmp(subtree->rdn[i], name->rdn[i]);

		/* -2: out of memory, not compared */
		if (order != 0)
			return order == -2 && subtree->excluded;
	}
	return true;
}
