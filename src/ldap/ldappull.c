#include "ldap/ldappull.h"
#include "ldap/ldapconnect.h"
#include "ldap/ldapentry.h"

#include <stdio.h>
#include <string.h>

#define PAGE 1000 /* entries */
/* libldap would follow one cookie for ever */
#define PAGES_MAX 20000
#define ATTRIBUTES_MAX 16
#define ANSWER_SECONDS 60

struct pull {
	struct ca_ldap_out out;
	LDAP *ld;
	struct berval cookie;
	struct ca_ldap_why why;
};

/* The reason of a failure, and CA_DENIED. */
static enum ca_err
fail(struct pull *p, enum ca_ldap_cause cause, const char *why)
{
	ca_ldap_why_set(&p->why, cause, "%s", why);
	return CA_DENIED;
}

static enum ca_err
ask(struct pull *p, int *id)
{
	const struct ca_ldap_order *order = p->out.order;
	char *attributes[ATTRIBUTES_MAX];
	LDAPControl *page = NULL, *controls[2] = {NULL, NULL};
	size_t n = 0;
	int rc;

	attributes[n++] = (char *)order->login;
	for (size_t i = 0; ca_ldap_attributes[i] != NULL; i++)
		attributes[n++] = (char *)ca_ldap_attributes[i];
	attributes[n] = NULL;
	rc = ldap_create_page_control(p->ld, PAGE, &p->cookie, 1, &page);
	controls[0] = page;
	if (rc == LDAP_SUCCESS)
		rc = ldap_search_ext(p->ld, order->base, LDAP_SCOPE_SUBTREE,
		    order->filter, attributes, 0, controls, NULL, NULL, 0, id);
	if (page != NULL)
		ldap_control_free(page);
	if (rc == LDAP_SUCCESS)
		return CA_OK;
	ca_ldap_why_result(&p->why, p->ld, CA_LDAP_STEP_SEARCH, rc, NULL);
	return CA_DENIED;
}

/* Take the cookie of the next page; it is empty after the last. */
static enum ca_err
take_cookie(struct pull *p, LDAPControl **controls)
{
	LDAPControl *page =
	    ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	ber_int_t estimate;

	ber_memfree(p->cookie.bv_val);
	p->cookie = (struct berval){0, NULL};
	if (page == NULL)
		return fail(p, CA_LDAP_CAUSE_OTHER,
		    "the server does not answer in pages, so that nothing says "
		    "that all accounts came");
	if (ldap_parse_pageresponse_control(
		p->ld, page, &estimate, &p->cookie) != LDAP_SUCCESS)
		return fail(p, CA_LDAP_CAUSE_LOST,
		    "the server sent a malformed control");
	return CA_OK;
}

/* The end of a page: only success counts. */
static enum ca_err
end_page(struct pull *p, LDAPMessage *message)
{
	LDAPControl **controls = NULL;
	char *said = NULL;
	int result = LDAP_OTHER;
	enum ca_err rc;

	if (ldap_parse_result(p->ld, message, &result, NULL, &said, NULL,
		&controls, 0) != LDAP_SUCCESS)
		return fail(p, CA_LDAP_CAUSE_LOST,
		    "the server sent a malformed result");
	if (result == LDAP_SUCCESS) {
		rc = take_cookie(p, controls);
	} else {
		ca_ldap_why_result(&p->why, p->ld, CA_LDAP_STEP_SEARCH, result,
		    said != NULL ? said : "");
		rc = CA_DENIED;
	}
	ldap_memfree(said);
	ldap_controls_free(controls);
	return rc;
}

/* Read a page, one message after the other. */
static enum ca_err
read_page(struct pull *p, int id)
{
	enum ca_err rc = CA_OK;
	bool ended = false;

	while (rc == CA_OK && !ended) {
		struct timeval limit = {ANSWER_SECONDS, 0};
		LDAPMessage *message = NULL;
		int type =
		    ldap_result(p->ld, id, LDAP_MSG_ONE, &limit, &message);

		if (type == LDAP_RES_SEARCH_ENTRY) {
			rc = ca_ldap_entry(&p->out, p->ld, message);
		} else if (type == LDAP_RES_SEARCH_REFERENCE) {
			p->out.sum.referrals++;
		} else if (type == LDAP_RES_SEARCH_RESULT) {
			rc = end_page(p, message);
			ended = true;
		} else if (type == 0) {
			rc = fail(p, CA_LDAP_CAUSE_LOST,
			    "the server stopped answering");
		} else if (type < 0) {
			int error = LDAP_SERVER_DOWN;

			(void)ldap_get_option(
			    p->ld, LDAP_OPT_RESULT_CODE, &error);
			ca_ldap_why_result(
			    &p->why, p->ld, CA_LDAP_STEP_SEARCH, error, NULL);
			rc = CA_DENIED;
		}
		(void)ldap_msgfree(message);
	}
	return rc;
}

static enum ca_err
read_all(struct pull *p)
{
	enum ca_err rc;
	int id;

	do {
		if (p->out.sum.pages++ == PAGES_MAX)
			return fail(p, CA_LDAP_CAUSE_OTHER,
			    "the server sends too many pages");
		if ((rc = ask(p, &id)) != CA_OK ||
		    (rc = read_page(p, id)) != CA_OK)
			return rc;
	} while (p->cookie.bv_len > 0);
	return CA_OK;
}

/* An entry that cannot be received has no name: the one before it has. */
static void
name_last(struct pull *p)
{
	size_t len = strlen(p->why.text);

	if (p->out.last[0] != '\0')
		(void)snprintf(p->why.text + len, sizeof p->why.text - len,
		    "; after %s", p->out.last);
}

/* CA_ERR_IO: another server may have an answer. */
static enum ca_err
put_end(struct pull *p, enum ca_err rc)
{
	struct ca_buf end = CA_BUF_INIT(CA_LDAP_ANSWER_MAX);
	char type = CA_LDAP_DONE;
	enum ca_err written;

	if (rc == CA_OK) {
		ca_ldap_sum_put(&end, &p->out.sum);
	} else {
		type = rc == CA_ERR_IO ? CA_LDAP_AWAY : CA_LDAP_ERROR;
		ca_buf_u8(&end, (uint8_t)p->why.cause);
		ca_buf_str(&end, p->why.text);
	}
	ca_ldap_frame_put(&p->out.frames, type, end.p, end.len);
	written = ca_buf_err(&end);
	ca_buf_free(&end);
	return written == CA_OK ? ca_ldap_out_flush(&p->out, false) : written;
}

enum ca_err
ca_ldap_pull(
    struct ca_crypto *crypto, const struct ca_ldap_order *order, int to)
{
	struct pull p = {
	    .out = {.crypto = crypto,
		.order = order,
		.to = to,
		.frames = CA_BUF_INIT((size_t)4 << 20),
		.entry = CA_BUF_INIT((size_t)4 * CA_LDAP_ANSWER_MAX),
		.value = CA_BUF_INIT(CA_CERT_MAX)}};
	enum ca_err rc = ca_ldap_connect(&p.out, &p.ld, &p.why);
	bool away = rc == CA_ERR_IO;

	if (rc == CA_OK)
		rc = read_all(&p);
	if (rc == CA_DENIED)
		name_last(&p);
	if (rc == CA_OK || rc == CA_DENIED || away)
		rc = put_end(&p, rc);
	if (p.ld != NULL)
		(void)ldap_unbind_ext(p.ld, NULL, NULL);
	ber_memfree(p.cookie.bv_val);
	ca_buf_free(&p.out.frames);
	ca_buf_free(&p.out.entry);
	ca_buf_free(&p.out.value);
	return rc;
}
