#include "verify/ncitem.h"
#include "verify/name.h"

#include <openssl/objects.h>
#include <string.h>

#define SHOW_MAX 256 /* bytes of a name in a message */

/* ---- comparison ---- */

bool
ca_nc_same_form(const struct ca_nc_item *subtree, const struct ca_nc_item *name)
{
	if (subtree->type != name->type)
		return false;
	return name->type != GEN_OTHERNAME ||
	       OBJ_cmp(subtree->oid, name->oid) == 0;
}

bool
ca_nc_within(const struct ca_nc_item *subtree, const struct ca_nc_item *name)
{
	switch (name->type) {
	case GEN_DNS:
	case GEN_EMAIL:
	case GEN_URI:
		return ca_nc_text_within(
		    &subtree->text, &name->text, subtree->excluded);
	case GEN_IPADD:
		return ca_nc_ip_within(subtree, name);
	case GEN_DIRNAME:
		return ca_nc_dir_within(subtree, name);
	default: /* not reached: such an item has a flaw */
		return subtree->excluded;
	}
}

/* ---- for messages ---- */

const char *
ca_nc_type_name(const struct ca_nc_item *item)
{
	static const char *const names[] = {
	    [GEN_OTHERNAME] = "otherName",
	    [GEN_EMAIL] = "e-mail address",
	    [GEN_DNS] = "DNS name",
	    [GEN_X400] = "X.400 address",
	    [GEN_DIRNAME] = "directory name",
	    [GEN_EDIPARTY] = "EDI party name",
	    [GEN_URI] = "URI",
	    [GEN_IPADD] = "IP address",
	    [GEN_RID] = "registered ID",
	};
	size_t type = (size_t)item->type;

	return type < sizeof names / sizeof names[0] ? names[type] : "name";
}

void
ca_nc_show(const struct ca_nc_item *item, struct ca_buf *out)
{
	char oid[80] = "";

	if (item->type == GEN_DIRNAME) {
		struct ca_buf name = CA_BUF_INIT(65536);

		ca_name_rfc4514(item->dn, &name);
		ca_buf_quote_dn(
		    out, name.p, name.len < SHOW_MAX ? name.len : SHOW_MAX);
		ca_buf_free(&name);
		return;
	}
	if (item->type == GEN_OTHERNAME) {
		(void)OBJ_obj2txt(oid, sizeof oid, item->oid, 1);
		ca_buf_quote(out, oid, strlen(oid));
		return;
	}
	if (item->type == GEN_IPADD) {
		ca_nc_ip_show(item, out);
		return;
	}
	ca_buf_quote(out, item->p, item->len < SHOW_MAX ? item->len : SHOW_MAX);
	if (item->len > SHOW_MAX)
		ca_buf_str(out, "...");
}
