/*
 * certauth sign.
 */
#ifndef CA_CLI_SIGN_H
#define CA_CLI_SIGN_H

#include "cli/cli.h"

extern const struct ca_command ca_cmd_sign;

#endif
