/*
 * The certificates that a client would send, read from the files of a command:
 * judged one by one as a login judges them.
 */
#ifndef CA_CLI_PRESENTED_H
#define CA_CLI_PRESENTED_H

#include <openssl/x509.h>

#include "auth/auth.h"
#include "tool/cli.h"

struct ca_presented {
	/* the caller's */
	struct ca_crypto *crypto;
	const struct ca_log *log;
	struct ca_report *report;
	enum ca_check check; /* that fails if a login would refuse the leaf */
	/* the result */
	X509 *leaf;                           /* owned; NULL: refused */
	enum ca_err rc;                       /* of decoding leaf */
	STACK_OF(X509) *others;               /* owned */
	struct ca_bytes staple[CA_CERTS_MAX]; /* OCSP responses; owned */
	size_t nstaples;
};

/* Files with OCSP responses (DER) that the client would send. */
struct ca_presented_ocsp {
	const char *file[CA_CERTS_MAX];
	size_t n;
};

/* Add a file, which is borrowed.  False: there are too many. */
bool ca_presented_add(struct ca_presented_ocsp *list, const char *file);

/*
 * Read the client's certificate and what follows it in file, and the further
 * certificates in intermediates, which may be NULL, and the OCSP responses.  What a
 * login finds wrong with a certificate is recorded in the report.  Returns an exit status: CA_EXIT_OK, or
 * that of an error, which is printed.
 */
int ca_presented_read(struct ca_presented *p, const char *file,
    const char *intermediates, const struct ca_presented_ocsp *ocsp);

void ca_presented_clear(struct ca_presented *p);

#endif
