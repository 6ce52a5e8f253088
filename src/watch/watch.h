/*
 * certauth watch: lock the session when its token is removed.
 */
#ifndef CA_WATCH_WATCH_H
#define CA_WATCH_WATCH_H

#include "tool/cli.h"

extern const struct ca_command ca_cmd_watch;

#endif
