#include "crladmin/crlplan.h"

#include <string.h>

#include "crladmin/crllearn.h"
#include "fetch/fetch.h"
#include "tool/cli.h"

static enum ca_err
add_plain(struct ca_crladmin_plan *plan, const char *url, const char *from)
{
	const struct ca_crladmin_address a = {
	    .url = (char *)(uintptr_t)url, .from = (char *)(uintptr_t)from};

	return ca_crladmin_is_url(url, strlen(url))
		   ? ca_crladmin_book_add(&plan->book, &a)
		   : CA_OK;
}

static enum ca_err
add_options(struct ca_crladmin_run *r, struct ca_crladmin_plan *plan)
{
	const struct ca_list *conf = &r->cfg->crl_url;
	enum ca_err rc = CA_OK;

	for (size_t i = 0; rc == CA_OK && i < r->nurls; i++) {
		if (!ca_fetch_can(r->url[i])) {
			(void)ca_cli_fail(
			    "--url %s: the address must begin with http:, "
			    "https: or file:///",
			    r->url[i]);
			return CA_ERR_CONFIG;
		}
		rc = add_plain(plan, r->url[i], "--url");
	}
	for (size_t i = 0; rc == CA_OK && i < conf->n; i++)
		rc = add_plain(plan, conf->v[i], "crl_url");
	return rc;
}

/* Tell each CA of an address of its own. */
static void
assign(struct ca_crladmin_plan *plan, const struct ca_crladmin_address *a)
{
	for (size_t i = 0; i < plan->cas.n; i++) {
		struct ca_crladmin_ca *ca = &plan->cas.v[i];
		bool other_key;

		if (a->kind == CA_CRLADMIN_DELTA ||
		    !ca_crladmin_is_of(a, ca, &other_key))
			continue;
		if (!ca_crladmin_can_fetch(a)) {
			ca->other = a->url;
			continue;
		}
		ca->url = a->url;
		ca->indirect |= a->kind == CA_CRLADMIN_INDIRECT;
	}
}

/*
 * An address of a CA that is gone is not fetched.  One of a CA whose key has
 * changed may serve the CRLs of the new key too; it need not.
 */
static enum ca_err
want(struct ca_crladmin_plan *plan, const struct ca_crladmin_address *a)
{
	bool mine = a->issuer == NULL, maybe = false;

	if (!ca_crladmin_can_fetch(a))
		return CA_OK;
	for (size_t i = 0; i < plan->cas.n; i++) {
		bool other_key;

		mine |= ca_crladmin_is_of(a, &plan->cas.v[i], &other_key);
		maybe |= other_key;
	}
	return mine || maybe
		   ? ca_crladmin_state_want(&plan->states, a->url, mine)
		   : CA_OK;
}

static enum ca_err
learn(struct ca_crladmin_run *r, struct ca_crladmin_plan *plan)
{
	enum ca_err rc = ca_crladmin_book_read(r, &plan->book);

	if (rc == CA_OK)
		rc = ca_crladmin_learn_cas(r, &plan->cas, &plan->book);
	if (rc == CA_OK)
		rc = ca_crladmin_learn_users(r, &plan->cas, &plan->book);
	for (size_t i = 0; rc == CA_OK && i < r->nfrom; i++)
		if (!ca_crladmin_learn_file(
			r, &plan->cas, &plan->book, r->from[i], false))
			plan->failed = true;
	return rc;
}

enum ca_err
ca_crladmin_plan_make(struct ca_crladmin_run *r, struct ca_crladmin_plan *plan)
{
	enum ca_err rc = ca_crladmin_states_read(r, &plan->states);

	if (rc == CA_OK)
		rc = ca_crladmin_cas_find(r, &plan->cas);
	if (rc == CA_OK)
		rc = add_options(r, plan);
	if (rc == CA_OK)
		rc = learn(r, plan);
	/* the book does not grow any more: pointers to it stay good */
	for (size_t i = 0; rc == CA_OK && i < plan->book.n; i++) {
		assign(plan, &plan->book.v[i]);
		rc = want(plan, &plan->book.v[i]);
	}
	return rc;
}

void
ca_crladmin_plan_clear(struct ca_crladmin_plan *plan)
{
	ca_crladmin_cas_clear(&plan->cas);
	ca_crladmin_book_clear(&plan->book);
	ca_crladmin_states_clear(&plan->states);
}

bool
ca_crladmin_no_address(const struct ca_crladmin_ca *ca)
{
	return ca->needs && ca->url == NULL && !ca->served;
}

const struct ca_crladmin_address *
ca_crladmin_plan_learnt(const struct ca_crladmin_plan *plan, const char *url)
{
	for (size_t i = 0; i < plan->book.n; i++)
		if (plan->book.v[i].learnt &&
		    strcmp(plan->book.v[i].url, url) == 0)
			return &plan->book.v[i];
	return NULL;
}
