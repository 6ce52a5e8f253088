/*
 * A directory of CA certificates, while `certauth setup' changes it.  Private to
 * setup*.c.
 *
 * Other users log in meanwhile.  So a file is complete before its name exists,
 * a certificate has its new file and link before the old ones go, and a link is
 * replaced by rename: at no moment is a trust anchor missing.
 */
#ifndef CA_CLI_SETUPDIR_H
#define CA_CLI_SETUPDIR_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/crypto.h"

#define CA_SETUP_LINKS_MAX 64 /* links of ca_dir are HASH.0 to HASH.63 */

/* An entry of the directory. */
struct ca_setup_file {
	char *name;
	bool hashed; /* HASH.N, with these numbers */
	unsigned long hash;
	unsigned n;
	char *target;  /* of a symbolic link, else NULL */
	bool dangling; /* a link to nothing */
	size_t certs;  /* how many certificates it has; of 1: */
	bool pem;
	uint8_t sum[32];            /* SHA-256 of the certificate */
	unsigned long subject, old; /* both hashes of its subject */
	bool gone;                  /* it is to be removed, or has been */
};

struct ca_setup_dir {
	struct ca_crypto *crypto;
	const char *path;
	int fd;
	struct ca_setup_file *v;
	size_t n;
};

/* Read the directory.  False: an error was printed.  The caller closes it in
 * each case. */
bool ca_setup_dir_open(
    struct ca_setup_dir *d, struct ca_crypto *crypto, const char *path);
void ca_setup_dir_close(struct ca_setup_dir *d);

/* Read the entry called name and add it.  CA_ERR_MEMORY, CA_ERR_CRYPTO. */
CA_MUST_CHECK enum ca_err ca_setup_dir_add(
    struct ca_setup_dir *d, const char *name);

/* The name that ca_setup_dir_put gives to a new file.  CA_ERR_CRYPTO. */
CA_MUST_CHECK enum ca_err ca_setup_dir_name(
    struct ca_crypto *crypto, X509 *cert, char out[80]);

/* Put a certificate into a PEM file of its own, unless it has one.  *name is the
 * file's, and belongs to d.  False: an error was printed. */
bool ca_setup_dir_put(struct ca_setup_dir *d, X509 *cert, const char **name);

/* Give each PEM file with one certificate the link that `openssl rehash' makes,
 * and remove links that dangle, repeat a certificate or have a wrong name, and
 * those to files that are gone.  False: an error was printed. */
bool ca_setup_dir_link(struct ca_setup_dir *d);

#endif
