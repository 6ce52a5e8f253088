/* CRLs made on the spot; behind pkimake.h. */
#ifndef CA_TESTS_CRLFILES_H
#define CA_TESTS_CRLFILES_H

#include <openssl/x509.h>
#include <openssl/x509v3.h>

struct entry {
	long serial;        /* 0: no entry */
	int reason;         /* 0: none is given, as 0 must not be */
	const char *issuer; /* CN; NULL: no certificateIssuer */
	bool critical;      /* an extension that nobody knows */
};

struct crl_spec {
	const char *issuer; /* CN */
	EVP_PKEY *signer;
	struct entry entry[3];
	const char *ext[2]; /* name:value */
	long from, to;    /* thisUpdate and nextUpdate, seconds from NOW; 0, 0:
			   * a day either way */
	bool bare;        /* without authorityKeyIdentifier */
	bool forever;     /* without nextUpdate */
	const EVP_MD *md; /* NULL: SHA-256 */
	const char *updates[2]; /* instead of from and to, as they stand */
	long filler;            /* further entries, each with 20 bytes */
};

static inline void
add_revoked(X509_CRL *crl, const struct entry *e)
{
	X509_REVOKED *rev = X509_REVOKED_new();
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	ASN1_TIME *when = ASN1_TIME_set(NULL, NOW - 3 * DAY);

	assert_int_equal(ASN1_INTEGER_set(n, e->serial), 1);
	X509_REVOKED_set_serialNumber(rev, n);
	X509_REVOKED_set_revocationDate(rev, when);
	if (e->reason != 0) {
		ASN1_ENUMERATED *r = ASN1_ENUMERATED_new();
		ASN1_ENUMERATED_set(r, e->reason);
		X509_REVOKED_add1_ext_i2d(rev, NID_crl_reason, r, 0, 0);
		ASN1_ENUMERATED_free(r);
	}
	if (e->issuer != NULL) {
		GENERAL_NAMES *gens = GENERAL_NAMES_new();
		GENERAL_NAME *gen = GENERAL_NAME_new();

		gen->type = GEN_DIRNAME;
		gen->d.directoryName = name_of(e->issuer);
		sk_GENERAL_NAME_push(gens, gen);
		X509_REVOKED_add1_ext_i2d(
		    rev, NID_certificate_issuer, gens, 1, 0);
		GENERAL_NAMES_free(gens);
	}
	if (e->critical) {
		X509_EXTENSION *ext =
		    X509V3_EXT_conf(NULL, NULL, "1.2.3.4", "critical,DER:0500");
		assert_non_null(ext);
		assert_int_equal(X509_REVOKED_add_ext(rev, ext, -1), 1);
		X509_EXTENSION_free(ext);
	}
	assert_int_equal(X509_CRL_add0_revoked(crl, rev), 1);
	ASN1_INTEGER_free(n);
	ASN1_TIME_free(when);
}

static inline ASN1_TIME *
update(long from_now, const char *as_it_stands)
{
	ASN1_TIME *t = ASN1_TIME_set(NULL, NOW + from_now);

	if (as_it_stands != NULL)
		assert_int_equal(ASN1_STRING_set(t, as_it_stands, -1), 1);
	return t;
}

static inline void
extend_crl(X509_CRL *crl, const char *text)
{
	char *copy = strdup(text), *colon = strchr(copy, ':');
	X509_EXTENSION *ext;

	*colon = '\0';
	ext = X509V3_EXT_conf(NULL, NULL, copy, colon + 1);
	assert_non_null(ext);
	assert_int_equal(X509_CRL_add_ext(crl, ext, -1), 1);
	X509_EXTENSION_free(ext);
	free(copy);
}

static inline X509_CRL *
make_crl(const struct crl_spec *s)
{
	X509_CRL *crl = X509_CRL_new();
	X509_NAME *issuer = name_of(s->issuer);
	bool day = s->from == 0 && s->to == 0;
	ASN1_TIME *from = update(day ? -DAY : s->from, s->updates[0]);
	ASN1_TIME *to = update(day ? DAY : s->to, s->updates[1]);

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, issuer);
	X509_CRL_set1_lastUpdate(crl, from);
	if (!s->forever)
		X509_CRL_set1_nextUpdate(crl, to);
	for (size_t i = 0; i < sizeof s->entry / sizeof s->entry[0]; i++)
		if (s->entry[i].serial != 0)
			add_revoked(crl, &s->entry[i]);
	for (long i = 0; i < s->filler; i++)
		add_revoked(crl, &(struct entry){1000000000 + i});
	if (!s->bare) {
		AUTHORITY_KEYID *aki = aki_of(s->signer);
		X509_CRL_add1_ext_i2d(
		    crl, NID_authority_key_identifier, aki, 0, 0);
		AUTHORITY_KEYID_free(aki);
	}
	for (size_t i = 0; i < sizeof s->ext / sizeof s->ext[0]; i++)
		if (s->ext[i] != NULL)
			extend_crl(crl, s->ext[i]);
	assert_true(X509_CRL_sign(crl, s->signer,
			s->md != NULL ? s->md : EVP_sha256()) > 0);
	X509_NAME_free(issuer);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	return crl;
}

/* Into the file of that name in dir: DER where it ends so, else PEM. */
static inline void
put_crl(const char *name, const struct crl_spec *s)
{
	char path[512];
	size_t len = strlen(name);
	X509_CRL *crl = make_crl(s);

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	if (len > 4 && strcmp(name + len - 4, ".der") == 0)
		assert_int_equal(i2d_X509_CRL_fp(f, crl), 1);
	else
		assert_int_equal(PEM_write_X509_CRL(f, crl), 1);
	assert_int_equal(fclose(f), 0);
	X509_CRL_free(crl);
}

#endif
