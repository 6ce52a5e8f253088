/*
 * The whole of authentication against a client who holds a real key, so that
 * what follows the signature is reached.  The first byte says what the rest
 * is: a response; certificates to send behind alice's, each with a length of
 * two bytes; or a certificate to send instead of hers.  The last two are
 * signed with her key.  Whatever is granted is alice's, by her certificate.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "auth/auth.h"
#include "base/file.h"

#define VECTORS "tests/data/vectors/"
#define NOW ((time_t)1795000000)

static struct ca_crypto *crypto;
static struct ca_config *cfg;
static struct ca_request *req;
static EVP_PKEY *key;
static struct ca_bytes alice;
static char dir[] = "/tmp/certauth-fuzz.XXXXXX";
static const struct ca_log no_log = {NULL, NULL, false};
static const struct ca_auth_peer peer = {"sshd", "alice", NULL};

static void
set(const char *name, const char *file)
{
	char path[256];

	(void)snprintf(
	    path, sizeof path, file[0] == '/' ? "%s%s" : "%.0s%s", dir, file);
	FUZZ_CHECK(ca_config_set(cfg, name, path, "fuzz", &no_log) == CA_OK);
}

static void
copy(const char *from, const char *to)
{
	struct ca_buf b = CA_BUF_INIT(1 << 20);
	char path[256];

	(void)snprintf(path, sizeof path, "%s%s", dir, to);
	FUZZ_CHECK(ca_file_read(AT_FDCWD, from, 1 << 20, &b) == CA_OK);
	FUZZ_CHECK(ca_file_replace(path, b.p, b.len, 0644) == CA_OK);
	ca_buf_free(&b);
}

static void
make_dir(const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof path, "%s%s", dir, name);
	FUZZ_CHECK(mkdir(path, 0755) == 0);
}

static void
clean_up(void)
{
	char cmd[256];

	(void)snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	(void)!system(cmd);
}

/* The client's part, honest but for the certificates. */
static void
respond(const struct ca_bytes *cert, size_t n, struct ca_buf *out)
{
	const struct ca_scheme *scheme =
	    ca_scheme_by_name("ecdsa_secp256r1_sha256");
	uint8_t hash[CA_TRANSCRIPT_HASH_LEN], tbs[CA_SIGNED_CONTENT_MAX];
	struct ca_buf sig = CA_BUF_INIT(1024);

	if (ca_certificate_write(out, req->nonce, cert, NULL, n) != CA_OK)
		return;
	const struct ca_bytes part[] = {
	    {req->raw, req->len}, {out->p, out->len}};
	FUZZ_CHECK(ca_crypto_transcript(crypto, part, 2, hash) == CA_OK);
	size_t len = ca_signed_content(CA_SIGNER_CLIENT, hash, tbs);
	FUZZ_CHECK(
	    ca_crypto_sign(crypto, scheme, key, tbs, len, &sig) == CA_OK);
	FUZZ_CHECK(ca_certificate_verify_write(
		       out, scheme->code, sig.p, sig.len) == CA_OK);
	ca_buf_free(&sig);
}

static enum ca_err
judge(const void *response, size_t len)
{
	struct ca_report *report = ca_report_new();
	struct ca_auth_result result;

	FUZZ_CHECK(report != NULL);
	const struct ca_context ctx = {crypto, cfg, &no_log, NOW};
	const struct ca_auth_answer answer = {req, {response, len}, NULL};
	enum ca_err rc = ca_auth_check(&ctx, &peer, &answer, report, &result);
	FUZZ_CHECK(rc != CA_ERR_UNSET);
	FUZZ_CHECK((rc == CA_OK) == (result.login != NULL));
	if (rc == CA_OK) {
		unsigned char *der = NULL;
		int n = i2d_X509(result.leaf, &der);

		FUZZ_CHECK(ca_report_granted(report, CA_REPORT_ALL));
		FUZZ_CHECK(strcmp(result.login, "alice") == 0);
		FUZZ_CHECK((size_t)n == alice.len &&
			   memcmp(der, alice.p, alice.len) == 0);
		OPENSSL_free(der);
	}
	ca_auth_result_clear(&result);
	ca_report_free(report);
	return rc;
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char users[] = "alice email:alice@example.com\n";
	unsigned char *der = NULL;
	enum ca_reason reason;
	char path[256];

	(void)argc;
	(void)argv;
	FUZZ_CHECK(mkdtemp(dir) != NULL);
	(void)atexit(clean_up);
	make_dir("/ca");
	make_dir("/inter");
	make_dir("/users.d");
	copy(VECTORS "root.pem", "/ca/root.pem");
	copy(VECTORS "intermediate.pem", "/inter/i.pem");
	(void)snprintf(path, sizeof path, "%s/users", dir);
	FUZZ_CHECK(ca_file_replace(path, users, strlen(users), 0644) == CA_OK);

	FUZZ_CHECK(ca_crypto_new(&crypto) == CA_OK);
	cfg = ca_config_new();
	FUZZ_CHECK(cfg != NULL);
	set("ca_dir", "/ca");
	set("intermediates_dir", "/inter");
	set("users", "/users");
	set("users_dir", "/users.d");
	set("crl", "off");
	set("host_names", "host.example");
	const struct ca_context ctx = {crypto, cfg, &no_log, NOW};
	FUZZ_CHECK(ca_auth_request(&ctx, &peer, NULL, &req, &reason) == CA_OK);

	FILE *f = fopen(VECTORS "p256.pem", "r");
	FUZZ_CHECK(f != NULL);
	X509 *cert = PEM_read_X509(f, NULL, NULL, NULL);
	(void)fclose(f);
	int len = i2d_X509(cert, &der);
	FUZZ_CHECK(len > 0);
	X509_free(cert);
	alice = (struct ca_bytes){der, (size_t)len};
	f = fopen(VECTORS "p256.key", "r");
	FUZZ_CHECK(f != NULL);
	key = PEM_read_PrivateKey_ex(
	    f, NULL, NULL, NULL, ca_crypto_get0_keys(crypto), NULL);
	(void)fclose(f);
	FUZZ_CHECK(key != NULL);

	/* so that what follows means something: she gets in */
	struct ca_buf out = CA_BUF_INIT(1 << 20);
	respond(&alice, 1, &out);
	FUZZ_CHECK(judge(out.p, out.len) == CA_OK);
	ca_buf_free(&out);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ca_bytes cert[CA_CERTS_MAX] = {alice};
	struct ca_buf out = CA_BUF_INIT(1 << 20);
	size_t n = 1;

	if (size == 0)
		return 0;
	struct ca_reader r = ca_reader_of(data + 1, size - 1), one;
	switch (data[0] % 3) {
	case 0:
		(void)judge(data + 1, size - 1);
		break;
	case 1:
		while (n < CA_CERTS_MAX &&
		       ca_read_vector(&r, 2, 1, 0xffff, &one) == CA_OK)
			cert[n++] = (struct ca_bytes){one.p, one.left};
		respond(cert, n, &out);
		(void)judge(out.p, out.len);
		break;
	default:
		cert[0] = (struct ca_bytes){r.p, r.left};
		respond(cert, 1, &out);
		(void)judge(out.p, out.len);
		break;
	}
	ca_buf_free(&out);
	return 0;
}
