/*
 * Connections that wait for a worker: who may wait, and who is next.
 */
#ifndef CA_VERIFIER_QUEUE_H
#define CA_VERIFIER_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CA_WORKERS_MAX 64    /* operations at once */
#define CA_WORKERS_OTHERS 48 /* of them, of users that are not root */
#define CA_WORKERS_USER 4    /* of them, of one user that is not root */
#define CA_WAITING_MAX 2048  /* connections; the other half is for root alone */
#define CA_WAITING_OTHERS 1024
#define CA_WAITING_USER 128 /* of one user that is not root */

struct ca_waiting {
	int fd;
	uid_t uid;  /* ca_peer_counts_for; 65534: a user of another
			  * namespace */
	bool ready; /* there are bytes to read */
	long long
	    until; /* of ca_stream_clock; when it is closed if it is silent,
			  * or told again that it waits if it is ready */
};

struct ca_queue {
	struct ca_waiting v[CA_WAITING_MAX]; /* the oldest first */
	size_t n;
	size_t room, others; /* at most CA_WAITING_MAX and CA_WAITING_OTHERS */
};

/* Set the bounds for a process that may have that many descriptors. */
void ca_queue_init(struct ca_queue *q, size_t descriptors);

/* May a connection of that user wait? */
bool ca_queue_may(const struct ca_queue *q, uid_t uid);

/* Add what ca_queue_may allowed. */
void ca_queue_add(struct ca_queue *q, const struct ca_waiting *w);

/* The place of the connection fd, or q->n. */
size_t ca_queue_find(const struct ca_queue *q, int fd);

void ca_queue_remove(struct ca_queue *q, size_t at);

/*
 * The place of the connection to be served next, or q->n: it is ready; root's come
 * first, then the oldest.  uid: the peers of the n operations that are carried out
 * now.
 */
size_t ca_queue_next(const struct ca_queue *q, const uid_t *uid, size_t n);

#endif
