/*
 * The command `certauth ocsp`.
 */
#ifndef CA_OCSPADMIN_OCSPADMIN_H
#define CA_OCSPADMIN_OCSPADMIN_H

#include "tool/cli.h"

extern const struct ca_command ca_cmd_ocsp;

#endif
