/*
 * The command that explains a refused attempt.  Private to this room.
 */
#ifndef CA_AUDIT_LOGHINT_H
#define CA_AUDIT_LOGHINT_H

#include "audit/logline.h"
#include "base/buf.h"
#include "verify/context.h"

/*
 * Append the command to out, or nothing if no command would show more than the
 * line.  The certificate is not in the log, but its SHA-256 is: if the certificate
 * is registered for the user, its file is named, else CERT.pem stands for it, and
 * *wanted is true.  Values are quoted for the shell.  context may be NULL.
 */
void ca_loghint(const struct ca_logline *a, const struct ca_context *context,
    struct ca_buf *out, bool *wanted);

#endif
