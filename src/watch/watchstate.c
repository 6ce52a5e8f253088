/*
 * Where the token is, and when the session is to be locked.
 */
#include "watch/watchint.h"

#define RETRY_MS 1000
#define RETRIES 5 /* a second apart; then slower */
#define RETRY_MAX_MS 60000

static enum ca_watch_do
gone(struct ca_watch *w, enum ca_watch_do why)
{
	w->at = CA_WATCH_GONE;
	w->unknown = w->failed = 0;
	w->again = 0;
	return why;
}

static enum ca_watch_do
here(struct ca_watch *w)
{
	const enum ca_watch_at was = w->at;

	w->at = CA_WATCH_HERE;
	w->absent = false;
	w->unknown = w->failed = 0;
	w->again = 0;
	return was == CA_WATCH_START  ? CA_WATCH_FOUND
	       : was == CA_WATCH_GONE ? CA_WATCH_INSERTED
				      : CA_WATCH_NOTHING;
}

enum ca_watch_do
ca_watch_saw(struct ca_watch *w, enum ca_look_at look, long long now)
{
	if (look == CA_LOOK_PRESENT)
		return here(w);
	if (w->at == CA_WATCH_GONE)
		return CA_WATCH_NOTHING;
	if (look != CA_LOOK_ABSENT)
		return ++w->unknown < CA_WATCH_UNKNOWN_MAX
			   ? CA_WATCH_NOTHING
			   : gone(w, CA_WATCH_BLIND);
	w->unknown = 0;
	if (w->at == CA_WATCH_HERE)
		return gone(w, CA_WATCH_PULLED);
	w->absent = true;
	return ca_watch_time(w, now);
}

bool
ca_watch_locks(enum ca_watch_do what)
{
	return what == CA_WATCH_PULLED || what == CA_WATCH_MISSING ||
	       what == CA_WATCH_BLIND || what == CA_WATCH_RETRY;
}

enum ca_watch_do
ca_watch_time(struct ca_watch *w, long long now)
{
	if (w->at == CA_WATCH_START && w->absent &&
	    now >= w->begun + CA_WATCH_START_MS)
		return gone(w, CA_WATCH_MISSING);
	if (w->again == 0 || now < w->again)
		return CA_WATCH_NOTHING;
	w->again = 0;
	return CA_WATCH_RETRY;
}

long long
ca_watch_due(const struct ca_watch *w)
{
	if (w->at == CA_WATCH_START && w->absent)
		return w->begun + CA_WATCH_START_MS;
	return w->again;
}

void
ca_watch_locked(struct ca_watch *w, bool locked, long long now)
{
	long long wait = RETRY_MS;

	w->again = 0;
	/* a locker may have ended because the session was unlocked */
	if (locked && w->missed && w->at == CA_WATCH_GONE)
		w->again = now;
	w->missed = false;
	/* the token is back: nothing is to be locked */
	if (locked || w->at != CA_WATCH_GONE) {
		w->failed = 0;
		return;
	}
	for (unsigned i = RETRIES; i <= w->failed && wait < RETRY_MAX_MS; i++)
		wait *= 2;
	w->failed++;
	w->again = now + (wait < RETRY_MAX_MS ? wait : RETRY_MAX_MS);
}
