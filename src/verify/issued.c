#include "verify/issued.h"

#include <openssl/err.h>

bool
ca_issued_by(X509 *cert, X509 *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	bool is;

	ERR_set_mark();
	is = key != NULL &&
	     X509_NAME_cmp(X509_get_issuer_name(cert),
		 X509_get_subject_name(issuer)) == 0 &&
	     X509_verify(cert, key) == 1;
	ERR_pop_to_mark();
	return is;
}
