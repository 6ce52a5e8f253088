/*
 * Replies of a hostile ssh-agent.  The first byte chooses the key, and whether
 * the reply is to a list or to a sign request.
 */
#include "fuzz.h"

#include <string.h>

#include "key/agent.h"

static const char *const scheme_name[] = {"rsa_pkcs1_sha256",
    "rsa_pkcs1_sha512", "ecdsa_secp256r1_sha256", "ecdsa_secp521r1_sha512",
    "ed25519"};

/* Keys that are the same in every run are not needed: what matters is that a
 * blob is compared, and a seed made for another key is soon found out. */
static EVP_PKEY *
key_of(size_t i)
{
	static EVP_PKEY *made[3];

	if (made[i] == NULL)
		made[i] =
		    i == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024)
		    : i == 1 ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
			     : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	FUZZ_CHECK(made[i] != NULL);
	return made[i];
}

static void
list(const struct ca_buf *reply, EVP_PKEY *key)
{
	struct ca_agent_match m;
	enum ca_err rc = ca_agent_find(reply, key, &m);

	FUZZ_CHECK(rc != CA_ERR_UNSET);
	FUZZ_CHECK(!m.found || m.blob.len > 0);
	FUZZ_CHECK(m.listed <= CA_AGENT_KEYS_MAX);
	ca_buf_free(&m.blob);
}

static void
signature(const struct ca_buf *reply, const char *name)
{
	struct ca_buf sig = CA_BUF_INIT(4096);
	enum ca_err rc =
	    ca_agent_signature(reply, ca_scheme_by_name(name), 256, &sig);

	FUZZ_CHECK(rc != CA_ERR_UNSET);
	if (rc != CA_OK)
		FUZZ_CHECK(sig.len == 0);
	else if (strncmp(name, "rsa", 3) == 0)
		FUZZ_CHECK(sig.len == 256);
	else if (strcmp(name, "ed25519") == 0)
		FUZZ_CHECK(sig.len == 64);
	else
		FUZZ_CHECK(sig.len >= 8 && sig.p[0] == 0x30);
	ca_buf_free(&sig);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ca_buf reply = CA_BUF_INIT(CA_AGENT_REPLY_MAX);

	if (size == 0)
		return 0;
	ca_buf_put(&reply, data + 1, size - 1);
	if (ca_buf_err(&reply) == CA_OK && data[0] % 8 < 3)
		list(&reply, key_of(data[0] % 8));
	else if (ca_buf_err(&reply) == CA_OK)
		signature(&reply, scheme_name[data[0] % 8 - 3]);
	ca_buf_free(&reply);
	return 0;
}
