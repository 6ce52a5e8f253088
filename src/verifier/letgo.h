/*
 * Close a connection of the resident parent without waiting.
 */
#ifndef CA_VERIFIER_LETGO_H
#define CA_VERIFIER_LETGO_H

/*
 * Close fd, a connected socket.  A peer may have sent a descriptor that nobody has
 * received: that of a TCP connection whose close(2) waits as long as the peer wants
 * (SO_LINGER).  If there are bytes that nobody has received, a child has the last
 * reference and ends with it: the end of a process does not wait.
 */
void ca_letgo(int fd);

#endif
