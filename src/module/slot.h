/*
 * How many verifiers root's processes keep at work at once: one that is started for
 * each of hundreds of logins would take the memory and the processors of the host.
 */
#ifndef CA_MODULE_SLOT_H
#define CA_MODULE_SLOT_H

#include "base/err.h"

#define CA_SLOTS 16
/* su and sudo are root's processes too, but the user who started one can stop it, with
 * its lock.  So each real uid that is not root's has locks of its own. */
#define CA_SLOTS_USER 4

/*
 * Take one of CA_SLOTS locks on a file that only root can open, or, for a real uid that
 * is not root's, one of that uid's CA_SLOTS_USER; wait for it if all are taken, for 5 s
 * at most.  *slot is to be left by ca_slot_leave.  CA_OK with -1
 * in *slot: no limit, because this process is not root's, or because there is no
 * directory for the file.  CA_ERR_TIMEOUT.
 */
CA_MUST_CHECK enum ca_err ca_slot_take(int *slot);
void ca_slot_leave(int *slot);

#endif
