/*
 * `certauth setup`: set up a host.
 */
#ifndef CA_CLI_SETUP_H
#define CA_CLI_SETUP_H

#include <stdbool.h>
#include <stddef.h>

#include "tool/cli.h"
#include "config/config.h"
#include "crypto/crypto.h"

/* The numbers of imported certificates. */
struct ca_setup_count {
	size_t anchors, intermediates;
	size_t there; /* in a file that was in one of the directories before */
};

/*
 * Import every CA certificate of the file at path (PEM, DER, PKCS#7): into cfg's
 * ca_dir if the certificate is self-signed or anchor is set, else into
 * intermediates_dir.  Each gets a file of its own and a link as `openssl rehash'
 * makes it.  A file that is in one of these directories already is converted
 * there: each certificate remains in its directory, and the file is removed when
 * the new files and links exist.  n counts them.  False: an error was printed.
 */
bool ca_setup_ca(const struct ca_config *cfg, struct ca_crypto *crypto,
    const char *path, bool anchor, struct ca_setup_count *n);

/* Import a file with CRLs into crl_dir, with links and indexes, if a known CA has
 * signed each of them.  False: an error was printed. */
bool ca_setup_crl(struct ca_config *cfg, const char *path);

/* Remember the addresses of CRLs in the certificates of these files, if a CA of
 * cfg signed them (crladmin/crlbook.h).  False: an error was printed. */
bool ca_setup_learn(struct ca_config *cfg, const char *const *path, size_t n);

/* Enable the socket of the resident verifier, if this is root and systemd runs.  A
 * set-up elsewhere than in /etc/certauth may be one that is only tried, and starts
 * nothing.  False: it could not be enabled, which was printed. */
bool ca_setup_socket(bool elsewhere);

#endif
