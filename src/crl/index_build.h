/*
 * Making an index: its records (index_build.c) and its file (index_file.c).
 * Private to these two.
 */
#ifndef CA_CRL_INDEX_BUILD_H
#define CA_CRL_INDEX_BUILD_H

#include "data/index_make.h"
#include "crl/index_read.h"

struct maker {
	struct ca_crypto *crypto;
	const struct ca_log *log;
	STACK_OF(X509) *cas;
	struct ca_index_maker *index;
	uint32_t no; /* of the current CRL */
	uint64_t total;
	/* the entries of the current CRL: records as in a bucket, one after
	 * the other, and the place and hash of each */
	uint8_t *arena;
	size_t len, cap;
	struct place {
		size_t at;
		uint32_t hash;
	} * place;
	size_t n, places;
	uint32_t issuer_no;
};

/* Write the records of every CRL in the open file name.  Errors as ca_crl_index_make. */
CA_MUST_CHECK enum ca_err ca_crl_index_put_crls(
    struct maker *m, int fd, const char *name);

#endif
