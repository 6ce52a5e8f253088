/*
 * What a file of certificates or keys is, by its content: for the messages of
 * commands that are given another kind than they take.  Nothing is decrypted
 * or decoded.
 */
#ifndef CA_CRYPTO_FILEKIND_H
#define CA_CRYPTO_FILEKIND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum ca_file_kind {
	CA_FILE_UNKNOWN,
	CA_FILE_EMPTY,
	CA_FILE_CERT,         /* X.509, also several, also with other blocks */
	CA_FILE_TRUSTED_CERT, /* OpenSSL's, with trust settings */
	CA_FILE_CSR,          /* PKCS#10, RFC 2986 */
	CA_FILE_CRL,
	CA_FILE_PKCS7,   /* RFC 2315, CMS */
	CA_FILE_P12,     /* PKCS#12, RFC 7292 */
	CA_FILE_KEY,     /* private: PKCS#8, or the forms of one algorithm */
	CA_FILE_SEALED,  /* private: PKCS#8 under a passphrase */
	CA_FILE_OPENSSH, /* private, in OpenSSH's form */
	CA_FILE_PUTTY,   /* private, .ppk */
	CA_FILE_TPM,     /* a key that only one TPM can load */
	CA_FILE_PUBLIC,  /* a public key */
	CA_FILE_SSH,     /* a public key or certificate of OpenSSH */
	CA_FILE_PGP,
	CA_FILE_JAVA, /* JKS or JCEKS */
	CA_FILE_PARAMETERS,
	CA_FILE_KINDS
};

/* If a file has blocks of several kinds, a certificate decides, else a private
 * key. */
enum ca_file_kind ca_file_kind(const void *p, size_t len);

/* "a PKCS#12 file", "a private key": for "FILE is ..."; static storage. */
const char *ca_file_kind_name(enum ca_file_kind kind);

/* What a command takes, to which another kind of file was given. */
enum ca_file_want {
	CA_WANT_CERT, /* a client: the certificate to log in with */
	CA_WANT_KEY,  /* a client: its private key */
	CA_WANT_P12,  /* a client: both in PKCS#12 */
	CA_WANT_SHOW, /* an administrator's command: certificates */
	CA_WANTS
};

/* The next command for a file of that kind, to follow "FILE is ...": a phrase
 * in which FILE stands for it; static storage, NULL if there is none. */
const char *ca_file_kind_next(
    enum ca_file_kind kind, enum ca_file_want want, bool pem);

#endif
