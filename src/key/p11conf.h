/*
 * The modules that p11-kit's configuration names, whether they load or not: p11-kit
 * lists only those that do.
 */
#ifndef CA_KEY_P11CONF_H
#define CA_KEY_P11CONF_H

#include "key/p11.h"

struct ca_p11_config {
	char *name;   /* of the file without .module, as module-name takes it */
	char *file;   /* NAME.module */
	char *module; /* what its line `module:' names; may be empty */
	bool readable;
	bool chosen; /* it has enable-in or disable-in */
};

struct ca_p11_configs {
	struct ca_p11_config *v;
	size_t n;
};

/* Read the files NAME.module (pkcs11.conf(5)) of the user, of /etc and of the
 * packages; of one name the first counts.  CA_ERR_MEMORY.  To be freed in any case. */
CA_MUST_CHECK enum ca_err ca_p11_configs_read(struct ca_p11_configs *out);
void ca_p11_configs_free(struct ca_p11_configs *c);

/* A module of that name was loaded; p11 may be NULL. */
bool ca_p11_has(const struct ca_p11 *p11, const char *name);

/* Append "; " behind what is there already. */
void ca_p11_next(struct ca_buf *out);

/* Append each module that is configured, but not among those of p11, and why. */
void ca_p11_unloaded(const struct ca_p11 *p11, struct ca_buf *out);

/* Append why a module is not among those that were loaded.  said: p11-kit's last
 * message of the loading, or NULL.  Nothing is loaded for it: a module that was taken
 * out of use must not run. */
void ca_p11_config_why(
    const struct ca_p11_config *c, const char *said, struct ca_buf *out);

#endif
