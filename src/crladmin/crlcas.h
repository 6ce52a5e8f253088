/*
 * The CAs of the configuration whose CRLs a login may need: the trust anchors,
 * and the CAs of intermediates_dir below one of them.
 */
#ifndef CA_CRLADMIN_CRLCAS_H
#define CA_CRLADMIN_CRLCAS_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crladmin/crlrun.h"

struct ca_crladmin_ca {
	X509 *cert;      /* one of run->cas; borrowed */
	uint8_t key[32]; /* SHA-256 of its SubjectPublicKeyInfo */
	bool needs;      /* ca_crladmin_needs_crl */
	bool may_sign;   /* its keyUsage permits cRLSign, or is absent */
	/* from the addresses (crlplan.h); borrowed from them */
	const char *url;   /* of a complete CRL, or NULL */
	const char *other; /* of one that cannot be fetched, or NULL */
	bool indirect;     /* another issuer signs the CRLs for it */
	/* from crl_dir */
	bool any;       /* there is a CRL of its name */
	bool served;    /* a file from a known address has its CRL */
	bool current;   /* there is a current complete CRL of its key */
	bool soon;      /* each such CRL expires soon */
	char file[256]; /* the file of the one that is current the longest */
	long long end;  /* when that one expires, seconds since 1970 */
};

struct ca_crladmin_cas {
	struct ca_crladmin_ca *v;
	size_t n;
};

/*
 * Does a login need a CRL for the certificates that this CA issued (crl,
 * crl_exempt)?  The one place that asks the configuration.
 */
bool ca_crladmin_needs_crl(
    struct ca_crypto *crypto, const struct ca_config *cfg, X509 *ca);

/* Find them in run->cas.  A CA that has expired is left out; one of two with
 * the same name and key is.  CA_ERR_MEMORY, CA_ERR_CRYPTO. */
CA_MUST_CHECK enum ca_err ca_crladmin_cas_find(
    const struct ca_crladmin_run *run, struct ca_crladmin_cas *out);
void ca_crladmin_cas_clear(struct ca_crladmin_cas *cas);

/* The CA that issued cert, by its signature; NULL: none of them. */
struct ca_crladmin_ca *ca_crladmin_cas_issuer(
    const struct ca_crladmin_cas *cas, X509 *cert);

/* A name for a message, which the caller frees.  NULL: no memory. */
char *ca_crladmin_name_text(const X509_NAME *name);

#endif
