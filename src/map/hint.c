#include "map/hint.h"

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

static void
hint_unmapped(const struct ca_ident *id, struct ca_buf *out)
{
	put_selectors(id, out);
	ca_buf_str(out, "; `certauth inspect CERT.pem` shows their values, "
			"`certauth users test CERT.pem` shows why no rule "
			"matches, and `certauth users add LOGIN sha256:");
	ca_ident_show(id, CA_SEL_SHA256, out);
	ca_buf_str(out, "` adds a rule for this certificate");
}

void
ca_map_hint(const struct ca_ident *id, struct ca_report *report)
{
	enum ca_reason reason =
	    ca_report_check_reason(report, CA_CHECK_MAPPING);
	struct ca_buf out = CA_BUF_INIT(4096);

	if (reason == CA_R_UNMAPPED)
		hint_unmapped(id, &out);
	else if (reason == CA_R_OTHER_USER)
		ca_buf_str(&out, "`certauth users test CERT.pem` shows the "
				 "rule; log in as that user, or let a rule "
				 "name the other one too");
	else if (reason == CA_R_AMBIGUOUS)
		ca_buf_str(&out, "the application named no user, so exactly "
				 "one login must match; `certauth users test "
				 "CERT.pem` shows the rules");
	else if (reason == CA_R_LOGIN_INVALID)
		ca_buf_str(
		    &out, "`certauth users test CERT.pem` shows the rule");
	if (out.len > 0 && ca_buf_text(&out) != NULL)
		ca_report_set(report, CA_CHECK_MAPPING, CA_FAIL, reason, "%s",
		    ca_buf_text(&out));
	ca_buf_free(&out);
}
