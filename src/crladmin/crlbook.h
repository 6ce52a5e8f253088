/*
 * The known addresses of CRLs, and the file in crl_dir that remembers those
 * that were learnt from certificates.
 *
 * An address belongs to the CA that signed the certificate with it: to its name
 * and its key, so that a renewed certificate of the CA keeps it.  Root chooses
 * the certificates (users_dir, --from, `certauth setup'), and only a signature
 * of a CA of the configuration makes an address known.  A certificate that a
 * client sends at a login is never one of them.
 */
#ifndef CA_CRLADMIN_CRLBOOK_H
#define CA_CRLADMIN_CRLBOOK_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crladmin/crlcas.h"
#include "crladmin/crlpoints.h"
#include "crladmin/crlrun.h"

#define CA_CRLADMIN_BOOK_NAME ".certauth-crl.addresses"

struct ca_crladmin_address {
	char *url;
	enum ca_crladmin_kind kind;
	X509_NAME *issuer; /* NULL: of any CA (crl_url, --url) */
	uint8_t key[32];   /* SHA-256 of the CA's SubjectPublicKeyInfo */
	char *from;        /* the file or certificate that contains it */
	bool learnt;       /* the file in crl_dir remembers it */
};

struct ca_crladmin_book {
	struct ca_crladmin_address *v;
	size_t n;
	size_t learnt; /* how many of them are */
	bool changed;  /* the file in crl_dir lacks some */
};

/* Add a copy of an address, unless it is there.  CA_ERR_LIMIT: too many are
 * remembered, of its CA or in all; CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_crladmin_book_add(
    struct ca_crladmin_book *book, const struct ca_crladmin_address *a);

/*
 * Can `certauth crl update' fetch it?  A certificate of users_dir or of a user
 * has no business with the files of this machine: file: is accepted from the
 * configuration and its CAs only.
 */
bool ca_crladmin_can_fetch(const struct ca_crladmin_address *a);

/* Does the address belong to this CA?  *other_key: to its name, with another
 * key. */
bool ca_crladmin_is_of(const struct ca_crladmin_address *a,
    const struct ca_crladmin_ca *ca, bool *other_key);

/* Add the remembered addresses.  A line that cannot be read is left out.
 * CA_ERR_UNTRUSTED, CA_ERR_IO, CA_ERR_MEMORY. */
CA_MUST_CHECK enum ca_err ca_crladmin_book_read(
    struct ca_crladmin_run *run, struct ca_crladmin_book *book);

/* Replace the file in crl_dir in one step.  CA_ERR_IO, CA_ERR_LIMIT,
 * CA_ERR_MEMORY, CA_ERR_CRYPTO. */
CA_MUST_CHECK enum ca_err ca_crladmin_book_write(
    struct ca_crladmin_run *run, struct ca_crladmin_book *book);

/* Remove the remembered addresses url; false: there is none. */
bool ca_crladmin_book_forget(struct ca_crladmin_book *book, const char *url);

void ca_crladmin_book_clear(struct ca_crladmin_book *book);

#endif
