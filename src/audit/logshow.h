/*
 * What `certauth log` prints: a table and a summary, or JSON.
 */
#ifndef CA_AUDIT_LOGSHOW_H
#define CA_AUDIT_LOGSHOW_H

#include "audit/logline.h"
#include "audit/logrecord.h"
#include "verify/context.h"

/* What is shown; NULL or false: everything. */
struct ca_logshow_filter {
	time_t since;
	const char *user, *service, *reason;
	bool denied;
};

struct ca_logshow;

/* json: objects instead of the table.  context (its log may be NULL) serves to
 * find registered certificates; NULL: none are looked for.  NULL: no memory. */
struct ca_logshow *ca_logshow_new(const struct ca_logshow_filter *filter,
    bool json, const struct ca_context *context);
void ca_logshow_free(struct ca_logshow *show);

/* A ca_logrecord_visit, with a struct ca_logshow as ctx: print the entry if it is
 * an attempt, or of an open session, that the filter selects. */
CA_MUST_CHECK enum ca_err ca_logshow_record(
    void *ctx, const struct ca_logrecord *record);

/*
 * Print the summary (nothing with json), and remarks about entries that were not
 * shown.  read: what was read, or NULL if that failed; damaged: entries that could not be
 * split.  Returns how many entries were shown.
 */
size_t ca_logshow_end(
    struct ca_logshow *show, const char *read, size_t damaged);

#endif
