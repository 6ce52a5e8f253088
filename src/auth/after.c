/*
 * After a login: the variables of the session, warnings and the log.
 */
#include "auth/auth.h"
#include "base/text.h"
#include "base/tr.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "verify/verify.h"

#define LINE_BYTES ((size_t)1 << 16)
#define TEXT_SHORTEST 32 /* bytes */
#define DAY 86400

static const struct {
	const char *name;
	enum ca_fact fact;
} var[] = {
    {"CERTAUTH_SUBJECT", CA_FACT_SUBJECT},
    {"CERTAUTH_ISSUER", CA_FACT_ISSUER},
    {"CERTAUTH_SERIAL", CA_FACT_SERIAL},
    {"CERTAUTH_SHA256", CA_FACT_SHA256},
    {"CERTAUTH_NOT_AFTER", CA_FACT_NOT_AFTER},
};

const char *
ca_auth_env_name(size_t i)
{
	return i < sizeof var / sizeof var[0] ? var[i].name : NULL;
}

bool
ca_auth_env(const struct ca_report *report, size_t i, struct ca_buf *out)
{
	if (i >= sizeof var / sizeof var[0])
		return false;
	const char *value = ca_report_get0_fact(report, var[i].fact);

	ca_buf_fmt(out, "%s=", var[i].name);
	if (value != NULL)
		ca_buf_printable(out, value, strlen(value));
	return true;
}

bool
ca_auth_expires_soon(const struct ca_config *cfg,
    const struct ca_report *report, X509 *leaf, time_t now, struct ca_buf *out)
{
	const char *subject = ca_report_get0_fact(report, CA_FACT_SUBJECT);
	ASN1_TIME *t = ASN1_TIME_set(NULL, now);
	int days = 0, seconds = 0;
	bool soon =
	    t != NULL && cfg->warn_expiry > 0 &&
	    ASN1_TIME_diff(&days, &seconds, t, X509_get0_notAfter(leaf)) == 1 &&
	    days >= 0 && seconds >= 0 &&
	    (uint64_t)days * DAY + (uint64_t)seconds < cfg->warn_expiry;

	ASN1_TIME_free(t);
	if (!soon)
		return false;
	if (days > 0)
		ca_buf_fmt(out,
		    ca_trn("Your certificate expires in %d day: ",
			"Your certificate expires in %d days: ",
			(unsigned long)days),
		    days);
	else
		ca_buf_str(out, _("Your certificate expires within a day: "));
	if (subject != NULL)
		ca_buf_printable(out, subject, strlen(subject));
	return true;
}

static const char *
left(int64_t s, char out[32])
{
	if (s >= 2 * (int64_t)DAY)
		(void)snprintf(out, 32, "%lld days", (long long)(s / DAY));
	else
		(void)snprintf(out, 32, "%lld hours", (long long)(s / 3600));
	return out;
}

static void
warn_ca(
    const struct ca_config *cfg, const struct ca_log *log, X509 *ca, time_t now)
{
	struct ca_buf name = CA_BUF_INIT(LINE_BYTES);
	struct ca_buf quoted = CA_BUF_INIT(4 * LINE_BYTES);
	time_t end;
	char text[32];

	if (!ca_crypto_seconds(X509_get0_notAfter(ca), &end))
		return;
	int64_t s = (int64_t)end - (int64_t)now;
	if (s < 0 || (uint64_t)s >= cfg->warn_expiry)
		return;
	ca_name_rfc4514(X509_get_subject_name(ca), &name);
	if (ca_buf_text(&name) != NULL)
		ca_buf_quote_dn(&quoted, name.p, name.len);
	const char *subject = ca_buf_text(&quoted);
	ca_log(log, CA_LOG_WARNING,
	    "the CA certificate %-s expires in %-s; then logins with "
	    "its certificates fail",
	    subject != NULL ? subject : "?", left(s, text));
	ca_buf_free(&name);
	ca_buf_free(&quoted);
}

static void
warn_crl(const struct ca_config *cfg, const struct ca_log *log,
    const struct ca_crl_use *use, time_t now)
{
	int64_t s = (int64_t)use->next_update - (int64_t)now;
	int64_t life = (int64_t)use->next_update - (int64_t)use->this_update;
	char text[32];

	/* one that comes each day is not about to expire all day long */
	if (use->next_update == 0 || s < 0 || s >= life / 8 ||
	    (uint64_t)s >= cfg->warn_expiry)
		return;
	ca_log(log, CA_LOG_WARNING,
	    "the CRL %s expires in %-s, and there is no newer CRL; "
	    "run: certauth crl update",
	    use->file, left(s, text));
}

void
ca_auth_warn_site(const struct ca_config *cfg, const struct ca_log *log,
    const struct ca_auth_result *result, time_t now)
{
	const struct ca_verify_trace *t = &result->trace;

	for (int i = 1; t->chain != NULL && i < sk_X509_num(t->chain); i++)
		warn_ca(cfg, log, sk_X509_value(t->chain, i), now);
	for (size_t i = 0; i < t->n; i++) {
		bool again = t->use[i].other != NULL;

		for (size_t k = 0; k < i; k++)
			again = again ||
				strcmp(t->use[k].file, t->use[i].file) == 0;
		if (!again)
			warn_crl(cfg, log, &t->use[i], now);
	}
}

/* In JSON a = stands in strings alone.  There it is written \u003d where it
 * could begin a value for those who search the log for `outcome=granted'. */
static void
put_json_signs(struct ca_buf *out, const char *text)
{
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (text[i] == '=' && !ca_text_separates(text, i))
			ca_buf_str(out, "\\u003d");
		else
			ca_buf_u8(out, (uint8_t)text[i]);
	}
}

/* A challenge is the usual proof. */
static bool
by_password(const struct ca_config *cfg, const char *event)
{
	return cfg->proof[0] == CA_PROOF_PASSWORD &&
	       strcmp(event, "login") == 0;
}

/* One object on one line, with what the report does not know in front. */
static void
put_json(const struct ca_config *cfg, const struct ca_report *report,
    unsigned only, const char *event, struct ca_buf *out)
{
	struct ca_buf b = CA_BUF_INIT(LINE_BYTES);
	const char *text;

	ca_report_json(report, only, &b);
	text = ca_buf_text(&b);
	if (text != NULL && text[0] == '{') {
		ca_buf_fmt(out, "{\"event\":\"%s\",%s\"mode\":\"%s\",", event,
		    by_password(cfg, event) ? "\"proof\":\"password\"," : "",
		    cfg->mode == CA_MODE_AUDIT ? "audit" : "enforce");
		put_json_signs(out, text + 1);
	}
	ca_buf_free(&b);
}

/* What needs no memory. */
static void
log_short(const struct ca_log *log, const struct ca_report *report,
    unsigned only, const char *event, bool trial)
{
	const char *user = ca_report_get0_fact(report, CA_FACT_USER);

	ca_log(log, CA_LOG_NOTICE,
	    "event=%-s mode=%-s outcome=%-s reason=%-s: out of "
	    "memory for the whole line; user %s",
	    event, trial ? "audit" : "enforce",
	    ca_report_granted(report, only) ? "granted" : "denied",
	    ca_reason_code(ca_report_reason(report)),
	    user != NULL ? user : "unknown");
}

static void
put_outcome(const struct ca_config *cfg, const struct ca_report *report,
    unsigned only, const char *event, struct ca_buf *out)
{
	bool trial = cfg->mode == CA_MODE_AUDIT;

	ca_buf_reset(out);
	if (cfg->audit == CA_AUDIT_JSON) {
		put_json(cfg, report, only, event, out);
		return;
	}
	if (by_password(cfg, event))
		ca_buf_str(out, "event=login proof=password ");
	else if (strcmp(event, "login") != 0)
		ca_buf_fmt(out, "event=%s ", event);
	if (trial)
		ca_buf_str(out, "mode=audit ");
	ca_report_line(report, only, out);
}

/* Only whole lines are of use, above all in JSON, and a client decides how long
 * the names of its certificate are: they are cut until the line fits. */
static bool
fits(struct ca_buf *b)
{
	return ca_buf_text(b) != NULL && b->len > 0 && b->len < CA_LOG_LINE_MAX;
}

void
ca_auth_log(const struct ca_config *cfg, const struct ca_log *log,
    struct ca_report *report, unsigned only, const char *event)
{
	struct ca_buf b = CA_BUF_INIT(LINE_BYTES + 256);
	bool trial = cfg->mode == CA_MODE_AUDIT;

	put_outcome(cfg, report, only, event, &b);
	for (size_t max = 1024; !fits(&b) && max >= TEXT_SHORTEST; max /= 2) {
		ca_report_clip(report, max);
		put_outcome(cfg, report, only, event, &b);
	}
	const char *text = ca_buf_text(&b);
	if (text != NULL && text[0] != '\0')
		ca_log(log, CA_LOG_NOTICE, "%-s", text);
	else
		log_short(log, report, only, event, trial);
	ca_buf_reset(&b);
	if (!log->debug)
		goto out;
	for (int i = 0; i < CA_CHECKS; i++) {
		if ((only & 1u << i) == 0)
			continue;
		ca_report_check_line(report, (enum ca_check)i, &b);
		if (ca_buf_text(&b) != NULL)
			ca_log_debug(log, "%-s", ca_buf_text(&b));
		ca_buf_reset(&b);
	}
out:
	ca_buf_free(&b);
}
