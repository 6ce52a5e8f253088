/*
 * `certauth crl list|compile|update|addresses`.
 */
#ifndef CA_CRLADMIN_CRLADMIN_H
#define CA_CRLADMIN_CRLADMIN_H

#include "tool/cli.h"

extern const struct ca_command ca_cmd_crl;

#endif
