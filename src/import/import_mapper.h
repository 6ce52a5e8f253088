/*
 * The mappers of pam_pkcs11.conf.
 */
#ifndef CA_IMPORT_IMPORT_MAPPER_H
#define CA_IMPORT_IMPORT_MAPPER_H

#include "import/import.h"
#include "import/scconf.h"

/* Give the mappers in use as lines of the users file. */
void ca_import_mappers(struct ca_import *im, const struct ca_scconf *conf);

#endif
