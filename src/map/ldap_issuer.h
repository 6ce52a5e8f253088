/*
 * The issuers of whose certificates a directory may speak: directory_issuer.
 */
#ifndef CA_MAP_LDAP_ISSUER_H
#define CA_MAP_LDAP_ISSUER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "config/config.h"

/*
 * May the directory speak of certificates of this issuer (canonical, map/dn.h)?  CA_OK:
 * yes, also if the key is empty; CA_DENIED: no; CA_ERR_CONFIG: a name of the key is
 * malformed; CA_ERR_MEMORY.  issuer may be NULL, to check the key alone.
 */
CA_MUST_CHECK enum ca_err ca_ldap_issuer(
    const struct ca_config *cfg, const uint8_t *issuer, size_t len);

#endif
