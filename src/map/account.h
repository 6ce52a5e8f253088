/*
 * Accounts of the system.  Private to this room.
 */
#ifndef CA_MAP_ACCOUNT_H
#define CA_MAP_ACCOUNT_H

#include <sys/types.h>

#include "base/err.h"

struct ca_account {
	uid_t uid;
	char *home; /* to free() with ca_account_free */
};

/*
 * The account called exactly name: a name service that answers with another
 * spelling of it (case, domain) has not found it.  CA_ERR_NOT_FOUND;
 * CA_ERR_IO: the name service failed (errno); CA_ERR_MEMORY.
 */
CA_MUST_CHECK enum ca_err ca_account_find(
    const char *name, struct ca_account *out);
void ca_account_free(struct ca_account *account);

#endif
