/*
 * `certauth users update`: the index of the directory.
 */
#include "cli/usersint.h"
#include "cli/commands.h"
#include "ldap/ldap.h"
#include "map/ldap_make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECONDS 300 /* in all: five times a million accounts */

/* Create the directory of the index, as packages do. */
static void
make_directory(const char *index)
{
	char *path = strdup(index), *slash;

	if (path != NULL && (slash = strrchr(path, '/')) != NULL &&
	    slash != path) {
		*slash = '\0';
		(void)mkdir(path, 0755);
	}
	free(path);
}

/* One update at a time: two would send the directory the same search. */
static int
lock(const struct ca_users_args *a)
{
	struct ca_buf name = CA_BUF_INIT(8192);
	const char *path;
	int fd = -1;

	make_directory(a->cfg->directory_index);
	ca_buf_fmt(&name, "%s.lock", a->cfg->directory_index);
	if ((path = ca_buf_text(&name)) != NULL)
		fd =
		    open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		ca_log_err(
		    &a->log, "cannot open %s: %m", path != NULL ? path : "?");
	} else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		ca_log_err(&a->log,
		    "another `certauth users update' is running (%s)", path);
		(void)close(fd);
		fd = -1;
	}
	ca_buf_free(&name);
	return fd;
}

static void
tell(const struct ca_users_args *a, const struct ca_ldap_input *in,
    const struct ca_ldap_facts *facts)
{
	const struct ca_ldap_sum *sum = &in->sum;

	printf("%s: %llu certificates and names of %llu accounts, from %lu "
	       "entries\n",
	    a->cfg->directory_index, (unsigned long long)facts->values,
	    (unsigned long long)facts->accounts, (unsigned long)sum->entries);
	if (sum->nameless > 0)
		printf("%lu entries have no %s\n", (unsigned long)sum->nameless,
		    a->cfg->directory_login);
	if (sum->weak > 0)
		printf(
		    "%lu mappings by names alone are not used; directory_weak "
		    "decides that\n",
		    (unsigned long)sum->weak);
	if (in->refused > 0)
		printf("%zu values or entries were refused\n", in->refused);
	if (sum->referrals > 0)
		printf("%lu references to other servers are not followed\n",
		    (unsigned long)sum->referrals);
}

static enum ca_err
update(const struct ca_users_args *a)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_ldap_maker *maker = NULL;
	struct ca_ldap_input *in = calloc(1, sizeof *in);
	struct ca_ldap_facts facts;

	if (in == NULL) {
		ret = CA_ERR_MEMORY;
		goto out;
	}
	rc = ca_ldap_maker_new(a->crypto, a->cfg, &a->log, &maker);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	in->maker = maker;
	in->log = &a->log;
	rc = ca_ldap_run(a->cfg, &a->log, SECONDS, in);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	rc = ca_ldap_maker_finish(maker, a->force, &facts);
	if (rc != CA_OK) {
		ret = rc;
		goto out;
	}
	tell(a, in, &facts);
	ret = CA_OK;
out:
	ca_ldap_maker_free(maker);
	free(in);
	return ret;
}

int
ca_users_update(const struct ca_users_args *a, int argc, char **argv)
{
	enum ca_err rc;
	int fd;

	(void)argv;
	if (argc != 0)
		return ca_cli_usage(a->cmd, "update takes no argument");
	if (a->cfg->directory != CA_DIRECTORY_LDAP) {
		/* the timer runs on hosts without a directory, too */
		printf("directory is not ldap: there is nothing to update\n");
		return CA_EXIT_OK;
	}
	if ((fd = lock(a)) < 0)
		return CA_EXIT_USAGE;
	rc = update(a);
	(void)close(fd);
	return rc == CA_OK       ? CA_EXIT_OK
	       : rc == CA_DENIED ? CA_EXIT_NO
				 : ca_users_failed(rc);
}
