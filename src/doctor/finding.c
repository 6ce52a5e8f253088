#include "doctor/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/doctor.h"
#include "doctor/doctor_view.h"
#include "verify/verify.h"

static const struct {
	const char *code, *why;
} findings[] = {
#define FINDING(e, code, why) [e] = {code, why},
    CA_FINDINGS(FINDING)
#undef FINDING
};

static bool
is_known(const struct ca_doctor *d, const struct ca_finding *f)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].code == f->code && d->v[i].level >= f->level &&
		    strcmp(d->v[i].what, f->what) == 0)
			return true;
	return false;
}

void
ca_doctor_find(struct ca_doctor *d, enum ca_finding_code code,
    enum ca_level level, const char *fmt, ...)
{
	struct ca_finding *v, f = {.code = code,
				  .id = findings[code].code,
				  .level = level,
				  .check = d->check,
				  .why = findings[code].why};
	va_list ap;

	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.*): va_start is above */
	if (vasprintf(&f.what, fmt, ap) < 0)
		abort(); /* an incomplete report would mislead */
	va_end(ap);
	d->dropped = d->quiet || is_known(d, &f);
	if (d->dropped) {
		free(f.what);
		return;
	}
	if (d->view != NULL && d->view->where != NULL)
		f.where = strdup(d->view->where);
	if ((v = realloc(d->v, (d->n + 1) * sizeof *v)) == NULL)
		abort();
	d->v = v;
	v[d->n++] = f;
}

void
ca_doctor_drop_where(struct ca_doctor *d)
{
	if (d->dropped)
		return;
	free(d->v[d->n - 1].where);
	d->v[d->n - 1].where = NULL;
}

void
ca_doctor_mend(struct ca_doctor *d, const char *fmt, ...)
{
	va_list ap;

	if (d->dropped)
		return;
	va_start(ap, fmt);
	/* NOLINTNEXTLINE(clang-analyzer-valist.*): va_start is above */
	if (vasprintf(&d->v[d->n - 1].mend, fmt, ap) < 0)
		abort();
	va_end(ap);
}

static void
hear(void *ctx, enum ca_log_level level, const char *line)
{
	struct ca_doctor *d = ctx;

	if (level == CA_LOG_DEBUG || level == CA_LOG_INFO)
		return;
	ca_buf_str(&d->heard, line);
	ca_buf_str(&d->heard, "\n");
}

void
ca_doctor_listen(struct ca_doctor *d)
{
	d->log = (struct ca_log){hear, d, false};
}

void
ca_doctor_heard(struct ca_doctor *d, enum ca_finding_code code,
    enum ca_level level, const char *what, const char *mend)
{
	char *lines = ca_buf_take(&d->heard, NULL), *rest = lines, *line;
	bool any = false;

	while (rest != NULL && (line = strsep(&rest, "\n")) != NULL) {
		if (*line == '\0')
			continue;
		any = true;
		ca_doctor_find(d, code, level, "%s", line);
		ca_doctor_mend(d, "%s", mend);
	}
	if (!any) {
		ca_doctor_find(d, code, level, "%s", what);
		ca_doctor_mend(d, "%s", mend);
	}
	free(lines);
	ca_buf_reset(&d->heard);
}

void
ca_doctor_when(time_t t, time_t now, char out[48])
{
	long long s = (long long)t - (long long)now;
	long long a = s < 0 ? -s : s;
	char n[24];

	if (a >= 2LL * 86400)
		(void)snprintf(n, sizeof n, "%lld days", a / 86400);
	else if (a >= 2LL * 3600)
		(void)snprintf(n, sizeof n, "%lld hours", a / 3600);
	else
		(void)snprintf(n, sizeof n, "%lld minutes", a / 60);
	(void)snprintf(out, 48, s < 0 ? "%s ago" : "in %s", n);
}

char *
ca_doctor_name(const X509_NAME *name)
{
	struct ca_buf b = CA_BUF_INIT(65536);

	ca_name_rfc4514(name, &b);
	char *text = ca_buf_take(&b, NULL);
	if (text != NULL && text[0] != '\0')
		return text;
	free(text);
	return strdup("(an empty name)");
}
