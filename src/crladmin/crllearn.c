#include "crladmin/crllearn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crl/crl.h"
#include "map/registered.h"
#include "tool/certargs.h"
#include "tool/cli.h"
#include "verify/certfile.h"
#include "verify/name.h"

/* One source of certificates, and what they gave. */
struct source {
	struct ca_crladmin_run *run;
	const struct ca_crladmin_cas *cas;
	struct ca_crladmin_book *book;
	const char *from;
	bool learnt;
	bool full; /* it was said that not all are remembered */
	struct ca_crladmin_ca *issuer; /* of the certificate at hand */
	size_t issued;                 /* certificates that a CA signed */
	size_t can;                    /* addresses of complete CRLs that can be
					* fetched */
	char other[256];               /* one that cannot, or "" */
};

static enum ca_err
one_address(void *ctx, const char *url, enum ca_crladmin_kind kind)
{
	struct source *s = ctx;
	struct ca_crladmin_address a = {(char *)(uintptr_t)url, kind,
	    (X509_NAME *)X509_get_subject_name(s->issuer->cert), {0},
	    (char *)(uintptr_t)s->from, s->learnt};

	memcpy(a.key, s->issuer->key, sizeof a.key);
	if (!ca_crladmin_can_fetch(&a))
		(void)snprintf(s->other, sizeof s->other, "%s", url);
	else if (kind != CA_CRLADMIN_DELTA)
		s->can++;
	return ca_crladmin_book_add(s->book, &a);
}

/* The signature of a CA of the configuration comes first: without it, anybody
 * could have written the address. */
static enum ca_err
one_cert(struct source *s, X509 *cert)
{
	s->issuer = ca_crladmin_cas_issuer(s->cas, cert);
	if (s->issuer == NULL)
		return CA_OK;
	s->issued++;
	return ca_crladmin_points(cert, one_address, s);
}

enum ca_err
ca_crladmin_learn_cas(struct ca_crladmin_run *r,
    const struct ca_crladmin_cas *cas, struct ca_crladmin_book *book)
{
	enum ca_err rc = CA_OK;

	for (int i = 0; rc == CA_OK && i < sk_X509_num(r->cas); i++) {
		struct ca_buf name = CA_BUF_INIT(65536);
		X509 *ca = sk_X509_value(r->cas, i);

		ca_buf_str(&name, "the certificate of ");
		ca_name_rfc4514(X509_get_subject_name(ca), &name);
		struct source s = {.run = r,
		    .cas = cas,
		    .book = book,
		    .from = ca_buf_text(&name)};
		rc = s.from != NULL ? one_cert(&s, ca) : CA_ERR_MEMORY;
		ca_buf_free(&name);
	}
	return rc;
}

static enum ca_err
one_registered(void *ctx, const char *login, const char *path, bool first,
    const unsigned char *der, size_t len)
{
	struct source *s = ctx;
	X509 *cert = NULL;
	enum ca_err rc = ca_crypto_cert(s->run->crypto, der, len, &cert);

	(void)login;
	(void)first;
	s->from = path;
	if (rc == CA_OK)
		rc = one_cert(s, cert);
	else if (rc != CA_ERR_MEMORY)
		rc = CA_OK; /* doctor names it */
	if (rc == CA_ERR_LIMIT && !s->full)
		ca_log_warning(&s->run->log,
		    "%s: not all addresses of CRLs in it are remembered, "
		    "because too many of its CA, or in all, are remembered; "
		    "`certauth crl addresses' lists them",
		    path);
	X509_free(cert);
	if (rc == CA_ERR_LIMIT) {
		s->full = true;
		rc = CA_OK; /* the next one may be of another CA */
	}
	return rc;
}

enum ca_err
ca_crladmin_learn_users(struct ca_crladmin_run *r,
    const struct ca_crladmin_cas *cas, struct ca_crladmin_book *book)
{
	struct source s = {.run = r, .cas = cas, .book = book, .learnt = true};
	enum ca_err rc =
	    ca_registered_walk(r->cfg, &r->log, NULL, one_registered, &s);

	return rc == CA_ERR_MEMORY ? rc : CA_OK;
}

/* Has one of the CAs the name of the issuer of cert? */
static bool
has_name(const struct ca_crladmin_cas *cas, X509 *cert)
{
	for (size_t i = 0; i < cas->n; i++)
		if (ca_crl_same_name(X509_get_subject_name(cas->v[i].cert),
			X509_get_issuer_name(cert)))
			return true;
	return false;
}

/* Why did a file give no address? */
static void
say_nothing(const struct source *s, STACK_OF(X509) *certs)
{
	struct ca_buf what = CA_BUF_INIT(65536);
	char *name = ca_crladmin_name_text(
	    X509_get_issuer_name(sk_X509_value(certs, 0)));
	const char *issuer = name != NULL ? name : "?";

	if (s->issued == 0) {
		ca_buf_fmt(&what,
		    "no address is learnt, because no CA of ca_dir or "
		    "intermediates_dir signed this certificate; its issuer is "
		    "%s%s; if the host shall trust this CA, run: ",
		    issuer,
		    has_name(s->cas, sk_X509_value(certs, 0))
			? ", and the CA of that name here has another key"
			: "");
		ca_crladmin_setup_text(s->run, "--ca", &what);
	} else {
		if (s->other[0] != '\0')
			ca_buf_fmt(&what,
			    "the address of the CRL of %s is %s, which cannot "
			    "be fetched; ask the CA for an http address",
			    issuer, s->other);
		else
			ca_buf_fmt(&what,
			    "the certificate contains no address of a CRL "
			    "(cRLDistributionPoints); ask %s for the address",
			    issuer);
		ca_buf_str(
		    &what, " and set crl_url, or install each new CRL with: ");
		ca_crladmin_setup_text(s->run, "--crl", &what);
	}
	const char *text = ca_buf_text(&what);
	(void)ca_cli_fail(
	    "%s: %s", s->from, text != NULL ? text : "out of memory");
	ca_buf_free(&what);
	free(name);
}

bool
ca_crladmin_learn_file(struct ca_crladmin_run *r,
    const struct ca_crladmin_cas *cas, struct ca_crladmin_book *book,
    const char *path, bool quiet)
{
	struct ca_buf file = CA_BUF_INIT(CA_CERTFILE_MAX);
	STACK_OF(X509) *certs = sk_X509_new_null();
	char *full = realpath(path, NULL);
	struct source s = {.run = r,
	    .cas = cas,
	    .book = book,
	    .from = full != NULL ? full : path,
	    .learnt = true};
	size_t bad = 0;
	enum ca_err rc =
	    certs == NULL ? CA_ERR_MEMORY : ca_certargs_read(path, &file);

	if (rc == CA_OK)
		rc =
		    ca_certfile_parse(r->crypto, file.p, file.len, certs, &bad);
	for (int i = 0; rc == CA_OK && i < sk_X509_num(certs); i++)
		rc = one_cert(&s, sk_X509_value(certs, i));
	if (!quiet && rc != CA_OK)
		(void)ca_cli_fail("%s: %s", path,
		    rc == CA_ERR_IO          ? strerror(errno)
		    : rc == CA_ERR_NOT_FOUND ? "there is no such file, or no "
					       "certificate in it"
		    : rc == CA_ERR_LIMIT
			? "no more addresses can be remembered; to remove some, "
			  "run: certauth crl addresses --forget URL"
		    : rc == CA_ERR_FORMAT
			? "the file must contain a certificate in PEM or DER"
			: ca_err_text(rc));
	else if (!quiet && s.can == 0 && sk_X509_num(certs) > 0)
		say_nothing(&s, certs);
	else if (!quiet && s.can == 0)
		(void)ca_cli_fail(
		    "%s contains no certificate that can be used", path);
	sk_X509_pop_free(certs, X509_free);
	ca_buf_free(&file);
	free(full);
	return rc == CA_OK && s.can > 0;
}
