/*
 * Metrics of what the configuration names: CAs, CRLs, the host's certificate, the
 * users file and its index, the last good `certauth crl update'.  Private to this
 * room.
 */
#ifndef CA_METRICS_METRICSCERTS_H
#define CA_METRICS_METRICSCERTS_H

#include "base/buf.h"
#include "crladmin/crlrun.h"

/* CAs, and CRLs: more are counted, and not shown; those that expire first are. */
#define CA_METRICS_CERTS_MAX 500

/* These append metrics.  False, after a message: something could not be read.  run
 * is one that ca_crladmin_open was called for. */
void ca_metrics_cas_put(const struct ca_crladmin_run *run, struct ca_buf *out);
bool ca_metrics_crls_put(struct ca_crladmin_run *run, struct ca_buf *out);
bool ca_metrics_host_put(const struct ca_crladmin_run *run, struct ca_buf *out);
bool ca_metrics_ocsp_put(const struct ca_crladmin_run *run, struct ca_buf *out);
void ca_metrics_users_put(
    const struct ca_crladmin_run *run, struct ca_buf *out);

#endif
