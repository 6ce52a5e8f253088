/* Stands in until src/verify/chain.c and src/key/p11.c are there. */
#include "key/key.h"
#include "verify/verify.h"

enum ca_err
ca_verify(struct ca_crypto *crypto, const struct ca_config *cfg,
    const struct ca_log *log, const struct ca_verify_input *in,
    struct ca_report *report, STACK_OF(X509) **chain)
{
	(void)crypto, (void)cfg, (void)log, (void)in, (void)report, (void)chain;
	return CA_ERR_UNSUPPORTED;
}

