/*
 * An identity of a certificate on a token: its label, its chain and its key.
 */
#include "key/p11scan.h"

#include <openssl/x509v3.h>
#include <stdlib.h>

bool
ca_p11_is_ca(X509 *cert)
{
	int kind = X509_check_ca(cert);

	return kind == 1 || kind == 3; /* by its extension, or its version */
}

static enum ca_err
make_label(const struct ca_p11_scan *s, const struct ca_buf *label, char **out)
{
	struct ca_buf text = CA_BUF_INIT(CA_P11_ATTRIBUTE_MAX);

	ca_buf_str(&text, s->at.token.name);
	if (label != NULL && label->len > 0) {
		ca_buf_str(&text, ": ");
		ca_buf_printable(
		    &text, label->p, label->len < 64 ? label->len : 64);
	}
	*out = ca_buf_take(&text, NULL);
	ca_buf_free(&text);
	return *out != NULL ? CA_OK : CA_ERR_MEMORY;
}

/* The token's CA certificates may be the leaf's intermediates. */
static enum ca_err
make_chain(const struct ca_p11_scan *s, const X509 *leaf, STACK_OF(X509) **out)
{
	STACK_OF(X509) *chain = sk_X509_new_null();

	if (chain == NULL)
		return CA_ERR_MEMORY;
	for (int i = 0; i < sk_X509_num(s->parsed); i++) {
		X509 *cert = sk_X509_value(s->parsed, i);

		if (cert == leaf || cert == NULL || !ca_p11_is_ca(cert))
			continue;
		if (X509_add_cert(chain, cert, X509_ADD_FLAG_UP_REF) != 1) {
			sk_X509_pop_free(chain, X509_free);
			return CA_ERR_MEMORY;
		}
	}
	*out = chain;
	return CA_OK;
}

enum ca_err
ca_p11_add_identity(struct ca_p11_scan *s, X509 *leaf, struct ca_bytes id,
    const struct ca_buf *label)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_identity *one = calloc(1, sizeof *one);
	struct ca_identity **v;

	if (one == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if (X509_up_ref(leaf) != 1) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	one->leaf = leaf;
	if ((rc = make_label(s, label, &one->label)) != CA_OK ||
	    (rc = make_chain(s, leaf, &one->chain)) != CA_OK ||
	    (rc = ca_p11_key_new(s->crypto, s->held, id, leaf, &one->key)) !=
		CA_OK) {
		ret = rc;
		goto out;
	}
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers */
	v = realloc(s->out.v, (s->out.n + 1) * sizeof(*v));
	if (v == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	s->out.v = v;
	v[s->out.n++] = one;
	one = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_identity_free(one);
	return ret;
}
