#include "verifier/queue.h"

#include <string.h>

#define OWN 256 /* descriptors for all else: workers, spares, libraries */

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

void
ca_queue_init(struct ca_queue *q, size_t descriptors)
{
	q->n = 0;
	q->room = descriptors > 2 * OWN ? descriptors - OWN : OWN;
	q->room = least(q->room, CA_WAITING_MAX);
	q->others = least(q->room / 2, CA_WAITING_OTHERS);
}

bool
ca_queue_may(const struct ca_queue *q, uid_t uid)
{
	size_t others = 0, same = 0;

	if (q->n >= q->room)
		return false;
	if (uid == 0)
		return true;
	for (size_t i = 0; i < q->n; i++) {
		others += q->v[i].uid != 0;
		same += q->v[i].uid == uid;
	}
	return others < q->others && same < CA_WAITING_USER;
}

void
ca_queue_add(struct ca_queue *q, const struct ca_waiting *w)
{
	if (q->n < CA_WAITING_MAX)
		q->v[q->n++] = *w;
}

size_t
ca_queue_find(const struct ca_queue *q, int fd)
{
	size_t i = 0;

	while (i < q->n && q->v[i].fd != fd)
		i++;
	return i;
}

void
ca_queue_remove(struct ca_queue *q, size_t at)
{
	memmove(&q->v[at], &q->v[at + 1], (q->n - at - 1) * sizeof q->v[0]);
	q->n--;
}

/* The oldest of root's that is ready, or q->n. */
static size_t
next_of_root(const struct ca_queue *q)
{
	size_t i = 0;

	while (i < q->n && !(q->v[i].ready && q->v[i].uid == 0))
		i++;
	return i;
}

static size_t
count(const uid_t *uid, size_t n, uid_t one)
{
	size_t same = 0;

	for (size_t i = 0; i < n; i++)
		same += uid[i] == one;
	return same;
}

size_t
ca_queue_next(const struct ca_queue *q, const uid_t *uid, size_t n)
{
	size_t i;

	if (n >= CA_WORKERS_MAX)
		return q->n;
	if ((i = next_of_root(q)) < q->n)
		return i;
	if (n - count(uid, n, 0) >= CA_WORKERS_OTHERS)
		return q->n;
	for (i = 0; i < q->n; i++) {
		if (q->v[i].ready &&
		    count(uid, n, q->v[i].uid) < CA_WORKERS_USER)
			break;
	}
	return i;
}
