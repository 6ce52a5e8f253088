/*
 * Private to src/key: a thread that waits in a PKCS#11 module for a change of its
 * slots (C_WaitForSlotEvent).
 */
#ifndef CA_KEY_P11EVENT_H
#define CA_KEY_P11EVENT_H

#include <p11-kit/p11-kit.h>
#include <stdatomic.h>
#include <stdbool.h>

struct ca_p11_event {
	CK_FUNCTION_LIST *f;
	int wake; /* a byte goes there for each change; it does not block */
	atomic_bool waits;
};

/* Start the thread.  e must not move or be freed.  e->waits becomes false if the module
 * cannot wait, or returns so often that it does not really wait; the module is then to
 * be asked instead.  What it says is a hint alone: the slot is not read. */
void ca_p11_event_start(struct ca_p11_event *e, CK_FUNCTION_LIST *f, int wake);

#endif
