/*
 * Logins, counted by entries of the log.  Private to this room.
 *
 * Who can make a series?  Its labels are a service that has a file in the PAM
 * configuration, which is root's, and words of this program; everything else has
 * the label (other).  A name of a user is never a label.  So the number of series
 * is bounded by what root configured, whatever clients and users write.
 */
#ifndef CA_METRICS_METRICSLOGINS_H
#define CA_METRICS_METRICSLOGINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/logfollow.h"
#include "audit/logline.h"
#include "base/buf.h"
#include "base/err.h"

#define CA_METRICS_SERVICES 64     /* with names; the rest is (other) */
#define CA_METRICS_SERVICE_MAX 64  /* characters of such a name */
#define CA_METRICS_OTHER "(other)" /* no name of a service */

enum { CA_METRICS_MODES = 2, CA_METRICS_OUTCOMES = 3 };

/* Everything that is kept from one run to the next. */
struct ca_metrics_logins {
	long long since; /* seconds since 1970: when the counting began */
	struct ca_logfollow at;
	char service[CA_METRICS_SERVICES][CA_METRICS_SERVICE_MAX + 1];
	size_t services;
	/* by service, mode, outcome and reason; the last service and the last
	 * reason are the others */
	uint64_t n[CA_METRICS_SERVICES + 1][CA_METRICS_MODES]
		  [CA_METRICS_OUTCOMES][CA_REASON_COUNT + 1];
	/* In the journal, entries that a process of a user other than root wrote:
	 * not refused, refused. */
	uint64_t unproven[2];
	uint64_t imitations, damaged; /* entries that are not counted */
	uint64_t gaps;                /* times that the place was lost */
};

/* A ca_logrecord_visit, with a struct ca_metrics_login_visit as ctx. */
struct ca_metrics_login_visit {
	struct ca_metrics_logins *to;
	const char *pam_dir;
	struct ca_logline line; /* scratch */
};
CA_MUST_CHECK enum ca_err ca_metrics_login_record(
    void *ctx, const struct ca_logrecord *record);

/* The numbers of these words in n; false: there is no such mode or outcome.  A
 * reason that this version does not know is one of the others. */
struct ca_metrics_place {
	size_t service, mode, outcome, reason;
};
bool ca_metrics_place(const char *mode, const char *outcome, const char *reason,
    struct ca_metrics_place *out);

/* The words of a place. */
const char *ca_metrics_service(const struct ca_metrics_logins *l, size_t i);
const char *ca_metrics_mode(size_t i);
const char *ca_metrics_outcome(size_t i);
const char *ca_metrics_reason(size_t i);

/* The number of a service, which is added if it is not known; that of the others if
 * there are too many, or if it is no word that can be one. */
size_t ca_metrics_service_number(
    struct ca_metrics_logins *l, const char *service);

/* Append the metrics. */
void ca_metrics_logins_put(
    const struct ca_metrics_logins *l, struct ca_buf *out);

#endif
