/*
 * What an error of X509_verify_cert means for the certificate at hand, in words.
 */
#ifndef CA_VERIFY_PATHTEXT_H
#define CA_VERIFY_PATHTEXT_H

#include <openssl/x509.h>
#include <time.h>

#include "base/buf.h"
#include "verify/path.h"

/* A finding of X509_verify_cert about a certificate of a path. */
struct ca_pathtext {
	const struct ca_pathfinder *finder; /* NULL: files are not named */
	const STACK_OF(X509) *chain;        /* the chain that was built */
	time_t now;                         /* the time of the verification */
	int error;                          /* X509_V_ERR_... */
	int depth;                          /* of the certificate; 0: leaf */
	X509 *cert;
};

/* Append the certificate, where it comes from, what is wrong with it, and what
 * to do next. */
void ca_pathtext(const struct ca_pathtext *t, struct ca_buf *out);

#endif
