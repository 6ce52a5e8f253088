/* The syntax of pam_pkcs11.conf: whatever is parsed is a forest whose parents
 * stand before their children, and an error has its line. */
#include "fuzz.h"

#include "import/scconf.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ca_scconf conf;
	enum ca_err rc = ca_scconf_parse(data, size, &conf);

	FUZZ_CHECK(rc == CA_OK || rc == CA_ERR_FORMAT || rc == CA_ERR_LIMIT);
	FUZZ_CHECK(rc == CA_OK || conf.why != NULL);
	for (size_t i = 0; i < conf.n; i++) {
		const struct ca_scconf_item *item = &conf.item[i];

		FUZZ_CHECK(item->name != NULL);
		FUZZ_CHECK(item->nvalues <= CA_SCCONF_VALUES);
		FUZZ_CHECK(!item->block || item->nvalues == 0);
		FUZZ_CHECK(item->parent == CA_SCCONF_TOP ||
			   (item->parent < i && conf.item[item->parent].block));
	}
	ca_scconf_clear(&conf);
	return 0;
}
