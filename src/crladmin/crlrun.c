#include "crladmin/crlrun.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "tool/cli.h"
#include "verify/cadir.h"
#include "verify/certfile.h"
#include "verify/issued.h"

#define LOCK_NAME ".certauth-crl.lock"

static enum ca_err
add_cas(struct ca_crladmin_run *r, int dir, const char *name)
{
	struct ca_buf file = CA_BUF_INIT(CA_CERTFILE_MAX);
	char text[CA_CERT_REFUSAL];
	size_t bad = 0;
	enum ca_err rc = ca_file_read(dir, name, CA_CERTFILE_MAX, &file);

	if (rc == CA_OK)
		rc = ca_certfile_parse_ca(
		    r->crypto, file.p, file.len, r->cas, &bad);
	const char *why =
	    bad > 0 ? ca_certfile_refusal(file.p, file.len, text) : NULL;
	ca_buf_free(&file);
	if (rc == CA_ERR_MEMORY)
		return rc;
	/* A file without a certificate is no mistake.  If a CA is missed, its CRL is reported as
	 * not signed by any CA. */
	if ((rc != CA_OK && rc != CA_ERR_NOT_FOUND) || bad > 0)
		ca_log_debug(&r->log,
		    "%s contains no certificate that can be "
		    "read: %-s",
		    name, why != NULL ? why : ca_err_text(rc));
	return CA_OK;
}

/* Drop duplicates: hashed links give most certificates twice. */
static void
unique(STACK_OF(X509) *cas)
{
	for (int i = sk_X509_num(cas) - 1; i > 0; i--)
		if (ca_issued_among(cas, i, sk_X509_value(cas, i)))
			X509_free(sk_X509_delete(cas, i));
}

/* The files that a login reads. */
static bool
is_read(const char *name)
{
	unsigned long hash;
	enum ca_cadir_name is = ca_cadir_name(name, &hash);

	return is == CA_CADIR_HASHED || is == CA_CADIR_PLAIN;
}

static enum ca_err
read_cas(struct ca_crladmin_run *r, const char *path)
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
		if (is_read(e->d_name))
			rc = add_cas(r, dirfd(d), e->d_name);
	(void)closedir(d);
	unique(r->cas);
	return rc;
}

int
ca_crladmin_said(const char *path, enum ca_err rc)
{
	return ca_cli_fail("%s: %s", path,
	    rc == CA_ERR_IO ? strerror(errno) : ca_err_text(rc));
}

int
ca_crladmin_open_cas(struct ca_crladmin_run *r)
{
	enum ca_err rc;

	if ((rc = ca_crypto_new(&r->crypto)) != CA_OK ||
	    (r->cas = sk_X509_new_null()) == NULL)
		return ca_cli_fail("%s", ca_err_text(rc));
	if ((rc = read_cas(r, r->cfg->ca_dir)) != CA_OK)
		return ca_crladmin_said(r->cfg->ca_dir, rc);
	r->nanchors = sk_X509_num(r->cas);
	if (r->cfg->intermediates_dir != NULL &&
	    (rc = read_cas(r, r->cfg->intermediates_dir)) != CA_OK &&
	    rc != CA_ERR_NOT_FOUND)
		return ca_crladmin_said(r->cfg->intermediates_dir, rc);
	return CA_EXIT_OK;
}

int
ca_crladmin_open(struct ca_crladmin_run *r)
{
	enum ca_err rc;
	int status = ca_crladmin_open_cas(r);

	if (status != CA_EXIT_OK)
		return status;
	rc = ca_file_opendir(AT_FDCWD, r->cfg->crl_dir, &r->dir, NULL);
	return rc == CA_OK ? CA_EXIT_OK : ca_crladmin_said(r->cfg->crl_dir, rc);
}

void
ca_crladmin_setup_text(
    const struct ca_crladmin_run *r, const char *option, struct ca_buf *out)
{
	static const char ending[] = "/certauth.conf";
	bool crl = strcmp(option, "--crl") == 0;
	size_t n = r->config != NULL ? strlen(r->config) : 0;
	size_t stem = n >= sizeof ending ? n - (sizeof ending - 1) : 0;

	if (r->again == NULL || r->again[0] == '\0')
		ca_buf_fmt(out, "certauth setup %s FILE", option);
	else if (stem > 0 && r->config[0] == '/' &&
		 strcmp(r->config + stem, ending) == 0)
		ca_buf_fmt(out, "certauth setup --confdir %.*s %s FILE",
		    (int)stem, r->config, option);
	else /* setup does not take the options of this run */
		ca_buf_fmt(out, "cp FILE %s; %s%s",
		    crl ? r->cfg->crl_dir : r->cfg->ca_dir,
		    crl ? "certauth crl compile" : "openssl rehash ",
		    crl ? r->again : r->cfg->ca_dir);
}

void
ca_crladmin_close(struct ca_crladmin_run *r)
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
ca_crladmin_lock(struct ca_crladmin_run *r)
{
	r->lock = openat(
	    r->dir, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (r->lock < 0)
		return CA_ERR_IO;
	if (flock(r->lock, LOCK_EX | LOCK_NB) == 0)
		return CA_OK;
	if (errno == EWOULDBLOCK && !r->quiet)
		(void)fputs(
		    "certauth: waiting until another `certauth crl' has "
		    "finished\n",
		    stderr);
	while (flock(r->lock, LOCK_EX) != 0)
		if (errno != EINTR)
			return CA_ERR_IO;
	return CA_OK;
}
