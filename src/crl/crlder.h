/*
 * Read the extensions of a CRL entry, in strict DER.  Private to src/crl.
 */
#ifndef CA_CRL_CRLDER_H
#define CA_CRL_CRLDER_H

#include "data/der.h"

/* What the extensions of a CRL entry say (RFC 5280 section 5.3). */
struct ca_der_entry_exts {
	int reason;              /* -1: none given */
	struct ca_reader issuer; /* certificateIssuer, DER; p NULL: none */
	bool critical;           /* an unknown one is critical */
};

/* Read r, which is the Extensions element and nothing else.  CA_ERR_FORMAT. */
CA_MUST_CHECK enum ca_err ca_der_entry_exts(
    struct ca_reader r, struct ca_der_entry_exts *out);

#endif
