/*
 * The names of a certificate and the subtrees of its nameConstraints, parsed
 * once so that they can be compared often.  Private to src/verify.
 */
#ifndef CA_VERIFY_NCITEM_H
#define CA_VERIFY_NCITEM_H

#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "verify/nctext.h"

/* A name, or a subtree. */
struct ca_nc_item {
	int type;               /* GEN_DNS and its like */
	bool excluded;          /* a subtree */
	const char *flaw;       /* why it cannot be compared; NULL: it can */
	struct ca_nc_text text; /* GEN_DNS, GEN_EMAIL, GEN_URI */
	const ASN1_OBJECT *oid; /* GEN_OTHERNAME */
	const X509_NAME *dn;    /* GEN_DIRNAME */
	X509_NAME **rdn;        /* its RDNs, a name each; owned */
	size_t nrdns;
	const uint8_t *p; /* the bytes of any other type */
	size_t len;
};

struct ca_nc_items {
	struct ca_nc_item *v;
	size_t n;
	size_t cost;          /* of comparing one name with all of them */
	GENERAL_NAMES *names; /* what v points into; owned */
	NAME_CONSTRAINTS *trees;
	uint8_t **text; /* converted and lower-case copies */
	size_t ntexts;
};

/*
 * The subtrees of cert's nameConstraints; none if it has no such extension.
 * CA_ERR_FORMAT: the extension cannot be decoded; CA_ERR_MEMORY.  Call
 * ca_nc_items_free(out) in any case; cert must outlive *out.
 */
CA_MUST_CHECK enum ca_err ca_nc_subtrees(X509 *cert, struct ca_nc_items *out);

/*
 * The names of cert: its subject (unless empty), each emailAddress in the
 * subject, and the subjectAltName, whose SmtpUTF8Mailboxes are mailboxes too.
 * The results are those of ca_nc_subtrees; CA_ERR_FORMAT is for the
 * subjectAltName.
 */
CA_MUST_CHECK enum ca_err ca_nc_names(X509 *cert, struct ca_nc_items *out);

void ca_nc_items_free(struct ca_nc_items *items);

/* subtree constrains names of the form of this one. */
bool ca_nc_same_form(
    const struct ca_nc_item *subtree, const struct ca_nc_item *name);

/* name is within subtree (as ca_nc_text_within).  Both have the same form and
 * no flaw. */
bool ca_nc_within(
    const struct ca_nc_item *subtree, const struct ca_nc_item *name);

/* Append the item as quoted text for messages. */
void ca_nc_show(const struct ca_nc_item *item, struct ca_buf *out);

/* The name of the item's type; static. */
const char *ca_nc_type_name(const struct ca_nc_item *item);

/* ---- directory names and addresses, each in a file of its own ---- */

/* Split item->dn into its RDNs. */
CA_MUST_CHECK enum ca_err ca_nc_dir_split(struct ca_nc_item *item);
void ca_nc_dir_free(struct ca_nc_item *item);
bool ca_nc_dir_within(
    const struct ca_nc_item *subtree, const struct ca_nc_item *name);

const char *ca_nc_ip_name_flaw(const uint8_t *p, size_t len);
const char *ca_nc_ip_base_flaw(const uint8_t *p, size_t len);
bool ca_nc_ip_within(
    const struct ca_nc_item *subtree, const struct ca_nc_item *name);
void ca_nc_ip_show(const struct ca_nc_item *item, struct ca_buf *out);

#endif
