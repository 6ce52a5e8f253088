/* Private to src/confine: which system calls a confined process may make. */
#ifndef CA_CONFINE_CALLTABLE_H
#define CA_CONFINE_CALLTABLE_H

#include <stddef.h>

enum ca_confine_kind {
	CA_CALL_FREE,
	CA_CALL_KILLS,      /* only an attack makes it */
	CA_CALL_OPEN,       /* (path, flags): to read */
	CA_CALL_OPENAT,     /* (dirfd, path, flags): to read */
	CA_CALL_MEMORY,     /* (address, length, protection): not executable */
	CA_CALL_FCNTL,      /* (fd, command): a harmless one */
	CA_CALL_SOCKET,     /* (fd): the one socket */
	CA_CALL_SOCKETCALL, /* (operation): to send and receive */
	CA_CALL_FAMILY,     /* (family): a UNIX socket; not in the table */
};

struct ca_confine_call {
	const char *name;
	enum ca_confine_kind kind;
	/* what the headers say the number is: "257", "(0 + 257)", or the name
	 * itself if they do not have it */
	const char *number;
};

#define CA_CONFINE_TABLE_MAX 256

extern const struct ca_confine_call ca_confine_table[];
extern const size_t ca_confine_table_size;

/* The number, or -1 if this architecture, or the headers, do not have the call. */
int ca_confine_number(const struct ca_confine_call *call);

#endif
