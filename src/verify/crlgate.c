#include "verify/crlrev.h"

#include <openssl/err.h>

/*
 * X509_verify_cert asks for revocation before it looks at signatures.  A
 * client can make up a certificate that names a CA of ours, and have it ask
 * for that CA's CRL; where that has a million entries and no index, each such
 * attempt would cost the host a reading of it.  So before a large file is read,
 * the signatures of the path are verified: with an index, or a small CRL, they
 * are verified once, as ever.
 */

/* Is cert signed by issuer's key?  Asked once for a pair, whichever path it is
 * on.  X509_verify_cert and path.c bound how many there can be. */
static bool
is_signed(struct ca_revocation *rev, X509 *cert, X509 *issuer)
{
	struct signed_pair *p;
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	bool good;

	for (size_t i = 0; i < rev->npairs; i++) {
		p = &rev->pair[i];
		if (X509_cmp(p->cert, cert) == 0 &&
		    X509_cmp(p->issuer, issuer) == 0)
			return p->good;
	}
	if (rev->npairs == CA_PAIRS_MAX || key == NULL)
		return false;
	ERR_set_mark();
	good = X509_verify(cert, key) == 1;
	ERR_pop_to_mark();
	ca_log_debug(rev->log,
	    "a signature is verified before a large CRL is "
	    "read: it is %-s",
	    good ? "good" : "wrong");
	if (X509_up_ref(cert) != 1)
		return good;
	if (X509_up_ref(issuer) != 1) {
		X509_free(cert);
		return good;
	}
	rev->pair[rev->npairs++] = (struct signed_pair){cert, issuer, good};
	return good;
}

void
ca_crlrev_pairs_clear(struct ca_revocation *rev)
{
	for (size_t i = 0; i < rev->npairs; i++) {
		X509_free(rev->pair[i].cert);
		X509_free(rev->pair[i].issuer);
	}
	rev->npairs = 0;
}

bool
ca_crlrev_gate_open(void *arg)
{
	struct ca_revocation *rev = arg;
	X509_STORE_CTX *ctx = rev->looking;

	/* the path of a CRL's issuer hangs on that of the certificate */
	for (; ctx != NULL; ctx = X509_STORE_CTX_get0_parent_ctx(ctx)) {
		STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);

		for (int i = 0; i + 1 < sk_X509_num(chain); i++)
			if (!is_signed(rev, sk_X509_value(chain, i),
				sk_X509_value(chain, i + 1)))
				return false;
	}
	return rev->looking != NULL;
}
