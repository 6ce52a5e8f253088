/* certauth explain --json: the same facts as JSON. */
#include "cli/explain.h"

#include <inttypes.h>
#include <string.h>

static void
moment(struct ca_buf *out, const char *before, const char *name, time_t t)
{
	char text[32];

	ca_explain_time(t, text);
	ca_buf_member(out, before, name, text);
}

static void
checks(const struct ca_explain *e, struct ca_buf *out)
{
	ca_buf_str(out, ",\"checks\":{");
	for (unsigned i = 0; i < CA_CHECKS; i++) {
		enum ca_check c = (enum ca_check)i;
		enum ca_reason why = ca_report_check_reason(e->report, c);

		ca_buf_fmt(
		    out, "%s\"%s\":", i > 0 ? "," : "", ca_check_name(c));
		ca_buf_member(out, "{", "verdict",
		    ca_verdict_name(ca_report_verdict(e->report, c)));
		ca_buf_member(out, ",", "reason", ca_reason_code(why));
		ca_buf_member(out, ",", "text", ca_reason_text(why));
		ca_buf_member(
		    out, ",", "detail", ca_report_get0_detail(e->report, c));
		ca_buf_str(out, "}");
	}
	ca_buf_str(out, "},\"facts\":{");
	const char *before = "";
	for (unsigned i = 0; i < CA_FACTS; i++) {
		const char *text =
		    ca_report_get0_fact(e->report, (enum ca_fact)i);

		ca_buf_member(out, before, ca_fact_name((enum ca_fact)i), text);
		if (text != NULL)
			before = ",";
	}
	ca_buf_str(out, "}");
}

static void
crls(const struct ca_explain *e, int depth, struct ca_buf *out)
{
	const struct ca_verify_trace *t = &e->result.trace;
	const char *before = "";

	ca_buf_str(out, ",\"crls\":[");
	for (size_t i = 0; i < t->n; i++) {
		const struct ca_crl_use *use = &t->use[i];

		if (use->depth != depth)
			continue;
		ca_buf_str(out, before);
		ca_buf_member(out, "{", "file", use->file);
		ca_buf_member(out, ",", "engine", use->engine);
		moment(out, ",", "this_update", use->this_update);
		if (use->next_update != 0)
			moment(out, ",", "next_update", use->next_update);
		ca_buf_fmt(out,
		    ",\"age\":%lld,\"entries\":%" PRIu64 ",\"revoked\":%s",
		    (long long)e->now - (long long)use->this_update,
		    use->entries, use->revoked ? "true" : "false");
		if (use->other != NULL) {
			ca_buf_member(out, ",", "out_of_scope", use->other);
			ca_buf_fmt(out, ",\"listed\":%s",
			    use->listed ? "true" : "false");
		}
		ca_buf_str(out, "}");
		before = ",";
	}
	ca_buf_str(out, "]");
}

static void
responses(const struct ca_explain *e, int depth, struct ca_buf *out)
{
	static const char *const says[] = {[CA_OCSP_NO_ANSWER] = "none",
	    [CA_OCSP_GOOD] = "good",
	    [CA_OCSP_REVOKED] = "revoked"};
	const struct ca_verify_trace *t = &e->result.trace;
	const char *before = "";

	ca_buf_str(out, ",\"ocsp\":[");
	for (size_t i = 0; i < t->nocsp; i++) {
		const struct ca_ocsp_use *use = &t->ocsp[i];

		if (use->depth != depth)
			continue;
		ca_buf_str(out, before);
		ca_buf_member(out, "{", "status", says[use->status]);
		ca_buf_member(out, ",", "file", use->file);
		if (use->status == CA_OCSP_NO_ANSWER)
			ca_buf_member(out, ",", "why", use->why);
		else
			moment(out, ",", "this_update", use->this_update);
		if (use->status == CA_OCSP_GOOD)
			moment(out, ",", "until", use->until);
		if (use->status == CA_OCSP_REVOKED)
			moment(out, ",", "revoked", use->revoked_at);
		ca_buf_str(out, "}");
		before = ",";
	}
	ca_buf_str(out, "]");
}

static void
date(struct ca_buf *out, const char *name, const ASN1_TIME *t)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) == 1)
		moment(out, ",", name, timegm(&tm));
}

static void
chain(const struct ca_explain *e, struct ca_buf *out)
{
	const struct ca_verify_trace *t = &e->result.trace;
	int n = t->chain != NULL ? sk_X509_num(t->chain) : 0;

	ca_buf_str(out, ",\"chain\":[");
	for (int i = 0; i < n; i++) {
		X509 *cert = sk_X509_value(t->chain, i);
		struct ca_buf name = CA_BUF_INIT(65536);

		ca_name_rfc4514(X509_get_subject_name(cert), &name);
		ca_buf_member(out, i > 0 ? ",{" : "{", "subject",
		    ca_buf_text(&name) != NULL ? ca_buf_text(&name) : "?");
		ca_buf_free(&name);
		date(out, "not_before", X509_get0_notBefore(cert));
		date(out, "not_after", X509_get0_notAfter(cert));
		ca_buf_fmt(out, ",\"anchor\":%s",
		    i == n - 1 && t->anchored ? "true" : "false");
		crls(e, i, out);
		responses(e, i, out);
		if (i < CA_REVOCATION_PATH && t->waiver[i] != CA_R_NONE)
			ca_buf_member(
			    out, ",", "waived", ca_reason_code(t->waiver[i]));
		ca_buf_str(out, "}");
	}
	ca_buf_str(out, "]");
}

static void
rules(const struct ca_explain *e, struct ca_buf *out)
{
	ca_buf_str(out, ",\"rules\":[");
	for (size_t i = 0; i < e->nrules; i++) {
		const struct ca_explain_rule *r = &e->rule[i];

		ca_buf_fmt(out, "%s{\"matched\":%s", i > 0 ? "," : "",
		    r->matched ? "true" : "false");
		ca_buf_member(out, ",", "file", r->file);
		if (r->line > 0)
			ca_buf_fmt(out, ",\"line\":%u", r->line);
		ca_buf_member(out, ",", "login", r->login);
		ca_buf_member(out, ",", "selector", r->selector);
		ca_buf_member(out, ",", "why", r->why);
		ca_buf_member(out, ",", "made", r->made);
		ca_buf_str(out, "}");
	}
	ca_buf_str(out, "]");
}

void
ca_explain_json(const struct ca_explain *e, struct ca_buf *out)
{
	ca_buf_member(out, "{", "outcome", e->granted ? "granted" : "denied");
	ca_buf_member(out, ",", "reason", ca_reason_code(e->reason));
	ca_buf_member(out, ",", "text", ca_reason_text(e->reason));
	ca_buf_member(out, ",", "pam_code", e->pam);
	ca_buf_str(out, ",\"signature_checked\":false");
	ca_buf_member(out, ",", "mode",
	    e->cfg == NULL                  ? NULL
	    : e->cfg->mode == CA_MODE_AUDIT ? "audit"
					    : "enforce");
	ca_buf_member(out, ",", "configuration", e->source);
	if (e->cfg != NULL) {
		checks(e, out);
		chain(e, out);
		rules(e, out);
	}
	ca_buf_str(out, "}\n");
}
