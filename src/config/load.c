/* Load the configuration of the module: the file, then the module arguments. */
#include "config/config.h"
#include "config/keys.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_LEN 49 /* longer than any key */

static enum ca_err
set_argument(struct ca_config *cfg, const char *arg, int number, bool *seen,
    const struct ca_log *log)
{
	char where[32], name[NAME_MAX_LEN + 1];
	const char *equals = strchr(arg, '=');
	size_t len = equals != NULL ? (size_t)(equals - arg) : strlen(arg);

	(void)snprintf(where, sizeof where, "argument %d", number);
	if (len > NAME_MAX_LEN)
		len = NAME_MAX_LEN;
	memcpy(name, arg, len);
	name[len] = '\0';
	if (equals == NULL && strcmp(name, "debug") != 0) {
		ca_log_err(log,
		    "%-s: %s is not KEY=VALUE "
		    "(certauth.conf(5) lists the keys)",
		    where, name);
		return CA_ERR_CONFIG;
	}
	const struct ca_key *key = ca_key_find(name);
	if (key != NULL && seen[key - ca_keys]) {
		ca_log_err(
		    log, "%-s: %s is given twice; remove one", where, name);
		return CA_ERR_CONFIG;
	}
	if (key != NULL) {
		seen[key - ca_keys] = true;
		ca_config_origin_argument(cfg, key, (unsigned)number);
	}
	return ca_config_set(
	    cfg, name, equals != NULL ? equals + 1 : "yes", where, log);
}

/* The value of config= in argv, or NULL. */
static enum ca_err
find_config(
    int argc, const char **argv, const char **path, const struct ca_log *log)
{
	*path = NULL;
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "config=", 7) != 0)
			continue;
		if (*path != NULL || argv[i][7] != '/') {
			ca_log_err(log, "argument %d: %-s", i + 1,
			    *path != NULL ? "config= is given twice; remove one"
					  : "config= needs an absolute path");
			return CA_ERR_CONFIG;
		}
		*path = argv[i] + 7;
	}
	return CA_OK;
}

/* The module itself reads it, and the verifier does not get it; `certauth doctor' has
 * the whole line. */
static bool
is_of_module(const char *arg)
{
	return strncmp(arg, "verifier=", 9) == 0 ||
	       strcmp(arg, "use_first_pass") == 0 ||
	       strcmp(arg, "try_first_pass") == 0;
}

enum ca_err
ca_config_load(int argc, const char **argv, const char *service,
    const struct ca_log *log, struct ca_config **out)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_config *cfg = NULL;
	bool seen[CA_KEYS_MAX] = {false};
	const char *path;

	*out = NULL;
	if ((rc = find_config(argc, argv, &path, log)) != CA_OK) {
		ret = rc;
		goto out;
	}
	if ((cfg = ca_config_new()) == NULL) {
		ca_log_err(log, "out of memory");
		ret = CA_ERR_MEMORY;
		goto out;
	}
	if ((rc = ca_config_read(cfg,
		 path != NULL ? path : CA_SYSCONFDIR "/certauth.conf", service,
		 path != NULL, log)) != CA_OK) {
		ret = rc;
		goto out;
	}
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "config=", 7) == 0 ||
		    is_of_module(argv[i]))
			continue;
		if ((rc = set_argument(cfg, argv[i], i + 1, seen, log)) !=
		    CA_OK) {
			ret = rc;
			goto out;
		}
	}
	if ((rc = ca_config_check(cfg, log)) != CA_OK) {
		ret = rc;
		goto out;
	}
	*out = cfg;
	cfg = NULL; /* transferred */
	ret = CA_OK;
out:
	ca_config_free(cfg);
	return ret;
}
