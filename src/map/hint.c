#include "map/hint.h"
#include "base/text.h"

#include <string.h>

static void
put_selectors(const struct ca_ident *id, struct ca_buf *out)
{
	bool has[CA_SELECTORS] = {false};
	const char *before = "the certificate has the selectors ";

	for (size_t i = 0; i < id->n; i++)
		has[id->v[i].sel] = true;
	for (int sel = 0; sel < CA_SELECTORS; sel++) {
		if (!has[sel])
			continue;
		ca_buf_fmt(out, "%s%s", before,
		    ca_selector_name((enum ca_selector)sel));
		before = ", ";
	}
}

/* Append `certauth users WHAT` with the file that the rules come from. */
static void
put_users(const char *what, const char *users, struct ca_buf *out)
{
	ca_buf_fmt(out, "`certauth users %s", what);
	if (strcmp(users, CA_SYSCONFDIR "/users") != 0)
		ca_buf_fmt(out, " --file %s",
		    ca_text_plain(users, strlen(users)) ? users : "FILE");
}

/* Where the login is missing: people who have a directory keep no users file. */
static void
put_sss(struct ca_buf *out)
{
	ca_buf_str(out,
	    "SSSD has no account for it; the account must have the certificate "
	    "in its userCertificate, or in the attribute that a rule [certmap] "
	    "of sssd.conf compares (`certauth doctor` checks the rules); then "
	    "`sss_cache -E` makes SSSD ask its server again");
}

static void
put_ldap(const struct ca_map_decision *d, struct ca_buf *out)
{
	long long age = (long long)d->ctx->now - (long long)d->index_made;
	const char *path = d->ctx->cfg->directory_index;
	char date[32];
	struct tm tm;

	ca_buf_fmt(out, "the index %s",
	    ca_text_plain(path, strlen(path)) ? path : "of the directory");
	if (gmtime_r(&d->index_made, &tm) != NULL &&
	    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
		ca_buf_fmt(out, ", made %s (%lld minute%s ago),", date,
		    age > 0 ? age / 60 : 0, age / 60 == 1 ? "" : "s");
	ca_buf_str(out,
	    " has no account for it; the account must have the certificate in "
	    "its userCertificate, or a name of it in altSecurityIdentities or "
	    "ipaCertMapData; then run `certauth users update`");
}

static void
hint_unmapped(const struct ca_map_decision *d, struct ca_buf *out)
{
	const char *users = d->ctx->cfg->users;

	put_selectors(&d->id, out);
	ca_buf_str(out, "; `certauth inspect CERT.pem` shows their values, ");
	put_users("test", users, out);
	ca_buf_str(out, " CERT.pem` shows why no rule matches, and ");
	switch (d->asked) {
	case CA_DIRECTORY_SSS:
		put_sss(out);
		return;
	case CA_DIRECTORY_LDAP:
		put_ldap(d, out);
		return;
	case CA_DIRECTORY_NONE:
		break;
	}
	put_users("add", users, out);
	ca_buf_str(out, " LOGIN sha256:");
	ca_ident_show(&d->id, CA_SEL_SHA256, out);
	ca_buf_str(out, "` adds a rule for this certificate");
}

void
ca_map_hint(const struct ca_map_decision *d, struct ca_report *report)
{
	const char *users = d->ctx->cfg->users;
	enum ca_reason reason =
	    ca_report_check_reason(report, CA_CHECK_MAPPING);
	struct ca_buf out = CA_BUF_INIT(8192);

	if (reason == CA_R_UNMAPPED) {
		hint_unmapped(d, &out);
	} else if (reason == CA_R_AMBIGUOUS) {
		ca_buf_str(&out, "the application named no user, so exactly "
				 "one login must match; ");
		put_users("test", users, &out);
		ca_buf_str(&out, " CERT.pem` shows the rules");
	} else if (reason == CA_R_OTHER_USER || reason == CA_R_LOGIN_INVALID) {
		put_users("test", users, &out);
		ca_buf_str(&out, " CERT.pem` shows the rule");
	}
	if (reason == CA_R_OTHER_USER)
		ca_buf_str(&out, "; log in as that user, or let a rule name "
				 "the other one too");
	if (out.len > 0 && ca_buf_text(&out) != NULL)
		ca_report_set(report, CA_CHECK_MAPPING, CA_FAIL, reason, "%s",
		    ca_buf_text(&out));
	ca_buf_free(&out);
}
