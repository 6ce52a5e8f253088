/*
 * Metrics of the CRLs of crl_dir.
 */
#include "metrics/metricscerts.h"
#include "metrics/metricstext.h"
#include "crl/crldir.h"
#include "crladmin/crlabout.h"
#include "crladmin/crlset.h"
#include "crladmin/crlstate.h"
#include "tool/cli.h"
#include "verify/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One CRL; number: of several in a file, from 1 on. */
struct crl {
	char *file, *issuer;
	unsigned number;
	bool usable, timed; /* it has times that can be read */
	time_t begin, end;
};

struct crls {
	struct crl *v;
	size_t n;
};

static bool
is_usable(struct ca_crladmin_run *r, struct ca_crl *crl, const struct crl *c,
    time_t now)
{
	return c->timed && ca_crl_trouble(crl) == CA_R_OK && c->begin <= now &&
	       c->end > now && ca_crl_signer(crl, r->cas) != NULL;
}

static bool
add(struct crls *list, const char *file, struct crl *c)
{
	struct crl *v = realloc(list->v, (list->n + 1) * sizeof *v);
	struct ca_buf name = CA_BUF_INIT(CA_METRICS_LABEL_MAX);

	if (v != NULL)
		list->v = v;
	/* a backslash too, so that no two names look alike */
	ca_buf_escape(&name, file, strlen(file));
	c->file = ca_buf_take(&name, NULL);
	if (v == NULL || c->file == NULL) {
		free(c->file);
		free(c->issuer);
		return false;
	}
	v[list->n++] = *c;
	return true;
}

static bool
add_crl(struct ca_crladmin_run *r, struct crls *list, const char *file,
    struct ca_crl *crl, unsigned number)
{
	X509_CRL *x = ca_crl_get0_x509(crl);
	struct ca_buf issuer = CA_BUF_INIT(65536);
	struct crl c = {.number = number};

	if (x != NULL) {
		ca_name_rfc4514(X509_CRL_get_issuer(x), &issuer);
		c.issuer = ca_buf_take(&issuer, NULL);
		c.timed =
		    ca_crypto_seconds(X509_CRL_get0_lastUpdate(x), &c.begin) &&
		    ca_crladmin_end(x, r->cfg, &c.end);
		c.usable = is_usable(r, crl, &c, time(NULL));
	}
	ca_buf_free(&issuer);
	return add(list, file, &c);
}

/* As a login reads them: by the index, where there is one.  A file that cannot be
 * read is one CRL that cannot be used. */
static bool
add_file(struct ca_crladmin_run *r, struct crls *list, const char *name)
{
	static const struct ca_crl_wanted nothing = {0};
	struct ca_crl_file src = {
	    r->crypto, &r->log, &ca_crl_by_index, r->dir, name, -1};
	struct ca_crls crls = {0};
	struct crl none = {.number = 1};
	bool ok = true;
	enum ca_err rc = ca_crldir_open(r->dir, name, &src.fd, NULL);

	if (rc == CA_OK)
		rc = ca_crl_load(&src, &nothing, &crls);
	for (size_t i = 0; ok && i < crls.n; i++)
		ok = add_crl(r, list, name, crls.v[i], (unsigned)i + 1);
	if (ok && crls.n == 0 && rc != CA_OK)
		ok = add(list, name, &none);
	ca_crls_clear(&crls);
	return ok;
}

static int
earlier(const void *a, const void *b)
{
	const struct crl *x = a, *y = b;

	if (x->end != y->end)
		return x->end < y->end ? -1 : 1;
	int order = strcmp(x->file, y->file);
	return order != 0 ? order : x->number < y->number ? -1 : 1;
}

enum what { BEGIN, END, USABLE };

static void
put_all(const struct crls *list, enum what what, const char *name,
    const char *help, struct ca_buf *out)
{
	char number[16];

	ca_metrics_head(out, name, "gauge", help);
	for (size_t i = 0; i < list->n && i < CA_METRICS_CERTS_MAX; i++) {
		const struct crl *c = &list->v[i];
		const struct ca_metrics_label labels[] = {{"file", c->file},
		    {"number", number},
		    {"issuer", c->issuer != NULL ? c->issuer : ""},
		    {NULL, NULL}};

		if (what != USABLE && !c->timed)
			continue;
		(void)snprintf(number, sizeof number, "%u", c->number);
		ca_metrics_sample(out, name, labels,
		    what == BEGIN ? (long long)c->begin
		    : what == END ? (long long)c->end
				  : c->usable);
	}
}

static void
put_update(struct ca_crladmin_run *r, struct ca_buf *out)
{
	struct stat st;

	if (fstatat(r->dir, CA_CRLADMIN_UPDATED, &st, 0) == 0 &&
	    st.st_mtime > 0)
		ca_metrics_single(out,
		    "certauth_crl_update_success_timestamp_seconds", "gauge",
		    "When `certauth crl update' last fetched every CRL.",
		    (long long)st.st_mtime);
}

bool
ca_metrics_crls_put(struct ca_crladmin_run *r, struct ca_buf *out)
{
	struct ca_list names = {0};
	struct crls list = {0};
	enum ca_err rc = ca_crladmin_names(r->dir, &names);

	if (rc != CA_OK)
		(void)ca_crladmin_said(r->cfg->crl_dir, rc);
	for (size_t i = 0; rc == CA_OK && i < names.n; i++)
		if (!add_file(r, &list, names.v[i])) {
			rc = CA_ERR_MEMORY;
			(void)ca_cli_fail("%s", ca_err_text(rc));
		}
	if (list.n > 0)
		qsort(list.v, list.n, sizeof *list.v, earlier);
	put_all(&list, BEGIN, "certauth_crl_this_update_timestamp_seconds",
	    "thisUpdate of a CRL of crl_dir.", out);
	put_all(&list, END, "certauth_crl_expiry_timestamp_seconds",
	    "When a CRL of crl_dir expires: nextUpdate, or crl_no_next_update after thisUpdate.",
	    out);
	put_all(&list, USABLE, "certauth_crl_usable",
	    "1 if a CRL of crl_dir is current and signed by a CA of the configuration.",
	    out);
	ca_metrics_single(out, "certauth_crls", "gauge",
	    "CRLs of crl_dir; at most 500 are shown, those that expire first.",
	    (long long)list.n);
	put_update(r, out);
	for (size_t i = 0; i < list.n; i++) {
		free(list.v[i].file);
		free(list.v[i].issuer);
	}
	free(list.v);
	ca_crladmin_names_free(&names);
	return rc == CA_OK;
}
