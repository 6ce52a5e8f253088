/*
 * Make the index of a CRL file: open the CRL, and write the file of the index.
 */
#include "base/file.h"
#include "crl/index_build.h"
#include "crl/index_format.h"

#include <stdlib.h>
#include <unistd.h>

/* Write the records of the CRLs in source, then the head. */
static enum ca_err
write_index(struct maker *m, const struct ca_index_source *source,
    const struct ca_index_place *place, const char *name)
{
	struct ca_buf rest = CA_BUF_INIT(4);
	enum ca_err rc;

	rc = ca_index_maker_new(&ca_crl_index_kind,
	    ca_crypto_get0_md(m->crypto, "SHA256"), source, place, &m->index);
	if (rc == CA_OK)
		rc = ca_crl_index_put_crls(m, source->fd, name);
	for (int shift = 24; shift >= 0; shift -= 8)
		ca_buf_u8(&rest, (uint8_t)(m->no >> shift));
	if (rc == CA_OK)
		rc = ca_buf_err(&rest);
	if (rc == CA_OK)
		rc = ca_index_maker_finish(m->index, rest.p, rest.len);
	ca_index_maker_free(m->index);
	ca_buf_free(&rest);
	return rc;
}

enum ca_err
ca_crl_index_make(struct ca_crypto *crypto, const struct ca_log *log, int dirfd,
    const char *name, STACK_OF(X509) *cas, uint64_t *entries)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct maker m = {.crypto = crypto, .log = log, .cas = cas};
	struct ca_buf idx = CA_BUF_INIT(8192), tmp = CA_BUF_INIT(8192);
	struct ca_index_source source;
	int fd = -1;

	if ((rc = ca_file_open(dirfd, name, &fd, NULL)) != CA_OK ||
	    (rc = ca_crl_index_name(dirfd, name, &idx)) != CA_OK ||
	    (rc = ca_index_source_read(
		 ca_crypto_get0_md(crypto, "SHA256"), fd, &source)) != CA_OK) {
		ret = rc;
		goto out;
	}
	/* a fixed name, so that killed compilations leave at most one file; the
	 * caller holds the directory's lock */
	ca_buf_fmt(&tmp, ".%s.tmp", ca_buf_text(&idx));
	const struct ca_index_place place = {
	    dirfd, ca_buf_text(&idx), ca_buf_text(&tmp), 0644};
	if (place.temp == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = write_index(&m, &source, &place, name)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if (entries != NULL)
		*entries = m.total;
	ret = CA_OK;
out:
	if (fd >= 0)
		(void)close(fd);
	free(m.arena);
	free(m.place);
	ca_buf_free(&idx);
	ca_buf_free(&tmp);
	return ret;
}
