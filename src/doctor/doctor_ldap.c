/*
 * doctor: the index of the directory, and what keeps it current.
 */
#include "doctor/doctor.h"
#include "doctor/doctor_view.h"
#include "map/ldap_index.h"

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
	} else if (facts.made + OLD < d->now) {
		ca_doctor_when(facts.made, d->now, when);
		ca_doctor_find(d, CA_F_LDAP_OLD, CA_LEVEL_WARNING,
		    "the index %s was made %s", d->cfg->directory_index, when);
		mend(d);
	}
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

void
ca_doctor_ldap(struct ca_doctor *d)
{
	if (d->cfg->directory != CA_DIRECTORY_LDAP)
		return;
	check_index(d);
	check_secret(d, d->cfg->directory_password_file);
	check_secret(d, d->cfg->directory_key);
	check_secret(d, d->cfg->directory_keytab);
	if (!ca_doctor_timer_inactive(TIMER))
		return;
	ca_doctor_find(d, CA_F_LDAP_TIMER, CA_LEVEL_WARNING,
	    "directory is ldap, but " TIMER " is not active");
	ca_doctor_mend(d, "systemctl enable --now " TIMER);
}
