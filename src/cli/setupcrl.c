/* certauth setup: import CRLs, and learn their addresses. */
#include "base/file.h"
#include "cli/setup.h"
#include "crladmin/crlbook.h"
#include "crladmin/crlcompile.h"
#include "crladmin/crljudge.h"
#include "crladmin/crllearn.h"
#include "crladmin/crllink.h"
#include "crladmin/crlset.h"
#include "tool/certargs.h"
#include "verify/certfile.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TMP ".certauth-setup.tmp"

static bool
slurp(const char *path, struct ca_buf *out)
{
	enum ca_err rc = ca_certargs_read(path, out);

	if (rc != CA_OK)
		(void)ca_cli_fail("%s: %s", path,
		    rc == CA_ERR_LIMIT || rc == CA_ERR_MEMORY
			? ca_err_text(rc)
			: strerror(errno));
	return rc == CA_OK;
}

/* Check the CRLs in TMP as `certauth crl update` would; NULL: they are good.
 * name, of NAME_MAX + 1 bytes, becomes another one if the file of that name has
 * the CRL of another CA or scope. */
static const char *
crl_flaw(struct ca_crladmin_run *r, char *name)
{
	char beside[NAME_MAX + 1];
	struct ca_crls fresh = {NULL, 0}, old = {NULL, 0};
	const char *why = NULL;
	enum ca_err rc = ca_crladmin_read(r, TMP, &fresh);

	if (rc != CA_OK)
		why = rc == CA_ERR_FORMAT ? "the file is not a CRL"
					  : ca_err_text(rc);
	if (why == NULL)
		why = ca_crladmin_not_usable(r, &fresh);
	if (why == NULL && ca_crladmin_read(r, name, &old) == CA_OK) {
		if (ca_crladmin_is_other(&fresh, &old)) {
			ca_crls_clear(&old);
			rc = ca_crladmin_name_beside(
			    name, &fresh, beside, sizeof beside);
			if (rc == CA_OK)
				memcpy(name, beside, sizeof beside);
			else
				why = ca_err_text(rc);
			rc = ca_crladmin_read(r, name, &old);
			(void)rc; /* what cannot be read may be replaced */
		}
		if (why == NULL)
			why = ca_crladmin_not_successor(&fresh, &old);
	}
	ca_crls_clear(&fresh);
	ca_crls_clear(&old);
	return why;
}

/* Make a name that a login accepts for a CRL of the base name of path. */
static void
crl_name(const char *path, char out[80])
{
	const char *base = strrchr(path, '/');

	base = base != NULL ? base + 1 : path;
	(void)snprintf(out, 72, "%s", base[0] == '.' ? base + 1 : base);
	for (char *c = out; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && strchr("._-", *c) == NULL)
			*c = '_';
	const char *dot = strrchr(out, '.');
	if (dot == NULL || strcmp(dot, ".crl") != 0)
		(void)snprintf(
		    out + strlen(out), 80 - strlen(out), "%s", ".crl");
}

bool
ca_setup_crl(struct ca_config *cfg, const char *path)
{
	struct ca_crladmin_run r = {.dir = -1, .lock = -1, .quiet = true};
	struct ca_buf file = CA_BUF_INIT(CA_CERTFILE_MAX);
	char name[NAME_MAX + 1], tmp[PATH_MAX];
	const char *why = NULL;
	bool ok = false;

	r.cfg = cfg;
	r.log = ca_cli_log(false);
	crl_name(path, name);
	if (snprintf(tmp, sizeof tmp, "%s/" TMP, cfg->crl_dir) <
		(int)sizeof tmp &&
	    slurp(path, &file) && ca_crladmin_open(&r) == CA_EXIT_OK &&
	    ca_crladmin_lock(&r) == CA_OK) {
		if (ca_file_replace(tmp, file.p, file.len, 0644) != CA_OK ||
		    ((why = crl_flaw(&r, name)) == NULL &&
			renameat(r.dir, TMP, r.dir, name) != 0))
			why = strerror(errno);
		ok = why == NULL &&
		     ca_crladmin_compile_one(&r, name) == CA_OK &&
		     ca_crladmin_link(&r) == CA_OK;
		(void)unlinkat(r.dir, TMP, 0);
	}
	if (why != NULL)
		(void)ca_cli_fail("%s was not imported: %s", path, why);
	if (ok)
		printf("  %s/%s\n", cfg->crl_dir, name);
	r.cfg = NULL; /* borrowed */
	ca_crladmin_close(&r);
	ca_buf_free(&file);
	return ok;
}

bool
ca_setup_learn(struct ca_config *cfg, const char *const *path, size_t n)
{
	struct ca_crladmin_run r = {.dir = -1, .lock = -1, .quiet = true};
	struct ca_crladmin_cas cas = {0};
	struct ca_crladmin_book book = {0};
	enum ca_err rc;
	bool ok = false;

	r.cfg = cfg;
	r.log = ca_cli_log(false);
	if (ca_crladmin_open(&r) == CA_EXIT_OK) {
		if ((rc = ca_crladmin_lock(&r)) == CA_OK &&
		    (rc = ca_crladmin_cas_find(&r, &cas)) == CA_OK)
			rc = ca_crladmin_book_read(&r, &book);
		/* what stands in the CAs of the host need not be remembered */
		if (rc == CA_OK)
			rc = ca_crladmin_learn_cas(&r, &cas, &book);
		/* most certificates of setup have none; `crl update' names the
		 * CAs whose address is not known then */
		for (size_t i = 0; rc == CA_OK && i < n; i++)
			(void)ca_crladmin_learn_file(
			    &r, &cas, &book, path[i], true);
		if (rc == CA_OK && book.changed)
			rc = ca_crladmin_book_write(&r, &book);
		if (rc == CA_OK)
			rc = ca_crladmin_link(&r);
		ok = rc == CA_OK;
		if (!ok)
			(void)ca_crladmin_said(cfg->crl_dir, rc);
	}
	ca_crladmin_cas_clear(&cas);
	ca_crladmin_book_clear(&book);
	r.cfg = NULL; /* borrowed */
	ca_crladmin_close(&r);
	return ok;
}
