/*
 * `certauth log`.
 */
#ifndef CA_AUDIT_AUDIT_H
#define CA_AUDIT_AUDIT_H

#include "tool/cli.h"

extern const struct ca_command ca_cmd_log;

#endif
