#include "base/file.h"
#include "crladmin/crladmin.h"
#include "verify/certfile.h"
#include "crl/crldir.h"
#include "crl/index_read.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_NAME ".certauth-crl.lock"

/* ---- the CAs ---- */

static enum ca_err
add_cas(struct ca_crl_run *r, int dir, const char *name)
{
	struct ca_buf file = CA_BUF_INIT(CA_CERTFILE_MAX);
	size_t bad = 0;
	enum ca_err rc = ca_file_read(dir, name, CA_CERTFILE_MAX, &file);

	if (rc == CA_OK)
		rc = ca_certfile_parse(
		    r->crypto, file.p, file.len, r->cas, &bad);
	const char *why =
	    bad > 0 ? ca_certfile_refusal(file.p, file.len) : NULL;
	ca_buf_free(&file);
	if (rc == CA_ERR_MEMORY)
		return rc;
	/* a README is no mistake; a CA that is missed shows as a CRL that
	 * nobody has signed */
	if ((rc != CA_OK && rc != CA_ERR_NOT_FOUND) || bad > 0)
		ca_log_debug(&r->log,
		    "%s holds no certificate that can be "
		    "read: %-s",
		    name, why != NULL ? why : ca_err_text(rc));
	return CA_OK;
}

static bool
is_there(STACK_OF(X509) *cas, int n, X509 *ca)
{
	for (int i = 0; i < n; i++)
		if (X509_cmp(sk_X509_value(cas, i), ca) == 0)
			return true;
	return false;
}

/* Hashed links give most certificates twice; each further one costs. */
static void
unique(STACK_OF(X509) *cas)
{
	for (int i = sk_X509_num(cas) - 1; i > 0; i--)
		if (is_there(cas, i, sk_X509_value(cas, i)))
			X509_free(sk_X509_delete(cas, i));
}

static enum ca_err
read_cas(struct ca_crl_run *r, const char *path)
{
	struct dirent *e;
	DIR *d;
	int fd;
	enum ca_err rc = ca_file_opendir(AT_FDCWD, path, &fd, NULL);

	if (rc != CA_OK)
		return rc;
	if ((d = fdopendir(fd)) == NULL) {
		(void)close(fd);
		return CA_ERR_IO;
	}
	while (rc == CA_OK && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && e->d_type != DT_DIR)
			rc = add_cas(r, dirfd(d), e->d_name);
	(void)closedir(d);
	unique(r->cas);
	return rc;
}

static int
said(const char *path, enum ca_err rc)
{
	return ca_cli_fail("%s: %s", path,
	    rc == CA_ERR_IO ? strerror(errno) : ca_err_text(rc));
}

int
ca_crl_run_open(struct ca_crl_run *r)
{
	enum ca_err rc;

	if ((rc = ca_crypto_new(&r->crypto)) != CA_OK ||
	    (r->cas = sk_X509_new_null()) == NULL)
		return ca_cli_fail("%s", ca_err_text(rc));
	if ((rc = read_cas(r, r->cfg->ca_dir)) != CA_OK)
		return said(r->cfg->ca_dir, rc);
	if (r->cfg->intermediates_dir != NULL &&
	    (rc = read_cas(r, r->cfg->intermediates_dir)) != CA_OK &&
	    rc != CA_ERR_NOT_FOUND)
		return said(r->cfg->intermediates_dir, rc);
	rc = ca_file_opendir(AT_FDCWD, r->cfg->crl_dir, &r->dir, NULL);
	return rc == CA_OK ? CA_EXIT_OK : said(r->cfg->crl_dir, rc);
}

void
ca_crl_run_close(struct ca_crl_run *r)
{
	if (r->lock >= 0)
		(void)close(r->lock);
	if (r->dir >= 0)
		(void)close(r->dir);
	sk_X509_pop_free(r->cas, X509_free);
	ca_crypto_free(r->crypto);
	ca_config_free(r->cfg);
}

enum ca_err
ca_crl_run_lock(struct ca_crl_run *r)
{
	r->lock = openat(
	    r->dir, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (r->lock < 0)
		return CA_ERR_IO;
	if (flock(r->lock, LOCK_EX | LOCK_NB) == 0)
		return CA_OK;
	if (errno == EWOULDBLOCK && !r->quiet)
		(void)fputs(
		    "certauth: waiting for another certauth crl\n", stderr);
	while (flock(r->lock, LOCK_EX) != 0)
		if (errno != EINTR)
			return CA_ERR_IO;
	return CA_OK;
}

/* ---- files ---- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
leads_to_no_file(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) == 0 && !S_ISREG(st.st_mode);
}

static bool
can_be_opened(int dir, const char *name)
{
	int fd;

	if (ca_crldir_open(dir, name, &fd, NULL) != CA_OK)
		return false;
	(void)close(fd);
	return true;
}

static bool
plain_or_hashed(const char *name)
{
	return ca_crldir_is_plain(name) || ca_crldir_is_hashed(name);
}

/* Names that are wanted, without those that drop is true of. */
static enum ca_err
list_names(int dir, bool (*want)(const char *), bool (*drop)(int, const char *),
    struct ca_list *out)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	enum ca_err rc = CA_OK;

	if (d == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return CA_ERR_IO;
	}
	while (rc == CA_OK && (e = readdir(d)) != NULL) {
		if (!want(e->d_name) || drop(dir, e->d_name))
			continue;
		char **v = realloc(out->v, (out->n + 2) * sizeof *v);
		if (v == NULL) {
			rc = CA_ERR_MEMORY;
			break;
		}
		out->v = v;
		if ((v[out->n] = strdup(e->d_name)) == NULL)
			rc = CA_ERR_MEMORY;
		else
			v[++out->n] = NULL;
	}
	(void)closedir(d);
	if (out->n > 1)
		qsort(out->v, out->n, sizeof *out->v, by_name);
	return rc;
}

enum ca_err
ca_crl_names_where(int dir, bool (*want)(const char *), struct ca_list *out)
{
	return list_names(dir, want, leads_to_no_file, out);
}

enum ca_err
ca_crl_names_odd(int dir, struct ca_list *out)
{
	return list_names(dir, plain_or_hashed, can_be_opened, out);
}

/* A regular file under a hashed name is a file like any other here. */
enum ca_err
ca_crl_names(int dir, struct ca_list *out)
{
	struct ca_list hashed = {NULL, 0};
	struct stat st;
	enum ca_err rc = ca_crl_names_where(dir, ca_crldir_is_plain, out);

	if (rc == CA_OK)
		rc = ca_crl_names_where(dir, ca_crldir_is_hashed, &hashed);
	for (size_t i = 0; rc == CA_OK && i < hashed.n; i++) {
		char **v;

		if (fstatat(dir, hashed.v[i], &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		if ((v = realloc(out->v, (out->n + 2) * sizeof *v)) == NULL) {
			rc = CA_ERR_MEMORY;
			break;
		}
		out->v = v;
		v[out->n++] = hashed.v[i];
		v[out->n] = NULL;
		hashed.v[i] = NULL; /* transferred */
	}
	for (size_t i = 0; i < hashed.n; i++)
		free(hashed.v[i]);
	free(hashed.v);
	if (rc != CA_OK)
		ca_crl_names_free(out);
	return rc;
}

void
ca_crl_names_free(struct ca_list *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
	*names = (struct ca_list){NULL, 0};
}

enum ca_err
ca_crl_read_file(struct ca_crl_run *r, const char *name, struct ca_crls *out)
{
	static const struct ca_crl_wanted nothing = {NULL, 0};

	return ca_crl_read_wanted(r, name, &nothing, out);
}

enum ca_err
ca_crl_read_wanted(struct ca_crl_run *r, const char *name,
    const struct ca_crl_wanted *wanted, struct ca_crls *out)
{
	struct ca_crl_file src = {
	    r->crypto, &r->log, &ca_crl_by_stream, r->dir, name, -1};
	enum ca_err rc = ca_crldir_open(r->dir, name, &src.fd, NULL);

	if (rc == CA_OK)
		rc = ca_crl_load(&src, wanted, out);
	if (rc != CA_OK)
		return rc;
	for (size_t i = 0; i < out->n; i++)
		if (ca_crl_get0_x509(out->v[i]) == NULL)
			return CA_ERR_FORMAT;
	return CA_OK;
}

/* ---- compile ---- */

static bool
has_good_index(struct ca_crl_run *r, const char *name)
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
ca_crl_compile_one(struct ca_crl_run *r, const char *name)
{
	uint64_t entries = 0;
	enum ca_err rc;

	if (has_good_index(r, name)) {
		if (!r->quiet)
			printf("%s: the index is good\n", name);
		return CA_OK;
	}
	rc = ca_crl_index_make(
	    r->crypto, &r->log, r->dir, name, r->cas, &entries);
	if (rc == CA_OK && !r->quiet)
		printf("%s: indexed, %" PRIu64 " entries\n", name, entries);
	else if (rc == CA_DENIED)
		(void)ca_cli_fail("%s: not indexed: none of the CAs in ca_dir "
				  "and intermediates_dir has signed it",
		    name);
	else if (rc != CA_OK)
		(void)ca_cli_fail("%s: not indexed: %s", name,
		    rc == CA_ERR_IO       ? strerror(errno)
		    : rc == CA_ERR_FORMAT ? "it cannot be used"
					  : ca_err_text(rc));
	return rc;
}

int
ca_crl_compile(struct ca_crl_run *r, char **file, int nfiles)
{
	struct ca_list names = {NULL, 0};
	int status = CA_EXIT_OK;
	enum ca_err rc;

	if ((rc = ca_crl_run_lock(r)) != CA_OK)
		return said(r->cfg->crl_dir, rc);
	for (int i = 0; i < nfiles; i++) {
		const char *slash = strrchr(file[i], '/');

		if (ca_crl_compile_one(
			r, slash != NULL ? slash + 1 : file[i]) != CA_OK)
			status = CA_EXIT_NO;
	}
	if (nfiles > 0)
		return status;
	if ((rc = ca_crl_names(r->dir, &names)) != CA_OK)
		return said(r->cfg->crl_dir, rc);
	for (size_t i = 0; i < names.n; i++)
		if (ca_crl_compile_one(r, names.v[i]) != CA_OK)
			status = CA_EXIT_NO;
	ca_crl_names_free(&names);
	if ((rc = ca_crl_link(r)) != CA_OK) {
		(void)said(r->cfg->crl_dir, rc);
		status = CA_EXIT_NO;
	}
	return status;
}
