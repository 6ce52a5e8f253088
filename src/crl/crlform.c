/*
 * Make each struct ca_crl from a file, for every way of reading, and decide what
 * makes a CRL unusable.
 */
#include "crl/crlint.h"
#include "crl/crlsig.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum ca_err
ca_crls_add(struct ca_crls *list, struct ca_crl *crl)
{
	/* an array of pointers is meant: NOLINTNEXTLINE(bugprone-sizeof-*) */
	struct ca_crl **v = realloc(list->v, (list->n + 1) * sizeof *v);

	if (v == NULL)
		return CA_ERR_MEMORY;
	list->v = v;
	v[list->n++] = crl;
	return CA_OK;
}

void
ca_crls_clear(struct ca_crls *list)
{
	for (size_t i = 0; i < list->n; i++)
		ca_crl_free(list->v[i]);
	free(list->v);
	*list = (struct ca_crls){NULL, 0};
}

static void __attribute__((format(printf, 3, 4)))
trouble(struct ca_crl *crl, enum ca_reason reason, const char *fmt, ...)
{
	va_list ap;

	crl->trouble = reason;
	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.*): va_start is above */
	(void)vsnprintf(crl->why, sizeof crl->why, fmt, ap);
	va_end(ap);
}

struct ca_crl *
ca_crl_new(const struct ca_crl_file *src, struct ca_crls *out)
{
	struct ca_crl *crl = calloc(1, sizeof *crl);

	if (crl == NULL)
		return NULL;
	crl->crypto = src->crypto;
	crl->log = src->log;
	crl->way = src->way;
	trouble(crl, CA_R_CRL_MALFORMED, "contains no CRL");
	crl->fd = -1;
	if ((crl->name = strdup(src->name)) == NULL ||
	    ca_crls_add(out, crl) != CA_OK) {
		ca_crl_free(crl);
		return NULL;
	}
	return crl;
}

void
ca_crl_free(struct ca_crl *crl)
{
	if (crl == NULL)
		return;
	X509_CRL_free(crl->x509);
	X509_free(crl->signer);
	free(crl->src);
	if (crl->fd >= 0)
		(void)close(crl->fd);
	ca_crlread_clear(&crl->read);
	ca_crl_hits_clear(&crl->hits);
	ca_crl_index_free(crl->idx);
	free(crl->name);
	free(crl);
}

/* RFC 5280 section 5.2: extensions of a CRL that revocation_facts.c handles,
 * or that change nothing. */
static bool
critical_handled(const X509_EXTENSION *ext)
{
	switch (OBJ_obj2nid(X509_EXTENSION_get_object((X509_EXTENSION *)ext))) {
	case NID_issuing_distribution_point:
	case NID_authority_key_identifier:
	case NID_delta_crl:
		return true;
	default:
		return false;
	}
}

/* The first unknown critical extension, or NULL. */
static X509_EXTENSION *
critical_unknown(const STACK_OF(X509_EXTENSION) *exts, bool entry)
{
	for (int i = 0; i < sk_X509_EXTENSION_num(exts); i++) {
		X509_EXTENSION *ext = sk_X509_EXTENSION_value(exts, i);

		if (!X509_EXTENSION_get_critical(ext))
			continue;
		if (entry && OBJ_obj2nid(X509_EXTENSION_get_object(ext)) ==
				 NID_certificate_issuer)
			continue;
		if (!entry && critical_handled(ext))
			continue;
		return ext;
	}
	return NULL;
}

bool
ca_crl_critical_unknown(const STACK_OF(X509_EXTENSION) *exts, bool entry)
{
	return critical_unknown(exts, entry) != NULL;
}

enum ca_err
ca_crl_malformed(struct ca_crl *crl, enum ca_err rc)
{
	const char *why = rc == CA_ERR_LIMIT ? "that exceeds a documented limit"
			  : crl->read.why != NULL
			      ? crl->read.why
			      : "that is truncated or not valid DER (RFC 5280 "
				"section 5)";

	X509_CRL_free(crl->x509);
	crl->x509 = NULL;
	trouble(crl, CA_R_CRL_MALFORMED, "contains a CRL %s", why);
	ca_log_debug(crl->log, "%s %s", crl->name, crl->why);
	return CA_OK;
}

void
ca_crl_undecodable(struct ca_crl *crl)
{
	trouble(crl, CA_R_CRL_MALFORMED,
	    "contains a CRL with a name, a time or an extension that "
	    "cannot be decoded");
}

/* RFC 5280 section 5.2.5: at most one of the three kinds of certificate. */
static const char *
scope_flaw(const X509_CRL *x)
{
	int crit = -1;
	bool many = false;
	ISSUING_DIST_POINT *idp;

	ERR_set_mark();
	idp = X509_CRL_get_ext_d2i(
	    x, NID_issuing_distribution_point, &crit, NULL);
	if (idp == NULL && crit != -1) /* lack of memory? see ca_crl_decode */
		idp = X509_CRL_get_ext_d2i(
		    x, NID_issuing_distribution_point, &crit, NULL);
	ERR_pop_to_mark();
	if (idp == NULL)
		return crit == -1
			   ? NULL
			   : "has an issuingDistributionPoint that cannot be "
			     "read";
	many =
	    (idp->onlyuser > 0) + (idp->onlyCA > 0) + (idp->onlyattr > 0) > 1;
	ISSUING_DIST_POINT_free(idp);
	return many ? "has an issuingDistributionPoint with more than one kind "
		      "of certificate"
		    : NULL;
}

/* What libcrypto decodes, and no login uses. */
static const char *
form_flaw(const X509_CRL *x)
{
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(x);
	time_t t;

	if (!ca_crypto_seconds(X509_CRL_get0_lastUpdate(x), &t))
		return "has a malformed thisUpdate";
	if (next != NULL && !ca_crypto_seconds(next, &t))
		return "has a malformed nextUpdate";
	return scope_flaw(x);
}

void
ca_crl_judge(struct ca_crl *crl, bool entry_critical)
{
	X509_EXTENSION *ext =
	    critical_unknown(X509_CRL_get0_extensions(crl->x509), false);
	const X509_ALGOR *alg;
	char name[128] = "?";
	const char *flaw;

	X509_CRL_get0_signature(crl->x509, NULL, &alg);
	if (!ca_crlsig_accepted(crl->crypto, alg)) {
		enum ca_reason reason =
		    ca_crlsig_refusal(crl->crypto, alg, name, sizeof name);
		trouble(crl, reason, "is signed with %s", name);
	} else if (ext != NULL) {
		(void)OBJ_obj2txt(
		    name, sizeof name, X509_EXTENSION_get_object(ext), 1);
		trouble(crl, CA_R_CRL_EXTENSION,
		    "has the unknown critical extension %s", name);
	} else if (entry_critical) {
		trouble(crl, CA_R_CRL_EXTENSION,
		    "has an entry with an unknown critical extension");
	} else if ((flaw = form_flaw(crl->x509)) != NULL) {
		trouble(crl, CA_R_CRL_MALFORMED, "%s", flaw);
	} else {
		trouble(crl, CA_R_OK, "%s", "");
	}
}

static X509_CRL *
decode(struct ca_crypto *crypto, const uint8_t *der, size_t len)
{
	const uint8_t *p = der;
	X509_CRL *x = X509_CRL_new_ex(ca_crypto_get0_libctx(crypto), NULL);

	ERR_set_mark();
	/* a failure frees x */
	if (x != NULL && d2i_X509_CRL(&x, &p, (long)len) != NULL &&
	    p != der + len) {
		X509_CRL_free(x);
		x = NULL;
	}
	ERR_pop_to_mark();
	return x;
}

/* libcrypto does not distinguish a lack of memory from bad input, and a CRL that
 * is ignored may be the one that revokes.  Therefore only a failure that occurs
 * twice is taken for bad input. */
X509_CRL *
ca_crl_decode(struct ca_crypto *crypto, const uint8_t *der, size_t len)
{
	X509_CRL *x = decode(crypto, der, len);

	return x != NULL ? x : decode(crypto, der, len);
}

void
ca_crl_take_stripped(
    struct ca_crl *crl, const uint8_t *der, size_t len, bool entry_critical)
{
	crl->x509 = ca_crl_decode(crl->crypto, der, len);
	if (crl->x509 == NULL)
		ca_crl_undecodable(crl);
	else
		ca_crl_judge(crl, entry_critical);
}

enum ca_err
ca_crl_each(const struct ca_crl_file *src, ca_crl_add_fn *add,
    const struct ca_crl_wanted *wanted, struct ca_crls *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_crl_source *at = malloc(sizeof *at);
	size_t n = 0;

	if (at == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = ca_crl_source_open(at, src->fd)) != CA_OK) {
		ret = rc;
		goto out;
	}
	while ((rc = ca_crl_source_next(at)) == CA_OK) {
		if (++n > CA_CRL_PER_FILE_MAX) {
			ret = CA_ERR_LIMIT;
			goto out;
		}
		if ((rc = add(src, at, wanted, out)) != CA_OK) {
			ret = rc;
			goto out;
		}
	}
	if (rc != CA_ERR_NOT_FOUND) {
		ret = rc;
		goto out;
	}
	/* a file without a CRL is a malformed CRL, not an absent one */
	if (n == 0 && ca_crl_new(src, out) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	ret = CA_OK;
out:
	free(at);
	return ret;
}
