#include "verify/certfile.h"
#include "base/der.h"
#include "base/pem.h"
#include "crypto/certgate.h"

#include <openssl/err.h>

static enum ca_err
one_block(const struct ca_pem *pem,
    enum ca_err (*each)(void *ctx, const uint8_t *der, size_t len), void *ctx,
    size_t *found)
{
	struct ca_buf der = CA_BUF_INIT(CA_CERTFILE_MAX);
	enum ca_err rc;

	if (ca_pem_label(pem, "TRUSTED CERTIFICATE"))
		return CA_ERR_FORMAT;
	if (!ca_pem_label(pem, "CERTIFICATE") &&
	    !ca_pem_label(pem, "X509 CERTIFICATE"))
		return CA_OK;
	++*found;
	if ((rc = ca_pem_decode(pem, &der)) == CA_OK)
		rc = each(ctx, der.p, der.len);
	ca_buf_free(&der);
	return rc;
}

static enum ca_err
each_pem(struct ca_reader r,
    enum ca_err (*each)(void *ctx, const uint8_t *der, size_t len), void *ctx)
{
	struct ca_pem pem;
	size_t found = 0;
	enum ca_err rc;

	while ((rc = ca_pem_next(&r, &pem)) == CA_OK)
		if ((rc = one_block(&pem, each, ctx, &found)) != CA_OK)
			return rc;
	if (rc == CA_ERR_NOT_FOUND && found > 0)
		return CA_OK;
	return rc;
}

enum ca_err
ca_certfile_each(const void *p, size_t len,
    enum ca_err (*each)(void *ctx, const uint8_t *der, size_t len), void *ctx)
{
	if (len == 0 || len > CA_CERTFILE_MAX)
		return CA_ERR_FORMAT;
	/* DER begins with a SEQUENCE, 0x30; text before PEM may too ("0 s:/"):
	 * the PEM header decides */
	if (ca_pem_is(p, len))
		return each_pem(ca_reader_of(p, len), each, ctx);
	if (*(const uint8_t *)p != 0x30)
		return CA_ERR_FORMAT;
	return each(ctx, p, len);
}

struct parse {
	struct ca_crypto *crypto;
	STACK_OF(X509) *out;
	size_t bad;
};

static enum ca_err
parse_one(void *ctx, const uint8_t *der, size_t len)
{
	struct parse *parse = ctx;
	X509 *cert = NULL;
	enum ca_err rc = ca_crypto_cert(parse->crypto, der, len, &cert);

	if (rc == CA_ERR_MEMORY)
		return rc;
	if (rc != CA_OK) {
		parse->bad++;
		return CA_OK;
	}
	if (sk_X509_push(parse->out, cert) <= 0) {
		X509_free(cert);
		return CA_ERR_MEMORY;
	}
	return CA_OK;
}

enum ca_err
ca_certfile_parse(struct ca_crypto *crypto, const void *p, size_t len,
    STACK_OF(X509) *out, size_t *bad)
{
	struct parse parse = {crypto, out, 0};
	enum ca_err rc;

	ERR_set_mark();
	rc = ca_certfile_each(p, len, parse_one, &parse);
	ERR_pop_to_mark();
	*bad = parse.bad;
	return rc;
}

static enum ca_err
find_refusal(void *ctx, const uint8_t *der, size_t len)
{
	const char **why = ctx;

	*why = ca_cert_refusal(der, len);
	return *why != NULL ? CA_DENIED : CA_OK;
}

const char *
ca_certfile_refusal(const void *p, size_t len)
{
	const char *why = NULL;

	ERR_set_mark();
	enum ca_err rc = ca_certfile_each(p, len, find_refusal, &why);
	ERR_pop_to_mark();
	return rc == CA_DENIED ? why : NULL;
}

enum ca_err
ca_certfile_subject(
    const uint8_t *der, size_t len, const uint8_t **name, size_t *namelen)
{
	/* RFC 5280 section 4.1: serial, signature, issuer, validity, subject */
	static const uint8_t fields[] = {CA_DER_INTEGER, CA_DER_SEQUENCE,
	    CA_DER_SEQUENCE, CA_DER_SEQUENCE, CA_DER_SEQUENCE};
	struct ca_reader r = ca_reader_of(der, len), cert, tbs, content;

	if (ca_der_expect(&r, CA_DER_SEQUENCE, &cert) != CA_OK ||
	    ca_der_expect(&cert, CA_DER_SEQUENCE, &tbs) != CA_OK)
		return CA_ERR_FORMAT;
	/* version; without it the certificate is of version 1 */
	if (tbs.left > 0 && tbs.p[0] == CA_DER_CONTEXT_0 &&
	    ca_der_expect(&tbs, CA_DER_CONTEXT_0, &content) != CA_OK)
		return CA_ERR_FORMAT;
	for (size_t i = 0; i < sizeof fields; i++) {
		*name = tbs.p;
		if (ca_der_expect(&tbs, fields[i], &content) != CA_OK)
			return CA_ERR_FORMAT;
		*namelen = (size_t)(tbs.p - *name);
	}
	return CA_OK;
}
