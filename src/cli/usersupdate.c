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

static const char *
plural(unsigned long long n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

static void
tell(const struct ca_users_args *a, const struct ca_ldap_input *in,
    const struct ca_ldap_facts *facts)
{
	const struct ca_ldap_sum *sum = &in->sum;

	printf("%s: %llu %s of %llu %s, from %lu %s\n", a->cfg->directory_index,
	    (unsigned long long)facts->values,
	    plural(
		facts->values, "certificate or name", "certificates and names"),
	    (unsigned long long)facts->accounts,
	    plural(facts->accounts, "account", "accounts"),
	    (unsigned long)sum->entries,
	    plural(sum->entries, "entry", "entries"));
	if (sum->nameless > 0)
		printf("%lu %s no %s\n", (unsigned long)sum->nameless,
		    plural(sum->nameless, "entry has", "entries have"),
		    a->cfg->directory_login);
	if (sum->weak > 0)
		printf("%lu %s not used; directory_weak decides that\n",
		    (unsigned long)sum->weak,
		    plural(sum->weak, "mapping by names alone is",
			"mappings by names alone are"));
	if (in->refused > 0)
		printf("%zu %s refused\n", in->refused,
		    plural(in->refused, "value or entry was",
			"values or entries were"));
	if (sum->referrals > 0)
		printf("%lu %s not followed\n", (unsigned long)sum->referrals,
		    plural(sum->referrals, "reference to another server is",
			"references to other servers are"));
}

/* What the answer had besides accounts. */
static void
put_rest(const struct ca_config *cfg, const struct ca_ldap_input *in,
    struct ca_buf *out)
{
	const struct ca_ldap_sum *sum = &in->sum;

	if (sum->nameless > 0)
		ca_buf_fmt(out, ", of which %lu %s no attribute %s",
		    (unsigned long)sum->nameless,
		    plural(sum->nameless, "has", "have"), cfg->directory_login);
	if (sum->weak > 0)
		ca_buf_fmt(out,
		    ", with %lu %s by names alone (directory_weak is no)",
		    (unsigned long)sum->weak,
		    plural(sum->weak, "mapping", "mappings"));
	if (in->refused > 0)
		ca_buf_fmt(out, ", with %zu refused %s", in->refused,
		    plural(in->refused, "value or entry", "values or entries"));
}

/* The directory gives none, or too few: what was asked for, and how to see it. */
static void
tell_few(const struct ca_users_args *a, const struct ca_ldap_input *in,
    unsigned long long now, unsigned long long before)
{
	const struct ca_config *cfg = a->cfg;
	struct ca_buf rest = CA_BUF_INIT(8192), command = CA_BUF_INIT(32768);
	const char *more, *try;
	char was[64] = "";

	if (before > 0)
		(void)snprintf(was, sizeof was,
		    ", and gave %llu at the last update", before);
	put_rest(cfg, in, &rest);
	ca_ldap_try(cfg, in->uri, &command);
	more = ca_buf_text(&rest);
	try = ca_buf_text(&command);
	ca_log_err(&a->log,
	    "%s gives %llu %-s with a certificate%-s; directory_filter "
	    "%-s below directory_base %-s matches %lu %-s%-s; %s is kept; "
	    "check these keys, directory_login (%s) and the rights of the "
	    "bind; try: %-s; if the number is right, run: certauth users "
	    "update --force",
	    in->uri, now, plural(now, "account", "accounts"), was,
	    cfg->directory_filter, cfg->directory_base,
	    (unsigned long)in->sum.entries,
	    plural(in->sum.entries, "entry", "entries"),
	    more != NULL ? more : "", cfg->directory_index,
	    cfg->directory_login, try != NULL ? try : "ldapsearch");
	ca_buf_free(&rest);
	ca_buf_free(&command);
}

static enum ca_err
update(const struct ca_users_args *a)
{
	enum ca_err ret = CA_ERR_UNSET, rc;
	struct ca_ldap_maker *maker = NULL;
	struct ca_ldap_input *in = calloc(1, sizeof *in);
	struct ca_ldap_facts facts;
	uint64_t before;

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
	rc = ca_ldap_maker_finish(maker, a->force, &facts, &before);
	if (rc != CA_OK) {
		if (rc == CA_DENIED)
			tell_few(a, in, facts.accounts, before);
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
