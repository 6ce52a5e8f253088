/*
 * Which program may write the lines of a PAM service, and of open sessions.  The tag of an entry names
 * the program.
 */
#ifndef CA_AUDIT_LOGWRITER_H
#define CA_AUDIT_LOGWRITER_H

#include <stdbool.h>

/* Return true if the program's name shows the service: sshd-session serves sshd. */
bool ca_logwriter_fits(const char *program, const char *service);

/*
 * Return true if the service belongs to one known program (sshd, su, sudo, login),
 * and another program wrote the line.  A daemon may log text that a client sent,
 * which then looks like a line of the module.  session: the line is of an open session,
 * which certauth alone writes, for every service.
 */
bool ca_logwriter_imitates(
    const char *program, const char *service, bool session);

#endif
