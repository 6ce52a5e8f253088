/*
 * A damaged index: whatever it says, a revoked certificate is not let in.
 * The first byte of the input chooses: even, the rest is the index; odd, the
 * rest are changes to a good one (u16 place, u8 value).
 */
#include "fuzz.h"

#include "base/file.h"
#include "crl/crl.h"
#include "crl/index_read.h"

#include <fcntl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static struct ca_crypto *crypto;
static int dir;
static char path[] = "/tmp/certauth-fuzz-crl-index.XXXXXX";
static X509 *ca, *revoked;
static struct ca_buf good = {NULL, 0, 0, 1u << 20, CA_OK};

static void
clean_up(void)
{
	(void)unlinkat(dir, "a.crl", 0);
	(void)unlinkat(dir, "a.crl.idx", 0);
	(void)rmdir(path);
}

static void
put(const char *name, const void *p, size_t len)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	FUZZ_CHECK(fd >= 0 && write(fd, p, len) == (ssize_t)len);
	(void)close(fd);
}

static void
make_ca(EVP_PKEY *key)
{
	X509_NAME *name = X509_NAME_new();

	ca = X509_new();
	FUZZ_CHECK(
	    ca != NULL && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
			      (const unsigned char *)"CA", -1, -1, 0) == 1);
	X509_set_version(ca, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(ca), 1);
	X509_set_subject_name(ca, name);
	X509_set_issuer_name(ca, name);
	X509_gmtime_adj(X509_getm_notBefore(ca), 0);
	X509_gmtime_adj(X509_getm_notAfter(ca), 86400);
	X509_set_pubkey(ca, key);
	FUZZ_CHECK(X509_sign(ca, key, EVP_sha256()) > 0);
	revoked = X509_new();
	ASN1_INTEGER_set(X509_get_serialNumber(revoked), 4711);
	X509_set_issuer_name(revoked, name);
	X509_NAME_free(name);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *now = ASN1_TIME_set(NULL, time(NULL) - 60);
	unsigned char *der = NULL;
	STACK_OF(X509) *cas = sk_X509_new_null();

	(void)argc;
	(void)argv;
	FUZZ_CHECK(ca_crypto_new(&crypto) == CA_OK && mkdtemp(path) != NULL);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FUZZ_CHECK(dir >= 0 && atexit(clean_up) == 0);
	make_ca(key);
	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca));
	X509_CRL_set1_lastUpdate(crl, now);
	for (long i = 4700; i < 4720; i++) {
		X509_REVOKED *rev = X509_REVOKED_new();
		ASN1_INTEGER *n = ASN1_INTEGER_new();
		ASN1_INTEGER_set(n, i);
		X509_REVOKED_set_serialNumber(rev, n);
		X509_REVOKED_set_revocationDate(rev, now);
		X509_CRL_add0_revoked(crl, rev);
		ASN1_INTEGER_free(n);
	}
	FUZZ_CHECK(X509_CRL_sign(crl, key, EVP_sha256()) > 0);
	int len = i2d_X509_CRL(crl, &der);
	put("a.crl", der, (size_t)len);
	sk_X509_push(cas, ca);
	FUZZ_CHECK(
	    ca_crl_index_make(crypto, NULL, dir, "a.crl", cas, NULL) == CA_OK);
	FUZZ_CHECK(ca_file_read(dir, "a.crl.idx", 1u << 20, &good) == CA_OK);
	sk_X509_free(cas);
	OPENSSL_free(der);
	X509_CRL_free(crl);
	ASN1_TIME_free(now);
	EVP_PKEY_free(key);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ca_crl_wanted nothing = {NULL, 0};
	struct ca_crls list = {NULL, 0};
	struct ca_crl_file src = {
	    crypto, NULL, &ca_crl_by_index, dir, "a.crl", -1};
	struct ca_crl_entry e;

	if (size < 1)
		return 0;
	if (data[0] % 2 == 0) {
		put("a.crl.idx", data + 1, size - 1);
	} else {
		uint8_t *p = malloc(good.len);
		FUZZ_CHECK(p != NULL);
		memcpy(p, good.p, good.len);
		for (size_t i = 1; i + 2 < size; i += 3)
			p[(data[i] << 8 | data[i + 1]) % good.len] =
			    data[i + 2];
		put("a.crl.idx", p, good.len);
		free(p);
	}
	FUZZ_CHECK(ca_file_open(dir, "a.crl", &src.fd, NULL) == CA_OK);
	FUZZ_CHECK(ca_crl_load(&src, &nothing, &list) == CA_OK);
	FUZZ_CHECK(list.n == 1);
	FUZZ_CHECK(ca_crl_trouble(list.v[0]) == CA_R_OK);
	FUZZ_CHECK(ca_crl_verify(list.v[0], ca) == CA_OK);
	FUZZ_CHECK(ca_crl_lookup(list.v[0], revoked, &e) == CA_OK);
	ca_crls_clear(&list);
	return 0;
}
