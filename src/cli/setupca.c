/* certauth setup: import CA certificates. */
#include "data/der.h"
#include "base/file.h"
#include "verify/anchor.h"
#include "verify/issued.h"
#include "cli/setup.h"
#include "cli/setupdir.h"
#include "verify/certfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
slurp(const char *path, struct ca_buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum ca_err rc =
	    fd < 0 ? CA_ERR_IO : ca_file_read_fd(fd, CA_CERTFILE_MAX, out);

	if (rc != CA_OK)
		(void)ca_cli_fail("%s: %s", path,
		    rc == CA_ERR_IO ? strerror(errno) : ca_err_text(rc));
	if (fd >= 0)
		(void)close(fd);
	return rc == CA_OK;
}

/* ---- certificates of a file ---- */

/* Read all certificates of a file; false: the error was printed. */
static bool
read_all(struct ca_crypto *crypto, const char *path, STACK_OF(X509) *out)
{
	struct ca_buf file = CA_BUF_INIT(CA_CERTFILE_MAX);
	size_t bad = 0;
	enum ca_err rc = CA_OK;
	bool ok = slurp(path, &file);

	if (ok)
		rc = ca_certfile_parse_ca(crypto, file.p, file.len, out, &bad);
	if (ok && rc == CA_ERR_NOT_FOUND) {
		(void)ca_cli_fail(
		    "%s has no certificate; use PEM, DER or PKCS#7", path);
		ok = false;
	} else if (ok && (rc != CA_OK || bad > 0)) {
		char what[CA_CERTFILE_TROUBLE];

		(void)ca_cli_fail("%s %s", path,
		    ca_certfile_trouble(file.p, file.len, rc, what));
		ok = false;
	}
	ca_buf_free(&file);
	return ok;
}

/* ---- one import ---- */

/* The certificates of one file, and where they go. */
struct import {
	const struct ca_config *cfg;
	struct ca_setup_dir ca, inter; /* fd -1: not open */
	const char *path;
	struct ca_setup_dir *in; /* the directory that path is in, or NULL */
	char own[256];           /* its name there */
	bool keep;               /* it is as it should be */
	bool anchor;
	struct ca_setup_count *n;
};

/* note: printed after the path */
static bool
put_one(struct import *m, struct ca_setup_dir *d, X509 *cert, const char *note)
{
	const char *name;

	if (d->fd < 0)
		return false; /* a message was printed */
	if (!ca_setup_dir_put(d, cert, &name))
		return false;
	/* a file that needs no change */
	m->keep = m->keep || (m->in == d && strcmp(name, m->own) == 0);
	printf("  %s/%s%s%s\n", d->path, name, note,
	    X509_cmp_current_time(X509_get0_notAfter(cert)) < 0
		? "  (warning: expired)"
		: "");
	return true;
}

static bool
no_place(const struct ca_config *cfg)
{
	const char *slash = strrchr(cfg->ca_dir, '/');

	(void)ca_cli_fail(
	    "an intermediate was not imported: intermediates_dir is not configured; add `intermediates_dir = %.*s/intermediates' to [default], and run setup again",
	    slash != NULL ? (int)(slash - cfg->ca_dir) : 0, cfg->ca_dir);
	return false;
}

/* Import one certificate into the directory of its kind.  A file of ca_dir or
 * intermediates_dir is converted where it is: that changes no trust. */
static bool
place_one(struct import *m, X509 *cert)
{
	bool own = ca_issued_by(cert, cert);
	bool anchor = m->in != NULL ? m->in == &m->ca : own || m->anchor;

	m->n->there += m->in != NULL;
	if (anchor) {
		m->n->anchors += m->in == NULL;
		return put_one(m, &m->ca, cert,
		    own ? "" : "  (a trust anchor that is not self-signed)");
	}
	if (m->cfg->intermediates_dir == NULL)
		return no_place(m->cfg);
	m->n->intermediates += m->in == NULL;
	return put_one(m, &m->inter, cert,
	    own ? "" : "  (not self-signed: an intermediate)");
}

/* ---- a file that is there already ---- */

static bool
same_place(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* Is path an entry of d?  A HASH.N stands for the file that it leads to. */
static void
find_own(struct import *m, struct ca_setup_dir *d)
{
	const char *slash = strrchr(m->path, '/');
	const char *name = slash != NULL ? slash + 1 : m->path;
	char dir[PATH_MAX];

	if (d->fd < 0 ||
	    snprintf(dir, sizeof dir, "%.*s",
		slash == NULL      ? 1
		: slash == m->path ? 1
				   : (int)(slash - m->path),
		slash == NULL ? "." : m->path) >= (int)sizeof dir ||
	    !same_place(dir, d->path))
		return;
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].hashed && d->v[i].target != NULL &&
		    strchr(d->v[i].target, '/') == NULL &&
		    strcmp(d->v[i].name, name) == 0)
			name = d->v[i].target;
	if (snprintf(m->own, sizeof m->own, "%s", name) < (int)sizeof m->own)
		m->in = d;
}

/* Has the file nothing but these certificates?  A key in it must not be lost. */
static bool
has_nothing_else(const struct ca_buf *file, int ncerts)
{
	static const char begin[] = "-----BEGIN ", cert[] = "CERTIFICATE",
			  x509[] = "X509 CERTIFICATE", p7[] = "PKCS7";
	const char *p = (const char *)file->p, *end = p + file->len;
	int found = 0, bags = 0;

	if (file->len > 0 && file->p[0] == 0x30)
		return true; /* DER */
	while ((p = memmem(p, (size_t)(end - p), begin, sizeof begin - 1)) !=
	       NULL) {
		p += sizeof begin - 1;
		size_t left = (size_t)(end - p);

		if ((left > sizeof cert && strncmp(p, cert, 11) == 0) ||
		    (left > sizeof x509 && strncmp(p, x509, 16) == 0))
			found++;
		else if (left > sizeof p7 && strncmp(p, p7, 5) == 0)
			bags++;
		else
			return false;
	}
	return found == ncerts || (found == 0 && bags == 1);
}

/* Every certificate of the file has a file of its own: remove it.  First its
 * links lead to these. */
static bool
retire(struct import *m, int ncerts)
{
	struct ca_buf file = CA_BUF_INIT(CA_CERTFILE_MAX);
	char old[300];
	bool plain, ok = slurp(m->path, &file);

	plain = ok && has_nothing_else(&file, ncerts);
	ca_buf_free(&file);
	for (size_t i = 0; i < m->in->n; i++)
		if (strcmp(m->in->v[i].name, m->own) == 0)
			m->in->v[i].gone = true;
	(void)snprintf(old, sizeof old, "%s.old", m->own);
	/* a name with that ending is read by no login */
	if (ok && !plain && linkat(m->in->fd, m->own, m->in->fd, old, 0) != 0) {
		(void)ca_cli_fail("%s contains more than certificates, and "
				  "cannot be renamed to %s: %s",
		    m->path, old, strerror(errno));
		return false;
	}
	if (!ok || !ca_setup_dir_link(m->in) ||
	    (unlinkat(m->in->fd, m->own, 0) != 0 && errno != ENOENT)) {
		(void)ca_cli_fail("%s was not removed", m->path);
		return false;
	}
	if (plain)
		printf(
		    "  %s/%s was converted and removed\n", m->in->path, m->own);
	else
		printf("  %s/%s was converted; it contains more than "
		       "certificates, and is now %s\n",
		    m->in->path, m->own, old);
	return true;
}

/* Would one of several certificates replace the file itself? */
static bool
is_in_the_way(struct import *m, struct ca_crypto *crypto, STACK_OF(X509) *certs)
{
	char name[80];

	for (int i = 0; m->in != NULL && i < sk_X509_num(certs); i++)
		if (sk_X509_num(certs) > 1 &&
		    ca_setup_dir_name(crypto, sk_X509_value(certs, i), name) ==
			CA_OK &&
		    strcmp(name, m->own) == 0) {
			(void)ca_cli_fail(
			    "%s has the name that the file of its certificate %d gets; rename %s, and run setup again",
			    m->path, i + 1, m->path);
			return true;
		}
	return false;
}

static bool
import_all(struct import *m, STACK_OF(X509) *certs)
{
	bool ok = true;

	for (int i = 0; ok && i < sk_X509_num(certs); i++) {
		X509 *cert = sk_X509_value(certs, i);

		/* an end-entity certificate is useless as a trust anchor; one
		 * that is there already stays what it is */
		if (!ca_anchor_may_issue(cert) && m->in == NULL) {
			(void)ca_cli_fail(
			    "%s: certificate %d is ignored, because it is not a CA certificate",
			    m->path, i + 1);
			continue;
		}
		if (!place_one(m, cert)) {
			(void)ca_cli_fail("%s: certificate %d was not imported",
			    m->path, i + 1);
			ok = false;
		}
	}
	if (ok && m->in != NULL && !m->keep)
		ok = retire(m, sk_X509_num(certs));
	if (m->ca.fd >= 0 && !ca_setup_dir_link(&m->ca))
		ok = false;
	if (m->inter.fd >= 0 && !ca_setup_dir_link(&m->inter))
		ok = false;
	return ok;
}

bool
ca_setup_ca(const struct ca_config *cfg, struct ca_crypto *crypto,
    const char *path, bool anchor, struct ca_setup_count *n)
{
	struct import m = {.cfg = cfg,
	    .ca.fd = -1,
	    .inter.fd = -1,
	    .path = path,
	    .anchor = anchor,
	    .n = n};
	STACK_OF(X509) *certs = sk_X509_new_null();
	bool ok =
	    certs != NULL && read_all(crypto, path, certs) &&
	    ca_setup_dir_open(&m.ca, crypto, cfg->ca_dir) &&
	    (cfg->intermediates_dir == NULL ||
		ca_setup_dir_open(&m.inter, crypto, cfg->intermediates_dir));

	if (ok) {
		find_own(&m, &m.ca);
		if (!anchor) /* else the anchor goes to ca_dir */
			find_own(&m, &m.inter);
		ok = !is_in_the_way(&m, crypto, certs) && import_all(&m, certs);
	}
	ca_setup_dir_close(&m.ca);
	ca_setup_dir_close(&m.inter);
	sk_X509_pop_free(certs, X509_free);
	return ok;
}
