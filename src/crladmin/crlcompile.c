#include "crladmin/crlcompile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crl/index_read.h"
#include "crladmin/crljudge.h"
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

static void
say_unsigned(struct ca_crladmin_run *r, const char *name)
{
	struct ca_crls crls = {0};
	const char *why = "no CA of ca_dir or intermediates_dir has signed it";

	if (ca_crladmin_read(r, name, &crls) == CA_OK)
		for (size_t i = 0; i < crls.n; i++)
			if (ca_crl_signer(crls.v[i], r->cas) == NULL &&
			    strstr(ca_crladmin_unsigned(r, crls.v[i]),
				"cRLSign") != NULL)
				why = "the keyUsage of the CA that signed it "
				      "lacks cRLSign";
	(void)ca_cli_fail("%s is not indexed, because %s", name, why);
	ca_crls_clear(&crls);
}

/* The index of an earlier file of this name.  No login reads it; it is in the
 * way of who looks for the CRL's. */
static void
drop_index(struct ca_crladmin_run *r, const char *name)
{
	struct ca_buf idx = CA_BUF_INIT(8192);

	if (ca_crl_index_name(r->dir, name, &idx) == CA_OK)
		(void)unlinkat(r->dir, ca_buf_text(&idx), 0);
	ca_buf_free(&idx);
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
		printf("%s: indexed, %" PRIu64 " %s\n", name, entries,
		    entries == 1 ? "entry" : "entries");
	else if (rc == CA_DENIED)
		say_unsigned(r, name);
	else if (rc != CA_OK)
		(void)ca_cli_fail("%s is not indexed: %s", name,
		    rc == CA_ERR_IO       ? strerror(errno)
		    : rc == CA_ERR_FORMAT ? "no login can use its CRL"
					  : ca_err_text(rc));
	if (rc == CA_DENIED || rc == CA_ERR_FORMAT)
		drop_index(r, name);
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
