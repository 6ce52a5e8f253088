#include "cli/presented.h"
#include "tool/certargs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ocsp/ocsp.h"

/* One file. */
struct reading {
	struct ca_presented *p;
	struct ca_auth_rest rest;
	size_t number; /* of the certificate */
	bool leaf;     /* the first one is the leaf */
};

static enum ca_err
take_leaf(struct ca_presented *p, const struct ca_bytes *cert)
{
	p->rc =
	    ca_auth_decode_leaf(p->crypto, cert, p->check, p->report, &p->leaf);
	if (p->rc == CA_OK)
		(void)ca_auth_leaf_signs(p->leaf, p->check, p->report);
	return p->rc == CA_ERR_MEMORY ? p->rc : CA_OK;
}

static enum ca_err
take_cert(void *ctx, const uint8_t *der, size_t len)
{
	struct reading *r = ctx;
	const struct ca_bytes cert = {der, len};

	if (++r->number == 1 && r->leaf)
		return take_leaf(r->p, &cert);
	return ca_auth_decode_more(&r->rest, r->number, &cert);
}

static int
read_file(struct ca_presented *p, const char *path, bool leaf)
{
	struct reading r = {
	    p, {p->crypto, p->log, p->report, p->others, path}, 0, leaf};

	return ca_certargs_each(path, CA_EXIT_USAGE, take_cert, &r);
}

bool
ca_presented_add(struct ca_presented_ocsp *list, const char *file)
{
	if (list->n == CA_CERTS_MAX)
		return false;
	list->file[list->n++] = file;
	return true;
}

/* A login ignores what is no response.  Here the file is a mistake; whether a response
 * has an answer is judged later, as that of a client. */
static int
read_staple(struct ca_presented *p, const char *path)
{
	struct ca_buf der = CA_BUF_INIT(CA_CERT_MAX);
	struct ca_bytes *out = &p->staple[p->nstaples];
	enum ca_err rc = ca_certargs_read(path, &der);
	char why[CA_OCSP_WHY];
	int status = CA_EXIT_OK;

	if (rc != CA_OK)
		status = ca_cli_fail("%s: %s", path,
		    rc == CA_ERR_LIMIT ? ca_err_text(rc) : strerror(errno));
	else if (der.len == 0)
		status = ca_cli_fail("%s is empty", path);
	else if (!ca_ocsp_is_response(&(struct ca_bytes){der.p, der.len}, why))
		status = ca_cli_fail("%s %s", path, why);
	else if ((out->p = (uint8_t *)ca_buf_take(&der, &out->len)) == NULL)
		status = ca_cli_fail("%s", ca_err_text(CA_ERR_MEMORY));
	else
		p->nstaples++;
	ca_buf_free(&der);
	return status;
}

int
ca_presented_read(struct ca_presented *p, const char *file,
    const char *intermediates, const struct ca_presented_ocsp *ocsp)
{
	int status;

	if ((p->others = sk_X509_new_null()) == NULL)
		return ca_cli_fail("%s", ca_err_text(CA_ERR_MEMORY));
	status = read_file(p, file, true);
	if (status == CA_EXIT_OK && intermediates != NULL)
		status = read_file(p, intermediates, false);
	for (size_t i = 0; status == CA_EXIT_OK && i < ocsp->n; i++)
		status = read_staple(p, ocsp->file[i]);
	return status;
}

void
ca_presented_clear(struct ca_presented *p)
{
	X509_free(p->leaf);
	sk_X509_pop_free(p->others, X509_free);
	for (size_t i = 0; i < p->nstaples; i++)
		free((void *)p->staple[i].p);
}
