#include "key/p11event.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/stream.h"

/* A card that is pulled and inserted by hand makes fewer changes than this. */
#define STORM 10
#define STORM_MS 2000

static void *
thread(void *arg)
{
	struct ca_p11_event *e = arg;
	long long since = ca_stream_clock(), now;
	unsigned n = 0;
	CK_SLOT_ID slot;

	while (
	    n < STORM && e->f->C_WaitForSlotEvent(0, &slot, NULL) == CKR_OK) {
		(void)!write(e->wake, "", 1);
		now = ca_stream_clock();
		n = now - since < STORM_MS ? n + 1 : 1;
		if (n == 1)
			since = now;
	}
	atomic_store(&e->waits, false);
	/* the next look comes earlier now */
	(void)!write(e->wake, "", 1);
	return NULL;
}

void
ca_p11_event_start(struct ca_p11_event *e, CK_FUNCTION_LIST *f, int wake)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t id;

	e->f = f;
	e->wake = wake;
	atomic_store(&e->waits, f->C_WaitForSlotEvent != NULL);
	if (f->C_WaitForSlotEvent == NULL || pthread_attr_init(&attr) != 0)
		return;
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	/* the handlers of a guard run in the thread that it guards */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &old);
	if (pthread_create(&id, &attr, thread, e) != 0)
		atomic_store(&e->waits, false);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)pthread_attr_destroy(&attr);
}
