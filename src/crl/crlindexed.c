/*
 * Read a CRL through its index, and stream its file if something is wrong with
 * the index.
 */
#include "crl/crlint.h"
#include "crl/crlsig.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static enum ca_err
load_one(const struct ca_crl_file *src, struct ca_crl_index *idx, uint32_t no,
    const struct ca_crl_wanted *wanted, struct ca_crls *out)
{
	struct ca_crl_index_crl found;
	struct ca_crl *crl;
	enum ca_err rc = ca_crl_index_crl(idx, no, &found);

	if (rc == CA_OK && (crl = ca_crl_new(src, out)) != NULL) {
		crl->way = &ca_crl_by_index;
		crl->idx = ca_crl_index_ref(idx);
		crl->no = no;
		crl->buckets = found.buckets;
		crl->read.entries = found.entries;
		memcpy(crl->spki, found.spki, sizeof crl->spki);
		crl->read.stripped = found.stripped;
		found.stripped = CA_BUF_INIT(0); /* transferred */
		crl->fd = fcntl(src->fd, F_DUPFD_CLOEXEC, 3);
		/* compile indexes no CRL with an unknown critical extension */
		ca_crl_take_stripped(
		    crl, crl->read.stripped.p, crl->read.stripped.len, false);
		rc = crl->fd < 0 ? CA_ERR_IO
				 : ca_crl_hits_init(
				       &crl->hits, wanted->serial, wanted->n);
	} else if (rc == CA_OK) {
		rc = CA_ERR_MEMORY;
	}
	ca_buf_free(&found.stripped);
	return rc;
}

static const char *
why(enum ca_err rc)
{
	switch (rc) {
	case CA_ERR_NOT_FOUND:
		return "has no index";
	case CA_ERR_STALE:
		return "has an index that was made for an earlier state of the file";
	case CA_ERR_UNTRUSTED:
		return "has an index that is writable by group or others";
	case CA_ERR_UNSUPPORTED:
		return "has an index that was made by another version";
	default:
		return "has an index that is damaged";
	}
}

static enum ca_err
load(const struct ca_crl_file *src, const struct ca_crl_wanted *wanted,
    struct ca_crls *out)
{
	struct ca_crl_index *idx = NULL;
	struct stat st;
	uint32_t n = 0;
	size_t before = out->n;
	enum ca_err rc;

	if (fstat(src->fd, &st) != 0)
		return CA_ERR_IO;
	rc = ca_crl_index_open(
	    src->crypto, src->dirfd, src->name, &st, &idx, &n);
	for (uint32_t no = 0; rc == CA_OK && no < n; no++)
		rc = load_one(src, idx, no, wanted, out);
	ca_crl_index_free(idx);
	if (rc == CA_OK)
		return CA_OK;
	while (out->n > before)
		ca_crl_free(out->v[--out->n]);
	if (rc == CA_ERR_MEMORY)
		return rc;
	ca_log_debug(src->log, "the CRL file %s %-s, so the file is read",
	    src->name, why(rc));
	return ca_crl_stream_load(src, wanted, out);
}

/*
 * Leave the index and read the file.  If the file has other content than the
 * index said, the index belongs to another CRL.
 */
static enum ca_err
fall_back(struct ca_crl *crl, const char *reason)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_crlread read = {0};

	ca_log_debug(crl->log, "the CRL file %s is read without its index: %-s",
	    crl->name, reason);
	crl->way = &ca_crl_by_stream;
	if ((crl->src = malloc(sizeof *crl->src)) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = ca_crl_source_open(crl->src, crl->fd)) != CA_OK) {
		ret = rc;
		goto out;
	}
	for (uint32_t i = 0; i <= crl->no; i++) {
		if ((rc = ca_crl_source_next(crl->src)) != CA_OK) {
			ret = rc == CA_ERR_NOT_FOUND ? CA_ERR_STALE : rc;
			goto out;
		}
	}
	rc = ca_crlread(
	    crl->crypto, crl->src, ca_crl_hits_collect, &crl->hits, &read);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	if (read.entry_critical ||
	    read.stripped.len != crl->read.stripped.len ||
	    memcmp(read.stripped.p, crl->read.stripped.p, read.stripped.len) !=
		0) {
		ret = CA_ERR_STALE;
		goto out;
	}
	ca_crlread_clear(&crl->read);
	crl->read = read;
	read = (struct ca_crlread){0}; /* transferred */
	ret = CA_OK;
out:
	ca_crlread_clear(&read);
	if (ret != CA_OK)
		crl->trouble = CA_R_CRL_MALFORMED;
	return ret;
}

static enum ca_err
verify(struct ca_crl *crl, X509 *issuer, EVP_PKEY *key)
{
	uint8_t spki[32];
	enum ca_err rc = ca_crypto_spki(crl->crypto, issuer, spki);

	if (rc != CA_OK)
		return rc;
	if (memcmp(spki, crl->spki, sizeof spki) == 0)
		return CA_OK;
	rc = fall_back(crl, "its index was made for another key");
	if (rc != CA_OK)
		return rc;
	return ca_crl_stream_verify(crl, issuer, key);
}

static enum ca_err
lookup(struct ca_crl *crl, X509 *cert, const struct ca_bytes *serial,
    struct ca_crl_entry *out)
{
	struct ca_crl_hits hits = {0};
	EVP_PKEY *key;
	enum ca_err rc = ca_crl_hits_init(&hits, serial, 1);

	if (rc == CA_OK)
		rc = ca_crl_index_find(crl->idx, crl->no, crl->buckets,
		    serial->p, serial->len, &hits);
	if (rc == CA_OK) {
		rc = ca_crl_hits_choose(crl, &hits, 0, cert, out);
		ca_crl_hits_clear(&hits);
		return rc;
	}
	ca_crl_hits_clear(&hits);
	if (rc == CA_ERR_MEMORY)
		return rc;
	rc = fall_back(crl, "its index is damaged");
	if (rc != CA_OK)
		return rc;
	/* so far, the index was trusted and the file was not verified */
	if (crl->signer == NULL || crl->signed_by != CA_OK ||
	    (key = X509_get0_pubkey(crl->signer)) == NULL)
		return CA_ERR_CRYPTO;
	crl->signed_by = ca_crl_stream_verify(crl, crl->signer, key);
	if (crl->signed_by != CA_OK)
		return CA_ERR_STALE;
	return ca_crl_stream_lookup(crl, cert, serial, out);
}

const struct ca_crl_way ca_crl_by_index = {"index", load, verify, lookup};
