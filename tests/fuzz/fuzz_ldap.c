/*
 * What certauth-ldap sends, and the values of a directory.  The first byte chooses.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ldap/ldap.h"
#include "ldap/ldapvalue.h"

static struct ca_config *cfg;
static struct ca_crypto *crypto;
static char path[64];

int LLVMFuzzerInitialize(int *argc, char ***argv);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	(void)snprintf(
	    path, sizeof path, "/tmp/certauth-fuzz-ldap.%ld", (long)getpid());
	FUZZ_CHECK((cfg = ca_config_new()) != NULL);
	FUZZ_CHECK(
	    ca_config_set(cfg, "directory_index", path, "f", NULL) == CA_OK);
	FUZZ_CHECK(ca_crypto_new(&crypto) == CA_OK);
	return 0;
}

/* The frames, in portions of any size, give the same. */
static void
answer(const uint8_t *p, size_t len, size_t portion)
{
	static struct ca_ldap_input in[2];
	enum ca_err rc[2] = {CA_OK, CA_OK};

	for (int i = 0; i < 2; i++) {
		struct ca_ldap_maker *m = NULL;
		size_t step = i == 0 ? len : portion;

		FUZZ_CHECK(ca_ldap_maker_new(crypto, cfg, NULL, &m) == CA_OK);
		in[i] = (struct ca_ldap_input){.maker = m};
		for (size_t at = 0; at < len && rc[i] == CA_OK; at += step)
			rc[i] = ca_ldap_input_take(
			    &in[i], p + at, len - at < step ? len - at : step);
		FUZZ_CHECK(rc[i] == CA_OK || rc[i] == CA_ERR_FORMAT ||
			   rc[i] == CA_ERR_USAGE);
		FUZZ_CHECK(!in[i].complete || in[i].ended);
		ca_ldap_maker_free(m);
	}
	FUZZ_CHECK(rc[0] == rc[1]);
	FUZZ_CHECK(in[0].refused == in[1].refused);
	FUZZ_CHECK(in[0].complete == in[1].complete);
}

static void
values(const uint8_t *p, size_t len)
{
	struct ca_buf b = CA_BUF_INIT(CA_CERT_MAX);
	enum ca_ldap_kind kind = CA_LDAP_KINDS;
	const char *why = NULL;
	enum ca_err rc = ca_ldap_value_mapping(p, len, &kind, &b, &why);

	FUZZ_CHECK(rc != CA_OK || (b.len > 0 && kind < CA_LDAP_KINDS));
	FUZZ_CHECK(rc != CA_ERR_FORMAT || why != NULL);
	ca_buf_reset(&b);
	rc = ca_ldap_value_sid(p, len, &b, &why);
	FUZZ_CHECK(rc != CA_OK || b.len >= 7);
	ca_buf_reset(&b);
	rc = ca_ldap_value_upn(p, len, &b, &why);
	FUZZ_CHECK(rc != CA_OK || b.len == len);
	ca_buf_free(&b);
	if (ca_ldap_login_refusal((const char *)p, len) == NULL)
		FUZZ_CHECK(len > 0 && len < 256 &&
			   memchr(p, '/', len) == NULL &&
			   memchr(p, 0, len) == NULL && p[0] != '-');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (data[0] & 1)
		values(data + 1, size - 1);
	else
		answer(data + 1, size - 1, (size_t)(data[0] >> 1) + 1);
	return 0;
}
