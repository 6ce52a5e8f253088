/*
 * Metrics of the OCSP responses of this host.  They are counted, and none is a label:
 * a host may have 20,000.
 */
#include "metrics/metricscerts.h"
#include "metrics/metricstext.h"
#include "ocspadmin/ocsprun.h"
#include "tool/cli.h"

static void
put(const struct ca_ocspadmin_summary *s, struct ca_buf *out)
{
	static const char *const status[] = {[CA_OCSP_NO_ANSWER] = "none",
	    [CA_OCSP_GOOD] = "good",
	    [CA_OCSP_REVOKED] = "revoked"};

	ca_metrics_head(out, "certauth_ocsp_responses", "gauge",
	    "Certificates of this host that name an OCSP responder, by what the response in ocsp_dir says.");
	for (size_t i = 0; i < sizeof status / sizeof *status; i++) {
		const struct ca_metrics_label labels[] = {
		    {"status", status[i]}, {NULL, NULL}};

		ca_metrics_sample(
		    out, "certauth_ocsp_responses", labels, (long long)s->n[i]);
	}
	if (s->until > 0)
		ca_metrics_single(out, "certauth_ocsp_expiry_timestamp_seconds",
		    "gauge",
		    "When the first good response of ocsp_dir is no answer any more.",
		    (long long)s->until);
	if (s->updated > 0)
		ca_metrics_single(out,
		    "certauth_ocsp_update_success_timestamp_seconds", "gauge",
		    "When `certauth ocsp update' last had an answer about every certificate.",
		    (long long)s->updated);
}

bool
ca_metrics_ocsp_put(const struct ca_crladmin_run *of, struct ca_buf *out)
{
	struct ca_ocspadmin_run run = {.base = {.cfg = of->cfg,
					   .log = of->log,
					   .dir = -1,
					   .lock = -1,
					   .quiet = true}};
	struct ca_ocspadmin_summary summary;
	bool ok = true;

	if (of->cfg->revocation == CA_SOURCES_CRL)
		return true;
	ok = ca_ocspadmin_summary(&run, &summary) == CA_EXIT_OK;
	if (ok)
		put(&summary, out);
	run.base.cfg = NULL; /* the caller's */
	ca_ocspadmin_close(&run);
	return ok;
}
