/*
 * Calls of modules in a thread of their own, so that a module that hangs can be
 * left there while the other modules are used.
 *
 * The limit is one of a call and not of the whole search: when the waiting side
 * gives up, the thread is inside a call of the module.  If that call ever returns,
 * ca_p11_back stops the thread before it touches anything.
 */
#include "key/p11.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct run {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	void (*work)(void *);
	void *ctx;
	/* under lock */
	bool calling, done, left;
	struct timespec limit; /* of the call, CLOCK_MONOTONIC */
};

/* The run whose thread this is. */
static _Thread_local struct run *here;

static struct timespec
after(unsigned seconds)
{
	struct timespec t = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)seconds;
	return t;
}

static bool
passed(const struct timespec *limit)
{
	struct timespec now = after(0);

	return now.tv_sec > limit->tv_sec ||
	       (now.tv_sec == limit->tv_sec && now.tv_nsec >= limit->tv_nsec);
}

void
ca_p11_call(unsigned seconds)
{
	if (here == NULL)
		return;
	(void)pthread_mutex_lock(&here->lock);
	here->limit = after(seconds);
	here->calling = true;
	(void)pthread_mutex_unlock(&here->lock);
}

CK_RV
ca_p11_back(CK_RV rv)
{
	if (here == NULL)
		return rv;
	(void)pthread_mutex_lock(&here->lock);
	here->calling = false;
	bool left = here->left;
	(void)pthread_mutex_unlock(&here->lock);
	/* for good: NOLINTNEXTLINE(bugprone-infinite-loop) */
	while (left)
		(void)pause();
	return rv;
}

static void *
thread(void *arg)
{
	here = arg;
	here->work(here->ctx);
	(void)pthread_mutex_lock(&here->lock);
	here->done = true;
	(void)pthread_cond_signal(&here->ended);
	(void)pthread_mutex_unlock(&here->lock);
	return NULL;
}

/* Destructors of libraries might wait for the thread that was left, which may also
 * hold a stream. */
static void
leave_at_once(int status, void *arg)
{
	(void)arg;
	if (ftrylockfile(stdout) == 0)
		(void)fflush_unlocked(stdout);
	_exit(status);
}

/* False: a call took too long, and the thread was left in it. */
static bool
await(struct run *r)
{
	(void)pthread_mutex_lock(&r->lock);
	while (!r->done && !(r->calling && passed(&r->limit))) {
		struct timespec until = r->calling ? r->limit : after(1);

		(void)pthread_cond_clockwait(
		    &r->ended, &r->lock, CLOCK_MONOTONIC, &until);
	}
	r->left = !r->done;
	(void)pthread_mutex_unlock(&r->lock);
	return !r->left;
}

/* The names of modules in which a thread was left: few, and for good. */
#define LEFT_MAX 16
static char *was_left[LEFT_MAX];

void
ca_p11_note_left(const char *name)
{
	for (size_t i = 0; i < LEFT_MAX; i++) {
		if (was_left[i] != NULL)
			continue;
		was_left[i] = strdup(name);
		return;
	}
}

bool
ca_p11_was_left(const char *name)
{
	for (size_t i = 0; i < LEFT_MAX && was_left[i] != NULL; i++)
		if (strcmp(was_left[i], name) == 0)
			return true;
	return false;
}

enum ca_err
ca_p11_run(void (*work)(void *), void *ctx)
{
	static bool registered;
	struct run *r = calloc(1, sizeof *r);
	pthread_t id;

	if (r == NULL)
		return CA_ERR_MEMORY;
	/* a second arena would grow page by page, by a system call each */
	(void)mallopt(M_ARENA_MAX, 1);
	r->work = work;
	r->ctx = ctx;
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->ended, NULL);
	if (pthread_create(&id, NULL, thread, r) != 0) {
		free(r);
		return CA_ERR_MEMORY;
	}
	if (await(r)) {
		(void)pthread_join(id, NULL);
		(void)pthread_cond_destroy(&r->ended);
		(void)pthread_mutex_destroy(&r->lock);
		free(r);
		return CA_OK;
	}
	(void)pthread_detach(id);
	if (!registered)
		registered = on_exit(leave_at_once, NULL) == 0;
	return CA_ERR_TIMEOUT;
}
