/*
 * Metrics of the resident verifier, as systemd knows it.  Private to this room.
 */
#ifndef CA_METRICS_METRICSVERIFIER_H
#define CA_METRICS_METRICSVERIFIER_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Append the metrics, or nothing if systemd does not run or has no such unit.
 * systemd counts the restarts that it made itself, since the unit was last stopped
 * or its failures were reset.  False, after a message: systemctl failed.
 */
bool ca_metrics_verifier_put(struct ca_buf *out);

/* For tests: what systemctl said (with a NUL at the end), `now' microseconds after the
 * start of the machine, which are `clock' seconds since 1970. */
void ca_metrics_verifier_text(
    char *said, long long now, long long clock, struct ca_buf *out);

#endif
