/*
 * A search for certificates and keys on tokens.  Private to p11.c, which goes
 * through the slots, and p11token.c, which reads one token.
 */
#ifndef CA_KEY_P11SCAN_H
#define CA_KEY_P11SCAN_H

#include "key/p11.h"

/* The attributes read from an object. */
struct ca_p11_object {
	CK_OBJECT_HANDLE handle;
	struct ca_buf id, label;
	struct ca_buf value; /* of a certificate */
};

struct ca_p11_objects {
	struct ca_p11_object *v;
	size_t n;
};

/* A scan in progress. */
struct ca_p11_scan {
	struct ca_crypto *crypto;
	struct ca_identities *out;
	X509 *given;  /* a certificate whose key is on a token; NULL: use the
		       * certificates on the tokens */
	bool refused; /* a token with keys needs no PIN, but one is required */
	/* the current token */
	struct ca_p11_session at;
	struct ca_p11_held *held; /* its keys share it */
	struct ca_p11_objects keys, public_keys, certs;
	STACK_OF(X509) *parsed; /* one for each of certs; NULL if broken */
};

/*
 * Append the identities of the current token to s->out.  Only CA_ERR_MEMORY
 * ends the search; a token that fails is skipped with a debug line.
 */
CA_MUST_CHECK enum ca_err ca_p11_scan_token(struct ca_p11_scan *s);

#endif
