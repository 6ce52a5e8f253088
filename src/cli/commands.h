/*
 * The commands of this room, and the table of all commands.  A command of
 * another room is declared in its own header.
 */
#ifndef CA_CLI_COMMANDS_H
#define CA_CLI_COMMANDS_H

#include "tool/cli.h"

extern const struct ca_command ca_cmd_explain;
extern const struct ca_command ca_cmd_inspect;
extern const struct ca_command ca_cmd_pki;
extern const struct ca_command ca_cmd_setup;
extern const struct ca_command ca_cmd_try;
extern const struct ca_command ca_cmd_users;
extern const struct ca_command ca_cmd_verify;

/* Every command, in the order of `certauth --help`; ended by NULL. */
extern const struct ca_command *const ca_commands[];

#endif
