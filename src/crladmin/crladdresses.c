#include "crladmin/crladdresses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crladmin/crllink.h"
#include "crladmin/crlmissing.h"
#include "crladmin/crlplan.h"
#include "tool/cli.h"

/* Is it the address of no CA of ca_dir and intermediates_dir? */
static bool
is_unused(
    const struct ca_crladmin_plan *plan, const struct ca_crladmin_address *a)
{
	bool other_key;

	if (a->issuer == NULL)
		return false;
	for (size_t i = 0; i < plan->cas.n; i++)
		if (ca_crladmin_is_of(a, &plan->cas.v[i], &other_key) ||
		    other_key)
			return false;
	return true;
}

/* "CN=Corp CA: http://pki.example/corp.crl (learnt from alice.pem)" */
static void
print_one(
    const struct ca_crladmin_plan *plan, const struct ca_crladmin_address *a)
{
	struct ca_buf line = CA_BUF_INIT(200000), text = CA_BUF_INIT(400000);
	char *name =
	    a->issuer != NULL ? ca_crladmin_name_text(a->issuer) : NULL;
	const char *out;

	ca_buf_fmt(&line, "%s: %s (%s%s%s%s)",
	    a->issuer == NULL ? "any CA"
	    : name != NULL    ? name
			      : "?",
	    a->url, a->learnt ? "learnt from " : "", a->from,
	    a->kind == CA_CRLADMIN_DELTA ? ", delta CRL" : "",
	    is_unused(plan, a)          ? "; not used, because this CA is not "
					  "in ca_dir or intermediates_dir"
	    : !ca_crladmin_can_fetch(a) ? "; cannot be fetched"
					: "");
	ca_buf_printable(&text, line.p, line.len);
	out = ca_buf_text(&text);
	puts(out != NULL ? out : "out of memory");
	free(name);
	ca_buf_free(&line);
	ca_buf_free(&text);
}

/* A login must not read every file because the directory has changed. */
static enum ca_err
save(struct ca_crladmin_run *r, struct ca_crladmin_plan *plan)
{
	enum ca_err rc = ca_crladmin_book_write(r, &plan->book);

	return rc == CA_OK ? ca_crladmin_link(r) : rc;
}

static int
print_all(struct ca_crladmin_run *r, struct ca_crladmin_plan *plan)
{
	enum ca_err rc;

	for (size_t i = 0; i < plan->book.n && !r->quiet; i++)
		print_one(plan, &plan->book.v[i]);
	(void)fflush(stdout); /* the messages below go to standard error */
	if ((rc = ca_crladmin_missing_look(r, plan)) != CA_OK)
		return ca_crladmin_said(r->cfg->crl_dir, rc);
	return ca_crladmin_missing_say(r, plan) && !plan->failed ? CA_EXIT_OK
								 : CA_EXIT_NO;
}

static int
forget_one(
    struct ca_crladmin_run *r, struct ca_crladmin_plan *plan, const char *url)
{
	enum ca_err rc = ca_crladmin_book_read(r, &plan->book);

	if (rc == CA_OK && !ca_crladmin_book_forget(&plan->book, url)) {
		(void)ca_cli_fail(
		    "%s is not remembered; to see the addresses, run: certauth "
		    "crl addresses%s",
		    url, r->again != NULL ? r->again : "");
		return CA_EXIT_NO;
	}
	if (rc == CA_OK)
		rc = save(r, plan);
	return rc == CA_OK ? CA_EXIT_OK : ca_crladmin_said(r->cfg->crl_dir, rc);
}

int
ca_crladmin_addresses(struct ca_crladmin_run *r, const char *forget)
{
	struct ca_crladmin_plan plan = {0};
	int status;
	enum ca_err rc;

	if ((rc = ca_crladmin_lock(r)) != CA_OK) {
		status = ca_crladmin_said(r->cfg->crl_dir, rc);
	} else if (forget != NULL) {
		status = forget_one(r, &plan, forget);
	} else if ((rc = ca_crladmin_plan_make(r, &plan)) != CA_OK ||
		   (plan.book.changed &&
		       (rc = ca_crladmin_book_write(r, &plan.book)) != CA_OK)) {
		status = rc == CA_ERR_CONFIG
			     ? CA_EXIT_USAGE
			     : ca_crladmin_said(r->cfg->crl_dir, rc);
	} else {
		status = print_all(r, &plan);
	}
	ca_crladmin_plan_clear(&plan);
	return status;
}

void
ca_crladmin_tell_forget(
    const struct ca_crladmin_run *r, const struct ca_crladmin_address *a)
{
	struct ca_buf b = CA_BUF_INIT(65536), line = CA_BUF_INIT(262144);
	const char *text;

	ca_buf_fmt(&b,
	    "    this address was learnt from %s; if the CA does not use it "
	    "any more, run: certauth crl addresses%s --forget ",
	    a->from, r->again != NULL ? r->again : "");
	/* a CA has chosen it */
	ca_buf_shell(&b, a->url);
	ca_buf_printable(&line, b.p, b.len);
	text = ca_buf_text(&line);
	puts(text != NULL ? text : "out of memory");
	ca_buf_free(&b);
	ca_buf_free(&line);
}
