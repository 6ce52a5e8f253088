/*
 * What `certauth metrics` keeps from one run to the next: the counters, and the
 * place in the log up to which they count.  Both are one file, replaced in one
 * step, so that each entry of the log counts once, whenever a run is killed.
 * Private to this room.
 */
#ifndef CA_METRICS_METRICSSTATE_H
#define CA_METRICS_METRICSSTATE_H

#include <stddef.h>

#include "base/err.h"
#include "metrics/metricslogins.h"

#define CA_METRICS_STATE_MAX ((size_t)4 << 20) /* bytes */

/* Append the file's text. */
void ca_metrics_state_put(
    const struct ca_metrics_logins *l, struct ca_buf *out);

/* Parse the file's text, which ends with a NUL and is changed, into *l, which is
 * zeroed.  CA_ERR_FORMAT. */
CA_MUST_CHECK enum ca_err ca_metrics_state_parse(
    char *text, struct ca_metrics_logins *l);

/*
 * Make the directory if it is not there, and lock it: two runs do not count the same
 * entries.  *lock is to be closed.  Then read the state; without one, or with one
 * that is damaged, which is said, counting begins now.  CA_EXIT_OK, or CA_EXIT_USAGE
 * after a message.
 */
CA_MUST_CHECK int ca_metrics_state_open(
    const char *dir, int *lock, struct ca_metrics_logins *l);

/* Replace the state.  CA_EXIT_OK, or CA_EXIT_USAGE after a message. */
CA_MUST_CHECK int ca_metrics_state_write(
    const char *dir, const struct ca_metrics_logins *l);

#endif
