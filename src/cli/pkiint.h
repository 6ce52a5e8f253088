/*
 * Inside `certauth pki`: pki.c has the commands, pkifiles.c the folder.  Private
 * to them.  Each function prints an error message if it fails.
 */
#ifndef CA_CLI_PKIINT_H
#define CA_CLI_PKIINT_H

#include <limits.h>
#include <openssl/bio.h>
#include <sys/types.h>

#include "cli/pki.h"

struct ca_pki {
	const char *dir, *name;
	struct ca_pki_want want; /* days 0: the default */
	struct ca_crypto *crypto;
	EVP_PKEY *key; /* of the CA */
	X509 *ca;
	int lock;          /* ca.key, or -1 */
	char *const *argv; /* of the command, for messages */
};

/* Does NAME + end exist in the folder? */
bool ca_pki_exists(const struct ca_pki *p, const char *name, const char *end);

/* Write the content of bio to the file NAME + end. */
bool ca_pki_store(const struct ca_pki *p, const char *name, const char *end,
    BIO *bio, mode_t mode);

/* Read NAME.pem.  The caller frees it; NULL: it cannot be read. */
X509 *ca_pki_read_cert(const struct ca_pki *p, const char *name);

/* Lock the folder and read the CA and its key into *p.  The caller frees them. */
bool ca_pki_open(struct ca_pki *p);

/* Read ca.crl.  The caller frees it; NULL: it cannot be read. */
X509_CRL *ca_pki_read_crl(const struct ca_pki *p);

/* Make a new ca.crl: the entries of old (NULL: none) and the certificate more
 * (NULL: none), valid for days.  Returns an exit status. */
int ca_pki_renew_crl(struct ca_pki *p, X509_CRL *old, X509 *more, long days);

#endif
