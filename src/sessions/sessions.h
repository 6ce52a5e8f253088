/*
 * `certauth sessions': the sessions that were opened by certificate.
 */
#ifndef CA_SESSIONS_SESSIONS_H
#define CA_SESSIONS_SESSIONS_H

#include "tool/cli.h"

extern const struct ca_command ca_cmd_sessions;

#endif
