/*
 * Whose connection is it?
 */
#ifndef CA_VERIFIER_PEER_H
#define CA_VERIFIER_PEER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The uid that the connection fd counts for, when connections are limited: that of its
 * peer, and for a process of root's the real uid, which is that of the user who started
 * su or another setuid program.  It says nothing of what the peer may have.  False: the
 * socket has no peer.
 */
bool ca_peer_counts_for(int fd, uid_t *uid);

#endif
