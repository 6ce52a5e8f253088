/*
 * The CRL reader against OpenSSL's X509_CRL: what we take for a CRL is one for
 * OpenSSL, and both find the same entries.  (The other way round does not
 * hold: ours is stricter.)
 */
#include "fuzz.h"

#include "crl/crl.h"
#include "../unit/crlwhole.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct ca_crypto *crypto;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	FUZZ_CHECK(ca_crypto_new(&crypto) == CA_OK);
	return 0;
}

static void
load(const uint8_t *data, size_t size, const struct ca_crl_way *engine,
    struct ca_crls *out)
{
	static const struct ca_crl_wanted nothing = {NULL, 0};
	struct ca_crl_file src = {crypto, NULL, engine, AT_FDCWD,
	    "/nonexistent/crl", memfd_create("crl", MFD_CLOEXEC)};

	FUZZ_CHECK(src.fd >= 0);
	FUZZ_CHECK(write(src.fd, data, size) == (ssize_t)size);
	FUZZ_CHECK(lseek(src.fd, 0, SEEK_SET) == 0);
	enum ca_err rc = ca_crl_load(&src, &nothing, out);
	FUZZ_CHECK(rc == CA_OK || rc == CA_ERR_LIMIT);
}

static void
ask(struct ca_crl *ours, struct ca_crl *theirs, const ASN1_INTEGER *serial)
{
	X509 *cert = X509_new();
	struct ca_crl_entry a, b;

	FUZZ_CHECK(cert != NULL);
	X509_set_serialNumber(cert, (ASN1_INTEGER *)serial);
	X509_set_issuer_name(
	    cert, X509_CRL_get_issuer(ca_crl_get0_x509(theirs)));
	enum ca_err rc = ca_crl_lookup(ours, cert, &a);
	enum ca_err their = ca_crl_lookup(theirs, cert, &b);
	/* a certificateIssuer that does not decode is an error of ours */
	if (rc == CA_OK || rc == CA_ERR_NOT_FOUND)
		FUZZ_CHECK(rc == their);
	X509_free(cert);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ca_crls ours = {NULL, 0}, theirs = {NULL, 0};

	load(data, size, &ca_crl_by_stream, &ours);
	load(data, size, &ca_crl_as_whole, &theirs);
	/* of broken PEM, each makes what it can: they need not take the same
	 * block for a CRL */
	bool compare = size > 0 && data[0] == 0x30 && ours.n == theirs.n;
	for (size_t i = 0; i < ours.n; i++) {
		X509_CRL *x = ca_crl_get0_x509(ours.v[i]);
		if (ca_crl_trouble(ours.v[i]) == CA_R_OK)
			FUZZ_CHECK(
			    x != NULL && X509_CRL_get_REVOKED(x) == NULL);
	}
	for (size_t i = 0; compare && i < ours.n; i++) {
		if (ca_crl_trouble(ours.v[i]) != CA_R_OK)
			continue;
		FUZZ_CHECK(ca_crl_trouble(theirs.v[i]) == CA_R_OK);
		X509_CRL *x = ca_crl_get0_x509(theirs.v[i]);
		STACK_OF(X509_REVOKED) *revs = X509_CRL_get_REVOKED(x);
		int n = sk_X509_REVOKED_num(revs);
		FUZZ_CHECK(
		    ca_crl_entries(ours.v[i]) == (uint64_t)(n < 0 ? 0 : n));
		/* the first look-up sorts them: take the serials before */
		ASN1_INTEGER *serial[8];
		int k = 0;
		for (; k < n && k < 8; k++)
			serial[k] =
			    ASN1_INTEGER_dup(X509_REVOKED_get0_serialNumber(
				sk_X509_REVOKED_value(revs, k)));
		while (k-- > 0) {
			ask(ours.v[i], theirs.v[i], serial[k]);
			ASN1_INTEGER_free(serial[k]);
		}
		ASN1_INTEGER *other = ASN1_INTEGER_new();
		ASN1_INTEGER_set(other, 77777);
		ask(ours.v[i], theirs.v[i], other);
		ASN1_INTEGER_free(other);
	}
	ca_crls_clear(&ours);
	ca_crls_clear(&theirs);
	return 0;
}
