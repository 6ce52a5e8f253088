/*
 * The text exposition format of Prometheus, version 0.0.4.  Private to this room.
 */
#ifndef CA_METRICS_METRICSTEXT_H
#define CA_METRICS_METRICSTEXT_H

#include "base/buf.h"

/* Bytes of a value, before it is escaped: the name of a file fits. */
#define CA_METRICS_LABEL_MAX ((size_t)1024)

/* A label; an array of them ends with a NULL name. */
struct ca_metrics_label {
	const char *name, *value;
};

/* Append the lines HELP and TYPE of a metric: once, before its samples.  Both texts
 * are ours. */
void ca_metrics_head(
    struct ca_buf *out, const char *name, const char *type, const char *help);

/*
 * Append a sample.  A value of a label may be text of others: what is not printable
 * UTF-8 becomes \xHH, and more than CA_METRICS_LABEL_MAX bytes are cut to that and
 * "...".  The caller sees to it that no two samples have the same labels: the reader
 * would refuse the whole text.
 */
void ca_metrics_sample(struct ca_buf *out, const char *name,
    const struct ca_metrics_label *labels, long long value);

/* A metric with one sample without labels. */
void ca_metrics_single(struct ca_buf *out, const char *name, const char *type,
    const char *help, long long value);

#endif
