/*
 * Paths at which only root can put something.
 */
#ifndef CA_MODULE_ROOTPATH_H
#define CA_MODULE_ROOTPATH_H

/* Why another than root may put something else at path: each directory above it must
 * be root's and writable by no other, and path fits into the address of a socket.
 * NULL: only root can.  Static storage. */
const char *ca_rootpath_distrust(const char *path);

#endif
