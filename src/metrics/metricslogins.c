#include "metrics/metricslogins.h"
#include "metrics/metricstext.h"
#include "audit/logwriter.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const modes[CA_METRICS_MODES] = {"enforce", "audit"};
/* an account check that does not refuse is part of a login with its own entry */
static const char *const outcomes[CA_METRICS_OUTCOMES] = {
    "granted", "denied", "rejected"};

const char *
ca_metrics_service(const struct ca_metrics_logins *l, size_t i)
{
	return i < l->services ? l->service[i] : CA_METRICS_OTHER;
}

const char *
ca_metrics_mode(size_t i)
{
	return modes[i];
}

const char *
ca_metrics_outcome(size_t i)
{
	return outcomes[i];
}

const char *
ca_metrics_reason(size_t i)
{
	return i < CA_REASON_COUNT ? ca_reason_code((enum ca_reason)i)
				   : CA_METRICS_OTHER;
}

bool
ca_metrics_place(const char *mode, const char *outcome, const char *reason,
    struct ca_metrics_place *out)
{
	out->mode = out->outcome = out->reason = 0;
	while (
	    out->mode < CA_METRICS_MODES && strcmp(modes[out->mode], mode) != 0)
		out->mode++;
	while (out->outcome < CA_METRICS_OUTCOMES &&
	       strcmp(outcomes[out->outcome], outcome) != 0)
		out->outcome++;
	while (out->reason < CA_REASON_COUNT &&
	       strcmp(ca_reason_code((enum ca_reason)out->reason), reason) != 0)
		out->reason++;
	return out->mode < CA_METRICS_MODES &&
	       out->outcome < CA_METRICS_OUTCOMES;
}

/* A name that a file of the PAM configuration can have, and no path. */
static bool
is_name(const char *service)
{
	size_t len = strlen(service);

	return ca_text_plain(service, len) && len <= CA_METRICS_SERVICE_MAX &&
	       service[0] != '.' && strchr(service, '/') == NULL;
}

size_t
ca_metrics_service_number(struct ca_metrics_logins *l, const char *service)
{
	size_t i = 0;

	if (!is_name(service))
		return CA_METRICS_SERVICES;
	while (i < l->services && strcmp(l->service[i], service) != 0)
		i++;
	if (i < l->services)
		return i;
	if (l->services == CA_METRICS_SERVICES)
		return CA_METRICS_SERVICES;
	(void)snprintf(l->service[i], sizeof l->service[i], "%s", service);
	l->services++;
	return i;
}

/* Has root configured a PAM service of this name? */
static bool
is_configured(const char *pam_dir, const char *service)
{
	const char *const dirs[] = {pam_dir, "/usr/lib/pam.d"};
	char path[4096];

	for (size_t i = 0; is_name(service) && i < 2; i++)
		if (snprintf(path, sizeof path, "%s/%s", dirs[i], service) <
			(int)sizeof path &&
		    access(path, F_OK) == 0)
			return true;
	return false;
}

enum ca_err
ca_metrics_login_record(void *ctx, const struct ca_logrecord *record)
{
	struct ca_metrics_login_visit *v = ctx;
	const struct ca_logline *a = &v->line;
	struct ca_metrics_logins *l = v->to;
	struct ca_metrics_place at;
	enum ca_err rc =
	    ca_logline_parse(record->message, record->len, &v->line);

	if (rc == CA_ERR_FORMAT)
		l->damaged++;
	if (rc != CA_OK)
		return CA_OK;
	if (ca_logwriter_imitates(record->program, a->service, a->session)) {
		l->imitations++;
		return CA_OK;
	}
	/* what became of an open session is no login */
	if (a->session ||
	    (strcmp(a->event, "login") != 0 && ca_logline_granted(a)))
		return CA_OK;
	/* any user can write such an entry, so it makes no series */
	if (record->uid > 0) {
		l->unproven[!ca_logline_granted(a)] += a->count;
		return CA_OK;
	}
	if (!ca_metrics_place(a->mode, a->outcome, a->reason, &at)) {
		l->damaged++;
		return CA_OK;
	}
	at.service = is_configured(v->pam_dir, a->service)
			 ? ca_metrics_service_number(l, a->service)
			 : CA_METRICS_SERVICES;
	l->n[at.service][at.mode][at.outcome][at.reason] += a->count;
	return CA_OK;
}

/* ---- the metrics ---- */

static void
put_row(const struct ca_metrics_logins *l, size_t service, size_t mode,
    size_t outcome, struct ca_buf *out)
{
	for (size_t r = 0; r <= CA_REASON_COUNT; r++) {
		const struct ca_metrics_label labels[] = {
		    {"service", service < CA_METRICS_SERVICES
				    ? ca_metrics_service(l, service)
				    : CA_METRICS_OTHER},
		    {"mode", modes[mode]}, {"outcome", outcomes[outcome]},
		    {"reason", ca_metrics_reason(r)}, {NULL, NULL}};
		uint64_t n = l->n[service][mode][outcome][r];

		if (n > 0)
			ca_metrics_sample(
			    out, "certauth_logins_total", labels, (long long)n);
	}
}

static void
put_two(struct ca_buf *out, const char *name, const char *label,
    const char *const value[2], const uint64_t n[2])
{
	for (int i = 0; i < 2; i++) {
		const struct ca_metrics_label labels[] = {
		    {label, value[i]}, {NULL, NULL}};

		ca_metrics_sample(out, name, labels, (long long)n[i]);
	}
}

void
ca_metrics_logins_put(const struct ca_metrics_logins *l, struct ca_buf *out)
{
	static const char *const outcome[] = {"granted", "refused"};
	static const char *const why[] = {"imitation", "damaged"};
	const uint64_t ignored[] = {l->imitations, l->damaged};

	ca_metrics_head(out, "certauth_logins_total", "counter",
	    "Logins in the log that a process of root wrote, and refused account checks.");
	for (size_t s = 0; s <= CA_METRICS_SERVICES; s++)
		for (size_t m = 0; m < CA_METRICS_MODES; m++)
			for (size_t o = 0; o < CA_METRICS_OUTCOMES; o++)
				put_row(l, s, m, o, out);
	ca_metrics_head(out, "certauth_unproven_logins_total", "counter",
	    "Logins in the journal that a process of another user wrote: su, databases, or a forgery.");
	put_two(out, "certauth_unproven_logins_total", "outcome", outcome,
	    l->unproven);
	ca_metrics_head(out, "certauth_log_ignored_entries_total", "counter",
	    "Entries of the log that look like those of pam_certauth and were not counted.");
	put_two(out, "certauth_log_ignored_entries_total", "why", why, ignored);
	ca_metrics_single(out, "certauth_log_gaps_total", "counter",
	    "How often entries may have been removed from the log before they were counted.",
	    (long long)l->gaps);
	ca_metrics_single(out, "certauth_logins_since_timestamp_seconds",
	    "gauge", "When the counting of logins began.", l->since);
}
