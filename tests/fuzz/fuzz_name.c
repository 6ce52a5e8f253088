/* RFC 4514 names, and the same as X509_NAME: what libcrypto decodes and our
 * printer prints, our parser reads as the same name. */
#include "fuzz.h"

#include "map/dn.h"
#include "verify/verify.h"

#include <openssl/x509.h>
#include <string.h>

static void
from_der(const uint8_t *data, size_t size)
{
	const unsigned char *p = data;
	X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)size);
	struct ca_buf text = CA_BUF_INIT(1 << 20), a = CA_BUF_INIT(1 << 20);
	struct ca_buf b = CA_BUF_INIT(1 << 20);
	const char *why;

	if (name == NULL)
		return;
	enum ca_err rc = ca_dn_from_name(name, false, &a);
	FUZZ_CHECK(rc == CA_OK || rc == CA_ERR_FORMAT || rc == CA_ERR_LIMIT);
	ca_name_rfc4514(name, &text);
	if (rc == CA_OK && a.len > 0 && a.len < 4000 && text.len < 12000) {
		rc = ca_dn_parse(ca_buf_text(&text), text.len, false, &b, &why);
		/* our own parser has lower limits than DER */
		if (rc == CA_OK) {
			FUZZ_CHECK(a.len == b.len);
			FUZZ_CHECK(memcmp(a.p, b.p, a.len) == 0);
		}
	}
	ca_buf_free(&text);
	ca_buf_free(&a);
	ca_buf_free(&b);
	X509_NAME_free(name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ca_buf a = CA_BUF_INIT(1 << 20), b = CA_BUF_INIT(1 << 20);
	const char *why = NULL;

	enum ca_err rc = ca_dn_parse((const char *)data, size, false, &a, &why);
	FUZZ_CHECK(rc == CA_OK || why != NULL);
	FUZZ_CHECK((rc == CA_OK) == (ca_dn_parse((const char *)data, size, true,
					 &b, &why) == CA_OK));
	FUZZ_CHECK(rc != CA_OK || (a.len > 0 && a.len == b.len));
	ca_buf_free(&a);
	ca_buf_free(&b);
	from_der(data, size);
	return 0;
}
