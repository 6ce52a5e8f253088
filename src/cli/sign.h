/*
 * certauth sign.
 */
#ifndef CA_CLI_SIGN_H
#define CA_CLI_SIGN_H

#include "cli/cli.h"

extern const struct ca_command ca_cmd_sign;

/* certauth sign --helper: the other end of src/channel/helper.h, over standard
 * input and output.  Returns the exit status. */
int ca_sign_helper(void);

#endif
