/*
 * The DER of a CRL from its file, block by block, in constant memory:
 * unchanged, or decoded from PEM (RFC 7468) on the way.  Private to src/crl.
 */
#ifndef CA_CRL_SOURCE_H
#define CA_CRL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CA_CRL_SOURCE_RAW 16384

struct ca_crl_source {
	int fd; /* borrowed; its offset is never used */
	bool pem;
	uint64_t begin; /* where the content of this CRL begins in the file */
	uint64_t off;   /* where the next pread goes */
	/* of PEM */
	uint8_t raw[CA_CRL_SOURCE_RAW];
	size_t at, rawlen; /* what is left of raw is at..rawlen */
	uint32_t bits;     /* of a group of four characters */
	int chars, pad;    /* how many of the group; of them '=' */
	bool ended;
};

/* Open fd as DER if it begins like DER, else as PEM. */
CA_MUST_CHECK enum ca_err ca_crl_source_open(struct ca_crl_source *src, int fd);

/*
 * Go to the next CRL of the file.  The first call after ca_crl_source_open goes
 * to the first one.  CA_ERR_NOT_FOUND: there is none (any more).
 */
CA_MUST_CHECK enum ca_err ca_crl_source_next(struct ca_crl_source *src);

/* Read this CRL once more from its beginning. */
void ca_crl_source_rewind(struct ca_crl_source *src);

/*
 * Up to cap (at least 3) bytes of DER into dst; *len of them, 0 at the end of
 * this CRL.  CA_ERR_FORMAT: bad PEM, CA_ERR_IO.
 */
CA_MUST_CHECK enum ca_err ca_crl_source_read(
    struct ca_crl_source *src, uint8_t *dst, size_t cap, size_t *len);

#endif
