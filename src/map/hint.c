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

static void
hint_unmapped(const struct ca_ident *id, const char *users, struct ca_buf *out)
{
	put_selectors(id, out);
	ca_buf_str(out, "; `certauth inspect CERT.pem` shows their values, ");
	put_users("test", users, out);
	ca_buf_str(out, " CERT.pem` shows why no rule matches, and ");
	put_users("add", users, out);
	ca_buf_str(out, " LOGIN sha256:");
	ca_ident_show(id, CA_SEL_SHA256, out);
	ca_buf_str(out, "` adds a rule for this certificate");
}

void
ca_map_hint(
    const struct ca_ident *id, const char *users, struct ca_report *report)
{
	enum ca_reason reason =
	    ca_report_check_reason(report, CA_CHECK_MAPPING);
	struct ca_buf out = CA_BUF_INIT(8192);

	if (reason == CA_R_UNMAPPED) {
		hint_unmapped(id, users, &out);
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
