/*
 * certauth askpass: for SSH_ASKPASS and sudo -A.
 */
#ifndef CA_CLIENT_ASKPASS_H
#define CA_CLIENT_ASKPASS_H

#include "tool/cli.h"

/* Characters of an answer, mark included: what ssh reads of its askpass. */
#define CA_ASKPASS_ANSWER_MAX 1023

extern const struct ca_command ca_cmd_askpass;

#endif
