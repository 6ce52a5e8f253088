#include "verify/certfile.h"
#include "data/der.h"
#include "data/pem.h"
#include "crypto/certgate.h"
#include "verify/certbag.h"

#include <openssl/err.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TRUSTED "TRUSTED CERTIFICATE" /* OpenSSL's, with trust settings */

/* What is done with each certificate. */
struct visit {
	enum ca_err (*each)(void *ctx, const uint8_t *der, size_t len);
	void *ctx;
	bool bags; /* PKCS #7 too */
	size_t found;
};

/* found counts what each was called for; a bag without certificates is as good
 * as a file without any. */
static enum ca_err
one_bag(struct visit *v, const uint8_t *der, size_t len)
{
	enum ca_err rc = ca_certbag_each(der, len, v->each, v->ctx);

	v->found += rc == CA_OK;
	return rc == CA_ERR_NOT_FOUND ? CA_OK : rc;
}

/* A block with certificates, by its label: PKCS #7 if bag. */
static enum ca_err
one_content(struct visit *v, bool bag, const uint8_t *der, size_t len)
{
	/* Windows writes PKCS #7 under the name of a certificate, too */
	if (v->bags && (bag || ca_certbag_is(der, len)))
		return one_bag(v, der, len);
	v->found++;
	return v->each(v->ctx, der, len);
}

static enum ca_err
one_block(struct visit *v, const struct ca_pem *pem)
{
	struct ca_buf der = CA_BUF_INIT(CA_CERTFILE_MAX);
	bool bag = v->bags && (ca_pem_label(pem, "PKCS7") ||
				  ca_pem_label(pem, "PKCS #7 SIGNED DATA") ||
				  ca_pem_label(pem, "CMS"));
	enum ca_err rc;

	if (ca_pem_label(pem, TRUSTED))
		return CA_ERR_FORMAT;
	if (!bag && !ca_pem_label(pem, "CERTIFICATE") &&
	    !ca_pem_label(pem, "X509 CERTIFICATE"))
		return CA_OK;
	if ((rc = ca_pem_decode(pem, &der)) == CA_OK)
		rc = one_content(v, bag, der.p, der.len);
	ca_buf_free(&der);
	return rc;
}

static enum ca_err
each_pem(struct ca_reader r, struct visit *v)
{
	struct ca_pem pem;
	enum ca_err rc;

	while ((rc = ca_pem_next(&r, &pem)) == CA_OK)
		if ((rc = one_block(v, &pem)) != CA_OK)
			return rc;
	if (rc == CA_ERR_NOT_FOUND && v->found > 0)
		return CA_OK;
	return rc;
}

static enum ca_err
visit(const void *p, size_t len, struct visit *v)
{
	if (len == 0 || len > CA_CERTFILE_MAX)
		return CA_ERR_FORMAT;
	/* DER begins with a SEQUENCE, 0x30; text before PEM may too ("0 s:/"):
	 * the PEM header decides */
	if (ca_pem_is(p, len))
		return each_pem(ca_reader_of(p, len), v);
	if (*(const uint8_t *)p != 0x30)
		return CA_ERR_FORMAT;
	if (v->bags && ca_certbag_is(p, len))
		return ca_certbag_each(p, len, v->each, v->ctx);
	return v->each(v->ctx, p, len);
}

enum ca_err
ca_certfile_each(const void *p, size_t len,
    enum ca_err (*each)(void *ctx, const uint8_t *der, size_t len), void *ctx)
{
	struct visit v = {each, ctx, false, 0};

	return visit(p, len, &v);
}

enum ca_err
ca_certfile_each_ca(const void *p, size_t len,
    enum ca_err (*each)(void *ctx, const uint8_t *der, size_t len), void *ctx)
{
	struct visit v = {each, ctx, true, 0};

	return visit(p, len, &v);
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

static enum ca_err
parse(struct ca_crypto *crypto, const struct ca_bytes *file, bool bags,
    STACK_OF(X509) *out, size_t *bad)
{
	struct parse parse = {crypto, out, 0};
	struct visit v = {parse_one, &parse, bags, 0};
	enum ca_err rc;

	ERR_set_mark();
	rc = visit(file->p, file->len, &v);
	ERR_pop_to_mark();
	*bad = parse.bad;
	return rc;
}

enum ca_err
ca_certfile_parse(struct ca_crypto *crypto, const void *p, size_t len,
    STACK_OF(X509) *out, size_t *bad)
{
	return parse(crypto, &(struct ca_bytes){p, len}, false, out, bad);
}

enum ca_err
ca_certfile_parse_ca(struct ca_crypto *crypto, const void *p, size_t len,
    STACK_OF(X509) *out, size_t *bad)
{
	return parse(crypto, &(struct ca_bytes){p, len}, true, out, bad);
}

struct refusal {
	char *text;
	const char *why;
};

static enum ca_err
find_refusal(void *ctx, const uint8_t *der, size_t len)
{
	struct refusal *first = ctx;

	first->why = ca_cert_refusal(der, len, first->text);
	return first->why != NULL ? CA_DENIED : CA_OK;
}

const char *
ca_certfile_refusal(const void *p, size_t len, char text[CA_CERT_REFUSAL])
{
	struct refusal first = {text, NULL};

	ERR_set_mark();
	enum ca_err rc = ca_certfile_each_ca(p, len, find_refusal, &first);
	ERR_pop_to_mark();
	return rc == CA_DENIED ? first.why : NULL;
}

const char *
ca_certfile_trouble(
    const void *p, size_t len, enum ca_err rc, char out[CA_CERTFILE_TROUBLE])
{
	static const char trusted[] = "-----BEGIN " TRUSTED;
	char refusal[CA_CERT_REFUSAL];
	const char *why = NULL, *what = "contains a certificate that cannot be "
					"decoded";

	if (rc == CA_ERR_FORMAT && memmem(p, len, trusted, strlen(trusted)))
		what = "is a TRUSTED CERTIFICATE, a form of OpenSSL with trust "
		       "settings, which would be ignored; convert it with: "
		       "openssl x509 -in FILE -out NEW.pem";
	else if (rc == CA_ERR_FORMAT)
		what = "is not PEM, DER or PKCS #7, or is damaged";
	else if (rc == CA_ERR_UNSUPPORTED)
		what = "is a signed message (PKCS #7), not a list of "
		       "certificates; to print the certificates in it, run: "
		       "openssl pkcs7 -print_certs -in FILE";
	else if (rc == CA_ERR_NOT_FOUND)
		what = "has no certificate";
	else if (rc == CA_OK)
		why = ca_certfile_refusal(p, len, refusal);
	if (why != NULL)
		what = "contains a certificate that is not used because ";
	(void)snprintf(
	    out, CA_CERTFILE_TROUBLE, "%s%s", what, why != NULL ? why : "");
	return out;
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
