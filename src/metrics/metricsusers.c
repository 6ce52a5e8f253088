/*
 * Metrics of the users file and of the indexes of users.
 */
#include "metrics/metricscerts.h"
#include "metrics/metricstext.h"
#include "crypto/crypto.h"
#include "data/index.h"
#include "map/ldap_index.h"
#include "map/users_index.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static void
put_index(const char *source, time_t made, struct ca_buf *out)
{
	const struct ca_metrics_label labels[] = {
	    {"source", source}, {NULL, NULL}};

	ca_metrics_sample(out, "certauth_users_index_timestamp_seconds", labels,
	    (long long)made);
}

/* Was the index made of the users file as it is now? */
static bool
is_current(const struct ca_crladmin_run *run, const char *path,
    const struct stat *users)
{
	struct ca_index *index = NULL;
	bool ok = ca_index_open(&ca_users_index_kind,
		      ca_crypto_get0_md(run->crypto, "SHA256"), AT_FDCWD, path,
		      users, &index) == CA_OK;

	ca_index_close(index);
	return ok;
}

/* When the servers were last asked, as the index itself says, and what they gave: 0 if
 * no login would use it, so that the alert of an old one fires.  One of the future
 * would be current for ever. */
static void
put_directory(const struct ca_crladmin_run *run, struct ca_buf *out)
{
	struct ca_ldap_facts facts = {0};

	if (ca_ldap_index_facts(run->crypto, run->cfg, &facts) != CA_OK ||
	    ca_ldap_index_too_old(run->cfg, facts.made, time(NULL)))
		facts = (struct ca_ldap_facts){0};
	put_index("directory", facts.made, out);
	ca_metrics_single(out, "certauth_users_index_accounts", "gauge",
	    "How many accounts the index of the directory has; 0: no login uses it.",
	    (long long)facts.accounts);
}

void
ca_metrics_users_put(const struct ca_crladmin_run *run, struct ca_buf *out)
{
	struct stat users, index;
	char path[4096];
	bool file = stat(run->cfg->users, &users) == 0;
	bool indexed = file &&
		       snprintf(path, sizeof path, "%s.cdb", run->cfg->users) <
			   (int)sizeof path &&
		       stat(path, &index) == 0;

	if (file)
		ca_metrics_single(out, "certauth_users_file_timestamp_seconds",
		    "gauge", "When the users file was last changed.",
		    (long long)users.st_mtime);
	ca_metrics_head(out, "certauth_users_index_timestamp_seconds", "gauge",
	    "When an index of users was made: of the users file, or of a directory; 0: no login uses it.");
	if (indexed)
		put_index("file", index.st_mtime, out);
	if (run->cfg->directory == CA_DIRECTORY_LDAP)
		put_directory(run, out);
	if (indexed)
		ca_metrics_single(out, "certauth_users_index_current", "gauge",
		    "1 if the index of the users file was made of the file as it is now.",
		    is_current(run, path, &users));
}
