/*
 * Run the ssh of `certauth ssh', and end it if its server asks a question that
 * nobody can answer.
 *
 * With a terminal, ssh replaces this process.  Without one, this process stays
 * and passes on signals and the exit status, so that ssh ends with the status
 * 255 if certauth-askpass ends it (ca_ssh_end): without that, ssh would answer
 * the server's question for a password with an empty password, again and again.
 */
#ifndef CA_CLIENT_SSHRUN_H
#define CA_CLIENT_SSHRUN_H

#include <stdbool.h>

#include "base/log.h"

/*
 * The path of a file that certauth-askpass writes to when a request is
 * answered: /proc/PID/fd/N, which nobody has to remove.
 */
#define CA_ENV_STATE "CERTAUTH_SSH_STATE"

/*
 * Run ssh with args, which end with NULL.  once: a failed login is not tried
 * again.  Returns only the exit status of ssh, or of a failure to start ssh.
 */
int ca_ssh_run(char *const *args, bool once);

/* For certauth-askpass: the last part of the response to the prompt in text is
 * written. */
void ca_ssh_answered(const char *text);

/*
 * For certauth-askpass: text is a question of the server that nobody can
 * answer.  If `certauth ssh' started the ssh that asks, say so and end that ssh,
 * and return true.
 */
bool ca_ssh_end(const struct ca_log *log, const char *text);

#endif
