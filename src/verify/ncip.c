/* IP addresses under name constraints: RFC 5280 sections 4.2.1.6 and 4.2.1.10.
 */
#include "verify/ncitem.h"

#include <arpa/inet.h>
#include <sys/socket.h>

const char *
ca_nc_ip_name_flaw(const uint8_t *p, size_t len)
{
	(void)p;
	return len == 4 || len == 16 ? NULL : "its length is not 4 or 16 bytes";
}

const char *
ca_nc_ip_base_flaw(const uint8_t *p, size_t len)
{
	bool ended = false;

	if (len != 8 && len != 32)
		return "its length is not 8 or 32 bytes";
	for (size_t i = len / 2; i < len; i++)
		for (unsigned bit = 0x80; bit != 0; bit >>= 1) {
			if ((p[i] & bit) == 0)
				ended = true;
			else if (ended)
				return "its mask is not contiguous";
		}
	return NULL;
}

bool
ca_nc_ip_within(const struct ca_nc_item *subtree, const struct ca_nc_item *name)
{
	if (subtree->len != 2 * name->len)
		return false;
	for (size_t i = 0; i < name->len; i++)
		if (((subtree->p[i] ^ name->p[i]) &
			subtree->p[name->len + i]) != 0)
			return false;
	return true;
}

static bool
show(const uint8_t *p, size_t len, struct ca_buf *out)
{
	char text[INET6_ADDRSTRLEN];

	if ((len != 4 && len != 16) || inet_ntop(len == 4 ? AF_INET : AF_INET6,
					   p, text, sizeof text) == NULL)
		return false;
	ca_buf_str(out, text);
	return true;
}

void
ca_nc_ip_show(const struct ca_nc_item *item, struct ca_buf *out)
{
	if (show(item->p, item->len, out))
		return;
	if (show(item->p, item->len / 2, out)) {
		ca_buf_str(out, "/");
		(void)show(item->p + item->len / 2, item->len / 2, out);
		return;
	}
	ca_buf_str(out, "#");
	ca_buf_hex(out, item->p, item->len < 64 ? item->len : 64);
}
