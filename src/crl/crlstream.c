/*
 * Reading a CRL by streaming its file: its signature and the entries that are
 * wanted in one pass and constant memory.
 */
#include "crl/crlint.h"
#include "crl/crlmldsa.h"
#include "crl/crlsig.h"
#include "crypto/sigalg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Read the CRL at src into crl.  A fault of the CRL becomes its trouble; only
 * our own failures are returned. */
static enum ca_err
read_one(struct ca_crl *crl, const struct ca_crl_wanted *wanted)
{
	enum ca_err rc =
	    ca_crl_hits_init(&crl->hits, wanted->serial, wanted->n);

	if (rc != CA_OK)
		return rc;
	crl->way = &ca_crl_by_stream;
	rc = ca_crlread(
	    crl->crypto, crl->src, ca_crl_hits_collect, &crl->hits, &crl->read);
	if (rc == CA_ERR_FORMAT || rc == CA_ERR_LIMIT)
		return ca_crl_malformed(crl, rc);
	if (rc != CA_OK)
		return rc;
	ca_crl_take_stripped(crl, crl->read.stripped.p, crl->read.stripped.len,
	    crl->read.entry_critical);
	return CA_OK;
}

static enum ca_err
add_one(const struct ca_crl_file *src, struct ca_crl_source *at,
    const struct ca_crl_wanted *wanted, struct ca_crls *out)
{
	struct ca_crl *crl = ca_crl_new(src, out);
	enum ca_err rc;

	if (crl == NULL || (crl->src = malloc(sizeof *at)) == NULL)
		return CA_ERR_MEMORY;
	crl->fd = fcntl(src->fd, F_DUPFD_CLOEXEC, 3);
	if (crl->fd < 0)
		return CA_ERR_IO;
	*crl->src = *at;
	crl->src->fd = crl->fd;
	if ((rc = read_one(crl, wanted)) != CA_OK)
		return rc;
	/* go on where this CRL ended */
	*at = *crl->src;
	at->fd = src->fd;
	return CA_OK;
}

enum ca_err
ca_crl_stream_load(const struct ca_crl_file *src,
    const struct ca_crl_wanted *wanted, struct ca_crls *out)
{
	return ca_crl_each(src, add_one, wanted, out);
}

enum ca_err
ca_crl_stream_verify(struct ca_crl *crl, X509 *issuer, EVP_PKEY *key)
{
	const struct ca_scheme *mldsa;
	const X509_ALGOR *alg;

	(void)issuer;
	X509_CRL_get0_signature(crl->x509, NULL, &alg);
	mldsa = ca_sigalg_mldsa(alg->algorithm);
	return mldsa != NULL
		   ? ca_crl_mldsa_verify(
			 crl->crypto, mldsa, key, &crl->read, crl->src)
		   : ca_crlsig_verify(crl->crypto, alg, key, &crl->read);
}

/* Read the file again, for a serial number that the caller did not announce.
 * The content must be the one whose signature was verified. */
static enum ca_err
look_again(struct ca_crl *crl, X509 *cert, const struct ca_bytes *serial,
    struct ca_crl_entry *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_crl_hits hits = {0};
	struct ca_crlread again = {0};

	if ((rc = ca_crl_hits_init(&hits, serial, 1)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ca_crl_source_rewind(crl->src);
	rc = ca_crlread(
	    crl->crypto, crl->src, ca_crl_hits_collect, &hits, &again);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	if (!ca_crlread_same(&crl->read, &again)) {
		ret = CA_ERR_STALE;
		goto out;
	}
	if ((rc = ca_crl_hits_choose(crl, &hits, 0, cert, out)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	ca_crlread_clear(&again);
	ca_crl_hits_clear(&hits);
	return ret;
}

enum ca_err
ca_crl_stream_lookup(struct ca_crl *crl, X509 *cert,
    const struct ca_bytes *serial, struct ca_crl_entry *out)
{
	for (size_t i = 0; i < crl->hits.nasked; i++)
		if (crl->hits.asked[i].len == serial->len &&
		    memcmp(crl->hits.asked[i].p, serial->p, serial->len) == 0)
			return ca_crl_hits_choose(
			    crl, &crl->hits, i, cert, out);
	return look_again(crl, cert, serial, out);
}

const struct ca_crl_way ca_crl_by_stream = {
    "stream", ca_crl_stream_load, ca_crl_stream_verify, ca_crl_stream_lookup};
