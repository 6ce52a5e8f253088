/*
 * certauth askpass: for SSH_ASKPASS and sudo -A.
 */
#ifndef CA_CLI_ASKPASS_H
#define CA_CLI_ASKPASS_H

#include "cli/cli.h"

extern const struct ca_command ca_cmd_askpass;

#endif
