#include "verify/crlint.h"
#include "verify/crlsig.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* CRLs in one PEM file at most. */
#define PER_FILE_MAX 1024

/* Read the CRL that src stands at into crl.  What is wrong with the CRL
 * becomes its trouble; the result is what is wrong with us. */
static enum ca_err
read_one(struct ca_crl *crl, const struct ca_crl_wanted *wanted)
{
	enum ca_err rc =
	    ca_crl_hits_init(&crl->hits, wanted->serial, wanted->n);

	if (rc != CA_OK)
		return rc;
	crl->kind = CRL_STREAM;
	rc = ca_crlread(
	    crl->crypto, crl->src, ca_crl_hits_collect, &crl->hits, &crl->read);
	if (rc == CA_ERR_FORMAT || rc == CA_ERR_LIMIT) {
		ca_log_debug(
		    crl->log, "the CRL %s: %-s", crl->name, ca_err_text(rc));
		return CA_OK; /* CA_R_CRL_MALFORMED it is */
	}
	if (rc != CA_OK)
		return rc;
	ca_crl_take_stripped(crl, crl->read.stripped.p, crl->read.stripped.len,
	    crl->read.entry_critical);
	return CA_OK;
}

enum ca_err
ca_crl_stream_load(const struct ca_crl_source *src,
    const struct ca_crl_wanted *wanted, struct ca_crls *out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_crlsrc *at = malloc(sizeof *at);
	struct ca_crl *crl;
	size_t n = 0;

	if (at == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if (ca_crl_gate_shut(src->gate, src->fd)) {
		ret = CA_ERR_CANCELLED;
		goto out;
	}
	if ((rc = ca_crlsrc_open(at, src->fd)) != CA_OK) {
		ret = rc;
		goto out;
	}
	while ((rc = ca_crlsrc_next(at)) == CA_OK) {
		if (++n > PER_FILE_MAX) {
			ret = CA_ERR_LIMIT;
			goto out;
		}
		if ((crl = ca_crl_new(src, out)) == NULL ||
		    (crl->src = malloc(sizeof *at)) == NULL) {
			ret = CA_ERR_MEMORY;
			goto out;
		}
		crl->fd = fcntl(src->fd, F_DUPFD_CLOEXEC, 3);
		if (crl->fd < 0) {
			ret = CA_ERR_IO;
			goto out;
		}
		*crl->src = *at;
		crl->src->fd = crl->fd;
		if ((rc = read_one(crl, wanted)) != CA_OK) {
			ret = rc;
			goto out;
		}
		/* go on where this CRL ended */
		*at = *crl->src;
		at->fd = src->fd;
	}
	if (rc != CA_ERR_NOT_FOUND) {
		ret = rc;
		goto out;
	}
	/* a file without a CRL is no CRL, not an absent one */
	if (n == 0 && ca_crl_new(src, out) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	ret = CA_OK;
out:
	free(at);
	return ret;
}

enum ca_err
ca_crl_stream_verify(struct ca_crl *crl, EVP_PKEY *key)
{
	const X509_ALGOR *alg;

	X509_CRL_get0_signature(crl->x509, NULL, &alg);
	return ca_crlsig_verify(crl->crypto, alg, key, &crl->read);
}

static bool
same_content(const struct ca_crlread *a, const struct ca_crlread *b)
{
	if (a->digest_len != b->digest_len || a->tbs.len != b->tbs.len)
		return false;
	if (a->digest_len > 0)
		return memcmp(a->digest, b->digest, a->digest_len) == 0;
	return a->tbs.len > 0 && memcmp(a->tbs.p, b->tbs.p, a->tbs.len) == 0;
}

/* Another pass, for a serial number nobody had announced.  The file must be
 * what the signature was verified over. */
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
	ca_crlsrc_rewind(crl->src);
	rc = ca_crlread(
	    crl->crypto, crl->src, ca_crl_hits_collect, &hits, &again);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	if (!same_content(&crl->read, &again)) {
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
