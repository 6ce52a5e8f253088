#include "verifier/warm.h"

#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/config.h"
#include "op/op.h"
#include "verify/caready.h"

#define RSA_BYTES 256
#define AUTHORITIES_MS 2000 /* between two looks at the directories */

/* ---- algorithms ---- */

/* A public key of that size; nobody has the private one. */
static EVP_PKEY *
rsa_key(struct ca_crypto *c)
{
	uint8_t n[RSA_BYTES] = {0x80};
	unsigned e = 65537;
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *ctx =
	    EVP_PKEY_CTX_new_from_name(ca_crypto_get0_libctx(c), "RSA", NULL);

	n[RSA_BYTES - 1] = 1;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	for (size_t i = 0; i < RSA_BYTES / 2; i++) {
		uint8_t b = n[i];

		n[i] = n[RSA_BYTES - 1 - i];
		n[RSA_BYTES - 1 - i] = b;
	}
#endif
	OSSL_PARAM param[] = {
	    OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n, sizeof n),
	    OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_E, &e),
	    OSSL_PARAM_construct_end()};
	if (ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, param);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *
key_of(struct ca_crypto *c, const struct ca_scheme *s)
{
	OSSL_LIB_CTX *libctx = ca_crypto_get0_libctx(c);

	if (s->key == CA_KEY_RSA)
		return rsa_key(c);
	if (s->key == CA_KEY_EC)
		return EVP_PKEY_Q_keygen(libctx, NULL, "EC", s->group);
	if (s->key == CA_KEY_ED25519)
		return EVP_PKEY_Q_keygen(libctx, NULL, "ED25519");
	return NULL; /* rare */
}

/* A certificate of the key, which signer signs, as a client would send it. */
static uint8_t *
certificate(EVP_PKEY *key, EVP_PKEY *signer, const EVP_MD *md, int *len)
{
	uint8_t *der = NULL;
	X509 *cert = X509_new();
	X509_NAME *name = X509_NAME_new();

	*len = 0;
	if (cert != NULL && name != NULL &&
	    X509_set_version(cert, X509_VERSION_3) == 1 &&
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		(const uint8_t *)"warm", -1, -1, 0) == 1 &&
	    X509_set_subject_name(cert, name) == 1 &&
	    X509_set_issuer_name(cert, name) == 1 &&
	    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) == 1 &&
	    X509_gmtime_adj(X509_getm_notBefore(cert), 0) != NULL &&
	    X509_gmtime_adj(X509_getm_notAfter(cert), 60) != NULL &&
	    X509_set_pubkey(cert, key) == 1 && X509_sign(cert, signer, md) > 0)
		*len = i2d_X509(cert, &der);
	X509_NAME_free(name);
	X509_free(cert);
	return der;
}

static void
warm_certificate(struct ca_crypto *c, EVP_PKEY *key, EVP_PKEY *signer)
{
	X509 *cert = NULL;
	int len;
	uint8_t *der =
	    certificate(key, signer, ca_crypto_get0_md(c, "SHA256"), &len);

	if (len > 0 && ca_crypto_cert(c, der, (size_t)len, &cert) == CA_OK) {
		(void)X509_verify(cert, signer);
		(void)X509_check_purpose(cert, -1, 0);
		X509_free(cert);
	}
	OPENSSL_free(der);
}

/* The signature does not verify: the way there is the same. */
static void
warm_scheme(struct ca_crypto *c, const struct ca_scheme *s, EVP_PKEY *signer)
{
	static const uint8_t sig[RSA_BYTES] = {0};
	const struct ca_signed what = {"warm", 4, sig, sizeof sig};
	struct ca_buf b = CA_BUF_INIT(1024);
	EVP_PKEY *key = key_of(c, s);

	if (key != NULL && s->key != CA_KEY_RSA &&
	    ca_crypto_sign(c, s, key, "warm", 4, &b) == CA_OK) {
		const struct ca_signed good = {"warm", 4, b.p, b.len};

		(void)!ca_crypto_verify(c, s, key, &good);
	} else if (key != NULL) {
		(void)!ca_crypto_verify(c, s, key, &what);
	}
	if (key != NULL)
		warm_certificate(c, key, signer);
	EVP_PKEY_free(key);
	ca_buf_free(&b);
}

void
ca_warm_crypto(struct ca_crypto *c)
{
	static const char *const digests[] = {
	    "SHA1", "SHA256", "SHA384", "SHA512", "SHAKE256"};
	OSSL_LIB_CTX *before = ca_crypto_enter(c);
	const struct ca_scheme *s;
	EVP_PKEY *signer =
	    EVP_PKEY_Q_keygen(ca_crypto_get0_libctx(c), NULL, "EC", "P-256");

	for (size_t i = 0; i < sizeof digests / sizeof digests[0]; i++)
		(void)ca_crypto_get0_md(c, digests[i]);
	for (size_t i = 0; signer != NULL && (s = ca_scheme_at(i)) != NULL; i++)
		warm_scheme(c, s, signer);
	EVP_PKEY_free(signer);
	ca_crypto_leave(before);
	ERR_clear_error();
}

/* ---- authorities ---- */

/* A worker that uses the configuration says what is wrong with it. */
static void
say_nothing(void *ctx, enum ca_log_level level, const char *line)
{
	(void)ctx, (void)level, (void)line;
}

static const struct ca_log quiet = {say_nothing, NULL, false};

void
ca_warm_authorities(const struct ca_worker *w)
{
	static long long read_at;
	long long now = ca_stream_clock();
	struct ca_config *cfg = NULL;

	if (read_at != 0 && now - read_at < AUTHORITIES_MS)
		return;
	read_at = now;
	if (ca_config_load(0, NULL, "", &quiet, &cfg) == CA_OK) {
		const char *path[] = {cfg->ca_dir, cfg->intermediates_dir};

		ca_caready_read(w->crypto, w->owner, path, 2);
	}
	ca_config_free(cfg);
	ERR_clear_error();
}

/* ---- pages ---- */

#define RANGES_MAX 256
#define MAPPING_MAX (1UL << 30) /* above it: a reserve, long to read */
#define REHEARSAL_SECONDS 2     /* a directory may not answer */
#define GAP 1 /* pages: two ranges that are that near are one */

/* Of an entry of /proc/self/pagemap. */
#define PRESENT (UINT64_C(1) << 63)
#define OF_A_FILE (UINT64_C(1) << 61)
#define EXCLUSIVE (UINT64_C(1) << 56) /* no other process maps this page */

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14; what lacks it is slower */
#endif

/*
 * Memory that a worker will write is copied before the operation comes.  Which memory
 * that is, a child finds out by carrying out what an operation does: what it wrote, it
 * alone has (and what the parent wrote meanwhile, which waits).  Measured for a login, CPU time of both workers: 3.6 ms with all that the
 * parent had written, 3.1 ms with this.  Mapping the code ahead costs more than it saves.
 */
struct ranges {
	size_t n;
	struct {
		uintptr_t from, to;
	} v[RANGES_MAX];
};

static struct ranges written;

static void
note_page(struct ranges *r, uintptr_t at, uintptr_t size)
{
	size_t last = r->n - 1;

	if (r->n > 0 && r->v[last].to <= at &&
	    at - r->v[last].to <= GAP * size) {
		r->v[last].to = at + size;
	} else if (r->n < RANGES_MAX) {
		r->v[r->n].from = at;
		r->v[r->n++].to = at + size;
	}
}

/* The pages from..to that this process alone has, as /proc/self/pagemap says. */
static void
note_mapping(struct ranges *r, int pagemap, uintptr_t from, uintptr_t to)
{
	const uintptr_t size = (uintptr_t)sysconf(_SC_PAGESIZE);
	uint64_t entry[512];

	while (from < to) {
		size_t n = (to - from) / size;

		if (n > sizeof entry / sizeof entry[0])
			n = sizeof entry / sizeof entry[0];
		if (pread(pagemap, entry, n * sizeof entry[0],
			(off_t)(from / size * sizeof entry[0])) !=
		    (ssize_t)(n * sizeof entry[0]))
			return;
		for (size_t i = 0; i < n; i++, from += size) {
			if ((entry[i] & (PRESENT | OF_A_FILE | EXCLUSIVE)) ==
			    (PRESENT | EXCLUSIVE))
				note_page(r, from, size);
		}
	}
}

/* One line of /proc/self/maps. */
static void
note_line(struct ranges *r, int pagemap, const char *line)
{
	unsigned long from, to;
	char mode[5] = "";

	if (sscanf(line, "%lx-%lx %4s", &from, &to, mode) != 3 ||
	    mode[1] != 'w' || mode[3] != 'p' || to - from > MAPPING_MAX)
		return;
	note_mapping(r, pagemap, from, to);
}

static void
note_all(struct ranges *r)
{
	char line[4352];
	FILE *f = fopen("/proc/self/maps", "re");
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	while (f != NULL && pagemap >= 0 && fgets(line, sizeof line, f) != NULL)
		note_line(r, pagemap, line);
	if (f != NULL)
		(void)fclose(f);
	if (pagemap >= 0)
		(void)close(pagemap);
}

/* What most operations do: a configuration, and a certificate and a signature of
 * P-256. */
static void
rehearse(struct ca_crypto *c)
{
	OSSL_LIB_CTX *before = ca_crypto_enter(c);
	const struct ca_scheme *s = ca_scheme_by_name("ecdsa_secp256r1_sha256");
	struct ca_config *cfg = NULL;
	EVP_PKEY *signer =
	    EVP_PKEY_Q_keygen(ca_crypto_get0_libctx(c), NULL, "EC", "P-256");

	(void)!ca_config_load(0, NULL, "", &quiet, &cfg);
	if (signer != NULL && s != NULL)
		warm_scheme(c, s, signer);
	EVP_PKEY_free(signer);
	ca_config_free(cfg);
	ca_crypto_leave(before);
}

void
ca_warm_note(struct ca_crypto *c)
{
	/* a worker must not have it: what one writes there, all would use */
	struct ranges *shared = mmap(NULL, sizeof *shared,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	int status;

	written.n = 0;
	if (shared == MAP_FAILED)
		return;
	pid_t pid = fork();
	if (pid == 0) {
		(void)alarm(REHEARSAL_SECONDS);
		rehearse(c);
		note_all(shared);
		_exit(0);
	}
	if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0)
		written = *shared;
	(void)munmap(shared, sizeof *shared);
}

void
ca_warm_pages(void)
{
	for (size_t i = 0; i < written.n; i++)
		(void)madvise((void *)written.v[i].from,
		    written.v[i].to - written.v[i].from, MADV_POPULATE_WRITE);
}
