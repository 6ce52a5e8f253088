/*
 * `certauth metrics`.
 */
#ifndef CA_METRICS_METRICS_H
#define CA_METRICS_METRICS_H

#include "tool/cli.h"

extern const struct ca_command ca_cmd_metrics;

#endif
