/* Whether a certificate on a token could log in, as far as no host is asked. */
#include "client/tokens.h"
#include "base/tr.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "sign/identity.h"
#include "verify/name.h"
#include "wire/message.h"
#include "wire/scheme.h"

static void
put_use(struct ca_buf *out, const char *what)
{
	ca_buf_fmt(out, "%s%s", out->len > 0 ? ", " : "", what);
}

/* KeyUsage and ExtendedKeyUsage (RFC 5280 sections 4.2.1.3 and 4.2.1.12). */
static void
put_uses(X509 *cert, struct ca_buf *out)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} ku[] = {{KU_DIGITAL_SIGNATURE, "digitalSignature"},
	    {KU_NON_REPUDIATION, "contentCommitment"},
	    {KU_KEY_ENCIPHERMENT, "keyEncipherment"},
	    {KU_DATA_ENCIPHERMENT, "dataEncipherment"},
	    {KU_KEY_AGREEMENT, "keyAgreement"},
	    {KU_KEY_CERT_SIGN, "keyCertSign"}, {KU_CRL_SIGN, "cRLSign"}};
	const uint32_t bits = X509_get_key_usage(cert);
	EXTENDED_KEY_USAGE *eku;

	for (size_t i = 0; bits != UINT32_MAX && i < sizeof ku / sizeof ku[0];
	     i++)
		if ((bits & ku[i].bit) != 0)
			put_use(out, ku[i].name);
	eku = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	for (int i = 0; i < sk_ASN1_OBJECT_num(eku); i++) {
		char name[80];

		if (OBJ_obj2txt(
			name, sizeof name, sk_ASN1_OBJECT_value(eku, i), 0) > 0)
			put_use(out, name);
	}
	sk_ASN1_OBJECT_pop_free(eku, ASN1_OBJECT_free);
	if (out->len == 0)
		ca_buf_str(out, _("anything"));
	ERR_clear_error();
}

static const struct ca_identity *
identity_of(const struct ca_tokens *t, X509 *cert)
{
	for (size_t i = 0; i < t->ids.n; i++)
		if (t->ids.v[i]->leaf == cert)
			return t->ids.v[i];
	return NULL;
}

/* The same certificate of another module was taken. */
static bool
is_double(const struct ca_tokens *t, const X509 *cert)
{
	for (size_t i = 0; i < t->ids.n; i++)
		if (X509_cmp(t->ids.v[i]->leaf, cert) == 0)
			return true;
	return false;
}

/* A host that accepts every scheme and names no CA. */
static void
any_host(struct ca_request *req)
{
	const struct ca_scheme *s;

	*req = (struct ca_request){0};
	while (req->nschemes < sizeof req->scheme / sizeof req->scheme[0] &&
	       (s = ca_scheme_at(req->nschemes)) != NULL)
		req->scheme[req->nschemes++] = s->code;
}

static void
judge_identity(const struct ca_identity *id, struct ca_tokens_cert *out)
{
	struct ca_request req;
	bool never = false;

	any_host(&req);
	const struct ca_scheme *s = ca_identity_scheme(id, &req);
	out->scheme = s != NULL ? s->name : NULL;
	/* the reason stays in the buffer */
	if (ca_identity_unfit(id, &req, time(NULL), &out->why, &never) == NULL)
		ca_buf_reset(&out->why);
}

void
ca_tokens_judge(const struct ca_tokens *t, const struct ca_view_cert *c,
    struct ca_tokens_cert *out)
{
	const struct ca_identity *id;

	*out = (struct ca_tokens_cert){CA_BUF_INIT(65536), CA_BUF_INIT(65536),
	    CA_BUF_INIT(4096), CA_BUF_INIT(64), NULL, CA_BUF_INIT(4096)};
	if (c->cert == NULL) {
		ca_buf_str(&out->why, _("it cannot be decoded"));
		return;
	}
	ca_name_rfc4514(X509_get_subject_name(c->cert), &out->subject);
	ca_name_rfc4514(X509_get_issuer_name(c->cert), &out->issuer);
	put_uses(c->cert, &out->uses);
	ca_identity_date(X509_get0_notAfter(c->cert), &out->until);
	if ((id = identity_of(t, c->cert)) != NULL)
		judge_identity(id, out);
	else if (c->ca)
		ca_buf_str(&out->why,
		    _("it is a CA certificate, which completes the chain of "
		      "others"));
	else if (is_double(t, c->cert))
		ca_buf_str(&out->why,
		    _("another module shows it, too, and is tried first"));
	else
		ca_buf_str(&out->why,
		    _("its private key is not on the token, or the URI does not "
		      "name it"));
}

void
ca_tokens_cert_clear(struct ca_tokens_cert *c)
{
	ca_buf_free(&c->subject);
	ca_buf_free(&c->issuer);
	ca_buf_free(&c->uses);
	ca_buf_free(&c->until);
	ca_buf_free(&c->why);
}
