/*
 * The mappers of pam_pkcs11.conf.
 */
#ifndef CA_IMPORT_IMPORT_MAPPER_H
#define CA_IMPORT_IMPORT_MAPPER_H

#include "import/import.h"
#include "import/scconf.h"

/* Give the mappers in use as lines of the users file. */
void ca_import_mappers(struct ca_import *im, const struct ca_scconf *conf);

/* import_ldap.c: translate the block of the mapper ldap, which is item at. */
void ca_import_ldap(
    struct ca_import *im, const struct ca_scconf *conf, size_t at);

#endif
