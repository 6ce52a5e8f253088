#include "audit/logshow.h"
#include "audit/loghint.h"
#include "audit/logshowint.h"
#include "audit/logwriter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ca_logshow {
	struct ca_logshow_filter filter;
	bool json;
	const struct ca_context *context;
	struct ca_logline line;
	struct ca_logshow_count count;
};

struct ca_logshow *
ca_logshow_new(const struct ca_logshow_filter *filter, bool json,
    const struct ca_context *context)
{
	struct ca_logshow *show = calloc(1, sizeof *show);

	if (show == NULL)
		return NULL;
	show->filter = *filter;
	show->json = json;
	show->context = context;
	return show;
}

void
ca_logshow_free(struct ca_logshow *show)
{
	free(show);
}

static bool
is(const char *wanted, const char *value)
{
	return wanted == NULL || (value != NULL && strcmp(wanted, value) == 0);
}

/* Is the reason, or one of the further ones, the wanted one? */
static bool
has_reason(const char *wanted, const struct ca_logline *a)
{
	size_t len = wanted != NULL ? strlen(wanted) : 0;

	if (is(wanted, a->reason) || is(wanted, a->waived))
		return true;
	for (const char *p = a->also; p != NULL && *p != '\0';) {
		size_t n = strcspn(p, ",");

		if (n == len && memcmp(p, wanted, n) == 0)
			return true;
		p += n + (p[n] == ',');
	}
	return false;
}

static bool
selected(const struct ca_logshow_filter *f, const struct ca_logrecord *r,
    const struct ca_logline *a)
{
	const char *service = a->fact[CA_FACT_SERVICE];

	/* what became of an open session is no refused login */
	if (a->session && f->denied)
		return false;
	/* an account check that does not refuse is part of a login that has its
	 * own line */
	if (strcmp(a->event, "login") != 0 && ca_logline_granted(a))
		return false;
	return r->time >= f->since && !(f->denied && ca_logline_granted(a)) &&
	       is(f->user, a->fact[CA_FACT_USER]) &&
	       is(f->service, service != NULL ? service : a->service) &&
	       has_reason(f->reason, a);
}

static void
add(struct ca_logshow_count *c, const struct ca_logrecord *r,
    const struct ca_logline *a)
{
	size_t i = 0;

	if (r->uid > 0)
		c->marked += a->count;
	if (r->uid < 0)
		c->unknown += a->count;
	if (a->session) {
		c->sessions += a->count;
		while (i + 1 < CA_LOGSHOW_OUTCOMES &&
		       strcmp(ca_logshow_outcomes[i], a->outcome) != 0)
			i++;
		c->session[i] += a->count;
		return;
	}
	c->shown += a->count;
	if (strcmp(a->mode, "audit") == 0)
		c->trial += a->count;
	if (ca_logline_granted(a)) {
		c->granted += a->count;
		return;
	}
	while (i < CA_REASON_COUNT &&
	       strcmp(ca_reason_code((enum ca_reason)i), a->reason) != 0)
		i++;
	c->refused[i] += a->count;
}

enum ca_err
ca_logshow_record(void *ctx, const struct ca_logrecord *record)
{
	struct ca_logshow *show = ctx;
	struct ca_logline *a = &show->line;
	struct ca_buf out = CA_BUF_INIT((size_t)1 << 20);
	struct ca_buf hint = CA_BUF_INIT((size_t)1 << 16);
	bool wanted = false;
	enum ca_err rc;

	rc = ca_logline_parse(record->message, record->len, a);
	if (rc == CA_ERR_FORMAT)
		show->count.damaged++;
	if (rc != CA_OK)
		return CA_OK;
	if (ca_logwriter_imitates(record->program, a->service, a->session)) {
		show->count.imitations++;
		return CA_OK;
	}
	if (!selected(&show->filter, record, a))
		return CA_OK;
	ca_loghint(a, show->context, &hint, &wanted);
	const struct ca_logshow_entry e = {record, a,
	    hint.len > 0 ? ca_buf_text(&hint) : NULL,
	    wanted ? a->fact[CA_FACT_SHA256] : NULL};
	if (show->json)
		ca_logshow_json(&e, &out);
	else
		ca_logshow_row(
		    &e, show->count.shown + show->count.sessions == 0, &out);
	add(&show->count, record, a);
	show->count.wanted = show->count.wanted || wanted;
	rc = ca_buf_err(&out);
	if (rc == CA_OK)
		(void)fwrite(out.p, 1, out.len, stdout);
	ca_buf_free(&hint);
	ca_buf_free(&out);
	return rc;
}

size_t
ca_logshow_end(struct ca_logshow *show, const char *read, size_t damaged)
{
	struct ca_buf out = CA_BUF_INIT((size_t)1 << 16);
	const char *text;

	show->count.damaged += damaged;
	const size_t shown = show->count.shown + show->count.sessions;

	if (!show->json && shown > 0)
		ca_logshow_summary(&show->count, &out);
	if ((text = ca_buf_text(&out)) != NULL)
		(void)fputs(text, stdout);
	ca_buf_reset(&out);
	ca_logshow_remarks(&show->count, read, &out);
	if ((text = ca_buf_text(&out)) != NULL)
		(void)fputs(text, stderr);
	ca_buf_free(&out);
	return shown;
}
