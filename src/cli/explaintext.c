/* certauth explain: the facts as text. */
#include "base/text.h"
#include "cli/explain.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GOOD "32"
#define BAD "31"
#define SO_SO "33"
#define STRONG "1"

static void
paint(const struct ca_explain *e, struct ca_buf *out, const char *colour,
    const char *text)
{
	if (e->colour)
		ca_buf_fmt(out, "\x1b[%sm%s\x1b[0m", colour, text);
	else
		ca_buf_str(out, text);
}

static void
others(struct ca_buf *out, const char *text)
{
	if (text != NULL)
		ca_buf_printable(out, text, strlen(text));
}

/* Print the name of a file or a login: in quotes, if its text could be confused
 * with the text after it. */
static void
others_name(struct ca_buf *out, const char *text)
{
	if (ca_text_plain(text, strlen(text)))
		ca_buf_str(out, text);
	else
		ca_buf_quote(out, text, strlen(text));
}

void
ca_explain_time(time_t t, char out[32])
{
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)snprintf(out, 32, "?");
}

/* ---- the outcome ---- */

static void
headline(const struct ca_explain *e, struct ca_buf *out)
{
	bool audit = e->cfg != NULL && e->cfg->mode == CA_MODE_AUDIT;

	if (e->granted)
		paint(e, out, GOOD, "would be granted");
	else
		paint(e, out, BAD, "would be denied");
	ca_buf_fmt(out, ": %s (%s)\n",
	    e->granted && e->reason == CA_R_OK
		? "all checks except the signature pass"
		: ca_reason_text(e->reason),
	    ca_reason_code(e->reason));
	ca_buf_fmt(out, "PAM code: %s%s\n", e->pam,
	    audit        ? ", regardless of the checks, because mode = audit"
	    : e->granted ? ", if the client's signature is valid"
			 : "");
	ca_buf_str(out, "configuration: ");
	others(out, e->source);
	ca_buf_str(out, "\n");
}

static void
check_line(const struct ca_explain *e, enum ca_check check, struct ca_buf *out)
{
	static const char *const colour[] = {[CA_NOT_RUN] = SO_SO,
	    [CA_PASS] = GOOD,
	    [CA_FAIL] = BAD,
	    [CA_WAIVED] = SO_SO};
	enum ca_verdict v = ca_report_verdict(e->report, check);
	enum ca_reason why = ca_report_check_reason(e->report, check);
	const char *detail = ca_report_get0_detail(e->report, check);

	ca_buf_fmt(out, "  %-11s ", ca_check_name(check));
	paint(e, out, colour[v],
	    v == CA_NOT_RUN ? "not run" : ca_verdict_name(v));
	if (check == CA_CHECK_SIGNATURE && v == CA_NOT_RUN)
		ca_buf_str(out, ": explain uses no key; run: certauth try");
	else if (v == CA_NOT_RUN)
		ca_buf_str(out, ": an earlier check failed");
	else if (v != CA_PASS)
		ca_buf_fmt(
		    out, ", %s: %s", ca_reason_code(why), ca_reason_text(why));
	if (detail != NULL) {
		ca_buf_str(out, v == CA_PASS || v == CA_NOT_RUN ? ": " : "; ");
		others(out, detail);
	}
	ca_buf_str(out, "\n");
}

/* ---- the chain ---- */

static void
age(time_t from, time_t to, char out[32])
{
	long long s = (long long)to - (long long)from;

	if (s < 0)
		s = -s;
	if (s >= 2LL * 86400)
		(void)snprintf(out, 32, "%lld days", s / 86400);
	else if (s >= 2LL * 3600)
		(void)snprintf(out, 32, "%lld hours", s / 3600);
	else
		(void)snprintf(out, 32, "%lld minutes", s / 60);
}

/* Print the target of a hashed link. */
static void
target(const struct ca_explain *e, const char *name, struct ca_buf *out)
{
	char path[PATH_MAX], to[PATH_MAX];

	if (snprintf(path, sizeof path, "%s/%s", e->cfg->crl_dir, name) >=
	    (int)sizeof path)
		return;
	ssize_t n = readlink(path, to, sizeof to - 1);
	if (n <= 0)
		return;
	to[n] = '\0';
	ca_buf_str(out, " (");
	others_name(out, to);
	ca_buf_str(out, ")");
}

static void
crl_line(const struct ca_explain *e, const struct ca_crl_use *use, int indent,
    struct ca_buf *out)
{
	char old[32], left[32], next[32];

	ca_buf_fmt(out, "%*sCRL ", indent, "");
	others_name(out, use->file);
	target(e, use->file, out);
	age(use->this_update, e->now, old);
	ca_buf_fmt(out, ": %s old, ", old);
	if (use->next_update == 0) {
		ca_buf_str(out, "no nextUpdate");
	} else {
		ca_explain_time(use->next_update, next);
		age(use->next_update, e->now, left);
		ca_buf_fmt(out, "nextUpdate %s (%s%s)", next,
		    use->next_update > e->now ? "in " : "past by ", left);
	}
	ca_buf_fmt(out, ", %" PRIu64 " entr%s, %s: ", use->entries,
	    use->entries == 1 ? "y" : "ies",
	    strcmp(use->engine, "index") == 0    ? "indexed"
	    : strcmp(use->engine, "stream") == 0 ? "streamed"
						 : "read by OpenSSL");
	if (use->revoked)
		paint(e, out, BAD, "revokes it");
	else if (use->other == NULL)
		ca_buf_str(out, "does not revoke it");
	if (use->other != NULL) {
		ca_buf_str(out, use->listed ? "lists it, but " : "");
		others(out, use->other);
	}
	ca_buf_str(out, "\n");
}

static void
ocsp_line(const struct ca_explain *e, const struct ca_ocsp_use *use, int indent,
    struct ca_buf *out)
{
	char date[32], old[32];

	ca_buf_fmt(out, "%*sOCSP response ", indent, "");
	if (use->file != NULL)
		others_name(out, use->file);
	else
		ca_buf_str(out, "of the client");
	ca_buf_str(out, ": ");
	if (use->status == CA_OCSP_NO_ANSWER) {
		ca_buf_str(out, "no answer, it ");
		others(out, use->why);
	} else {
		age(use->this_update, e->now, old);
		ca_buf_fmt(out, "%s old, ", old);
	}
	if (use->status == CA_OCSP_GOOD) {
		ca_explain_time(use->until, date);
		ca_buf_fmt(out, "does not revoke it, until %s", date);
	} else if (use->status == CA_OCSP_REVOKED) {
		paint(e, out, BAD, "revokes it");
		ca_explain_time(use->revoked_at, date);
		ca_buf_fmt(out, " since %s", date);
	}
	ca_buf_str(out, "\n");
}

/* Why no CRL was used for a certificate of the path. */
static const char *
no_crl(const struct ca_explain *e, int depth)
{
	enum ca_reason waiver = depth < CA_REVOCATION_PATH
				    ? e->result.trace.waiver[depth]
				    : CA_R_NONE;

	if (waiver == CA_R_CRL_SHORT_LIVED)
		return "no CRL needed: crl_short_lived, by its validity";
	if (waiver == CA_R_CRL_EXEMPT)
		return "no CRL needed: crl_exempt, by its issuer";
	if (e->cfg->crl == CA_CRL_OFF)
		return "no CRL used: crl = off";
	if (ca_report_verdict(e->report, CA_CHECK_REVOCATION) == CA_NOT_RUN)
		return "no CRL used: the certification path is not valid";
	if (e->cfg->revocation == CA_SOURCES_OCSP)
		return "no CRL used: revocation = ocsp";
	if (e->cfg->crl_check == CA_CRL_LEAF && depth > 0)
		return "no CRL used: crl_check = leaf";
	return "no CRL for this certificate was found";
}

static void
link_lines(
    const struct ca_explain *e, int depth, int indent, struct ca_buf *out)
{
	const struct ca_verify_trace *t = &e->result.trace;
	X509 *cert = sk_X509_value(t->chain, depth);
	bool top = depth == sk_X509_num(t->chain) - 1;
	struct tm from = {0}, to = {0};
	char a[32] = "?", b[32] = "?";
	time_t now = e->now;
	size_t crls = 0;

	if (ASN1_TIME_to_tm(X509_get0_notBefore(cert), &from) == 1)
		ca_explain_time(timegm(&from), a);
	if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &to) == 1)
		ca_explain_time(timegm(&to), b);
	ca_buf_fmt(out, "%*svalid %s to %s", indent, "", a, b);
	if (X509_cmp_time(X509_get0_notAfter(cert), &now) < 0)
		paint(e, out, BAD, "  EXPIRED");
	else if (X509_cmp_time(X509_get0_notBefore(cert), &now) > 0)
		paint(e, out, BAD, "  NOT YET VALID");
	ca_buf_str(out, "\n");
	for (size_t i = 0; i < t->n; i++)
		if (t->use[i].depth == depth) {
			crl_line(e, &t->use[i], indent, out);
			crls++;
		}
	for (size_t i = 0; i < t->nocsp; i++)
		if (t->ocsp[i].depth == depth)
			ocsp_line(e, &t->ocsp[i], indent, out);
	if ((crls == 0 && !(top && t->anchored)) ||
	    (depth < CA_REVOCATION_PATH && t->waiver[depth] != CA_R_NONE))
		ca_buf_fmt(out, "%*s%s\n", indent, "", no_crl(e, depth));
}

static void
chain_lines(const struct ca_explain *e, struct ca_buf *out)
{
	const struct ca_verify_trace *t = &e->result.trace;
	int n = t->chain != NULL ? sk_X509_num(t->chain) : 0;
	struct ca_buf name = CA_BUF_INIT(65536);

	ca_buf_str(out, "certification path, trust anchor first\n");
	if (n == 0)
		ca_buf_str(out, "  no path was built\n");
	if (n > 0 && !t->anchored) {
		ca_name_rfc4514(
		    X509_get_issuer_name(sk_X509_value(t->chain, n - 1)),
		    &name);
		ca_buf_str(out, "  ");
		paint(e, out, BAD, "?");
		ca_buf_str(out, " ");
		others(out, ca_buf_text(&name));
		ca_buf_str(
		    out, ": no trust anchor for this issuer in ca_dir, ");
		others_name(out, e->cfg->ca_dir);
		ca_buf_str(out, "\n");
	}
	for (int i = n - 1; i >= 0; i--) {
		int step = n - 1 - i + (t->anchored ? 0 : 1);

		ca_buf_reset(&name);
		ca_name_rfc4514(
		    X509_get_subject_name(sk_X509_value(t->chain, i)), &name);
		ca_buf_fmt(out, "  %*s%s", 3 * (step > 0 ? step - 1 : 0), "",
		    step > 0 ? "`- " : "");
		others(out, ca_buf_text(&name));
		ca_buf_str(out,
		    i == n - 1 && t->anchored ? "  [trust anchor]\n" : "\n");
		link_lines(e, i, 2 + 3 * step + 2, out);
	}
	ca_buf_free(&name);
}

/* ---- the rules ---- */

static void
rule_lines(const struct ca_explain *e, struct ca_buf *out)
{
	ca_buf_str(out, "rules for ");
	if (e->peer.user != NULL && e->peer.user[0] != '\0')
		ca_buf_escape(out, e->peer.user, strlen(e->peer.user));
	else
		ca_buf_str(out, "the login that the certificate maps to");
	ca_buf_str(out, "\n");
	if (e->nrules == 0)
		ca_buf_str(out, "  no rule was tried\n");
	for (size_t i = 0; i < e->nrules; i++) {
		const struct ca_explain_rule *r = &e->rule[i];

		ca_buf_str(out, "  ");
		others_name(out, r->file);
		if (r->line > 0)
			ca_buf_fmt(out, ":%u", r->line);
		ca_buf_str(out, " ");
		if (strcmp(r->login, "*") == 0)
			ca_buf_str(out, "*");
		else
			others_name(out, r->login);
		ca_buf_str(out, " ");
		others(out, r->selector);
		ca_buf_str(out, ": ");
		paint(e, out, r->matched ? GOOD : SO_SO,
		    r->matched ? "yes" : "no");
		ca_buf_str(out, ", ");
		others(out, r->why);
		if (r->made != NULL) {
			ca_buf_str(out, ": ");
			others_name(out, r->made);
		}
		ca_buf_str(out, "\n");
	}
}

void
ca_explain_text(const struct ca_explain *e, struct ca_buf *out)
{
	headline(e, out);
	if (e->cfg == NULL)
		return;
	paint(e, out, STRONG, "checks");
	ca_buf_str(out, "\n");
	for (unsigned i = 0; i < CA_CHECKS; i++)
		check_line(e, (enum ca_check)i, out);
	chain_lines(e, out);
	rule_lines(e, out);
	ca_buf_str(out, "certificate\n");
	for (unsigned i = CA_FACT_SUBJECT; i <= CA_FACT_NOT_AFTER; i++) {
		const char *text =
		    ca_report_get0_fact(e->report, (enum ca_fact)i);

		if (text == NULL)
			continue;
		ca_buf_fmt(out, "  %-11s ", ca_fact_name((enum ca_fact)i));
		others(out, text);
		ca_buf_str(out, "\n");
	}
}
