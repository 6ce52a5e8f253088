/*
 * Inside the walk over registered certificates: registered.c and
 * registered_dir.c.  Private to them.
 */
#ifndef CA_MAP_REGISTEREDINT_H
#define CA_MAP_REGISTEREDINT_H

#include "map/account.h"
#include "map/registered.h"

struct ca_registered_state {
	const struct ca_config *cfg;
	const struct ca_log *log;
	ca_registered_visit *visit;
	void *ctx;
	const char *login;
	const struct ca_account *owner; /* of a home; NULL in users_dir */
	size_t left;                    /* bytes that may be read of a home */
};

struct ca_registered_names {
	char **v;
	size_t n, max;
};

/* The names in the directory fd that end in suffix, none beginning with a dot,
 * sorted.  CA_ERR_LIMIT, CA_ERR_IO, CA_ERR_MEMORY; names must be freed in any
 * case. */
CA_MUST_CHECK enum ca_err ca_registered_list(
    int fd, const char *suffix, struct ca_registered_names *names);
void ca_registered_names_free(struct ca_registered_names *names);

/* Visit the certificates in the *.pem of the directory dir, open as fd.
 * Results as ca_registered_walk; those of a home's files are warnings. */
CA_MUST_CHECK enum ca_err ca_registered_dir(
    struct ca_registered_state *w, int fd, const char *dir);

/* Log why a file or directory of a home is not used; the login goes on. */
void ca_registered_warn(
    const struct ca_registered_state *w, const char *path, enum ca_err rc);

#endif
