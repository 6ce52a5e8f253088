/* Gives up root and all capabilities: confine.h. */
#include "confine/confine.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

static bool
is_root(void)
{
	return getuid() == 0 || geteuid() == 0;
}

enum ca_err
ca_confine_user(const struct ca_become *who, const char **step)
{
	enum ca_err ret = CA_ERR_UNSET;

	if (who != NULL ? who->uid == 0 || who->gid == 0 : is_root()) {
		*step = "the user is root";
		errno = EPERM;
		ret = CA_ERR_USAGE;
		goto out;
	}
	if (who != NULL && ca_become(who) != 0) {
		*step = "setresuid";
		ret = CA_ERR_IO;
		goto out;
	}
	if (ca_become_powerless() != 0) {
		*step = "capset";
		ret = CA_ERR_IO;
		goto out;
	}
	ret = CA_OK;
out:
	return ret;
}
