/*
 * certauth try: a real PAM transaction, answered by the client's side.
 */
#ifndef CA_CLI_TRY_H
#define CA_CLI_TRY_H

#include "cli/cli.h"

extern const struct ca_command ca_cmd_try;

/*
 * From now on until ca_trylog_end, what libpam and the modules of this process
 * send to syslog is also told to sink, one message a call.  trylog.c takes the
 * place of syslog(3) in this program for it.
 */
void ca_trylog_begin(void (*sink)(void *ctx, const char *line), void *ctx);
void ca_trylog_end(void);

#endif
