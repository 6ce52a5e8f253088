#include "cli/presented.h"
#include "tool/certargs.h"

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

int
ca_presented_read(
    struct ca_presented *p, const char *file, const char *intermediates)
{
	int status;

	if ((p->others = sk_X509_new_null()) == NULL)
		return ca_cli_fail("%s", ca_err_text(CA_ERR_MEMORY));
	status = read_file(p, file, true);
	if (status == CA_EXIT_OK && intermediates != NULL)
		status = read_file(p, intermediates, false);
	return status;
}

void
ca_presented_clear(struct ca_presented *p)
{
	X509_free(p->leaf);
	sk_X509_pop_free(p->others, X509_free);
}
