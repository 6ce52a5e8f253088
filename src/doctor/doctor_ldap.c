/*
 * doctor: the index of the directory, and what keeps it current.
 */
#include "doctor/doctor.h"
#include "doctor/doctor_view.h"
#include "ldap/ldap.h"
#include "map/ldap_index.h"
#include "map/ldap_issuer.h"

#include <sys/stat.h>

#define TIMER "certauth-users-update.timer"
#define OLD ((time_t)3 * 3600) /* three runs of the timer */

static void
mend(struct ca_doctor *d)
{
	ca_doctor_mend(d, "%s", ca_doctor_users_command(d, "users update"));
}

static void
check_index(struct ca_doctor *d)
{
	struct ca_ldap_facts facts;
	enum ca_err rc = ca_ldap_index_facts(d->crypto, d->cfg, &facts);
	char when[48];

	if (rc == CA_ERR_UNTRUSTED)
		return; /* the check of files reports it */
	if (rc != CA_OK) {
		ca_doctor_find(d, CA_F_LDAP_INDEX, CA_LEVEL_ERROR,
		    "the index %s is not used: %s", d->cfg->directory_index,
		    rc == CA_ERR_NOT_FOUND ? "it does not exist"
		    : rc == CA_ERR_STALE
			? "it was made of another directory than the "
			  "configuration names"
		    : rc == CA_ERR_UNSUPPORTED
			? "it was made by another version of certauth"
			: ca_err_text(rc));
		mend(d);
	} else if (facts.accounts == 0) {
		ca_doctor_find(d, CA_F_LDAP_INDEX, CA_LEVEL_ERROR,
		    "the index %s has no account: the directory gave none, and "
		    "the update was forced",
		    d->cfg->directory_index);
		mend(d);
	} else if (ca_ldap_index_too_old(d->cfg, facts.made, d->now)) {
		ca_doctor_find(d, CA_F_LDAP_INDEX, CA_LEVEL_ERROR,
		    "the index %s is not used: it is older than "
		    "directory_max_age",
		    d->cfg->directory_index);
		mend(d);
	} else if (facts.made + OLD < d->now) {
		ca_doctor_when(facts.made, d->now, when);
		ca_doctor_find(d, CA_F_LDAP_OLD, CA_LEVEL_WARNING,
		    "the index %s was made %s", d->cfg->directory_index, when);
		mend(d);
	}
}

/* Does each file exist, and have what its key wants? */
static void
check_files(struct ca_doctor *d)
{
	struct ca_buf content = CA_BUF_INIT(CA_LDAP_ORDER_MAX);
	struct ca_ldap_file file[CA_LDAP_FILES];
	char mend[256];

	ca_ldap_files(d->cfg, file);
	for (size_t i = 0; i < CA_LDAP_FILES; i++) {
		if (file[i].path == NULL)
			continue;
		ca_buf_reset(&content);
		if (ca_ldap_file_read(&file[i], &d->log, &content) == CA_OK)
			continue;
		(void)snprintf(mend, sizeof mend,
		    "correct %s, or put the right file there", file[i].key);
		ca_doctor_heard(
		    d, CA_F_LDAP_FILE, CA_LEVEL_ERROR, file[i].path, mend);
	}
	ca_buf_free(&content);
}

/* A password, a key or a keytab is root's alone. */
static void
check_secret(struct ca_doctor *d, const char *path)
{
	struct stat st;

	if (path == NULL || stat(path, &st) != 0 || (st.st_mode & 077) == 0)
		return;
	ca_doctor_find(d, CA_F_LDAP_SECRET, CA_LEVEL_ERROR,
	    "%s can be read by other users", path);
	ca_doctor_mend(d, "chmod 600 %s", ca_doctor_word("%s", path));
}

/* Names of CAs that can issue: of a name, the first counts. */
static size_t
issuers(const struct ca_doctor *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->ncas; i++) {
		bool again = false;

		for (size_t k = 0; k < i && !again; k++)
			again =
			    X509_NAME_cmp(X509_get_subject_name(d->ca[k].cert),
				X509_get_subject_name(d->ca[i].cert)) == 0;
		n += !again;
	}
	return n;
}

/* A SID or a name is the same whoever of them has certified it. */
static void
check_issuer(struct ca_doctor *d)
{
	enum ca_err rc = ca_ldap_issuer(d->cfg, NULL, 0);

	if (rc == CA_ERR_CONFIG) {
		ca_doctor_find(d, CA_F_LDAP_ISSUER, CA_LEVEL_ERROR,
		    "directory_issuer has a malformed name");
		ca_doctor_mend(d, "certauth inspect CERT.pem");
	} else if (d->cfg->directory_issuer == NULL && issuers(d) > 1) {
		ca_doctor_find(d, CA_F_LDAP_ISSUER, CA_LEVEL_WARNING,
		    "directory_issuer is not set, and this host trusts %zu CAs",
		    issuers(d));
		ca_doctor_mend(d, "certauth inspect CERT.pem");
	}
}

void
ca_doctor_ldap(struct ca_doctor *d)
{
	if (d->cfg->directory != CA_DIRECTORY_LDAP)
		return;
	check_index(d);
	check_files(d);
	check_issuer(d);
	check_secret(d, d->cfg->directory_password_file);
	check_secret(d, d->cfg->directory_key);
	check_secret(d, d->cfg->directory_keytab);
	if (!ca_doctor_timer_inactive(TIMER))
		return;
	ca_doctor_find(d, CA_F_LDAP_TIMER, CA_LEVEL_WARNING,
	    "directory is ldap, but " TIMER " is not active");
	ca_doctor_mend(d, "systemctl enable --now " TIMER);
}
