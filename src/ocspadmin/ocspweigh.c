/*
 * The status of the responder that signed, as a login judges it (ocsprun.h).
 */
#include "ocspadmin/ocsprun.h"

#include <openssl/x509v3.h>

#include "verify/issued.h"
#include "verify/revocation.h"

#define CHAIN_MAX 32

/* The anchors come first in known, and are preferred. */
static X509 *
next(const struct ca_ocspadmin_run *run, const STACK_OF(X509) *chain)
{
	X509 *last = sk_X509_value(chain, sk_X509_num(chain) - 1);

	for (int i = 0; i < sk_X509_num(run->known); i++) {
		X509 *ca = sk_X509_value(run->known, i);

		if (X509_check_ca(ca) != 0 && ca_issued_by(last, ca) &&
		    !ca_issued_among(chain, sk_X509_num(chain), ca))
			return ca;
	}
	return NULL;
}

/* From cert to an anchor. */
static enum ca_err
fill(const struct ca_ocspadmin_run *run, X509 *cert, X509 *issuer,
    STACK_OF(X509) *chain)
{
	X509 *ca = issuer;

	if (sk_X509_push(chain, cert) == 0)
		return CA_ERR_MEMORY;
	while (ca != NULL && sk_X509_num(chain) < CHAIN_MAX) {
		if (sk_X509_push(chain, ca) == 0)
			return CA_ERR_MEMORY;
		ca = ca_issued_among(run->base.cas, run->base.nanchors, ca)
			 ? NULL
			 : next(run, chain);
	}
	return CA_OK;
}

/* A service may check CRLs although [default] does not. */
static enum ca_err
prepare(struct ca_ocspadmin_run *run)
{
	struct ca_config *cfg = run->base.cfg;

	if (run->rev != NULL)
		return CA_OK;
	if (cfg->crl == CA_CRL_OFF)
		cfg->crl = CA_CRL_REQUIRE;
	return ca_revocation_new(
	    run->base.crypto, cfg, &run->base.log, run->now, &run->rev);
}

enum ca_err
ca_ocspadmin_weigh(struct ca_ocspadmin_run *run, X509 *cert, X509 *issuer,
    struct ca_ocsp_answer *answer)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	STACK_OF(X509) *chain = NULL;

	if (answer->responder == NULL || answer->nocheck)
		return CA_OK;
	if ((rc = prepare(run)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if ((chain = sk_X509_new_null()) == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = fill(run, cert, issuer, chain)) != CA_OK ||
	    (rc = ca_revocation_weigh(run->rev, chain, answer)) != CA_OK) {
		ret = rc;
		goto out;
	}
	ret = CA_OK;
out:
	sk_X509_free(chain); /* the certificates are borrowed */
	return ret;
}
