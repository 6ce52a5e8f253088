/*
 * certauth sign.
 */
#ifndef CA_CLIENT_SIGN_H
#define CA_CLIENT_SIGN_H

#include "tool/cli.h"

extern const struct ca_command ca_cmd_sign;

#endif
