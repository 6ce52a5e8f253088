#include "crladmin/crlcas.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crl/crl.h"
#include "verify/issued.h"
#include "verify/name.h"
#include "verify/revocation.h"

bool
ca_crladmin_needs_crl(
    struct ca_crypto *crypto, const struct ca_config *cfg, X509 *ca)
{
	return cfg->crl != CA_CRL_OFF && cfg->revocation != CA_SOURCES_OCSP &&
	       !ca_revocation_is_exempt(crypto, &cfg->crl_exempt, ca);
}

static bool
is_live_ca(X509 *cert)
{
	time_t end;

	return X509_check_ca(cert) != 0 &&
	       ca_crypto_seconds(X509_get0_notAfter(cert), &end) &&
	       end > time(NULL);
}

static enum ca_err
add(const struct ca_crladmin_run *r, X509 *cert, struct ca_crladmin_cas *out)
{
	struct ca_crladmin_ca *v, ca = {.cert = cert};
	enum ca_err rc = ca_crypto_spki(r->crypto, cert, ca.key);

	if (rc != CA_OK)
		return rc;
	for (size_t i = 0; i < out->n; i++)
		if (memcmp(out->v[i].key, ca.key, sizeof ca.key) == 0 &&
		    ca_crl_same_name(X509_get_subject_name(out->v[i].cert),
			X509_get_subject_name(cert))) {
			/* a renewed certificate may permit more */
			out->v[i].may_sign |=
			    (X509_get_key_usage(cert) & KU_CRL_SIGN) != 0;
			out->v[i].needs =
			    out->v[i].needs &&
			    ca_crladmin_needs_crl(r->crypto, r->cfg, cert);
			return CA_OK;
		}
	if ((v = realloc(out->v, (out->n + 1) * sizeof *v)) == NULL)
		return CA_ERR_MEMORY;
	out->v = v;
	ca.needs = ca_crladmin_needs_crl(r->crypto, r->cfg, cert);
	ca.may_sign = (X509_get_key_usage(cert) & KU_CRL_SIGN) != 0;
	v[out->n++] = ca;
	return CA_OK;
}

/* Add each CA of intermediates_dir that is below one of out, until no other one
 * is. */
static enum ca_err
add_below(
    const struct ca_crladmin_run *r, bool *done, struct ca_crladmin_cas *out)
{
	bool again = true;
	enum ca_err rc = CA_OK;

	while (again) {
		again = false;
		for (int i = r->nanchors; i < sk_X509_num(r->cas); i++) {
			X509 *cert = sk_X509_value(r->cas, i);

			if (done[i] || !is_live_ca(cert) ||
			    ca_crladmin_cas_issuer(out, cert) == NULL)
				continue;
			if ((rc = add(r, cert, out)) != CA_OK)
				return rc;
			done[i] = again = true;
		}
	}
	return CA_OK;
}

enum ca_err
ca_crladmin_cas_find(
    const struct ca_crladmin_run *r, struct ca_crladmin_cas *out)
{
	bool *done = calloc((size_t)sk_X509_num(r->cas) + 1, sizeof *done);
	enum ca_err rc = done != NULL ? CA_OK : CA_ERR_MEMORY;

	for (int i = 0; rc == CA_OK && i < r->nanchors; i++)
		if (is_live_ca(sk_X509_value(r->cas, i)))
			rc = add(r, sk_X509_value(r->cas, i), out);
	if (rc == CA_OK)
		rc = add_below(r, done, out);
	free(done);
	return rc;
}

void
ca_crladmin_cas_clear(struct ca_crladmin_cas *cas)
{
	free(cas->v);
	*cas = (struct ca_crladmin_cas){NULL, 0};
}

struct ca_crladmin_ca *
ca_crladmin_cas_issuer(const struct ca_crladmin_cas *cas, X509 *cert)
{
	for (size_t i = 0; i < cas->n; i++)
		if (ca_issued_by(cert, cas->v[i].cert))
			return &cas->v[i];
	return NULL;
}

char *
ca_crladmin_name_text(const X509_NAME *name)
{
	struct ca_buf b = CA_BUF_INIT(65536);

	ca_name_rfc4514(name, &b);
	if (b.err == CA_OK && b.len == 0)
		ca_buf_str(&b, "(an empty name)");
	return ca_buf_take(&b, NULL);
}
