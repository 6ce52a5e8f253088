#include "crladmin/crlcompile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "crl/index_read.h"
#include "crladmin/crllink.h"
#include "crladmin/crlset.h"
#include "tool/cli.h"

static bool
has_good_index(struct ca_crladmin_run *r, const char *name)
{
	struct ca_crl_index *idx = NULL;
	struct stat st;
	uint32_t n;

	if (r->force || fstatat(r->dir, name, &st, 0) != 0 ||
	    ca_crl_index_open(r->crypto, r->dir, name, &st, &idx, &n) != CA_OK)
		return false;
	ca_crl_index_free(idx);
	return true;
}

enum ca_err
ca_crladmin_compile_one(struct ca_crladmin_run *r, const char *name)
{
	uint64_t entries = 0;
	enum ca_err rc;

	if (has_good_index(r, name)) {
		if (!r->quiet)
			printf("%s: the index is up to date\n", name);
		return CA_OK;
	}
	rc = ca_crl_index_make(
	    r->crypto, &r->log, r->dir, name, r->cas, &entries);
	if (rc == CA_OK && !r->quiet)
		printf("%s: indexed, %" PRIu64 " entries\n", name, entries);
	else if (rc == CA_DENIED)
		(void)ca_cli_fail(
		    "%s is not indexed, because no CA of ca_dir or "
		    "intermediates_dir has signed it",
		    name);
	else if (rc != CA_OK)
		(void)ca_cli_fail("%s is not indexed: %s", name,
		    rc == CA_ERR_IO       ? strerror(errno)
		    : rc == CA_ERR_FORMAT ? "no login can use its CRL"
					  : ca_err_text(rc));
	return rc;
}

int
ca_crladmin_compile(struct ca_crladmin_run *r, char **file, int nfiles)
{
	struct ca_list names = {0};
	int status = CA_EXIT_OK;
	enum ca_err rc;

	if ((rc = ca_crladmin_lock(r)) != CA_OK)
		return ca_crladmin_said(r->cfg->crl_dir, rc);
	for (int i = 0; i < nfiles; i++) {
		const char *slash = strrchr(file[i], '/');

		if (ca_crladmin_compile_one(
			r, slash != NULL ? slash + 1 : file[i]) != CA_OK)
			status = CA_EXIT_NO;
	}
	if (nfiles > 0)
		return status;
	if ((rc = ca_crladmin_names(r->dir, &names)) != CA_OK)
		return ca_crladmin_said(r->cfg->crl_dir, rc);
	for (size_t i = 0; i < names.n; i++)
		if (ca_crladmin_compile_one(r, names.v[i]) != CA_OK)
			status = CA_EXIT_NO;
	ca_crladmin_names_free(&names);
	if ((rc = ca_crladmin_link(r)) != CA_OK) {
		(void)ca_crladmin_said(r->cfg->crl_dir, rc);
		status = CA_EXIT_NO;
	}
	return status;
}
