/*
 * Inside of the importer of pam_pkcs11.conf.
 */
#ifndef CA_IMPORT_IMPORT_PKCS11_H
#define CA_IMPORT_IMPORT_PKCS11_H

#include "import/import.h"
#include "import/scconf.h"

/* The first value, or "". */
const char *ca_pkcs11_value(const struct ca_scconf_item *item);

/* item (may be NULL) says yes. */
bool ca_pkcs11_true(const struct ca_scconf_item *item);

/* The first setting (label NULL) or block of that name below parent. */
const struct ca_scconf_item *ca_pkcs11_find(const struct ca_scconf *conf,
    size_t parent, const char *name, const char *label);

/* import_mapper.c: the mappers in use, as lines of the users file. */
void ca_pkcs11_mappers(struct ca_import *im, const struct ca_scconf *conf);

#endif
