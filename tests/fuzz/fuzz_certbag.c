/* A PKCS #7 file of anybody's making: each certificate found is inside it, behind
 * the one before, and read only if the whole is one SignedData. */
#include "fuzz.h"

#include "verify/certbag.h"

struct seen {
	const uint8_t *from, *end;
	size_t n;
};

static enum ca_err
one(void *ctx, const uint8_t *der, size_t len)
{
	struct seen *seen = ctx;

	FUZZ_CHECK(len >= 2 && der[0] == 0x30);
	FUZZ_CHECK(der >= seen->from && len <= (size_t)(seen->end - der));
	seen->from = der + len;
	seen->n++;
	return CA_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen seen = {data, data + size, 0};
	enum ca_err rc = ca_certbag_each(data, size, one, &seen);

	FUZZ_CHECK(rc == CA_OK || rc == CA_ERR_FORMAT ||
		   rc == CA_ERR_NOT_FOUND || rc == CA_ERR_UNSUPPORTED);
	FUZZ_CHECK((rc == CA_OK) <= (seen.n > 0));
	FUZZ_CHECK(rc != CA_ERR_UNSUPPORTED || seen.n == 0);
	FUZZ_CHECK(rc != CA_OK || ca_certbag_is(data, size));
	return 0;
}
