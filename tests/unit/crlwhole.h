/*
 * A third way to read a CRL, with which the tests compare the two of src/crl: as
 * a X509_CRL of libcrypto with all of its entries.  It may refuse more than they
 * do, and then a test fails; it may not refuse less.
 */
#ifndef CA_TESTS_UNIT_CRLWHOLE_H
#define CA_TESTS_UNIT_CRLWHOLE_H

#include "data/der.h"
#include "crl/crlint.h"
#include "crl/crlsig.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Its form the streaming reader has found good. */
static void
cw_judge(struct ca_crl *crl)
{
	STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(crl->x509);
	bool critical = false;

	for (int i = 0; i < sk_X509_REVOKED_num(entries); i++) {
		critical |= ca_crl_critical_unknown(
		    X509_REVOKED_get0_extensions(
			sk_X509_REVOKED_value(entries, i)),
		    true);
		crl->read.entries++;
	}
	ca_crl_judge(crl, critical);
}

/*
 * What is no CRL for the streaming reader is none here, whatever OpenSSL makes
 * of it: lengths that are not DER's outside of what is signed, a signature of
 * seven bits, something behind the end, and what is beyond the reader's bounds.
 */
static enum ca_err
cw_is_strict(struct ca_crl *crl, struct ca_crl_source *at)
{
	struct ca_crlread read;
	enum ca_err rc = ca_crlread(crl->crypto, at, NULL, NULL, &read);

	crl->read.why = read.why;
	ca_crlread_clear(&read);
	ca_crl_source_rewind(at);
	return rc;
}

static enum ca_err
cw_read_der(struct ca_crl_source *at, struct ca_buf *der)
{
	uint8_t block[4096];
	size_t n = 0;
	enum ca_err rc;

	while (
	    (rc = ca_crl_source_read(at, block, sizeof block, &n)) == CA_OK &&
	    n > 0)
		ca_buf_put(der, block, n);
	return rc == CA_OK ? ca_buf_err(der) : rc;
}

static enum ca_err
cw_take_der(struct ca_crl *crl, const struct ca_buf *der)
{
	X509_CRL *x = ca_crl_decode(crl->crypto, der->p, der->len);

	ERR_set_mark();
	crl->x509 = x;
	ca_crl_undecodable(crl); /* unless cw_judge finds otherwise */
	if (x != NULL)
		cw_judge(crl);
	ERR_pop_to_mark();
	return CA_OK;
}

/* The CRL that at stands at.  What is wrong with it becomes its trouble. */
static enum ca_err
cw_add_one(const struct ca_crl_file *src, struct ca_crl_source *at,
    const struct ca_crl_wanted *wanted, struct ca_crls *out)
{
	struct ca_buf der = CA_BUF_INIT(CA_CRL_MAX);
	struct ca_crl *crl = ca_crl_new(src, out);
	enum ca_err rc;

	(void)wanted; /* all of its entries are kept */
	if (crl == NULL)
		return CA_ERR_MEMORY;
	rc = cw_is_strict(crl, at);
	if (rc == CA_OK)
		rc = cw_read_der(at, &der);
	if (rc == CA_OK)
		rc = cw_take_der(crl, &der);
	ca_buf_free(&der);
	return rc == CA_ERR_FORMAT || rc == CA_ERR_LIMIT
		   ? ca_crl_malformed(crl, rc)
		   : rc;
}

static enum ca_err
cw_load(const struct ca_crl_file *src, const struct ca_crl_wanted *wanted,
    struct ca_crls *out)
{
	struct stat st;

	if (fstat(src->fd, &st) == 0 && st.st_size > (off_t)CA_CRL_MAX)
		return CA_ERR_LIMIT;
	(void)wanted;
	return ca_crl_each(src, cw_add_one, NULL, out);
}

static enum ca_err
cw_verify(struct ca_crl *crl, X509 *issuer, EVP_PKEY *key)
{
	int good;

	(void)issuer;
	ERR_set_mark();
	good = X509_CRL_verify(crl->x509, key);
	ERR_pop_to_mark();
	return good == 1 ? CA_OK : CA_DENIED;
}

static int64_t
cw_date(const ASN1_TIME *t)
{
	int64_t date;

	return ca_der_time(ASN1_STRING_get0_data(t),
		   (size_t)ASN1_STRING_length(t), &date)
		   ? date
		   : CA_CRL_NO_DATE;
}

/* What an entry says, as the other readers have it: a CRLReason beyond the
 * known is none. */
static struct ca_crl_entry
cw_entry_of(const X509_REVOKED *rev)
{
	ASN1_ENUMERATED *e =
	    X509_REVOKED_get_ext_d2i(rev, NID_crl_reason, NULL, NULL);
	const ASN1_TIME *date = X509_REVOKED_get0_revocationDate(rev);
	int64_t v = -1;

	if (e != NULL && !ASN1_ENUMERATED_get_int64(&v, e))
		v = -1;
	ASN1_ENUMERATED_free(e);
	return (struct ca_crl_entry){
	    v >= 0 && v < 0x80 ? (int)v : -1, cw_date(date)};
}

static enum ca_err
cw_issued_by(const struct ca_crl *crl, X509 *cert,
    const ASN1_OCTET_STRING *issuer, bool *yes)
{
	if (issuer == NULL)
		return ca_crl_issuer_matches(crl, cert, NULL, 0, yes);
	return ca_crl_issuer_matches(crl, cert, ASN1_STRING_get0_data(issuer),
	    (size_t)ASN1_STRING_length(issuer), yes);
}

/* The certificateIssuer of an entry, DER; NULL: it has none of its own. */
static const ASN1_OCTET_STRING *
cw_issuer_of(const X509_REVOKED *rev)
{
	int at = X509_REVOKED_get_ext_by_NID(rev, NID_certificate_issuer, -1);

	return at < 0 ? NULL
		      : X509_EXTENSION_get_data(X509_REVOKED_get_ext(rev, at));
}

/*
 * A look-up of libcrypto sorts the entries, and a certificateIssuer holds until
 * the next one: X509_CRL_get0_by_serial and its like are not used here.
 * libcrypto's own look-up finds one entry for a serial number, and which one is
 * chance where there are several.  All are looked at here, in their order.
 */
static enum ca_err
cw_lookup(struct ca_crl *crl, X509 *cert, const struct ca_bytes *serial,
    struct ca_crl_entry *out)
{
	STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(crl->x509);
	const ASN1_OCTET_STRING *issuer = NULL, *last = NULL;
	bool found = false, yes;
	size_t hits = 0;
	enum ca_err rc;

	(void)serial;
	for (int i = 0; i < sk_X509_REVOKED_num(entries); i++) {
		const X509_REVOKED *rev = sk_X509_REVOKED_value(entries, i);
		const ASN1_OCTET_STRING *own = cw_issuer_of(rev);

		if (own != NULL)
			issuer = own;
		if (ASN1_INTEGER_cmp(X509_REVOKED_get0_serialNumber(rev),
			X509_get0_serialNumber(cert)) != 0)
			continue;
		/* counted as the other readers do */
		if (hits > 0 && issuer == last)
			;
		else if (++hits > CA_CRL_HITS_MAX)
			continue;
		last = issuer;
		if ((rc = cw_issued_by(crl, cert, issuer, &yes)) != CA_OK)
			return rc;
		struct ca_crl_entry entry = cw_entry_of(rev);
		if (yes && (!found || ca_crl_entry_outweighs(&entry, out)))
			*out = entry;
		found |= yes;
	}
	if (hits > CA_CRL_HITS_MAX && !(found && ca_crl_entry_final(out)))
		return CA_ERR_LIMIT;
	return found ? CA_OK : CA_ERR_NOT_FOUND;
}

static const struct ca_crl_way ca_crl_as_whole = {
    "openssl", cw_load, cw_verify, cw_lookup};

#endif
