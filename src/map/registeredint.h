/*
 * The walk over registered certificates.  Private to registered.c and
 * registered_dir.c.
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
	const struct ca_account *owner; /* of the home; NULL in users_dir */
	size_t left;                    /* bytes that may be read of a home */
	bool ended;                     /* visit returned CA_ERR_LIMIT */
};

struct ca_registered_names {
	char **v;
	size_t n, max;
};

/* List the names in the directory fd that end in suffix and do not begin with
 * a dot, sorted.  CA_ERR_LIMIT, CA_ERR_IO, CA_ERR_MEMORY; the caller frees
 * names, also after an error. */
CA_MUST_CHECK enum ca_err ca_registered_list(
    int fd, const char *suffix, struct ca_registered_names *names);
void ca_registered_names_free(struct ca_registered_names *names);

/* Visit the certificates in the *.pem files of the directory dir, open as fd.
 * Results as ca_registered_walk; an error in a file of a home is a warning. */
CA_MUST_CHECK enum ca_err ca_registered_dir(
    struct ca_registered_state *w, int fd, const char *dir);

/* Log why a file or directory of a home is not used; the login continues. */
void ca_registered_warn(
    const struct ca_registered_state *w, const char *path, enum ca_err rc);

#endif
