/*
 * The broker: a process that asks SSSD for one worker of the verifier, which may not
 * connect to anything.
 */
#ifndef CA_VERIFIER_BROKER_H
#define CA_VERIFIER_BROKER_H

/*
 * Fork a broker for this process, which has become its user and has seen no byte of a
 * client yet.  It carries out one question (map/sss.h) that comes over the socket that is
 * returned, and ends at the latest with this process.  -1: none can be had (errno).
 */
int ca_broker_start(void);

#endif
